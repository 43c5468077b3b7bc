"""kube-proxy's view: which pod addresses receive a Service's traffic, seen from a node or from outside.

Upstream: pkg/proxy (topology.go, serviceport.go, endpointslicecache.go). Pure reading. Left out: session affinity, and ports that nobody listens on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kplan.api.addresses import parse_cidr, parse_ip
from kplan.api.objects import Object, labels_of
from kplan.api.reader import Reader

SLICE = "EndpointSlice.discovery.k8s.io"
SERVICE_NAME, HEADLESS = "kubernetes.io/service-name", "service.kubernetes.io/headless"
OTHER_PROXY, ZONE = "service.kubernetes.io/service-proxy-name", "topology.kubernetes.io/zone"


class Endpoint(NamedTuple):
    """One address and port behind a Service. `pod` is namespace/name, empty where it is no pod's."""

    address: str
    port: int
    node: str
    pod: str
    ready: bool
    serving: bool
    terminating: bool
    for_zones: frozenset[str]
    for_nodes: frozenset[str]

    @property
    def last_resort(self) -> bool:
        """On its way out but still answering: used where no endpoint is ready."""
        return self.serving and self.terminating


class Backends(NamedTuple):
    """The endpoints that traffic goes to, and in a word why not where there are none."""

    endpoints: Sequence[Endpoint]
    problem: str = ""


def slices_of(namespace: str, service: str, reader: Reader) -> list[Object]:
    """The EndpointSlices of a Service, whoever manages them."""
    return [s for s in reader.list(SLICE, namespace) if labels_of(s).get(SERVICE_NAME) == service]


def find_port(service: Object, port: int | str) -> Object | None:
    """A Service's port by number or name."""
    key = "port" if isinstance(port, int) else "name"
    return next((p for p in service["spec"].get("ports") or () if p.get(key) == port), None)


def endpoints_of(service: Object, port: Object, reader: Reader, family: str = "") -> list[Endpoint]:
    """All endpoints of one of a Service's ports, ready or not, of one family (`IPv4`, by default the Service's first)."""
    meta = service["metadata"]
    family = family or (service["spec"].get("ipFamilies") or ["IPv4"])[0]
    found: dict[tuple[str, int], Endpoint] = {}
    for held in slices_of(meta["namespace"], meta["name"], reader):
        if held.get("addressType") != family:
            continue
        for offered in held.get("ports") or ():
            if (offered.get("name") or "") != port.get("name", "") or offered.get("protocol", "TCP") != port.get("protocol", "TCP"):
                continue
            for endpoint in _read(held, offered.get("port") or 0):
                known = found.get((endpoint.address, endpoint.port))
                if known is None or not endpoint.terminating:
                    found[endpoint.address, endpoint.port] = endpoint
    return [found[key] for key in sorted(found)]


def _read(held: Object, port: int) -> Iterable[Endpoint]:
    for endpoint in held.get("endpoints") or ():
        if not endpoint.get("addresses"):
            continue
        conditions, hints, target = endpoint.get("conditions") or {}, endpoint.get("hints") or {}, endpoint.get("targetRef") or {}
        ready = conditions.get("ready")
        yield Endpoint(
            address=endpoint["addresses"][0],
            port=port,
            node=endpoint.get("nodeName") or "",
            pod=f"{target.get('namespace', '')}/{target.get('name', '')}" if target.get("kind") == "Pod" else "",
            ready=ready is not False,
            serving=conditions.get("serving") is not False,
            terminating=conditions.get("terminating") is True,
            for_zones=frozenset(z["name"] for z in hints.get("forZones") or ()),
            for_nodes=frozenset(n["name"] for n in hints.get("forNodes") or ()),
        )


