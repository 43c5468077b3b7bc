"""RuntimeClass: which container runtime, what it costs, where it is.

Upstream: pkg/apis/node/validation, pkg/registry/node/runtimeclass, pkg/api/node.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kplan.api.field import FieldErrors, duplicate, invalid, required
from kplan.api.gotext import Struct
from kplan.api.names import name_is_dns_label, name_is_dns_subdomain
from kplan.api.objects import Object
from kplan.kinds.checks import immutable
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import validate_labels, validate_object_meta
from kplan.kinds.nodeselector import DEPRECATED_NODE_LABELS
from kplan.kinds.podspec.options import PodValidationOptions
from kplan.kinds.podspec.resources import validate_resource_requirements
from kplan.kinds.podspec.scheduling import validate_tolerations

OPTIONS = PodValidationOptions()


def validate(obj: Object) -> FieldErrors:
    """A new RuntimeClass."""
    yield from validate_object_meta(obj["metadata"], False, name_is_dns_subdomain)
    handler = obj.get("handler") or ""
    if not handler:
        yield required("handler")
    else:
        for message in name_is_dns_label(handler, False):
            yield invalid("handler", handler, message)
    overhead, scheduling = obj.get("overhead"), obj.get("scheduling")
    if overhead is not None:
        yield from validate_resource_requirements({"limits": overhead.get("podFixed") or {}}, "overhead", OPTIONS)
    if scheduling is not None:
        yield from validate_labels(scheduling.get("nodeSelector") or {}, "scheduling.nodeSelector")
        yield from validate_scheduling_tolerations(scheduling.get("tolerations") or [])


def validate_scheduling_tolerations(tolerations: list[Object]) -> FieldErrors:
    """Tolerations as a pod's, and each once."""
    yield from validate_tolerations(tolerations, "scheduling.tolerations", OPTIONS)
    seen: set[tuple[Any, ...]] = set()
    for i, toleration in enumerate(tolerations):
        key = tuple(toleration.get(k) or "" for k in ("key", "operator", "value", "effect"))
        if key in seen:
            yield duplicate(f"scheduling.tolerations[{i}]", printed_toleration(toleration))
        seen.add(key)


def printed_toleration(toleration: Object) -> Object:
    """A toleration as messages print the Go struct."""
    texts = {k.capitalize(): toleration.get(k) or "" for k in ("key", "operator", "value", "effect")}
    return Struct(**texts, TolerationSeconds=toleration.get("tolerationSeconds"))


def validate_update(new: Object, old: Object) -> FieldErrors:
    """All that holds for a new one, and the handler stays."""
    yield from validate(new)
    yield from immutable(new.get("handler") or "", old.get("handler") or "", "handler")


def warnings(obj: Object) -> Iterator[str]:
    """Node labels that are deprecated."""
    for key in sorted((obj.get("scheduling") or {}).get("nodeSelector") or ()):
        if key in DEPRECATED_NODE_LABELS:
            yield f"scheduling.nodeSelector: {DEPRECATED_NODE_LABELS[key]}"


def update_warnings(new: Object, _old: Object) -> Iterator[str]:
    """The same on update."""
    return warnings(new)


KIND = Kind(
    group="node.k8s.io",
    version="v1",
    kind="RuntimeClass",
    plural="runtimeclasses",
    namespaced=False,
    create_on_update=True,
    unconditional_update=False,
    validate=validate,
    validate_update=validate_update,
    warnings=warnings,
    update_warnings=update_warnings,
)
