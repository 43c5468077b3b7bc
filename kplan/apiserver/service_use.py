"""Which cluster IPs and node ports are in use, kept current by the writes.

Upstream: the state of service/ipallocator and service/portallocator, there stored beside the Services, here counted from them:
an address is held by the Services that have it and by the IPAddress object of its name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from weakref import WeakKeyDictionary

from kplan.api.addresses import parse_ip
from kplan.api.objects import Object, name_of
from kplan.api.reader import Entry, Reader
from kplan.apiserver.store import Store

SERVICE = "Service"
IP_ADDRESS = "IPAddress.networking.k8s.io"


def node_ports_of(spec: Object) -> list[int]:
    """The node ports that a Service has."""
    return [port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort")]


class ServiceUse:
    """Counts of holders of each address (as an integer) and port."""

    def __init__(self, reader: Reader) -> None:
        self.addresses: Counter[int] = Counter()
        self.ports: Counter[int] = Counter()
        self._lowest: dict[int, int] = {}
        for kind in (SERVICE, IP_ADDRESS):
            for obj in reader.list(kind):
                self._count(kind, obj, 1)

    def observe(self, entry: Entry) -> None:
        """Follow a write."""
        if entry.kind in (SERVICE, IP_ADDRESS):
            for obj, change in ((entry.new, 1), (entry.old, -1)):
                if obj is not None:
                    self._count(entry.kind, obj, change)

    def lowest_free(self, first: int, last: int) -> int | None:
        """The first address of a range that no one holds."""
        number = max(first, self._lowest.get(first, first))
        while number <= last and self.addresses[number]:
            number += 1
        self._lowest[first] = number
        return number if number <= last else None

    def _count(self, kind: str, obj: Object, change: int) -> None:
        if kind == IP_ADDRESS:
            self._count_addresses([name_of(obj)], change)
            return
        spec = obj.get("spec") or {}
        self._count_addresses(spec.get("clusterIPs") or [spec.get("clusterIP") or ""], change)
        if spec.get("type") in ("NodePort", "LoadBalancer"):
            health = spec.get("healthCheckNodePort")
            for port in {*node_ports_of(spec), *([health] if health else [])}:
                self.ports[port] += change

    def _count_addresses(self, addresses: Iterable[str], change: int) -> None:
        for text in addresses:
            ip = parse_ip(text)
            if ip is None:
                continue
            self.addresses[ip.number] += change
            if change < 0:
                for first, lowest in self._lowest.items():
                    if first <= ip.number < lowest:
                        self._lowest[first] = ip.number


_USES: WeakKeyDictionary[Store, ServiceUse] = WeakKeyDictionary()


def use_of(reader: Reader) -> ServiceUse:
    """What is in use in a cluster: counted once for a store and followed from then on, counted anew for any other reader."""
    if not isinstance(reader, Store):
        return ServiceUse(reader)
    use = _USES.get(reader)
    if use is None:
        use = _USES[reader] = ServiceUse(reader)
        reader.listeners.append(use.observe)
    return use
