"""EndpointSlice.

Upstream: pkg/apis/discovery/{v1,validation}, pkg/registry/discovery/endpointslice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kplan.api.addresses import is_valid_ip, warnings_for_ip
from kplan.api.field import INTERNAL, FieldError, FieldErrors, duplicate, invalid, required, too_many
from kplan.api.names import is_fully_qualified_domain_name, is_label_value, name_is_dns_subdomain
from kplan.api.objects import Object, labels_of, namespace_of
from kplan.kinds.addresses import family_of, validate_endpoint_ip, validate_ip_for_legacy_field
from kplan.kinds.enums import invalid_enum, unsupported
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import IMMUTABLE, validate_labels, validate_object_meta
from kplan.kinds.ports import PROTOCOLS, validate_dns1123_label, validate_qualified_name
from kplan.kinds.strategy import count_generation, first_generation

ADDRESS_TYPES = ("FQDN", "IPv4", "IPv6")
MAX_TOPOLOGY_LABELS, MAX_ADDRESSES, MAX_PORTS, MAX_ENDPOINTS, MAX_HINTS = 16, 100, 20000, 1000, 8
HOSTNAME_LABEL, ZONE_LABEL = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
CONTROLLERS = ("endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io")
SERVICE_NAME = "kubernetes.io/service-name"


def default(obj: Object) -> None:
    """Ports are TCP and have a name, if an empty one."""
    for port in obj.get("ports") or ():
        port.setdefault("name", "")
        port.setdefault("protocol", "TCP")


def prepare(obj: Object) -> None:
    """The first generation, without the topology of the beta version."""
    first_generation(obj)
    _drop_topology(obj, frozenset())


def prepare_update(new: Object, old: Object) -> None:
    """Anything but annotations counts as a change."""
    count_generation(new, old, "addressType", "endpoints", "ports", "metadata.labels")
    if (new.get("endpoints") or []) != (old.get("endpoints") or []):
        names = {(endpoint.get("deprecatedTopology") or {}).get(HOSTNAME_LABEL) for endpoint in old.get("endpoints") or ()}
        _drop_topology(new, frozenset(name for name in names if name))


def _drop_topology(obj: Object, known_nodes: frozenset[str]) -> None:
    """v1 has no topology; a node that an older version named there is kept.   Upstream: dropTopologyOnV1."""
    for endpoint in obj.get("endpoints") or ():
        topology = endpoint.pop("deprecatedTopology", None) or {}
        node = topology.get(HOSTNAME_LABEL)
        if "nodeName" not in endpoint and node in known_nodes and not name_is_dns_subdomain(node, False):
            endpoint["nodeName"] = node


def finish(obj: Object) -> None:
    """Storage knows no empty list, and the API prints null."""
    for field in ("endpoints", "ports"):
        obj[field] = obj.get(field) or None
    for endpoint in obj["endpoints"] or ():
        endpoint["addresses"] = endpoint.get("addresses") or None


def validate(obj: Object) -> FieldErrors:
    """Upstream: ValidateEndpointSliceCreate."""
    yield from _validate_head(obj)
    yield from _validate_endpoints(obj.get("endpoints") or (), obj.get("addressType") or "")


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Endpoints that did not change are not validated again.   Upstream: ValidateEndpointSliceUpdate."""
    yield from _validate_head(new)
    if (new.get("endpoints") or []) != (old.get("endpoints") or []):
        yield from _validate_endpoints(new.get("endpoints") or (), new.get("addressType") or "")
    if new.get("addressType") != old.get("addressType"):
        yield invalid_enum("addressType", new.get("addressType") or "", IMMUTABLE)


def _validate_head(obj: Object) -> FieldErrors:
    yield from validate_object_meta(obj["metadata"], True, name_is_dns_subdomain)
    kind = obj.get("addressType") or ""
    if not kind:
        yield required("addressType")
    elif kind not in ADDRESS_TYPES:
        yield unsupported("addressType", kind, ADDRESS_TYPES)
    ports = obj.get("ports") or ()
    if len(ports) > MAX_PORTS:
        yield too_many("ports", len(ports), MAX_PORTS)
        return
    names: set[str] = set()
    for i, port in enumerate(ports):
        yield from _validate_port(port, names, f"ports[{i}]")


def _validate_port(port: Object, names: set[str], path: str) -> FieldErrors:
    name, protocol = port.get("name") or "", port.get("protocol")
    if name:
        yield from validate_dns1123_label(name, f"{path}.name")
    if name in names:
        yield duplicate(f"{path}.name", name)
    names.add(name)
    if protocol is None:
        yield required(f"{path}.protocol")
    elif protocol not in PROTOCOLS:
        yield unsupported(f"{path}.protocol", protocol, PROTOCOLS)
    if "appProtocol" in port:
        yield from validate_qualified_name(port["appProtocol"], f"{path}.appProtocol")


