"""What room there is: by node, zone and resource; how many more replicas of something fit; how many nodes of a shape are needed for so many.

Fit and need ask the scheduler about pods that are like those of the workload, one assumed after the other, and ResourceQuotas about their number. No pod
is preempted for them. For `need` nodes are added to the cluster for good, so that DaemonSets take their share of each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kplan.api.objects import Object, controller_of, labels_of
from kplan.api.podrequests import pod_requests
from kplan.api.reader import Reader
from kplan.api.ref import Ref
from kplan.cluster import Cluster
from kplan.node.shapes import nodes as nodes_of_shape
from kplan.questions.remedies import allocatable, used_on
from kplan.questions.replicas import NoReplicasError, RefusedError, claims_for, pods_of, quota_room, replicas_like
from kplan.questions.supposing import Key, Supposed, key_of

ZONE = "topology.kubernetes.io/zone"
MOST_REPLICAS, MOST_NODES = 10_000, 4_096
EXTRA = "extra"


@dataclass(frozen=True, slots=True)
class Room:
    """What a node, a zone or the whole has and what is asked of it: millicores for `cpu`, whole units for all else. `nodes` is how many it sums up."""

    name: str
    allocatable: dict[str, int]
    used: dict[str, int]
    nodes: int = 1
    zone: str = ""
    cordoned: bool = False

    def free(self, resource: str) -> int:
        """What is left; never below zero."""
        return max(0, self.allocatable.get(resource, 0) - self.used.get(resource, 0))


@dataclass(frozen=True, slots=True)
class Capacity:
    """The room of each node in the order of names, of each zone, and of all that may be used (cordoned nodes are not in the sums)."""

    nodes: tuple[Room, ...]
    zones: tuple[Room, ...]
    total: Room

    def largest(self, resource: str) -> Room | None:
        """The node with the most room of a resource: no pod that asks for more fits anywhere."""
        open_ = [n for n in self.nodes if not n.cordoned]
        return max(open_, key=lambda n: n.free(resource)) if open_ else None


@dataclass(frozen=True, slots=True)
class Fit:
    """How many more replicas fit (`at_least`: there may be room for more yet), on which nodes, and what stops the next one."""

    ref: Ref
    more: int
    at_least: bool
    to: dict[str, int]
    stopped_by: str


@dataclass(frozen=True, slots=True)
class Need:
    """How many nodes of a shape are needed for so many replicas in all; None where no number of them is enough, and `why`.

    `refused`: what the server would refuse some of them for all the same, such as a quota.
    """

    ref: Ref
    replicas: int
    running: int
    shape: str
    nodes: int | None
    why: str = ""
    refused: str = ""


def capacity(cluster: Cluster) -> Capacity:
    """The room as things stand."""
    store = cluster.door.store
    rooms = []
    for node in store.list("Node"):
        name = node["metadata"]["name"]
        rooms.append(Room(name, allocatable(node), used_on(store, name), 1, labels_of(node).get(ZONE, ""), bool(node["spec"].get("unschedulable"))))
    zones = sorted({r.zone for r in rooms})
    summed = tuple(_sum(z, [r for r in rooms if r.zone == z]) for z in zones) if len(zones) > 1 or zones not in ([], [""]) else ()
    return Capacity(tuple(rooms), summed, _sum("all", rooms))


def _sum(name: str, rooms: Iterable[Room]) -> Room:
    have: Counter[str] = Counter()
    used: Counter[str] = Counter()
    count = 0
    for room in rooms:
        if not room.cordoned:
            have.update(room.allocatable)
            used.update(room.used)
            count += 1
    return Room(name, dict(have), dict(used), count, name)


def fit(cluster: Cluster, ref: Ref) -> Fit:
    """How many more replicas of a workload fit. The cluster gets the claims that they need."""
    store = cluster.door.store
    try:
        bound = min(MOST_REPLICAS, _upper_bound(cluster, replicas_like(cluster, ref, 1)[0]) + 1)
    except RefusedError as error:
        return Fit(ref, 0, False, {}, str(error))
    pods = replicas_like(cluster, ref, bound)
    allowed, quota = quota_room(store, pods[0])
    claimed, stopped = claims_for(cluster, ref, pods)
    placed: list[str] = []
    for decision in cluster.scheduler_over(store).schedule(pods[:claimed], preemption=False):
        if decision.chosen is None:
            stopped = decision.message
            break
        placed.append(decision.chosen)
    if allowed is not None and allowed < len(placed):
        placed, stopped = placed[:allowed], quota
    return Fit(ref, len(placed), not stopped, dict(sorted(Counter(placed).items())), stopped)


def _upper_bound(cluster: Cluster, pod: Object) -> int:
    """No more than this can fit, by what the pod asks for alone."""
    wanted = {**{r: n for r, n in pod_requests(pod).items() if n}, "pods": 1}
    return sum(min(max(0, room.free(r)) // n for r, n in wanted.items()) for room in capacity(cluster).nodes)


def need(cluster: Cluster, ref: Ref, replicas: int, shape: str) -> Need:
    """The smallest number of nodes of a shape with which so many replicas have a place. The cluster is changed by it."""
    running = len(_bound(pods_of(cluster, ref)))
    missing = replicas - running
    if missing <= 0:
        return Need(ref, replicas, running, shape, 0)
    try:
        pods = replicas_like(cluster, ref, missing)
    except RefusedError as error:
        return Need(ref, replicas, running, shape, None, str(error))
    allowed, quota = quota_room(cluster.door.store, pods[0])
    _, refused = claims_for(cluster, ref, pods)
    if refused:
        return Need(ref, replicas, running, shape, None, refused)
    if allowed is not None and allowed < missing:
        refused = quota
    nodes, why = _nodes_for(cluster, ref, replicas, shape)
    return Need(ref, replicas, running, shape, nodes, why, refused)


def _nodes_for(cluster: Cluster, ref: Ref, replicas: int, shape: str) -> tuple[int | None, str]:
    """Twice as many nodes until they are enough, then the smallest number that is; None and why where more nodes do not help."""
    added: list[Object] = []
    placed, why = _placed(cluster, ref, replicas, ())
    without = 0
    while placed < replicas:
        before, without = placed, len(added)
        wanted = max(1, 2 * len(added))
        if wanted > MOST_NODES:
            return None, f"not with {len(added)} nodes either: {why}"
        added = nodes_of_shape(f"{wanted}x{shape}" + ("" if "prefix=" in shape else f",prefix={EXTRA}"))
        _add(cluster, added[without:])
        placed, why = _placed(cluster, ref, replicas, ())
        if placed <= before and without > 3:
            return None, why
    low, high = without, len(added)  # too few, enough
    while high - low > 1:
        middle = (low + high) // 2
        enough = _placed(cluster, ref, replicas, [n["metadata"]["name"] for n in added[middle:]])[0] >= replicas
        low, high = (low, middle) if enough else (middle, high)
    return high, ""


def _bound(pods: Iterable[Object]) -> list[Object]:
    return [p for p in pods if p["spec"].get("nodeName")]


def _placed(cluster: Cluster, ref: Ref, replicas: int, hidden: Sequence[str]) -> tuple[int, str]:
    """How many replicas have a place if some nodes were not there, at most those that are wanted, and what stops the next."""
    store = cluster.door.store
    away = [p for n in hidden for p in store.on_node(n)]
    instead: dict[Key, Object | None] = dict.fromkeys([("Node", "", n) for n in hidden] + [key_of(p) for p in away])
    reader: Reader = Supposed(store, instead) if instead else store
    mine = [p for p in _bound(pods_of(cluster, ref)) if p["spec"]["nodeName"] not in hidden]
    owner = {p["metadata"]["uid"] for p in pods_of(cluster, ref)}
    others = [_unbound(p) for p in away if p["metadata"]["uid"] not in owner and (controller_of(p) or {}).get("kind") != "DaemonSet"]
    more = replicas_like(cluster, ref, max(0, replicas - len(mine)))
    keys = {f"{p['metadata']['namespace']}/{p['metadata']['name']}" for p in more}
    decisions = [d for d in cluster.scheduler_over(reader).schedule([*others, *more], preemption=False) if d.pod in keys]
    stopped = next((d.message for d in decisions if d.chosen is None), "")
    return len(mine) + sum(1 for d in decisions if d.chosen is not None), stopped


def _unbound(pod: Object) -> Object:
    return {**pod, "spec": {k: v for k, v in pod["spec"].items() if k != "nodeName"}, "status": {"phase": "Pending"}}


def _add(cluster: Cluster, nodes: Iterable[Object]) -> None:
    for node in nodes:
        cluster.apply(node)
        cluster.patch(Ref.of(node), {"status": node["status"]}, type="merge", subresource="status")
    cluster.run(quiet=5)


__all__ = ["Capacity", "Fit", "Need", "NoReplicasError", "Room", "capacity", "fit", "need"]
