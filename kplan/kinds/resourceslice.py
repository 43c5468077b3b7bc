"""ResourceSlice.

Upstream: pkg/apis/resource/{v1/defaults.go,validation/validation.go}, pkg/registry/resource/resourceslice/strategy.go. Left out: the alpha
gates DRAListTypeAttributes and DRANodeAllocatableResources (off), whose fields are dropped.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.field import FieldErrors, invalid, required
from kplan.api.gotext import go_quote
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object
from kplan.kinds.checks import same, typed
from kplan.kinds.devicecapacity import LIST_VALUES, attribute_values, validate_attribute, validate_own_capacity, validate_shared_capacity
from kplan.kinds.devices import (
    accept,
    validate_binding_parameters,
    validate_device_taint,
    validate_map,
    validate_pool_name,
    validate_qualified_name,
    validate_set,
    validate_short_name,
    validate_slice,
)
from kplan.kinds.internalform import internal_list
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.podspec.scheduling import validate_node_selector
from kplan.kinds.podspec.volumesources import validate_csi_driver_name
from kplan.kinds.strategy import count_generation, first_generation

MAX_DEVICES = 128
MAX_DEVICES_ADVANCED = 64
MAX_COUNTER_SETS = 8
MAX_COUNTERS = 32
MAX_CONSUMED_SETS = 2
MAX_ATTRIBUTES_AND_CAPACITIES = 32
MAX_ATTRIBUTE_VALUES = 48
MAX_TAINTS = 16
MAX_KEY = 63 + 1 + 32
MAX_LABEL = 63
ONE_PLACE = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"
ONE_DEVICE_PLACE = (
    "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec"
)
NO_DEVICE_PLACE = (
    "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec"
)


def default(resource_slice: Object) -> None:
    """No defaults; an empty list is as good as none, but for the rule that there may only be one of the two."""
    spec = resource_slice["spec"]
    given = [field for field in ("sharedCounters", "devices") if spec.get(field) is not None]
    if len(given) == 1 and not spec[given[0]]:
        del spec[given[0]]


def prepare(resource_slice: Object) -> None:
    """First generation, no fields behind gates that are off, and taints that say since when."""
    first_generation(resource_slice)
    _drop_disabled(resource_slice, None)
    _date_taints(resource_slice)


def prepare_update(new: Object, old: Object) -> None:
    """As on create; a changed spec counts."""
    _date_taints(new)
    count_generation(new, old, "spec")
    _drop_disabled(new, old)


def _date_taints(resource_slice: Object) -> None:
    """Upstream: SetDefaults_DeviceTaint, which takes the time of the request; here a taint without time is as old as its slice."""
    made = resource_slice["metadata"].get("creationTimestamp")
    for device in resource_slice["spec"].get("devices") or ():
        for taint in device.get("taints") or ():
            if not taint.get("timeAdded") and made:
                taint["timeAdded"] = made


def _drop_disabled(new: Object, old: Object | None) -> None:
    held = (old or {"spec": {}})["spec"].get("devices") or ()
    lists_used = any(a.get(field) is not None for d in held for a in (d.get("attributes") or {}).values() for field in LIST_VALUES)
    mappings_used = any(d.get("nodeAllocatableResourceMappings") for d in held)
    for device in new["spec"].get("devices") or ():
        if not mappings_used:
            device.pop("nodeAllocatableResourceMappings", None)
        if not lists_used:
            for attribute in (device.get("attributes") or {}).values():
                for field in LIST_VALUES:
                    attribute.pop(field, None)


def validate(resource_slice: Object) -> FieldErrors:
    """Upstream: ValidateResourceSlice."""
    yield from validate_object_meta(resource_slice["metadata"], False, name_is_dns_subdomain)
    yield from _validate_spec(resource_slice["spec"], None)


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateResourceSliceUpdate."""
    return _validate_spec(new["spec"], old["spec"])


