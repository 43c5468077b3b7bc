"""Hints: which zones, or nodes, an endpoint is meant for, by `spec.trafficDistribution` or by an annotation that is older.

Upstream: staging/src/k8s.io/endpointslice/{trafficdist,topologycache}. The annotation is `service.kubernetes.io/topology-mode: Auto`. Slices
are never changed in place: the lists in `Placed` get new ones. Where upstream goes through zones at random, they go by name here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kplan.api.objects import Object, labels_of
from kplan.api.quantity import parse_json
from kplan.api.reader import Entry
from kplan.apiserver.loops import Key
from kplan.controllers.sliceplacement import Placed

ZONE = "topology.kubernetes.io/zone"
DEPRECATED, ANNOTATION = "service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode"
EXCLUDED = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
OVERLOAD = 0.2
DISABLED, ENABLED = "TopologyAwareHintsDisabled", "TopologyAwareHintsEnabled"
Told = tuple[str, str, str]  # type, reason, message of an event


class Share(NamedTuple):
    """How many endpoints a zone gets."""

    minimum: int
    maximum: int
    desired: float


def hints_wanted(annotations: dict[str, str]) -> bool:
    """Whether the annotation asks for hints.   Upstream: hintsEnabled."""
    return annotations.get(DEPRECATED, annotations.get(ANNOTATION)) in ("Auto", "auto")


def _ready(endpoint: Object) -> bool:
    return (endpoint.get("conditions") or {}).get("ready") is True


def _with_endpoints(held: Object, change: Callable[[Object], Object]) -> Object:
    """The slice with every endpoint put through `change`; the slice itself where that changes nothing."""
    before = held.get("endpoints") or []
    after = [change(endpoint) for endpoint in before]
    return {**held, "endpoints": after} if after != before else held


def _hinted(endpoint: Object, zones: Sequence[str], nodes: Sequence[str] = ()) -> Object:
    bare = {k: v for k, v in endpoint.items() if k != "hints"}
    hints: Object = {"forZones": [{"name": z} for z in zones]} if zones else {}
    if nodes:
        hints["forNodes"] = [{"name": n} for n in nodes]
    return {**bare, "hints": hints} if hints else bare


def _apply(placed: Placed, change: Callable[[Object], Object]) -> None:
    placed.create = [_with_endpoints(s, change) for s in placed.create]
    placed.update = [_with_endpoints(s, change) for s in placed.update]
    unchanged: list[Object] = []
    for held in placed.unchanged:
        new = _with_endpoints(held, change)
        (unchanged if new is held else placed.update).append(new)
    placed.unchanged = unchanged


def without_hints(placed: Placed) -> None:
    """Take all hints away.   Upstream: RemoveHintsFromSlices."""
    _apply(placed, lambda endpoint: _hinted(endpoint, ()))


def distribute(distribution: str, placed: Placed) -> None:
    """Ready endpoints are for their own zone, with PreferSameNode for their own node too.   Upstream: trafficdist.ReconcileHints."""

    def change(endpoint: Object) -> Object:
        if not _ready(endpoint):
            return endpoint
        zones = [endpoint["zone"]] if endpoint.get("zone") else []
        nodes = [endpoint["nodeName"]] if endpoint.get("nodeName") and distribution == "PreferSameNode" else []
        return _hinted(endpoint, zones, nodes)

    _apply(placed, change)


def node_topology_changed(entry: Entry) -> bool:
    """Whether a write to a node can change how zones compare."""
    if entry.old is None or entry.new is None:
        return True
    return _node_ready(entry.old) != _node_ready(entry.new) or labels_of(entry.old).get(ZONE) != labels_of(entry.new).get(ZONE)


def _node_ready(node: Object) -> bool:
    conditions = (node.get("status") or {}).get("conditions") or ()
    return next((c["status"] == "True" for c in conditions if c["type"] == "Ready"), False)


@dataclass(slots=True)
class _RefusedError(Exception):
    message: str


class TopologyHints:
    """The CPU of each zone, and what hints each Service was given.   Upstream: TopologyCache."""

    def __init__(self) -> None:
        self._ratios: dict[str, float] | None = None
        self._given: dict[Key, dict[str, dict[str, int]]] = {}
        self._populated: set[Key] = set()

    def set_nodes(self, nodes: Sequence[Object]) -> None:
        """Sum up the CPU of ready nodes by zone; one node without either says that nothing is known."""
        by_zone: dict[str, int] = {}
        self._ratios = None
        for node in nodes:
            labels = labels_of(node)
            if any(label in labels for label in EXCLUDED) or not _node_ready(node):
                continue
            zone, cpu = labels.get(ZONE), parse_json(((node.get("status") or {}).get("allocatable") or {}).get("cpu", "0")).milli_value()
            if not zone or not cpu:
                return
            by_zone[zone] = by_zone.get(zone, 0) + cpu
        total = sum(by_zone.values())
        if total and len(by_zone) > 1:
            self._ratios = {zone: by_zone[zone] / total for zone in sorted(by_zone)}

    def overloaded(self) -> list[Key]:
        """The Services whose endpoints do not fit the zones any more."""
        return sorted(key for key, families in self._given.items() if any(self._overloads(zones) for zones in families.values()))

    def _overloads(self, zones: dict[str, int]) -> bool:
        if not zones:
            return False
        if not self._ratios:
            return True
        total = sum(zones.values())
        return any(zones.get(zone, -1) < math.ceil(total * ratio / (1 + OVERLOAD)) for zone, ratio in self._ratios.items())

    def forget(self, key: Key) -> None:
        """The Service is gone."""
        self._given.pop(key, None)
        self._populated.discard(key)

    def remove(self, key: Key, family: str) -> None:
        """One family has no hints any more."""
        families = self._given.get(key, {})
        families.pop(family, None)
        if not families:
            self._given.pop(key, None)
        self._populated.discard(key)

    def disable(self, key: Key, family: str) -> list[Told]:
        """The annotation is not there, or no longer."""
        had = key in self._populated
        self.remove(key, family)
        return [("Warning", DISABLED, f"Topology Aware Hints has been disabled, addressType: {family}")] if had else []

    def add(self, key: Key, family: str, placed: Placed) -> list[Told]:
        """Give hints by the zones' share of the CPU, or say why not.   Upstream: AddHints."""
        try:
            given = self._allocate(placed)
        except _RefusedError as refused:
            self.remove(key, family)
            without_hints(placed)
            return [("Warning", DISABLED, f"{refused.message}, addressType: {family}")]
        was = key in self._populated
        self._given.setdefault(key, {})[family] = given
        self._populated.add(key)
        return [] if was else [("Normal", ENABLED, f"Topology Aware Hints has been enabled, addressType: {family}")]

    def _allocate(self, placed: Placed) -> dict[str, int]:
        ready = sum(1 for s in (*placed.create, *placed.update, *placed.unchanged) for e in s.get("endpoints") or () if _ready(e))
        shares = self._shares(ready)
        given = _keep_fitting(placed, shares)
        changing = [*placed.create, *placed.update]
        for held in changing:
            for endpoint in held.get("endpoints") or ():
                if _ready(endpoint):
                    if not endpoint.get("zone"):
                        raise _RefusedError("One or more endpoints do not have a zone specified")
                    given[endpoint["zone"]] = given.get(endpoint["zone"], 0) + 1
        giving, receiving = _exchange(shares, given)

        def change(endpoint: Object) -> Object:
            if not _ready(endpoint):
                return endpoint
            zone = endpoint["zone"]
            target = next(iter(receiving), None)
            if target is None or not giving.get(zone):
                return _hinted(endpoint, [zone])
            for zones, name, by in ((giving, zone, -1), (receiving, target, 1)):
                zones[name] -= 1
                if not zones[name]:
                    del zones[name]
                given[name] = given.get(name, 0) + by
            return _hinted(endpoint, [target])

        placed.create = [_with_endpoints(s, change) for s in placed.create]
        placed.update = [_with_endpoints(s, change) for s in placed.update]
        if not given:
            raise _RefusedError("No hints allocated for zones")
        return given

    def _shares(self, count: int) -> dict[str, Share]:
        """Upstream: getAllocations."""
        if self._ratios is None:
            raise _RefusedError("Insufficient Node information: allocatable CPU or zone not specified on one or more nodes")
        zones = len(self._ratios)
        if zones > count:
            raise _RefusedError(f"Insufficient number of endpoints ({count} endpoints, {zones} zones)")
        minimum = {zone: math.ceil(ratio * count * (1 / (1 + OVERLOAD))) for zone, ratio in self._ratios.items()}
        spare = count - sum(minimum.values())
        if spare < 0:
            what = "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold"
            raise _RefusedError(f"{what} ({count} endpoints, {zones} zones)")
        return {zone: Share(least, least + spare, max(self._ratios[zone] * count, float(least))) for zone, least in minimum.items()}