def backends(service: Object, port: Object, reader: Reader, *, node: str = "", external: bool = False, family: str = "") -> Backends:
    """Where traffic to a Service's port goes that reaches kube-proxy on `node` (empty: on any), from inside or, if `external`, from outside.

    Upstream: CategorizeEndpoints.
    """
    spec = service["spec"]
    if spec.get("type") == "ExternalName":
        return Backends((), "an ExternalName is a DNS alias")
    if spec.get("clusterIP") == "None":
        return Backends((), "a headless Service has no address of its own")
    if OTHER_PROXY in labels_of(service):
        return Backends((), f"left to the proxy {labels_of(service)[OTHER_PROXY]}")
    everything = endpoints_of(service, port, reader, family)
    policy = spec.get("externalTrafficPolicy" if external else "internalTrafficPolicy", "Cluster")
    chosen = _local(everything, node) if policy == "Local" else _cluster(everything, node, reader)
    if chosen:
        return Backends(chosen)
    if not everything:
        return Backends((), "no endpoints")
    if policy == "Local" and node and _usable(everything):
        return Backends((), f"no ready endpoints on node {node}")
    return Backends((), "no ready endpoints")


def _usable(endpoints: Sequence[Endpoint]) -> list[Endpoint]:
    """The ready ones; where there is none, those that still serve while they terminate."""
    return [e for e in endpoints if e.ready] or [e for e in endpoints if e.last_resort]


def _local(endpoints: Sequence[Endpoint], node: str) -> list[Endpoint]:
    if node:
        return _usable([e for e in endpoints if e.node == node])
    nodes = sorted({e.node for e in endpoints})
    return [e for each in nodes for e in _usable([e for e in endpoints if e.node == each])]


def _cluster(endpoints: Sequence[Endpoint], node: str, reader: Reader) -> list[Endpoint]:
    ready = [e for e in endpoints if e.ready]
    if ready and node:
        if all(e.for_nodes for e in ready):
            mine = [e for e in ready if node in e.for_nodes]
            if mine:
                return mine
        if all(e.for_zones for e in ready):
            held = reader.get("Node", "", node)
            zone = labels_of(held).get(ZONE, "") if held is not None else ""
            mine = [e for e in ready if zone in e.for_zones]
            if mine:
                return mine
    return _usable(endpoints)


class Address(NamedTuple):
    """Where a Service can be reached: an address and port, or a port of every node (address empty)."""

    address: str
    port: int
    protocol: str
    external: bool
    service_port: Object


def addresses_of(service: Object) -> list[Address]:
    """All that a Service can be reached at: cluster IPs, external IPs, load balancers, node ports."""
    spec = service["spec"]
    inside = [ip for ip in spec.get("clusterIPs") or [spec.get("clusterIP", "")] if ip not in ("", "None")]
    balancers = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    outside = [*(spec.get("externalIPs") or ()), *(i["ip"] for i in balancers if i.get("ip") and i.get("ipMode", "VIP") == "VIP")]
    found = []
    for port in spec.get("ports") or ():
        number, protocol = port["port"], port.get("protocol", "TCP")
        found += [Address(ip, number, protocol, False, port) for ip in inside]
        found += [Address(ip, number, protocol, True, port) for ip in outside]
        if port.get("nodePort"):
            found.append(Address("", port["nodePort"], protocol, True, port))
    return found


def service_at(address: str, port: int, reader: Reader, protocol: str = "TCP") -> tuple[Object, Address] | None:
    """The Service that an address and port lead to; a Node's address leads to node ports."""
    is_node = any(
        a.get("address") == address for n in reader.list("Node") for a in (n.get("status") or {}).get("addresses") or ()
    )
    for service in reader.list("Service"):
        for known in addresses_of(service):
            if (known.port, known.protocol) == (port, protocol) and (known.address == address or (is_node and not known.address)):
                return service, known
    return None


def source_allowed(service: Object, source: str) -> bool:
    """Whether a load balancer lets a client's address through: `spec.loadBalancerSourceRanges`."""
    ranges = service["spec"].get("loadBalancerSourceRanges") or ()
    address = parse_ip(source)
    networks = [parse_cidr(text.strip()) for text in ranges]
    return not ranges or (address is not None and any(network is not None and address in network for network in networks))


def health_check(service: Object, node: str, reader: Reader) -> int:
    """How many local endpoints `healthCheckNodePort` reports on a node; with none the load balancer leaves the node out."""
    local: set[str] = set()
    for port in service["spec"].get("ports") or ():
        local |= {e.address for e in endpoints_of(service, port, reader) if e.node == node and e.ready}
    return len(local)
