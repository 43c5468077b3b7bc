"""What a plan looks like from above: nodes with what they hold, pods with where they were and are, the edges around what changes.

Values that reports draw and that plan.json carries. Amounts are integers: millicores for `cpu`, whole units (bytes, counts) for all else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field

from kplan.api.objects import Object, controller_of
from kplan.api.podrequests import in_integers, pod_requests, quantities
from kplan.api.ref import Ref
from kplan.diff import cause_of
from kplan.graph import Edge, build
from kplan.lint.outcomes import phase_of, why

ZONE = "topology.kubernetes.io/zone"
ENDED = ("Completed", "Failed")
DRAWN_APART = frozenset({"Pod", "ReplicaSet", "ControllerRevision", "EndpointSlice", "Endpoints", "Node"})  # their owners stand for them in the graph

State = Mapping[Ref, Object]


@dataclass(frozen=True, slots=True)
class NodeUse:
    """One node. `before` and `after` are what its pods ask for (`pods`: how many), None where the node is not there; `marks` what keeps pods away."""

    name: str
    allocatable: dict[str, int]
    before: dict[str, int] | None
    after: dict[str, int] | None
    zone: str = ""
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pod is (the empty node: nowhere), its state as `kplan.lint.outcomes.phase_of` names it, why it is not up."""

    node: str
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PodPlaces:
    """One pod before and after. `replaced`: it is another pod of the same name."""

    ref: Ref
    owner: Ref | None
    requests: dict[str, int]
    before: Place | None
    after: Place | None
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """Nodes by name, pods by ref, edges by source."""

    nodes: tuple[NodeUse, ...] = ()
    pods: tuple[PodPlaces, ...] = ()
    edges: tuple[Edge, ...] = field(default=(), repr=False)


def picture(before: State, after: State, subjects: Set[Ref]) -> Picture:
    """The picture of two states; `subjects` are the objects that the plan is about, whose edges are of interest."""
    pods = tuple(_pods(before, after))
    return Picture(tuple(_nodes(before, after, pods)), pods, _edges(after, {r for r in subjects if r.kind not in DRAWN_APART}))


def _pods(before: State, after: State) -> Iterable[PodPlaces]:
    for ref in sorted(r for r in {*before, *after} if r.group_kind == "Pod"):
        old, new = before.get(ref), after.get(ref)
        pod = new or old
        assert pod is not None
        replaced = old is not None and new is not None and old["metadata"].get("uid") != new["metadata"].get("uid")
        owner = cause_of(pod, after if new is not None else before)
        yield PodPlaces(ref, owner, pod_requests(pod), _place(old, before), _place(new, after), replaced)


def _place(pod: Object | None, state: State) -> Place | None:
    return Place(pod["spec"].get("nodeName") or "", phase_of(pod), why(pod, state)) if pod is not None else None


def _nodes(before: State, after: State, pods: Iterable[PodPlaces]) -> Iterable[NodeUse]:
    held: tuple[dict[str, dict[str, int]], dict[str, dict[str, int]]] = ({}, {})
    for pod in pods:
        for place, nodes in ((pod.before, held[0]), (pod.after, held[1])):
            if place is not None and place.node and place.state not in ENDED:
                amounts = nodes.setdefault(place.node, {"pods": 0})
                amounts["pods"] += 1
                for name, amount in pod.requests.items():
                    amounts[name] = amounts.get(name, 0) + amount
    for ref in sorted(r for r in {*before, *after} if r.group_kind == "Node"):
        node = after.get(ref) or before[ref]
        status = node.get("status") or {}
        allocatable = in_integers(quantities(status.get("allocatable") or status.get("capacity")))
        zone = (node["metadata"].get("labels") or {}).get(ZONE, "")
        old, new = (nodes.get(ref.name, {"pods": 0}) if ref in state else None for state, nodes in ((before, held[0]), (after, held[1])))
        yield NodeUse(ref.name, allocatable, old, new, zone, tuple(_marks(node)))


def _marks(node: Object) -> Iterable[str]:
    """What keeps pods off a node."""
    spec, status = node.get("spec") or {}, node.get("status") or {}
    if spec.get("unschedulable"):
        yield "cordoned"
    if any(c["type"] == "Ready" and c["status"] != "True" for c in status.get("conditions") or ()):
        yield "not ready"
    for taint in spec.get("taints") or ():
        value = f"={taint['value']}" if taint.get("value") else ""
        if taint["key"] != "node.kubernetes.io/unschedulable":
            yield f"{taint['key']}{value}:{taint['effect']}"


def _edges(state: State, subjects: Set[Ref]) -> tuple[Edge, ...]:
    """The edges that start or end at the subjects; pods and sets that controllers made are stood for by their owners."""
    standing = [o for r, o in state.items() if r.kind not in DRAWN_APART or (r.kind in ("Pod", "ReplicaSet") and controller_of(o) is None)]
    return tuple(e for e in build(standing).edges if e.source in subjects or e.target in subjects)
