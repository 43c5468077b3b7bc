"""Pod specs and pod templates as the server's internal types print them, for messages that quote a whole one.

Upstream: Convert_v1_PodSpec_To_core_PodSpec in pkg/apis/core/v1/conversion.go.
"""

from __future__ import annotations

from typing import Any

from kplan.api.objects import Object
from kplan.kinds.internalform import internal

HOST_FIELDS = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers")


def _with_host_fields(spec: Object) -> Object:
    context = {**(spec.get("securityContext") or {}), **{field: spec[field] for field in HOST_FIELDS if field in spec}}
    return {**spec, "securityContext": context}


def internal_pod_spec(spec: Object) -> Any:
    """A pod spec in internal form, for `go_json` and `difference`."""
    return internal("PodSpec", _with_host_fields(spec))


def internal_pod_template(template: Object) -> Any:
    """A PodTemplateSpec in internal form."""
    return internal("PodTemplateSpec", {**template, "spec": _with_host_fields(template.get("spec") or {})})
