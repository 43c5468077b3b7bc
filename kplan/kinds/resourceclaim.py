"""ResourceClaim.

Upstream: pkg/apis/resource/validation/validation.go, pkg/registry/resource/resourceclaim/strategy.go. Left out: the authorization of
status writers (binding, drivers), for whoever asks here may do all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kplan.api.addresses import is_valid_interface_address
from kplan.api.field import FieldErrors, forbidden, invalid, not_supported, required, too_long, too_many
from kplan.api.gotext import Struct
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object, namespace_of
from kplan.api.reader import Reader
from kplan.kinds.checks import same, typed
from kplan.kinds.conditions import validate_conditions
from kplan.kinds.devices import (
    default_tolerations,
    validate_binding_parameters,
    validate_device_configuration,
    validate_pool_name,
    validate_raw_extension,
    validate_set,
    validate_short_name,
    validate_slice,
)
from kplan.kinds.internalform import internal
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.podspec.scheduling import validate_node_selector
from kplan.kinds.podspec.volumesources import validate_csi_driver_name
from kplan.kinds.resourceclaimspec import (
    MAX_CONFIGS,
    RequestNames,
    default_resource_claim_spec,
    request_names,
    resource_claim_spec_references,
    validate_admin_access,
    validate_request_ref,
    validate_request_refs,
    validate_resource_claim_spec,
)
from kplan.kinds.strategy import clear_status, keep_all_but_status, keep_metadata_for_status, keep_status

MAX_RESULTS = 32
MAX_RESERVED_FOR = 256
MAX_CONDITIONS = 8
MAX_DATA_BYTES = 10 * 1024
MAX_IPS = 16
MAX_INTERFACE_NAME = 256
MAX_HARDWARE_ADDRESS = 128
_HEX = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")


def default(claim: Object) -> None:
    """Upstream: SetObjectDefaults_ResourceClaim."""
    default_resource_claim_spec(claim["spec"])
    for result in (((claim.get("status") or {}).get("allocation") or {}).get("devices") or {}).get("results") or ():
        default_tolerations(result.get("tolerations") or ())


def finish(claim: Object) -> None:
    """A claim always prints its status."""
    claim.setdefault("status", {})


def validate(claim: Object) -> FieldErrors:
    """Upstream: ValidateResourceClaim."""
    yield from validate_object_meta(claim["metadata"], True, name_is_dns_subdomain)
    yield from validate_resource_claim_spec(claim["spec"], "spec")


def validate_in_cluster(claim: Object, reader: Reader) -> FieldErrors:
    """Upstream: AuthorizedForAdmin."""
    return validate_admin_access(claim["spec"], namespace_of(claim), reader)


def validate_update(new: Object, old: Object) -> FieldErrors:
    """The spec is immutable.   Upstream: ValidateResourceClaimUpdate."""
    yield from validate_object_meta(new["metadata"], True, name_is_dns_subdomain)
    if not same(new["spec"], old["spec"]):
        yield invalid("spec", internal("ResourceClaimSpec", new["spec"]), "field is immutable")


def prepare_status(new: Object, old: Object) -> None:
    """Status alone; what is said of devices that are no longer allocated goes.   Upstream: dropDeallocatedStatusDevices."""
    keep_all_but_status(new, old)
    keep_metadata_for_status(new, old)
    status = new.get("status") or {}
    gone = _allocated(old.get("status") or {}) - _allocated(status)
    if devices := status.get("devices"):
        status["devices"] = [d for d in devices if _device_id(d) not in gone]
        if not status["devices"]:
            del status["devices"]


def _device_id(device: Object) -> tuple[str, str, str, str]:
    return device.get("driver") or "", device.get("pool") or "", device.get("device") or "", device.get("shareID") or ""


def _printed_id(device: tuple[str, str, str, str]) -> Struct:
    return Struct(zip(("Driver", "Pool", "Device", "ShareID"), device, strict=True))


def _allocated(status: Object) -> set[tuple[str, str, str, str]]:
    return {_device_id(r) for r in ((status.get("allocation") or {}).get("devices") or {}).get("results") or ()}


def validate_status(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateResourceClaimStatusUpdate."""
    status, held = new.get("status") or {}, old.get("status") or {}
    reserved, allocation = status.get("reservedFor") or [], status.get("allocation")
    names = request_names(new["spec"].get("devices") or {})
    yield from validate_set(reserved, MAX_RESERVED_FOR, _validate_consumer, lambda c: typed(c.get("uid") or ""), "status.reservedFor")
    allocated = _allocated(status)
    yield from validate_set(
        status.get("devices") or [],
        -1,
        lambda device, path: _validate_device_status(device, path, allocated),
        lambda device: _printed_id(_device_id(device)),
        "status.devices",
    )
    if reserved:
        if allocation is None:
            yield forbidden("status.reservedFor", "may not be specified when `allocated` is not set")
        elif new["metadata"].get("deletionTimestamp") and any(r not in (held.get("reservedFor") or []) for r in reserved):
            yield forbidden("status.reservedFor", "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set")
    if allocation is not None:
        if held.get("allocation") is None:
            yield from _validate_allocation(allocation, "status.allocation", names)
        elif not same(allocation, held["allocation"]):
            yield invalid("status.allocation", internal("AllocationResult", allocation), "field is immutable")