def _validate_spec(spec: Object, held: Object | None) -> FieldErrors:
    yield from validate_csi_driver_name(spec.get("driver") or "", "spec.driver")
    pool = spec.get("pool") or {}
    yield from validate_pool_name(pool.get("name") or "", "spec.pool.name")
    if (count := pool.get("resourceSliceCount") or 0) <= 0:
        yield invalid("spec.pool.resourceSliceCount", count, "must be greater than zero")
    if (generation := pool.get("generation") or 0) < 0:
        yield invalid("spec.pool.generation", generation, "must be greater than or equal to zero")
    if held is not None:
        yield from _validate_identity(spec, held)
    yield from _validate_place(spec)
    if spec.get("sharedCounters") is not None and spec.get("devices") is not None:
        yield invalid("spec", "", "only one of `sharedCounters` or `devices` is allowed")
    devices = spec.get("devices") or []
    maximum = MAX_DEVICES_ADVANCED if any(_is_advanced(d) for d in devices) else MAX_DEVICES
    per_device = bool(spec.get("perDeviceNodeSelection"))
    before = {d.get("name") or "": d for d in reversed((held or {}).get("devices") or [])}
    yield from validate_set(
        devices, maximum, lambda device, path: _validate_device(device, before.get(device.get("name") or ""), per_device, path), _name, "spec.devices"
    )
    yield from validate_set(spec.get("sharedCounters") or (), MAX_COUNTER_SETS, _validate_counter_set, _name, "spec.sharedCounters")


def _name(item: Object) -> str:
    return item.get("name") or ""


def _is_advanced(device: Object) -> bool:
    lists = any(a.get(field) is not None for a in (device.get("attributes") or {}).values() for field in LIST_VALUES)
    return bool(lists or device.get("taints") or device.get("consumesCounters"))


def _validate_identity(spec: Object, held: Object) -> FieldErrors:
    pool, held_pool = spec.get("pool") or {}, held.get("pool") or {}
    if pool.get("name") != held_pool.get("name"):
        yield invalid("spec.pool.name", pool.get("name") or "", "field is immutable")
    if spec.get("driver") != held.get("driver"):
        yield invalid("spec.driver", spec.get("driver") or "", "field is immutable")
    if spec.get("nodeName") != held.get("nodeName"):
        yield invalid("spec.nodeName", typed(spec.get("nodeName")), "field is immutable")


def _validate_node_name(name: str, path: str) -> FieldErrors:
    for message in name_is_dns_subdomain(name, False):
        yield invalid(path, name, message)


def _validate_place(spec: Object) -> FieldErrors:
    """Where the devices of the slice are."""
    given = []
    if (node := spec.get("nodeName")) is not None:
        if node:
            given.append("`nodeName`")
            yield from _validate_node_name(node, "spec.nodeName")
        else:
            yield invalid("spec.nodeName", node, "must be either unset or set to a non-empty string")
    if (selector := spec.get("nodeSelector")) is not None:
        given.append("`nodeSelector`")
        yield from validate_node_selector(selector, "spec.nodeSelector")
        terms = selector.get("nodeSelectorTerms")
        if len(terms or ()) != 1:
            yield invalid("spec.nodeSelector.nodeSelectorTerms", internal_list("NodeSelectorTerm", terms), "must have exactly one node selector term")
    for field in ("allNodes", "perDeviceNodeSelection"):
        if (flag := spec.get(field)) is not None:
            if flag:
                given.append(f"`{field}`")
            else:
                yield invalid(f"spec.{field}", flag, "must be either unset or set to true")
    if not given:
        yield required("spec", ONE_PLACE)
    elif len(given) > 1:
        yield invalid("spec", f"{{{', '.join(given)}}}", f"{ONE_PLACE}, but multiple fields are set")


def _validate_device_place(device: Object, path: str) -> FieldErrors:
    """Where one device is, in a slice that leaves it to its devices."""
    given = []
    if (node := device.get("nodeName")) is not None:
        if node:
            given.append("`nodeName`")
            yield from _validate_node_name(node, f"{path}.nodeName")
        else:
            yield invalid(f"{path}.nodeName", node, "must not be empty")
    if (selector := device.get("nodeSelector")) is not None:
        given.append("`nodeSelector`")
        yield from validate_node_selector(selector, f"{path}.nodeSelector")
    if (flag := device.get("allNodes")) is not None:
        if flag:
            given.append("`allNodes`")
        else:
            yield invalid(f"{path}.allNodes", flag, "must be either unset or set to true")
    if not given:
        yield required(path, ONE_DEVICE_PLACE)
    elif len(given) > 1:
        yield invalid(path, f"{{{', '.join(given)}}}", ONE_DEVICE_PLACE)


