"""Validation of a pod spec and of a pod template.

Upstream: ValidatePodSpec and ValidatePodTemplateSpec in pkg/apis/core/validation/validation.go.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors, required
from kplan.api.objects import Object
from kplan.kinds.podspec.options import PodValidationOptions


def validate_pod_spec(spec: Object, meta: Object | None, path: str, options: PodValidationOptions) -> FieldErrors:
    """The errors of a pod spec at `path`. `meta` is the pod's own metadata, None in a template."""
    if not spec.get("containers"):
        yield required(f"{path}.containers")


def validate_pod_template_spec(template: Object, path: str, options: PodValidationOptions) -> FieldErrors:
    """The errors of a PodTemplateSpec at `path` (`spec.template`)."""
    yield from validate_pod_spec(template.get("spec") or {}, None, f"{path}.spec", options)