def _keep_fitting(placed: Placed, shares: dict[str, Share]) -> dict[str, int]:
    """Unchanged slices whose hints still fit keep them, others are written again.   Upstream: getAllocatedHintsByZone."""
    given: dict[str, int] = {}
    unchanged = []
    for held in placed.unchanged:
        mine = _hints_of(held, given, shares)
        if mine is None:
            placed.update.append(held)
            continue
        unchanged.append(held)
        for zone, count in mine.items():
            given[zone] = given.get(zone, 0) + count
    placed.unchanged = unchanged
    return given


def _hints_of(held: Object, given: dict[str, int], shares: dict[str, Share]) -> dict[str, int] | None:
    mine: dict[str, int] = {}
    for endpoint in held.get("endpoints") or ():
        if not _ready(endpoint):
            continue
        zones = (endpoint.get("hints") or {}).get("forZones")
        if not zones or any(z["name"] not in shares for z in zones):
            return None
        for zone in zones:
            mine[zone["name"]] = mine.get(zone["name"], 0) + 1
    if any(count + given.get(zone, 0) > shares[zone].maximum for zone, count in mine.items()):
        return None
    return mine


def _exchange(shares: dict[str, Share], given: dict[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """How many endpoints which zones give to others, and which get them.   Upstream: getGivingAndReceivingZones."""
    gap = {zone: given.get(zone, 0) - share.desired for zone, share in shares.items()}
    over, under = {z: g for z, g in gap.items() if g > 0}, {z: -g for z, g in gap.items() if g < 0}
    giving: dict[str, int] = {}
    receiving: dict[str, int] = {}
    while over and under:
        giver, taker = max(over, key=lambda z: over[z]), max(under, key=lambda z: under[z])
        give, take = over[giver], under[taker]
        if (give < 1.0 and take < 1.0) or give < 0.5 or take < 0.5:
            break
        giving[giver] = giving.get(giver, 0) + 1
        receiving[taker] = receiving.get(taker, 0) + 1
        over[giver] -= 1
        under[taker] -= 1
    return giving, receiving
