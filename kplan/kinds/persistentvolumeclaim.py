"""PersistentVolumeClaim.

Upstream: pkg/apis/core/validation/validation.go, pkg/registry/core/persistentvolumeclaim/strategy.go. The rules of the spec, which
templates share, are in `claimspec`; whoever needs those of a whole claim finds both here.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api import quantity
from kplan.api.field import FieldErrors, forbidden, invalid, not_supported, required
from kplan.api.names import is_label_key, name_is_dns_subdomain
from kplan.api.objects import Object, annotations_of, namespace_of
from kplan.kinds.checks import same, typed
from kplan.kinds.claimspec import (
    STRICT,
    ClaimSpecOptions,
    claim_spec_references,
    claim_spec_warnings,
    default_claim_spec,
    default_claim_template,
    drop_disabled_claim_fields,
    mirror_data_sources,
    normalize_data_sources,
    validate_claim_spec,
    validate_claim_template,
)
from kplan.kinds.internalform import difference, internal
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.labelselector import validate_label_selector
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.resourcelist import default_resource_list, same_resource_list, validate_basic_resource
from kplan.kinds.strategy import keep_all_but_status, keep_status

__all__ = [
    "KIND",
    "ClaimSpecOptions",
    "claim_spec_references",
    "claim_spec_warnings",
    "default_claim",
    "default_claim_spec",
    "default_claim_template",
    "drop_disabled_claim_fields",
    "normalize_data_sources",
    "validate_claim_spec",
    "validate_claim_template",
]

STORAGE_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
RESIZE_STATUSES = (
    "ControllerResizeInProgress",
    "ControllerResizeInfeasible",
    "NodeResizeInProgress",
    "NodeResizeInfeasible",
    "NodeResizePending",
)
_ZERO = quantity.ZERO


def default_claim(claim: Object) -> None:
    """Defaults of a whole claim, in place; StatefulSets' volumeClaimTemplates get the same."""
    default_claim_spec(claim.setdefault("spec", {}))
    status = claim.setdefault("status", {})
    if not status.get("phase"):
        status["phase"] = "Pending"
    default_resource_list(status.get("capacity"))
    default_resource_list(status.get("allocatedResources"))


def prepare(claim: Object) -> None:
    """Upstream: PrepareForCreate."""
    claim["status"] = {}
    drop_disabled_claim_fields(claim["spec"])
    normalize_data_sources(claim["spec"])


def prepare_update(new: Object, old: Object) -> None:
    """Upstream: PrepareForUpdate."""
    keep_status(new, old)
    drop_disabled_claim_fields(new["spec"], old["spec"])
    normalize_data_sources(new["spec"], old["spec"])


def finish(claim: Object) -> None:
    """A status that the strategy emptied reads back with its defaults."""
    status = claim.setdefault("status", {})
    if not status.get("phase"):
        status["phase"] = "Pending"


