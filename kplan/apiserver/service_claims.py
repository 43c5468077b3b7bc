"""What one Service claims of the ranges that all Services share: its address, its node ports.

Upstream: pkg/registry/core/service/storage/alloc.go, service/ipallocator, service/portallocator. What is in use is
counted from the stored Services, so nothing has to be released. The server hands out random addresses and ports; here it is the
lowest free one above the band that is kept for explicit requests. As upstream, a dry run only checks a requested address's
range, and of a requested port nothing but that no one holds it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from kplan.api.addresses import parse_ip
from kplan.api.field import FieldError, invalid
from kplan.api.gotext import go_quote
from kplan.api.objects import Object, name_of
from kplan.api.reader import Reader
from kplan.api.status import Status, StatusError, internal_error
from kplan.api.status import invalid as refused
from kplan.apiserver.service_use import node_ports_of, use_of
from kplan.kinds.service_ips import needs_health_check

SERVICE_RANGE = "10.96.0.0/12"
NODE_PORTS = range(30000, 32768)
RESERVED_ADDRESSES = 256
RESERVED_PORTS = 86
_PORT_ORDER: tuple[int, ...] = (*NODE_PORTS[RESERVED_PORTS:], *NODE_PORTS[:RESERVED_PORTS])
TAKEN_PORT = "provided port is already allocated"
TAKEN_IP = "provided IP is already allocated"
OUT_OF_RANGE_PORT = f"provided port is not in the valid range. The range of valid ports is {NODE_PORTS[0]}-{NODE_PORTS[-1]}"


def gets_node_ports(spec: Object) -> bool:
    """Each of its ports gets one, unless it has one."""
    kind = spec.get("type")
    return kind == "NodePort" or (kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts", True))


class Claims:
    """One request's claims on the ranges that all Services share."""

    def __init__(self, new: Object, old: Object | None, reader: Reader, dry_run: bool) -> None:
        self.name = name_of(new)
        self.spec: Object = new["spec"]
        self.before: Object | None = old["spec"] if old else None
        self.reader, self.dry_run = reader, dry_run
        self.use = use_of(reader)
        self._claimed: set[int] = set()

    def refuse_if(self, errors: Iterable[FieldError]) -> None:
        """End the request if there are errors."""
        found = list(errors)
        if found:
            raise refused("Service", self.name, found)

    # -- addresses: upstream's allocClusterIPs and updateClusterIPs

    def addresses(self) -> None:
        """Claim the address that is asked for, or a free one, unless the Service has or needs none."""
        spec, before = self.spec, self.before
        if spec.get("type") == "ExternalName" or (spec.get("clusterIPs") or [""])[0] == "None":
            return
        if before is not None and before.get("type") != "ExternalName":
            return  # an address, once given, stays; a second one would need a second family
        ips = spec.get("clusterIPs") or []
        if ips:
            self._claim_address(ips[0])
        else:
            ips = [self._free_address()]
            spec["clusterIPs"] = ips
        spec["clusterIP"] = ips[0]

    def _claim_address(self, ip: str) -> None:
        path, ips = "spec.clusterIPs", self.spec.get("clusterIPs")
        parsed = parse_ip(ip)
        number = parsed.number if parsed else 0
        ranges = service_ranges(self.reader)
        why = ""
        if not any(low <= number <= high for low, high in ranges):
            why = f"the provided IP ({ip}) is not in the valid range. The range of valid IPs is {SERVICE_RANGE}"
            why = why if self.dry_run else "the provided network does not match the current range"
        elif not self.dry_run and self.use.addresses[number]:
            why = TAKEN_IP
        if why:
            self.refuse_if([invalid(path, ips, f"failed to allocate IP {ip}: {why}")])

    def _free_address(self) -> str:
        for low, high in service_ranges(self.reader):
            start = low + min(RESERVED_ADDRESSES, (high - low) // 16)
            for first, last in ((start, high), (low, start - 1)):
                number = self.use.lowest_free(first, last)
                if number is not None:
                    return str(ipaddress.IPv4Address(number))
        raise internal_error(f"failed to allocate a serviceIP for Service {go_quote(self.name)}: range is full")

    # -- ports: upstream's initNodePorts, updateNodePorts and updateHealthCheckNodePort

    def node_ports(self) -> None:
        """Claim the ports that are asked for, give free ones to those that need some."""
        if self.spec.get("type") in ("NodePort", "LoadBalancer"):
            if self.before is None:
                self._first_ports()
            else:
                self._changed_ports(set(node_ports_of(self.before)))
        if needs_health_check(self.spec) and not (self.before and needs_health_check(self.before)):
            port = self.spec.get("healthCheckNodePort")
            if port:
                why = self._claim_port(port)
                if why:
                    raise internal_error(f"failed to allocate requested HealthCheck NodePort {port}: {why}")
            else:
                self.spec["healthCheckNodePort"] = self._free_port("failed to allocate a HealthCheck NodePort 0: range is full")

    def _first_ports(self) -> None:
        ports = self.spec.get("ports") or []
        given: dict[int, int] = {}  # one number serves a port in several protocols
        for i, port in enumerate(ports):
            wanted, number = port.get("nodePort") or 0, port.get("port") or 0
            if not wanted and not gets_node_ports(self.spec):
                continue
            if number not in given:
                asked = next((p["nodePort"] for p in ports if (p.get("port") or 0) == number and p.get("nodePort")), 0)
                if asked:
                    self._claim_port_of(i, asked)
                given[number] = port["nodePort"] = asked or self._free_port()
            elif not wanted:
                port["nodePort"] = given[number]
            elif wanted != given[number]:
                self._claim_port_of(i, wanted)

    def _changed_ports(self, kept: set[int]) -> None:
        seen: set[tuple[str, int]] = set()
        claimed: set[int] = set()
        for i, port in enumerate(self.spec.get("ports") or ()):
            wanted = port.get("nodePort") or 0
            if not wanted and not gets_node_ports(self.spec):
                continue
            if not wanted:
                port["nodePort"] = self._free_port()
            elif wanted not in kept and wanted not in claimed:
                self._claim_port_of(i, wanted)
                claimed.add(wanted)
            key = (port.get("protocol") or "", port["nodePort"])
            if key in seen:
                raise StatusError(Status(500, "", f"duplicate nodePort: {{{key[0]} {key[1]}}}"))
            seen.add(key)

    def _claim_port_of(self, index: int, port: int) -> None:
        why = self._claim_port(port)
        if why:
            self.refuse_if([invalid(f"spec.ports[{index}].nodePort", port, why)])

    def _claim_port(self, port: int) -> str:
        if not self.dry_run and port not in NODE_PORTS:
            return OUT_OF_RANGE_PORT
        if self.use.ports[port] or port in self._claimed:
            return TAKEN_PORT
        self._claimed.add(port)
        return ""

    def _free_port(self, full: str = "failed to allocate a nodePort: range is full") -> int:
        used, wanted = self.use.ports, {*self._claimed, *node_ports_of(self.spec)}
        port = next((port for port in _PORT_ORDER if not used[port] and port not in wanted), 0)
        if not port:
            raise internal_error(full)
        self._claimed.add(port)
        return port


def service_ranges(reader: Reader) -> list[tuple[int, int]]:
    """First and last address of each IPv4 range that Services get theirs from: the server's own, then those of ServiceCIDRs."""
    cidrs = [SERVICE_RANGE]
    for obj in reader.list("ServiceCIDR.networking.k8s.io"):
        cidrs += [cidr for cidr in (obj.get("spec") or {}).get("cidrs") or () if ":" not in cidr and cidr not in cidrs]
    networks = [ipaddress.ip_network(cidr) for cidr in cidrs]
    return [(int(network.network_address) + 1, int(network.broadcast_address) - 1) for network in networks]
