"""Which Services lose or gain ready endpoints through a change, how low they fall on the way, and for how long on the virtual clock."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from kplan.api.objects import Object, labels_of
from kplan.api.ref import Ref
from kplan.network.proxy import SERVICE_NAME
from kplan.questions.recording import Recording

State = Mapping[Ref, Object]
SLICE = "EndpointSlice.discovery.k8s.io"


@dataclass(frozen=True, slots=True)
class EndpointChange:
    """The ready endpoints of one Service: before, after, and the lowest on the way.

    `fewer_for` and `none_for` are virtual seconds with fewer than before (and than after), and with none; 0 is an instant.
    """

    ref: Ref
    before: int
    after: int
    lowest: int
    fewer_for: float = 0.0
    none_for: float = 0.0


def endpoint_changes(before: State, after: State, recording: Recording) -> Iterator[EndpointChange]:
    """The Services whose endpoints change in number, for good or on the way."""
    bare = {r for state in (before, after) for r, o in state.items() if r.group_kind == "Service" and not o["spec"].get("ports")}
    slices: dict[Ref, dict[Ref, set[str]]] = {}
    for ref, obj in before.items():
        if ref.group_kind == SLICE:
            slices.setdefault(_service(obj), {})[ref] = _ready(obj, bare)
    starts = {service: _count(held) for service, held in slices.items()}
    course: dict[Ref, list[tuple[float, int]]] = {}
    for at, entry in recording.moments:
        if entry.kind != SLICE:
            continue
        service, ref = _service(entry.object), Ref.of(entry.object)
        held = slices.setdefault(service, {})
        if entry.new is None:
            held.pop(ref, None)
        else:
            held[ref] = _ready(entry.new, bare)
        course.setdefault(service, [(0.0, starts.get(service, 0))]).append((at, _count(held)))
    for service in _renamed(before, after):
        course.setdefault(service, [(0.0, starts.get(service, 0))]).append((0.0, 0))
    for service in sorted(course):
        yield from _told(service, course[service], after)


def _told(service: Ref, course: list[tuple[float, int]], after: State) -> Iterator[EndpointChange]:
    first, last = course[0][1], course[-1][1] if service in after else 0
    lowest = min(count for _, count in course)
    wanted = min(first, last)
    if first == last and lowest >= wanted:
        return
    spans = [(then - at, count) for (at, count), (then, _) in pairwise(course)]
    fewer = sum(span for span, count in spans if count < wanted)
    none = sum(span for span, count in spans if count == 0) if first else 0.0
    yield EndpointChange(service, first, last, min(lowest, last), fewer, none)


def _renamed(before: State, after: State) -> Iterator[Ref]:
    """Services that have become a name for something else: their slices stay, and nobody looks at them.   Upstream: endpointslice_controller.go."""
    for ref, old in before.items():
        new = after.get(ref)
        if ref.group_kind == "Service" and new is not None and new is not old:
            was, now = (o["spec"].get("type") == "ExternalName" for o in (old, new))
            if now and not was:
                yield ref


def _service(slice: Object) -> Ref:
    meta = slice["metadata"]
    return Ref("", "Service", meta.get("namespace") or "", labels_of(slice).get(SERVICE_NAME, meta["name"]))


def _ready(slice: Object, bare: Collection[Ref]) -> set[str]:
    """The addresses that are ready. A slice without ports (its pods have none of the name that is targeted) has none, unless its Service has no ports."""
    if not slice.get("ports") and _service(slice) not in bare:
        return set()
    return {a for e in slice.get("endpoints") or () if (e.get("conditions") or {}).get("ready") is not False for a in e.get("addresses") or ()}


def _count(held: Mapping[Ref, set[str]]) -> int:
    return len(set().union(*held.values())) if held else 0
