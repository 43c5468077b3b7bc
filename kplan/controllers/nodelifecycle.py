"""What a node's conditions mean for its taints, and the labels and annotations that controllers put on every node.

Upstream: pkg/controller/nodelifecycle (taints), pkg/controller/ttl, pkg/controller/nodeipam. Heartbeats are left out: kubelets here say
themselves that they are not ready. Of the eviction rates per zone only the extremes are kept: nobody is evicted while no node is ready, and no
more where three and 55 % of a zone of at most 50 nodes are not; otherwise upstream takes one node in ten seconds, here all at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from kplan.api.objects import Object, annotations_of, labels_of, replace
from kplan.api.reader import Entry, Reader
from kplan.apiserver.client import Client
from kplan.apiserver.loops import Controller, Key, Watch, itself

NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
# (condition, its status, the taint that it means)
TAINTS = (
    ("Ready", "False", NOT_READY),
    ("Ready", "Unknown", UNREACHABLE),
    ("MemoryPressure", "True", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"),
    ("NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"),
    ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
)
MANAGED = frozenset({*(t for _, _, t in TAINTS), UNSCHEDULABLE})
LABELS = (("kubernetes.io/os", "beta.kubernetes.io/os"), ("kubernetes.io/arch", "beta.kubernetes.io/arch"))
REACTION = 0.01  # seconds after which the taint follows a cordon: the scheduler is told of both, and hears of the cordon first
TTL = "node.alpha.kubernetes.io/ttl"
UNREADY = ("", "")  # the key of all nodes that are not ready
LARGE_ZONE, UNHEALTHY_ZONE, FEW = 50, 0.55, 2  # nodes; the share of nodes that are not ready, and how many do not make an outage
ZONE_LABELS = ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone")
REGION_LABELS = ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region")
TTL_STEPS = ((100, "0"), (500, "15"), (1000, "30"), (2000, "60"))  # up to so many nodes: seconds that kubelets may cache


def _all_when_readiness_changes(entry: Entry, reader: Reader) -> Iterable[Key]:
    """One node turning ready or not can start or stop evictions everywhere."""
    return () if condition_status(entry.old, "Ready") == condition_status(entry.new, "Ready") else (UNREADY,)


def _cordoned(node: Object | None) -> bool:
    return bool(node and node["spec"].get("unschedulable"))


def _itself(entry: Entry, reader: Reader) -> Iterable[Key]:
    """A node that changed, but for being cordoned or not."""
    return itself(entry, reader) if entry.old is None or _cordoned(entry.old) == _cordoned(entry.new) else ()


def _cordon_changed(entry: Entry, reader: Reader) -> Iterable[Key]:
    """A node that is cordoned or no longer."""
    return itself(entry, reader) if entry.old is not None and _cordoned(entry.old) != _cordoned(entry.new) else ()


def condition_status(node: Object | None, type: str) -> str:
    """The status of a node's condition; empty where there is none."""
    conditions = ((node or {}).get("status") or {}).get("conditions") or ()
    return next((c["status"] for c in conditions if c["type"] == type), "")


def zone_of(node: Object) -> tuple[str, str]:
    """Region and zone by which outages are told apart.   Upstream: GetZoneKey."""
    labels = labels_of(node)
    region, zone = (next((labels[name] for name in names if name in labels), "") for names in (REGION_LABELS, ZONE_LABELS))
    return region, zone


def _stopped_zones(nodes: Sequence[Object]) -> set[tuple[str, str]]:
    """The zones in which so many nodes are not ready that no more are evicted.   Upstream: ComputeZoneState, ReducedQPSFunc."""
    size = Counter(zone_of(n) for n in nodes)
    lost = Counter(zone_of(n) for n in nodes if condition_status(n, "Ready") != "True")
    return {zone for zone, n in lost.items() if FEW < n < size[zone] <= LARGE_ZONE and n / size[zone] >= UNHEALTHY_ZONE}


class NodeLifecycleController(Controller):
    """Keys: ("", name) of Nodes, and UNREADY."""

    name = "node-lifecycle-controller"
    watches = (Watch("Node", _itself), Watch("Node", _cordon_changed, REACTION), Watch("Node", _all_when_readiness_changes, REACTION))

    def __init__(self) -> None:
        self._ranges = 0

    def sync(self, key: Key, api: Client) -> float | None:
        """Put taints, labels, the TTL annotation and the pod CIDR right."""
        if key == UNREADY:
            stopped = _stopped_zones(api.list("Node"))
            for node in api.list("Node"):
                if condition_status(node, "Ready") != "True":
                    self._sync(node, api, evict=zone_of(node) not in stopped)
        elif (found := api.get("Node", "", key[1])) is not None:
            self._sync(found, api)
        return None

    def _sync(self, node: Object, api: Client, *, evict: bool = False) -> None:
        new = self._labelled(node)
        count = len(api.list("Node"))
        ttl = next((seconds for most, seconds in TTL_STEPS if count <= most), "300")
        if annotations_of(new).get(TTL) != ttl:
            new = replace(new, ("metadata", "annotations"), {**annotations_of(new), TTL: ttl})
        if not new["spec"].get("podCIDR"):
            self._ranges += 1
            cidr = f"10.{244 + self._ranges // 256 % 12}.{self._ranges % 256}.0/24"
            new = {**new, "spec": {**new["spec"], "podCIDR": cidr, "podCIDRs": [cidr]}}
        new = self._tainted(api, new, evict)
        if new is not node:
            api.write(new)

    def _labelled(self, node: Object) -> Object:
        labels = labels_of(node)
        wanted = {**labels, **{second: labels[first] for first, second in LABELS if first in labels}}
        return node if wanted == labels else replace(node, ("metadata", "labels"), wanted)

    def _tainted(self, api: Client, node: Object, evict: bool) -> Object:
        """The node with the taints of its conditions: NoSchedule for each; NoExecute where pods must go, new ones only if `evict`."""
        if not condition_status(node, "Ready"):
            return node  # nobody has heard of it yet: the taint of its creation stays
        taints = node["spec"].get("taints") or []
        wanted = [t for c, value, t in TAINTS if condition_status(node, c) == value]
        if node["spec"].get("unschedulable"):
            wanted.append(UNSCHEDULABLE)
        evicting = [t for t in wanted if t in (NOT_READY, UNREACHABLE)]
        if evicting and not self._some_ready(api):
            evicting = []
        evict = evict or any(t["effect"] == "NoExecute" and t["key"] in (NOT_READY, UNREACHABLE) for t in taints)  # the one takes the other's place
        kept = []
        for taint in taints:
            key, effect = taint["key"], taint["effect"]
            held = wanted if effect == "NoSchedule" else evicting if effect == "NoExecute" and key in (NOT_READY, UNREACHABLE) else None
            if key not in MANAGED or held is None or key in held:
                kept.append(taint)
        have = {(t["key"], t["effect"]) for t in kept}
        kept += [{"key": t, "effect": "NoSchedule", "timeAdded": api.now_text} for t in wanted if (t, "NoSchedule") not in have]
        kept += [{"key": t, "effect": "NoExecute", "timeAdded": api.now_text} for t in evicting if evict and (t, "NoExecute") not in have]
        if kept == taints:
            return node
        spec = {k: v for k, v in node["spec"].items() if k != "taints"}
        return {**node, "spec": {**spec, "taints": kept} if kept else spec}

    def _some_ready(self, api: Client) -> bool:
        return any(condition_status(n, "Ready") == "True" for n in api.list("Node"))
