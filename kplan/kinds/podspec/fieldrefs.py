"""Downward API: references to a pod's own fields and to a container's resources.

Upstream: validateObjectFieldSelector and validateContainerResourceFieldSelector in pkg/apis/core/validation/validation.go,
ConvertDownwardAPIFieldLabel in pkg/apis/core/pods/helpers.go, SplitMaybeSubscriptedPath in pkg/fieldpath.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors, invalid, not_supported, required
from kplan.api.objects import Object
from kplan.kinds.podspec.values import validate_file_mode, validate_local_non_reserved_path, validate_qualified_name

ENV_FIELDS = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
VOLUME_FIELDS = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")
LABELS = frozenset((*ENV_FIELDS, *VOLUME_FIELDS, "spec.restartPolicy", "spec.schedulerName", "status.phase"))
RESOURCES = ("limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory")
HUGE_PAGES = ("limits.hugepages-", "requests.hugepages-")
CPU_DIVISORS = frozenset(("1m", "1"))
BYTE_DIVISORS = frozenset(("1", *(f"1{unit}{binary}" for unit in "kMGTPE" for binary in ("", "i") if unit != "k"), "1k", "1Ki"))
BYTES_TEXT = "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei"
DIVISORS = {
    "cpu": (CPU_DIVISORS, "only divisor's values 1m and 1 are supported with the cpu resource"),
    "memory": (BYTE_DIVISORS, f"only divisor's values {BYTES_TEXT} are supported with the memory resource"),
    "ephemeral-storage": (BYTE_DIVISORS, f"only divisor's values {BYTES_TEXT} are supported with the local ephemeral storage resource"),
}
HUGE_PAGE_DIVISOR = f"only divisor's values {BYTES_TEXT} are supported with the hugepages resource"


def split_subscripted(text: str) -> tuple[str, str] | None:
    """`metadata.labels['a']` as its path and subscript; None for a path without one."""
    if not text.endswith("']"):
        return None
    path, bracket, subscript = text[:-2].partition("['")
    return (path, subscript) if bracket and path else None


def validate_object_field_selector(selector: Object, supported: tuple[str, ...], path: str) -> FieldErrors:
    """A `fieldRef`; `supported` are the fields that may be named here, sorted."""
    label = selector.get("fieldPath", "")
    if not selector.get("apiVersion"):
        yield required(f"{path}.apiVersion")
        return
    if not label:
        yield required(f"{path}.fieldPath")
        return
    split = split_subscripted(label)
    if selector["apiVersion"] != "v1":
        problem = f"unsupported pod version: {selector['apiVersion']}"
    elif split:
        problem = "" if split[0] in ("metadata.annotations", "metadata.labels") else f"field label does not support subscript: {label}"
    else:
        problem = "" if label in LABELS or label == "spec.host" else f"field label not supported: {label}"
    if problem:
        yield invalid(f"{path}.fieldPath", label, f"error converting fieldPath: {problem}")
    elif split:
        yield from validate_qualified_name(split[1].lower() if split[0] == "metadata.annotations" else split[1], path)
    else:
        internal = "spec.nodeName" if label == "spec.host" else label
        if internal not in supported:
            yield not_supported(f"{path}.fieldPath", internal, supported)


def validate_container_resource_field_selector(selector: Object, path: str, volume: bool) -> FieldErrors:
    """A `resourceFieldRef`; in a volume it must name its container."""
    resource = selector.get("resource", "")
    if volume and not selector.get("containerName"):
        yield required(f"{path}.containerName")
    elif not resource:
        yield required(f"{path}.resource")
    elif resource not in RESOURCES and not resource.startswith(HUGE_PAGES):
        yield not_supported(f"{path}.resource", resource, RESOURCES)
    divisor = selector.get("divisor") or "0"
    if divisor == "0":
        return
    values, message = DIVISORS.get(resource.partition(".")[2], (None, "")) if resource in RESOURCES else (None, "")
    if resource.startswith(HUGE_PAGES):
        values, message = BYTE_DIVISORS, HUGE_PAGE_DIVISOR
    if values is not None and divisor not in values:
        yield invalid(f"{path}.divisor", resource, message)


def validate_downward_api_volume_file(file: Object, path: str) -> FieldErrors:
    """One file of a downward API volume. Upstream reports at the volume, without the index of the file."""
    target = file.get("path", "")
    field_ref, resource_ref = file.get("fieldRef"), file.get("resourceFieldRef")
    if not target:
        yield required(f"{path}.path")
    yield from validate_local_non_reserved_path(target, f"{path}.path")
    if field_ref is not None:
        yield from validate_object_field_selector(field_ref, VOLUME_FIELDS, f"{path}.fieldRef")
        if resource_ref is not None:
            yield invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously")
    elif resource_ref is not None:
        yield from validate_container_resource_field_selector(resource_ref, f"{path}.resourceFieldRef", True)
    else:
        yield required(path, "one of fieldRef and resourceFieldRef is required")
    yield from validate_file_mode(file.get("mode"), f"{path}.mode")