def _validate_device(device: Object, held: Object | None, per_device: bool, path: str) -> FieldErrors:
    attributes, capacity = device.get("attributes") or {}, device.get("capacity") or {}
    yield from validate_short_name(_name(device), f"{path}.name")
    if (total := len(attributes) + len(capacity)) > MAX_ATTRIBUTES_AND_CAPACITIES:
        yield invalid(path, total, f"the total number of attributes and capacities must not exceed {MAX_ATTRIBUTES_AND_CAPACITIES}")
    if (total := attribute_values(attributes)) > MAX_ATTRIBUTE_VALUES:
        yield invalid(path, total, f"the total number of attribute values must not exceed {MAX_ATTRIBUTE_VALUES}")
    yield from validate_map(attributes, -1, MAX_KEY, validate_qualified_name, validate_attribute, f"{path}.attributes")
    capacity_rule = validate_shared_capacity if device.get("allowMultipleAllocations") else validate_own_capacity
    yield from validate_map(capacity, -1, MAX_KEY, validate_qualified_name, capacity_rule, f"{path}.capacity")
    if held is None or not same(held.get("taints"), device.get("taints")):
        yield from validate_slice(device.get("taints") or (), MAX_TAINTS, validate_device_taint, f"{path}.taints")
    yield from validate_set(
        device.get("consumesCounters") or (),
        MAX_CONSUMED_SETS,
        _validate_consumption,
        lambda consumption: consumption.get("counterSet") or "",
        f"{path}.consumesCounters",
    )
    if per_device:
        yield from _validate_device_place(device, path)
    elif any(device.get(field) is not None for field in ("nodeName", "nodeSelector", "allNodes")):
        yield invalid(path, None, NO_DEVICE_PLACE)
    yield from validate_binding_parameters(device, path)


def _validate_counter_set(counter_set: Object, path: str) -> FieldErrors:
    yield from _validate_counters(counter_set, "name", path)


def _validate_consumption(consumption: Object, path: str) -> FieldErrors:
    yield from _validate_counters(consumption, "counterSet", path)


def _validate_counters(holder: Object, name: str, path: str) -> FieldErrors:
    if not holder.get(name):
        yield required(f"{path}.{name}")
    else:
        yield from validate_short_name(holder[name], f"{path}.{name}")
    counters = holder.get("counters")
    if not counters:
        yield required(f"{path}.counters")
    else:
        yield from validate_map(counters, MAX_COUNTERS, MAX_LABEL, validate_short_name, accept, f"{path}.counters")


def warnings(resource_slice: Object) -> Iterator[str]:
    """Drivers are written in lower case."""
    driver = resource_slice["spec"].get("driver") or ""
    if driver != driver.lower():
        yield f"spec.driver: driver names should be lowercase; {go_quote(driver)} contains uppercase characters"


def update_warnings(new: Object, old: Object) -> Iterator[str]:
    """As on create."""
    return warnings(new)


def references(resource_slice: Object) -> Iterator[Reference]:
    """The nodes that have the devices."""
    spec = resource_slice.get("spec") or {}
    if spec.get("nodeName"):
        yield Reference("spec.nodeName", "Node", "", spec["nodeName"])
    for index, device in enumerate(spec.get("devices") or ()):
        if device.get("nodeName"):
            yield Reference(f"spec.devices[{index}].nodeName", "Node", "", device["nodeName"])


KIND = Kind(
    group="resource.k8s.io",
    version="v1",
    kind="ResourceSlice",
    plural="resourceslices",
    namespaced=False,
    empties=(("spec", "devices"), ("spec", "sharedCounters")),
    default=default,
    prepare=prepare,
    prepare_update=prepare_update,
    validate=validate,
    validate_update=validate_update,
    warnings=warnings,
    update_warnings=update_warnings,
    references=references,
)
