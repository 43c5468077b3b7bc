"""CSINode.

Upstream: pkg/apis/storage/validation/validation.go, pkg/registry/storage/csinode/strategy.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.field import FieldErrors, duplicate, invalid, required
from kplan.api.names import is_label_key, name_is_dns_subdomain
from kplan.api.objects import Object
from kplan.kinds.checks import nonnegative, same
from kplan.kinds.internalform import internal
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.podspec.volumesources import validate_csi_driver_name

MAX_NODE_ID = 256


def validate(node: Object) -> FieldErrors:
    """Upstream: ValidateCSINode."""
    yield from validate_object_meta(node["metadata"], False, name_is_dns_subdomain)
    names: set[str] = set()
    for index, driver in enumerate(node["spec"].get("drivers") or ()):
        yield from _validate_driver(driver, names, f"spec.drivers[{index}]")


def _validate_driver(driver: Object, names: set[str], path: str) -> FieldErrors:
    name, node_id = driver.get("name") or "", driver.get("nodeID") or ""
    yield from validate_csi_driver_name(name, f"{path}.name")
    if not node_id:
        yield required(f"{path}.nodeID")
    if len(node_id.encode()) > MAX_NODE_ID:
        yield invalid(f"{path}.nodeID", node_id, f"must be {MAX_NODE_ID} characters or less")
    yield from nonnegative((driver.get("allocatable") or {}).get("count"), f"{path}.allocatable.count")
    if name in names:
        yield duplicate(f"{path}.name", name)
    names.add(name)
    keys: set[str] = set()
    for key in driver.get("topologyKeys") or ():
        if not key:
            yield required(path)
        if key in keys:
            yield duplicate(path, key)
        keys.add(key)
        for message in is_label_key(key):
            yield invalid(path, key, message)


def validate_update(new: Object, old: Object) -> FieldErrors:
    """A driver that stays may only change what it can still attach.   Upstream: ValidateCSINodeUpdate."""
    yield from validate(new)
    for held in old["spec"].get("drivers") or ():
        for driver in new["spec"].get("drivers") or ():
            if driver.get("name") == held.get("name"):
                fixed, was = ({k: v for k, v in d.items() if k != "allocatable"} for d in (driver, held))
                if not same(fixed, was):
                    yield invalid("spec.drivers", internal("CSINodeDriver", fixed), "field is immutable")


def references(node: Object) -> Iterator[Reference]:
    """The Node of the same name."""
    name = node["metadata"].get("name")
    if name:
        yield Reference("metadata.name", "Node", "", name)


KIND = Kind(
    group="storage.k8s.io",
    version="v1",
    kind="CSINode",
    plural="csinodes",
    namespaced=False,
    unconditional_update=False,
    validate=validate,
    validate_update=validate_update,
    references=references,
)