def validate(claim: Object) -> FieldErrors:
    """Upstream: ValidatePersistentVolumeClaim."""
    yield from validate_object_meta(claim["metadata"], True, name_is_dns_subdomain)
    yield from validate_claim_spec(claim["spec"], "spec")


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidatePersistentVolumeClaimUpdate."""
    new_spec, old_spec = new["spec"], dict(old["spec"])
    mirror_data_sources(old_spec)
    yield from validate_object_meta(new["metadata"], True, name_is_dns_subdomain)
    yield from validate_claim_spec(new_spec, "spec", _options(old_spec))

    wanted, held = dict(new_spec), dict(old_spec)
    if not held.get("volumeName"):
        _take(held, wanted, "volumeName")
    yield from _class_upgrade(new, old, wanted, held)
    new_requests = (new_spec.get("resources") or {}).get("requests")
    old_requests = (old_spec.get("resources") or {}).get("requests") or {}
    if (new.get("status") or {}).get("phase") == "Bound":
        if new_requests is not None:
            wanted["resources"] = {**wanted["resources"], "requests": {**new_requests, "storage": old_requests.get("storage", "0")}}
        _take(wanted, held, "volumeAttributesClassName")
    if not _same_spec(wanted, held):
        shown = difference(internal("PersistentVolumeClaimSpec", held), internal("PersistentVolumeClaimSpec", wanted))
        yield forbidden("spec", f"spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n{shown}")

    new_size, old_size = _size(new_requests), _size(old_requests)
    old_status = old.get("status") or {}
    if new_size < old_size and new_size <= _size(old_status.get("capacity")):
        yield forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")
    if new_spec.get("volumeMode") != old_spec.get("volumeMode"):
        yield invalid("volumeMode", typed(new_spec.get("volumeMode")), "field is immutable")
    attributes_class = new_spec.get("volumeAttributesClassName")
    if attributes_class != old_spec.get("volumeAttributesClassName") and old_status.get("currentVolumeAttributesClassName") is not None:
        if attributes_class is None:
            yield forbidden("spec.volumeAttributesClassName", "update to nil is forbidden when status.currentVolumeAttributesClassName is not nil")
        elif not attributes_class:
            yield forbidden("spec.volumeAttributesClassName", "update to empty string is forbidden when status.currentVolumeAttributesClassName is not nil")


def _class_upgrade(new: Object, old: Object, wanted: Object, held: Object) -> FieldErrors:
    """The class may be named once where there was none, or move from the annotation to its field."""
    new_class, old_class = new["spec"].get("storageClassName"), old["spec"].get("storageClassName")
    new_note, old_note = annotations_of(new).get(STORAGE_CLASS_ANNOTATION), annotations_of(old).get(STORAGE_CLASS_ANNOTATION)
    if old_note is not None and old_class is None and new_class == old_note and new_note in (None, old_note):
        wanted.pop("storageClassName", None)
        return
    if (new_note or "") != (old_note or ""):
        yield invalid(f"metadata.annotations.{STORAGE_CLASS_ANNOTATION}", new_note or "", "field is immutable")
    if new_class is not None and old_class is None and old_note in (None, new_class):
        _take(wanted, held, "storageClassName")


def _take(to: Object, source: Object, key: str) -> None:
    if key in source:
        to[key] = source[key]
    else:
        to.pop(key, None)


def _same_spec(new: Object, old: Object) -> bool:
    if new == old:
        return True
    resources, old_resources = new.get("resources") or {}, old.get("resources") or {}
    return (
        same_resource_list(resources.get("requests"), old_resources.get("requests"))
        and same_resource_list(resources.get("limits"), old_resources.get("limits"))
        and same({**new, "resources": {}}, {**old, "resources": {}})
    )


def _size(resources: Object | None) -> quantity.Quantity:
    text = (resources or {}).get("storage")
    return _ZERO if text is None else quantity.parse(text)


def _options(old_spec: Object) -> ClaimSpecOptions:
    group = any((old_spec.get(field) or {}).get("apiGroup") is not None for field in ("dataSource", "dataSourceRef"))
    selector = old_spec.get("selector")
    bad_selector = selector is not None and any(True for _ in validate_label_selector(selector, ""))
    return ClaimSpecOptions(allow_invalid_selector_values=bad_selector, allow_invalid_data_source_group=group) if group or bad_selector else STRICT


def validate_status(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidatePersistentVolumeClaimStatusUpdate."""
    status = new.get("status") or {}
    if not new["spec"].get("accessModes"):
        yield required("Spec.accessModes")
    for name, text in sorted((status.get("capacity") or {}).items()):
        yield from validate_basic_resource(text, f"status.capacity[{name}]")
    for name, state in sorted((status.get("allocatedResourceStatuses") or {}).items()):
        yield from _validate_resource_key(name, "status.allocatedResourceStatuses")
        if state not in RESIZE_STATUSES:
            yield not_supported("status.allocatedResourceStatuses", typed(name), RESIZE_STATUSES)
    for name, text in sorted((status.get("allocatedResources") or {}).items()):
        wrong = list(_validate_resource_key(name, "status.allocatedResources"))
        yield from wrong or validate_basic_resource(text, f"status.allocatedResources[{name}]")


def _validate_resource_key(name: str, path: str) -> FieldErrors:
    wrong = is_label_key(name)
    for message in wrong:
        yield invalid(path, name, message)
    if not wrong and ("/" not in name or "kubernetes.io/" in name) and name != "storage":
        yield not_supported(path, name, ("storage",))


def warnings(claim: Object) -> Iterator[str]:
    """Upstream: GetWarningsForPersistentVolumeClaim."""
    if STORAGE_CLASS_ANNOTATION in annotations_of(claim):
        yield f'metadata.annotations[{STORAGE_CLASS_ANNOTATION}]: deprecated since v1.8; use "storageClassName" attribute instead'
    yield from claim_spec_warnings(claim["spec"], "spec")


def update_warnings(new: Object, old: Object) -> Iterator[str]:
    """As on create."""
    return warnings(new)


def references(claim: Object) -> Iterator[Reference]:
    """Classes, volume and data source."""
    return claim_spec_references(claim.get("spec") or {}, namespace_of(claim), "spec")


KIND = Kind(
    group="",
    version="v1",
    kind="PersistentVolumeClaim",
    plural="persistentvolumeclaims",
    namespaced=True,
    short_names=("pvc",),
    status=True,
    default=default_claim,
    prepare=prepare,
    prepare_update=prepare_update,
    prepare_status=keep_all_but_status,
    validate=validate,
    validate_update=validate_update,
    validate_status=validate_status,
    warnings=warnings,
    update_warnings=update_warnings,
    finish=finish,
    references=references,
)
