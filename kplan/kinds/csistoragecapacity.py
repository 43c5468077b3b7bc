"""CSIStorageCapacity.

Upstream: pkg/apis/storage/validation/validation.go, pkg/registry/storage/csistoragecapacity/strategy.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.field import FieldErrors, invalid
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object
from kplan.kinds.checks import label_selector, same
from kplan.kinds.claimspec import validate_class_name
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.labelselector import validate_label_selector
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.nodeselector import label_selector_warnings
from kplan.kinds.resourcelist import validate_nonnegative_quantity


def validate(capacity: Object) -> FieldErrors:
    """Upstream: ValidateCSIStorageCapacity."""
    return _validate(capacity, False)


def _validate(capacity: Object, allow_invalid_values: bool) -> FieldErrors:
    yield from validate_object_meta(capacity["metadata"], True, name_is_dns_subdomain)
    yield from validate_label_selector(capacity.get("nodeTopology"), "nodeTopology", allow_invalid_values=allow_invalid_values)
    yield from validate_class_name(capacity.get("storageClassName") or "", "storageClassName")
    if capacity.get("capacity") is not None:
        yield from validate_nonnegative_quantity(capacity["capacity"], "capacity")


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateCSIStorageCapacityUpdate."""
    held = old.get("nodeTopology")
    yield from _validate(new, any(True for _ in validate_label_selector(held, "")))
    topology = new.get("nodeTopology")
    if (topology is None) != (held is None) or not same(topology, held):
        yield invalid("nodeTopology", label_selector(topology), "field is immutable")
    if (new.get("storageClassName") or "") != (old.get("storageClassName") or ""):
        yield invalid("storageClassName", new.get("storageClassName") or "", "field is immutable")


def warnings(capacity: Object) -> Iterator[str]:
    """Upstream: GetWarningsForCSIStorageCapacity."""
    return label_selector_warnings(capacity.get("nodeTopology"), "nodeTopology")


def update_warnings(new: Object, old: Object) -> Iterator[str]:
    """As on create."""
    return warnings(new)


def references(capacity: Object) -> Iterator[Reference]:
    """The class whose capacity this is."""
    if capacity.get("storageClassName"):
        yield Reference("storageClassName", "StorageClass.storage.k8s.io", "", capacity["storageClassName"])


KIND = Kind(
    group="storage.k8s.io",
    version="v1",
    kind="CSIStorageCapacity",
    plural="csistoragecapacities",
    namespaced=True,
    unconditional_update=False,
    validate=validate,
    validate_update=validate_update,
    warnings=warnings,
    update_warnings=update_warnings,
    references=references,
)
