"""Which endpoint goes into which slice: what is there stays where it is, changed slices are filled up first, then one that has room, then new ones.

Upstream: reconcileByPortMapping in staging/src/k8s.io/endpointslice/reconciler.go, and its twin in pkg/controller/endpointslicemirroring/reconciler_helpers.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object

Ports = tuple[tuple[str, int | None, str, str | None], ...]  # name, number, protocol, appProtocol; sorted


@dataclass(slots=True)
class Placed:
    """What is to be done to the slices of a Service; `unchanged` are those that stay."""

    create: list[Object] = field(default_factory=list)
    update: list[Object] = field(default_factory=list)
    delete: list[Object] = field(default_factory=list)
    unchanged: list[Object] = field(default_factory=list)

    def extend(self, other: Placed) -> None:
        """Add what was found for another set of ports."""
        self.create += other.create
        self.update += other.update
        self.delete += other.delete


def ports_key(ports: Iterable[Object]) -> Ports:
    """The ports of a slice as something to tell slices apart by."""
    found = [(p.get("name") or "", p.get("port"), p.get("protocol") or "TCP", p.get("appProtocol")) for p in ports]
    return tuple(sorted(found, key=lambda p: (p[0], p[2], p[1] or 0, p[3] or "")))


def slice_ports(ports: Ports) -> list[Object]:
    """As a slice writes them."""
    made = []
    for name, number, protocol, app in ports:
        port: Object = {"name": name, "protocol": protocol}
        if number is not None:
            port["port"] = number
        if app is not None:
            port["appProtocol"] = app
        made.append(port)
    return made


def slice_prefix(service: str) -> str:
    """What the names of a Service's slices begin with."""
    prefix = f"{service}-"
    return service if name_is_dns_subdomain(prefix, True) else prefix


def identity(endpoint: Object) -> tuple[tuple[str, ...], str, str, str]:
    """What makes two endpoints the same one.   Upstream: hashEndpoint."""
    target = endpoint.get("targetRef") or {}
    return tuple(sorted(endpoint["addresses"])), endpoint.get("hostname", ""), target.get("namespace", ""), target.get("name", "")


def _same(one: Object, other: Object) -> bool:
    """Equal but for hints and resource versions.   Upstream: EndpointsEqualBeyondHash."""
    if any(one.get(key) != other.get(key) for key in ("nodeName", "zone", "conditions")):
        return False
    first, second = one.get("targetRef") or {}, other.get("targetRef") or {}
    return all(first.get(key) == second.get(key) for key in ("apiVersion", "kind", "namespace", "name", "uid", "fieldPath"))


def place(
    existing: Sequence[Object], wanted: Iterable[Object], empty: Object, labels_differ: Callable[[Object], bool], labels: dict[str, str], per_slice: int
) -> Placed:
    """Distribute the wanted endpoints of one set of ports. `empty` is a new slice to fill; `labels` go on every slice that is written."""
    left = {identity(endpoint): endpoint for endpoint in wanted}
    updated: list[Object] = []
    same: list[Object] = []
    placed = Placed()
    for held in existing:
        before = held.get("endpoints") or []
        kept, changed = [], False
        for endpoint in before:
            found = left.pop(identity(endpoint), None)
            if found is None:
                changed = True
            else:
                kept.append(found)
                changed = changed or not _same(found, endpoint)
        if changed and not kept:
            placed.delete.append(held)
        elif changed or labels_differ(held):
            updated.append(_relabelled(held, labels, kept if changed else before))
        else:
            same.append(held)
    rest = list(left.values())
    updated.sort(key=lambda s: -len(s.get("endpoints") or ()))
    placed.update = [_filled(s, rest, per_slice) for s in updated]
    while rest:
        target = _fullest_with_room(same, len(rest), per_slice) if len(rest) < per_slice else None
        if target is None:
            placed.create.append(_filled(empty, rest, per_slice))
        else:
            same.remove(target)
            placed.update.append(_filled(target, rest, per_slice))
    return placed


def _relabelled(held: Object, labels: dict[str, str], endpoints: list[Object]) -> Object:
    return {**held, "metadata": {**held["metadata"], "labels": labels}, "endpoints": endpoints}


def _filled(target: Object, rest: list[Object], per_slice: int) -> Object:
    """`target` with as many of `rest` as it has room for; those are taken out of `rest`."""
    held = target.get("endpoints") or []
    room = max(per_slice - len(held), 0)
    if not rest or not room:
        return target
    taken = rest[:room]
    del rest[:room]
    return {**target, "endpoints": [*held, *taken]}


def _fullest_with_room(slices: Sequence[Object], count: int, per_slice: int) -> Object | None:
    """Upstream: getSliceToFill."""
    best, smallest = None, per_slice
    for one in slices:
        gap = per_slice - count - len(one.get("endpoints") or ())
        if 0 <= gap < smallest:
            best, smallest = one, gap
    return best
