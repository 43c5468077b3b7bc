"""What a change does to connections: where the routes of Ingresses lead, and whom NetworkPolicies let through.

Workloads stand for their pods, of which one is asked about. Ports are those that containers state and that Services target; other connections
are not known. Upstream for the answers: `kplan.network`. Left out: where very many workloads are concerned, sources in other namespaces; how many
pairs that are is counted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from kplan.api.objects import Object, labels_of
from kplan.api.ref import Ref
from kplan.diff import cause_of
from kplan.lint.outcomes import phase_of
from kplan.network import ingress as ingresses
from kplan.network.networkpolicy import EGRESS, INGRESS, KIND, Party, isolating, types_of, verdict
from kplan.questions.hops import DNS_PORT, DNS_SERVER
from kplan.questions.supposing import Kept

State = Mapping[Ref, Object]
ROUTED = (ingresses.KIND, "Service", "EndpointSlice.discovery.k8s.io")
OUTSIDE, SOMEWHERE, DNS = "the internet", "203.0.113.1", "the cluster's DNS"
MOST_PAIRS = 20_000


@dataclass(frozen=True, slots=True)
class RouteChange:
    """A route of an Ingress (`host/path`): what it led to before and leads to now, empty for nothing, and how many endpoints there were and are ready."""

    ref: Ref
    route: str
    before: str
    after: str
    before_ready: int
    after_ready: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class TrafficChange:
    """Connections to one port of a target that NetworkPolicies let through (`allowed`) or cut, after the opposite; `reason` is what decides now."""

    target: str
    port: str
    sources: tuple[str, ...]
    allowed: bool
    reason: str


# ---------------------------------------------------------------------------------------------------- Ingresses


def route_changes(before: State, after: State) -> Iterator[RouteChange]:
    """The routes that lead elsewhere, or to nobody any more, in the order of Ingresses."""
    touched = {r.namespace for r in {*before, *after} if r.group_kind in ROUTED and before.get(r) is not after.get(r)}
    if not touched:
        return
    then, now = Kept(before), Kept(after)
    for ref in sorted(r for r in before if r.group_kind == ingresses.KIND and r.namespace in touched):
        still = {_place(r): r for r in ingresses.routes_of(after[ref])} if ref in after else {}
        for route in ingresses.routes_of(before[ref]):
            was = ingresses.target_of(route, then)
            new = still.get(_place(route)) or _answering(route, now)
            if new is None:
                if was.endpoints:
                    yield RouteChange(ref, str(route), _title(was), "", len(was.endpoints), 0, "no Ingress answers for it")
                continue
            target = ingresses.target_of(new, now)
            if _title(was) != _title(target) or (was.endpoints and not target.endpoints and not target.resource):
                yield RouteChange(ref, str(route), _title(was), _title(target), len(was.endpoints), len(target.endpoints), target.problem)


def _place(route: ingresses.Route) -> tuple[str, str, str]:
    return route.host, route.path, route.path_type


def _answering(route: ingresses.Route, reader: Kept) -> ingresses.Route | None:
    """Which route a request for one that is gone falls under."""
    host = route.host.replace("*", "any", 1) or "any"
    return ingresses.match(host, route.path or "/", reader.list(ingresses.KIND))


def _title(target: ingresses.Target) -> str:
    return target.resource or f"service/{target.service}:{target.port}"


# ---------------------------------------------------------------------------------------------------- NetworkPolicies


class _End(NamedTuple):
    """A workload: a pod of it before, and one after."""

    then: Party
    now: Party
    namespace: str = ""


def traffic_changes(before: State, after: State) -> tuple[list[TrafficChange], int]:
    """The connections between what was there and is there that policies cut or let through now, cut ones first; how many pairs were not asked about."""
    concerned = _concerned(before, after)
    if not concerned:
        return [], 0
    then, now = Kept(before), Kept(after)
    ends = _ends(before, after)
    selected = {d: [r for r, e in ends.items() if _selected(e, d, concerned, then, now)] for d in (INGRESS, EGRESS)}
    ports = {ref: _ports(end.now.pod, now) for ref, end in ends.items()}
    found: dict[tuple[str, str, bool, str], list[str]] = {}

    def ask(source: str, one: _End, target: str, other: _End, port: int, protocol: str) -> None:
        was = verdict(one.then, other.then, port, protocol, then)
        new = verdict(one.now, other.now, port, protocol, now)
        if was.allowed != new.allowed:
            shown = f"{port}/{protocol}" if protocol != "TCP" else str(port)
            side = new.deciding if not new.allowed else new.ingress
            found.setdefault((target, shown, new.allowed, str(side)), []).append(source)

    outside = _End(Party(address=SOMEWHERE), Party(address=SOMEWHERE))
    pairs, unasked = _pairs(ends, selected)
    for source, target in pairs:
        for port, protocol in ports[target]:
            ask(str(source), ends[source], str(target), ends[target], port, protocol)
    for target in selected[INGRESS]:
        for title, numbers in _doors(ends[target], ports[target], before, after):
            anyone = outside if title == OUTSIDE else _End(Party(), Party())
            for port, protocol in numbers:
                ask(title, anyone, str(target), ends[target], port, protocol)
    for source in selected[EGRESS]:
        ask(str(source), ends[source], DNS, _End(Party(DNS_SERVER), Party(DNS_SERVER)), DNS_PORT, "UDP")
        ask(str(source), ends[source], OUTSIDE, outside, 443, "TCP")
    told = [TrafficChange(t, p, tuple(sources), allowed, reason) for (t, p, allowed, reason), sources in found.items()]
    return sorted(told, key=lambda c: (c.allowed, c.target, c.port, c.sources)), unasked


def _concerned(before: State, after: State) -> set[tuple[str, str]]:
    """The namespaces and directions of policies that differ, and of all policies where the labels of a namespace differ."""
    found: set[tuple[str, str]] = set()
    relabelled = any(
        r.group_kind == "Namespace" and r in before and labels_of(before[r]) != labels_of(o) for r, o in after.items() if before.get(r) is not o
    )
    for ref in {*before, *after}:
        if ref.group_kind == KIND:
            old, new = before.get(ref), after.get(ref)
            if relabelled or (old is not new and (old is None or new is None or old["spec"] != new["spec"])):
                found |= {(ref.namespace, d) for o in (old, new) if o is not None for d in types_of(o["spec"])}
    return found


def _ends(before: State, after: State) -> dict[Ref, _End]:
    """The workloads that run before and after, by one pod each."""
    then, now = (_pods(state) for state in (before, after))
    return {ref: _End(Party(then[ref]), Party(now[ref]), ref.namespace) for ref in sorted({*then} & {*now})}


def _pods(state: State) -> dict[Ref, Object]:
    found: dict[Ref, Object] = {}
    for ref, pod in state.items():
        if ref.group_kind == "Pod" and phase_of(pod) in ("Running", "NotReady"):
            found.setdefault(cause_of(pod, state) or ref, pod)
    return found


def _selected(end: _End, direction: str, concerned: Collection[tuple[str, str]], then: Kept, now: Kept) -> bool:
    """Whether a policy isolates it in a direction, before or after, in a namespace where policies differ."""
    if (end.namespace, direction) not in concerned:
        return False
    return any(party.pod is not None and isolating(party.pod, direction, reader) for party, reader in ((end.then, then), (end.now, now)))


def _pairs(ends: Mapping[Ref, _End], selected: Mapping[str, Sequence[Ref]]) -> tuple[list[tuple[Ref, Ref]], int]:
    """Sources and targets, each once; of very many only those within a namespace, and how many are left out."""
    into, out_of = set(selected[INGRESS]), set(selected[EGRESS])
    total = len(ends) * (len(into) + len(out_of)) - len(into) * len(out_of) - len(into | out_of)
    near = total > MOST_PAIRS
    spaces: dict[str, list[Ref]] = {}
    for ref in ends:
        spaces.setdefault(ref.namespace if near else "", []).append(ref)
    found = ((s, t) for space in sorted(spaces) for s in spaces[space] for t in spaces[space] if s != t and (t in into or s in out_of))
    asked = list(islice(found, MOST_PAIRS))
    return asked, total - len(asked)


def _ports(pod: Object | None, reader: Kept) -> list[tuple[int, str]]:
    """The ports of a pod that somebody states."""
    if pod is None:
        return []
    found = {(p["containerPort"], p.get("protocol", "TCP")) for c in pod["spec"]["containers"] for p in c.get("ports") or ()}
    for service in _services(pod, reader):
        found |= {(p["targetPort"], p.get("protocol", "TCP")) for p in service["spec"].get("ports") or () if isinstance(p.get("targetPort"), int)}
    return sorted(found)


def _services(pod: Object, reader: Kept) -> list[Object]:
    labels = labels_of(pod)
    held = reader.list("Service", pod["metadata"]["namespace"])
    return [s for s in held if s["spec"].get("selector") and s["spec"]["selector"].items() <= labels.items()]


def _doors(end: _End, ports: Sequence[tuple[int, str]], before: State, after: State) -> Iterator[tuple[str, Sequence[tuple[int, str]]]]:
    """From where outside the cluster a workload is reached: the internet by load balancers and node ports, the controllers of Ingresses."""
    reader = Kept(after)
    if end.now.pod is None:
        return
    mine = _services(end.now.pod, reader)
    if any(s["spec"].get("type") in ("LoadBalancer", "NodePort") for s in mine):
        yield OUTSIDE, ports
    names = {s["metadata"]["name"] for s in mine}
    for ref, obj in sorted((r, o) for r, o in after.items() if r.group_kind == ingresses.KIND and r.namespace == end.namespace and r in before):
        backends = [ingresses.target_of(route, reader) for route in ingresses.routes_of(obj)]
        numbers = {e.port for t in backends if t.service in names for e in t.endpoints}
        if numbers:
            yield f"the controller of {ref}", [(n, "TCP") for n in sorted(numbers)]


__all__ = ["RouteChange", "TrafficChange", "route_changes", "traffic_changes"]