def _validate_consumer(consumer: Object, path: str) -> FieldErrors:
    for field in ("resource", "name", "uid"):
        if not consumer.get(field):
            yield required(f"{path}.{field}")


def _validate_allocation(allocation: Object, path: str, names: RequestNames) -> FieldErrors:
    devices = allocation.get("devices") or {}
    yield from validate_slice(
        devices.get("results") or (), MAX_RESULTS, lambda result, where: _validate_result(result, where, names), f"{path}.devices.results"
    )
    yield from validate_slice(
        devices.get("config") or (), 2 * MAX_CONFIGS, lambda config, where: _validate_allocated_config(config, where, names), f"{path}.devices.config"
    )
    if allocation.get("nodeSelector") is not None:
        yield from validate_node_selector(allocation["nodeSelector"], f"{path}.nodeSelector")


def _validate_result(result: Object, path: str, names: RequestNames) -> FieldErrors:
    yield from validate_request_ref(result.get("request") or "", f"{path}.request", names)
    yield from validate_csi_driver_name(result.get("driver") or "", f"{path}.driver")
    yield from validate_pool_name(result.get("pool") or "", f"{path}.pool")
    yield from validate_short_name(result.get("device") or "", f"{path}.device")
    yield from validate_binding_parameters(result, path)
    if result.get("shareID") is not None:
        yield from _validate_uid(result["shareID"], f"{path}.shareID")


def _validate_allocated_config(config: Object, path: str, names: RequestNames) -> FieldErrors:
    source = config.get("source") or ""
    if not source:
        yield required(f"{path}.source")
    elif source not in ("FromClaim", "FromClass"):
        yield not_supported(f"{path}.source", typed(source), ("FromClaim", "FromClass"))
    yield from validate_request_refs(config.get("requests") or (), f"{path}.requests", names)
    yield from validate_device_configuration(config, path)


def _validate_uid(uid: str, path: str) -> FieldErrors:
    if _HEX.fullmatch(uid):
        if uid != uid.lower():
            yield invalid(
                path,
                uid,
                "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters",
            )
        return
    length = len(uid.encode())
    why = "invalid UUID format" if length in (32, 36, 38, 45) else f"invalid UUID length: {length}"
    yield invalid(path, uid, f"error validating uid: {why}")


def _validate_device_status(device: Object, path: str, allocated: set[tuple[str, str, str, str]]) -> FieldErrors:
    yield from validate_csi_driver_name(device.get("driver") or "", f"{path}.driver")
    yield from validate_pool_name(device.get("pool") or "", f"{path}.pool")
    yield from validate_short_name(device.get("device") or "", f"{path}.device")
    if device.get("shareID") is not None:
        yield from _validate_uid(device["shareID"], f"{path}.shareID")
    if (identity := _device_id(device)) not in allocated:
        yield invalid(path, _printed_id(identity), "must be an allocated device in the claim")
    conditions = device.get("conditions") or ()
    if len(conditions) > MAX_CONDITIONS:
        yield too_many(f"{path}.conditions", len(conditions), MAX_CONDITIONS)
    yield from validate_conditions(conditions, f"{path}.conditions")
    if device.get("data") is not None:
        yield from validate_raw_extension(device["data"], f"{path}.data", MAX_DATA_BYTES)
    network = device.get("networkData") or {}
    if len((network.get("interfaceName") or "").encode()) > MAX_INTERFACE_NAME:
        yield too_long(f"{path}.networkData.interfaceName", MAX_INTERFACE_NAME)
    if len((network.get("hardwareAddress") or "").encode()) > MAX_HARDWARE_ADDRESS:
        yield too_long(f"{path}.networkData.hardwareAddress", MAX_HARDWARE_ADDRESS)
    yield from validate_set(
        network.get("ips") or (), MAX_IPS, lambda ip, where: is_valid_interface_address(where, ip), lambda ip: ip, f"{path}.networkData.ips"
    )


def references(claim: Object) -> Iterator[Reference]:
    """The classes that it asks for."""
    return resource_claim_spec_references(claim.get("spec") or {}, "spec")


KIND = Kind(
    group="resource.k8s.io",
    version="v1",
    kind="ResourceClaim",
    plural="resourceclaims",
    namespaced=True,
    status=True,
    default=default,
    prepare=clear_status,
    prepare_update=keep_status,
    prepare_status=prepare_status,
    validate=validate,
    validate_in_cluster=validate_in_cluster,
    validate_update=validate_update,
    validate_status=validate_status,
    finish=finish,
    references=references,
)
