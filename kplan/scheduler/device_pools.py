"""Devices that nodes can reach, and what has been allocated of them.

Upstream: staging/src/k8s.io/dynamic-resource-allocation/structured (pools, allocated state).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from kplan.api.objects import Object
from kplan.scheduler import selectors
from kplan.scheduler.node_rows import Row
from kplan.scheduler.requests import billionths

DeviceId = tuple[str, str, str]
"""Driver, pool, device."""


class Device(NamedTuple):
    """One device of a pool that a node can reach."""

    id: DeviceId
    data: Object
    slice: Object
    pool: Pool


class Pool:
    """The slices of one pool, newest generation; those that the node can reach."""

    def __init__(self, driver: str, name: str, here: list[Object], everywhere: list[Object]) -> None:
        self.name = f"{driver}/{name}"
        generation = max(s["pool"].get("generation") or 0 for s in everywhere)
        self.everywhere = [s for s in everywhere if (s["pool"].get("generation") or 0) == generation]
        self.here = [s for s in here if (s["pool"].get("generation") or 0) == generation and s.get("devices")]
        self.complete = len(self.everywhere) == (self.everywhere[0]["pool"].get("resourceSliceCount") or 0)
        names = [d["name"] for s in self.everywhere for d in s.get("devices") or ()]
        self.invalid = len(names) != len(set(names))
        self.binds_late = any(d.get("bindingConditions") for s in self.here for d in s["devices"])
        self.devices = [Device((driver, name, d["name"]), d, s, self) for s in self.here for d in s["devices"]]
        self.counters = {
            (c["name"], counter): billionths(amount["value"])
            for s in self.everywhere
            for c in s.get("sharedCounters") or ()
            for counter, amount in c["counters"].items()
        }


class Inventory:
    """All slices, classes and allocations of a cluster."""

    def __init__(self, slices: Iterable[Object], classes: Iterable[Object], claims: Iterable[Object], before: Inventory | None = None) -> None:
        """`before`: one over the same nodes; what it has found out about the same slices still holds."""
        self.slices = list(slices)
        self.classes = {c["metadata"]["name"]: c for c in classes}
        self.pools: dict[tuple[str, str], list[Object]] = {}
        self.local: dict[str, list[tuple[str, str]]] = {}
        self.shared: list[tuple[str, str]] = []
        self.selected: dict[tuple[str, DeviceId], bool] = {}
        self._pools: dict[str, list[Pool]] = {}
        if before is not None and len(before.slices) == len(self.slices) and all(a is b for a, b in zip(before.slices, self.slices, strict=True)):
            self.pools, self.local, self.shared = before.pools, before.local, before.shared
            self.selected, self._pools = before.selected, before._pools
        else:
            self._read()
        self.allocated: set[DeviceId] = set()
        self.consumed: dict[tuple[DeviceId, str], int] = {}
        for claim in claims:
            for result in ((claim.get("status") or {}).get("allocation") or {}).get("devices", {}).get("results") or ():
                self.note(result)

    def _read(self) -> None:
        for s in self.slices:
            spec = s["spec"]
            self.pools.setdefault((spec["driver"], spec["pool"]["name"]), []).append(spec)
        for key, found in self.pools.items():
            names = {s.get("nodeName") for s in found}
            if len(names) == 1 and (name := names.pop()):
                self.local.setdefault(name, []).append(key)
            else:
                self.shared.append(key)

    def note(self, result: Object) -> None:
        """A device was allocated."""
        device = result["driver"], result["pool"], result["device"]
        if result.get("adminAccess"):
            return
        if result.get("shareID") is None:
            self.allocated.add(device)
        for name, amount in (result.get("consumedCapacity") or {}).items():
            self.consumed[device, name] = self.consumed.get((device, name), 0) + billionths(amount)

    def pools_for(self, row: Row) -> list[Pool]:
        """The pools with slices for a node, by name; those whose devices bind late come last."""
        node = row.table.names[row.row]
        known = self._pools.get(node)
        if known is not None:
            return known
        found = []
        for driver, name in sorted([*self.local.get(node, ()), *self.shared]):
            everywhere = self.pools[driver, name]
            here = [s for s in everywhere if slice_reaches(s, row)]
            if here:
                pool = Pool(driver, name, here, everywhere)
                if pool.here or any(s.get("sharedCounters") for s in here):
                    found.append(pool)
        found.sort(key=lambda p: p.binds_late)
        self._pools[node] = found
        return found


def reaches(where: Object, row: Row) -> bool:
    """Whether nodeName, allNodes or nodeSelector of a slice or device mean a node."""
    if where.get("nodeName"):
        return bool(row.name.among((where["nodeName"],)))
    if where.get("allNodes"):
        return True
    return where.get("nodeSelector") is not None and bool(selectors.node_selector(where["nodeSelector"]).match(row))


def slice_reaches(spec: Object, row: Row) -> bool:
    """Whether a slice matters to a node."""
    if spec.get("sharedCounters"):
        return True
    if spec.get("perDeviceNodeSelection"):
        return any(reaches(d, row) for d in spec.get("devices") or ())
    return reaches(spec, row)


def attribute_value(attribute: Object) -> Any:
    """The value of a DeviceAttribute."""
    return next((attribute[kind] for kind in ("int", "bool", "string", "version") if kind in attribute), None)