def _validate_endpoints(endpoints: Sequence[Object], kind: str) -> FieldErrors:
    if len(endpoints) > MAX_ENDPOINTS:
        yield too_many("endpoints", len(endpoints), MAX_ENDPOINTS)
        return
    for i, endpoint in enumerate(endpoints):
        path = f"endpoints[{i}]"
        addresses = endpoint.get("addresses") or ()
        if not addresses:
            yield required(f"{path}.addresses", "must contain at least 1 address")
        elif len(addresses) > MAX_ADDRESSES:
            yield too_many(f"{path}.addresses", len(addresses), MAX_ADDRESSES)
        for j, address in enumerate(addresses):
            yield from _validate_address(address, kind, f"{path}.addresses", j)
        if "nodeName" in endpoint:
            for message in name_is_dns_subdomain(endpoint["nodeName"], False):
                yield invalid(f"{path}.nodeName", endpoint["nodeName"], message)
        topology = endpoint.get("deprecatedTopology") or {}
        if len(topology) > MAX_TOPOLOGY_LABELS:
            yield too_many(f"{path}.deprecatedTopology", len(topology), MAX_TOPOLOGY_LABELS)
        yield from validate_labels(topology, f"{path}.deprecatedTopology")
        if ZONE_LABEL in topology:
            yield FieldError(INTERNAL, f"{path}.deprecatedTopology[{ZONE_LABEL}]", None, "reserved key was not removed in conversion")
        if "hostname" in endpoint:
            yield from validate_dns1123_label(endpoint["hostname"], f"{path}.hostname")
        if endpoint.get("hints"):
            yield from _validate_hints(endpoint["hints"], f"{path}.hints")


def _validate_address(address: str, kind: str, path: str, index: int) -> FieldErrors:
    here = f"{path}[{index}]"
    if kind == "FQDN":
        yield from is_fully_qualified_domain_name(here, address)
    elif kind in ("IPv4", "IPv6"):
        errors = list(validate_ip_for_legacy_field(here, address) if kind == "IPv4" else is_valid_ip(here, address))
        yield from errors
        if errors:
            return
        if family_of(address) != kind:
            yield invalid(path, address, f"must be an {kind} address")
        yield from validate_endpoint_ip(address, here)


def _validate_hints(hints: Object, path: str) -> FieldErrors:
    rules = (("forZones", is_label_value), ("forNodes", lambda name: name_is_dns_subdomain(name, False)))
    for field, rule in rules:
        targets = hints.get(field) or ()
        if len(targets) > MAX_HINTS:
            yield too_many(f"{path}.{field}", len(targets), MAX_HINTS)
            return
        seen: set[str] = set()
        for i, target in enumerate(targets):
            name = target.get("name") or ""
            if name in seen:
                yield duplicate(f"{path}.{field}[{i}].name", name)
            seen.add(name)
            for message in rule(name):
                yield invalid(f"{path}.{field}[{i}].name", name, message)


def warnings(obj: Object) -> Iterator[str]:
    """Names as addresses are deprecated; addresses may be written oddly."""
    if obj.get("addressType") == "FQDN":
        yield "spec.addressType: FQDN endpoints are deprecated"
    yield from update_warnings(obj, obj)


def update_warnings(new: Object, old: Object) -> Iterator[str]:
    """Addresses may be written oddly, unless a controller of ours wrote them."""
    if labels_of(new).get(MANAGED_BY) in CONTROLLERS:
        return
    for i, endpoint in enumerate(new.get("endpoints") or ()):
        for j, address in enumerate(endpoint.get("addresses") or ()):
            yield from warnings_for_ip(f"endpoints[{i}].addresses[{j}]", address)


def references(obj: Object) -> Iterator[Reference]:
    """The Service that the label names; Nodes and Pods that endpoints name."""
    namespace = namespace_of(obj)
    service = labels_of(obj).get(SERVICE_NAME)
    if service:
        yield Reference(f"metadata.labels[{SERVICE_NAME}]", "Service", namespace, service)
    for i, endpoint in enumerate(obj.get("endpoints") or ()):
        if endpoint.get("nodeName"):
            yield Reference(f"endpoints[{i}].nodeName", "Node", "", endpoint["nodeName"], optional=True)
        target = endpoint.get("targetRef") or {}
        if target.get("kind") == "Pod" and target.get("name"):
            yield Reference(f"endpoints[{i}].targetRef", "Pod", target.get("namespace") or namespace, target["name"], optional=True)


KIND = Kind(
    group="discovery.k8s.io",
    version="v1",
    kind="EndpointSlice",
    plural="endpointslices",
    namespaced=True,
    default=default,
    prepare=prepare,
    prepare_update=prepare_update,
    validate=validate,
    validate_update=validate_update,
    warnings=warnings,
    update_warnings=update_warnings,
    finish=finish,
    references=references,
)
