"""Endpoints.

Upstream: pkg/apis/core/v1/defaults.go (SetDefaults_Endpoints), pkg/apis/core/validation (ValidateEndpoints), pkg/registry/core/endpoint.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.addresses import warnings_for_ip
from kplan.api.field import FieldErrors, invalid, required
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object, labels_of, namespace_of
from kplan.kinds.addresses import validate_endpoint_ip, validate_ip_for_legacy_field
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.ports import validate_dns1123_label, validate_endpoint_port

MANAGED_BY = "endpoints.kubernetes.io/managed-by"
CONTROLLER = "endpoint-controller"
DEPRECATED = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"


def default(obj: Object) -> None:
    """Ports are TCP."""
    for subset in obj.get("subsets") or ():
        for port in subset.get("ports") or ():
            port.setdefault("protocol", "TCP")


def validate(obj: Object) -> FieldErrors:
    """Upstream: ValidateEndpointsCreate."""
    yield from validate_object_meta(obj["metadata"], True, name_is_dns_subdomain)
    for i, subset in enumerate(obj.get("subsets") or ()):
        yield from _validate_subset(subset, f"subsets[{i}]")


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Subsets that did not change are not validated again.   Upstream: ValidateEndpointsUpdate."""
    if (new.get("subsets") or []) == (old.get("subsets") or []):
        yield from validate_object_meta(new["metadata"], True, name_is_dns_subdomain)
    else:
        yield from validate(new)


def _validate_subset(subset: Object, path: str) -> FieldErrors:
    if not subset.get("addresses") and not subset.get("notReadyAddresses"):
        yield required(path, "must specify `addresses` or `notReadyAddresses`")
    for field in ("addresses", "notReadyAddresses"):
        for i, address in enumerate(subset.get(field) or ()):
            yield from _validate_address(address, f"{path}.{field}[{i}]")
    ports = subset.get("ports") or ()
    for i, port in enumerate(ports):
        yield from validate_endpoint_port(port, len(ports) > 1, f"{path}.ports[{i}]")


def _validate_address(address: Object, path: str) -> FieldErrors:
    ip = address.get("ip") or ""
    yield from validate_ip_for_legacy_field(f"{path}.ip", ip)
    if address.get("hostname"):
        yield from validate_dns1123_label(address["hostname"], f"{path}.hostname")
    if "nodeName" in address:
        for message in name_is_dns_subdomain(address["nodeName"], False):
            yield invalid(f"{path}.nodeName", address["nodeName"], message)
    yield from validate_endpoint_ip(ip, f"{path}.ip")


def warnings(obj: Object) -> Iterator[str]:
    """Addresses may be written oddly."""
    if labels_of(obj).get(MANAGED_BY) == CONTROLLER:
        return
    for i, subset in enumerate(obj.get("subsets") or ()):
        for field in ("addresses", "notReadyAddresses"):
            for j, address in enumerate(subset.get(field) or ()):
                yield from warnings_for_ip(f"subsets[{i}].{field}[{j}].ip", address.get("ip") or "")


def references(obj: Object) -> Iterator[Reference]:
    """Nodes and Pods that addresses name."""
    for i, subset in enumerate(obj.get("subsets") or ()):
        for field in ("addresses", "notReadyAddresses"):
            for j, address in enumerate(subset.get(field) or ()):
                path = f"subsets[{i}].{field}[{j}]"
                if address.get("nodeName"):
                    yield Reference(f"{path}.nodeName", "Node", "", address["nodeName"], optional=True)
                target = address.get("targetRef") or {}
                if target.get("kind") == "Pod" and target.get("name"):
                    yield Reference(f"{path}.targetRef", "Pod", target.get("namespace") or namespace_of(obj), target["name"], optional=True)


KIND = Kind(
    group="",
    version="v1",
    kind="Endpoints",
    plural="endpoints",
    namespaced=True,
    short_names=("ep",),
    create_on_update=True,
    deprecated=DEPRECATED,
    default=default,
    validate=validate,
    validate_update=validate_update,
    warnings=warnings,
    update_warnings=lambda new, _old: warnings(new),
    references=references,
)
