"""What draining nodes does, or losing them: who moves where, which budget stands in the way, what stays without a node.

A drain is what kubectl's is: the nodes are cordoned, then every pod on them is evicted through the API server, where PodDisruptionBudgets count;
those that may not go yet are tried again after the others have come up elsewhere. A loss takes the nodes away, and asks no budget.
Upstream: kubectl's pkg/drain. Pods of DaemonSets and mirror pods are left alone, pods without a controller and pods with emptyDir go too, with a note.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kplan.api.objects import Object, annotations_of, controller_of, labels_of
from kplan.api.ref import Ref
from kplan.api.selectors import matches
from kplan.api.words import some
from kplan.cluster import Cluster
from kplan.diff import cause_of, state_of
from kplan.lint.outcomes import UP, phase_of, summaries
from kplan.questions.endpoints import EndpointChange, endpoint_changes
from kplan.questions.recording import Recording

State = Mapping[Ref, Object]

BUDGET = "PodDisruptionBudget.policy"
MIRROR = "kubernetes.io/config.mirror"
REPLICATED = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Job")
RETRY, PATIENCE = 5.0, 600.0  # virtual seconds between tries, and for those that nothing helps at once
FINISHED = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class Moved:
    """The pods of one workload (or a pod by itself) that leave the nodes: to which nodes, how many are not up or not made yet and why.

    `gone` have no successor: nobody makes them again.
    """

    ref: Ref
    pods: int
    to: dict[str, int]
    pending: int = 0
    gone: int = 0
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Blocked:
    """A pod that may not be evicted, the server's reason, and what helps where waiting does not."""

    ref: Ref
    node: str
    reason: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """A budget that has fewer healthy pods than it asks for, at its worst."""

    ref: Ref
    healthy: int
    desired: int


@dataclass(frozen=True, slots=True)
class Drain:
    """The answer. `rounds` are tries to evict (0 where the nodes are lost); `others` wait for a node although they were elsewhere, such as preempted pods."""

    nodes: tuple[str, ...]
    lost: bool
    rounds: int
    moved: tuple[Moved, ...]
    blocked: tuple[Blocked, ...]
    services: tuple[EndpointChange, ...]
    budgets: tuple[Broken, ...]
    others: tuple[Moved, ...]
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Everything leaves and comes up again."""
        return not self.blocked and not self.budgets and not any(m.pending for m in (*self.moved, *self.others))


def drain(cluster: Cluster, nodes: Sequence[str], *, lost: bool = False) -> Drain:
    """Drain nodes, or lose them. The cluster is changed by it."""
    before = state_of(cluster.objects())
    leaving = [p for n in nodes for p in cluster.door.store.on_node(n) if _leaves(p, lost)]
    with Recording(cluster) as recording:
        refusals: dict[Ref, str] = {}
        if lost:
            rounds = 0
            for name in nodes:
                cluster.delete(Ref("", "Node", "", name))
            cluster.run(quiet=PATIENCE, horizon=PATIENCE)
        else:
            rounds, refusals = _evict_all(cluster, nodes)
    after = state_of(cluster.objects())
    blocked = tuple(Blocked(r, after[r]["spec"]["nodeName"], why, _help(after[r], after)) for r, why in sorted(refusals.items()) if r in after)
    left = [p for p in leaving if Ref.of(p) not in refusals and (p.get("status") or {}).get("phase") not in FINISHED]
    moved, others = _moves(before, after, left)
    return Drain(
        nodes=tuple(nodes),
        lost=lost,
        rounds=rounds,
        moved=tuple(moved),
        blocked=blocked,
        services=tuple(endpoint_changes(before, after, recording)),
        budgets=tuple(_broken(before, recording)) if lost else (),
        others=tuple(others),
        notes=tuple(_notes(leaving, _of_daemonsets(before, nodes))) if not lost else (),
    )


def _leaves(pod: Object, lost: bool) -> bool:
    """Whether a pod is to leave the node: what is of the node itself is not."""
    owner = controller_of(pod)
    of_node = (owner is not None and owner["kind"] == "DaemonSet") or MIRROR in annotations_of(pod)
    return not of_node and ("deletionTimestamp" not in pod["metadata"]) and not (lost and (pod.get("status") or {}).get("phase") in FINISHED)


def _evict_all(cluster: Cluster, nodes: Sequence[str]) -> tuple[int, dict[Ref, str]]:
    """Cordon, then evict until all are gone or nothing moves any more: how many rounds, and what was refused in the last."""
    for name in nodes:
        cluster.patch(Ref("", "Node", "", name), {"spec": {"unschedulable": True}})
    cluster.run(quiet=RETRY)
    rounds, waited = 0, False
    while True:
        refusals: dict[Ref, str] = {}
        pods = [Ref.of(p) for n in nodes for p in cluster.door.store.on_node(n) if _leaves(p, False)]
        for ref in pods:
            answer = cluster.evict(ref)
            if not answer.accepted and answer.code != 404:
                refusals[ref] = "; ".join(m for _, _, m in answer.causes if m) or answer.message
        if pods:
            rounds += 1
        if not refusals:
            cluster.run(quiet=PATIENCE, horizon=PATIENCE)
            return rounds, {}
        if len(refusals) == len(pods):
            if waited:
                return rounds - 1, refusals
            waited = True
            cluster.run(quiet=PATIENCE, horizon=PATIENCE)
        else:
            waited = False
            cluster.run(quiet=RETRY)


def _help(pod: Object, after: State) -> str:
    """A budget that never lets a pod go although all are healthy has to change."""
    mine = [o for r, o in after.items() if r.group_kind == BUDGET and r.namespace == pod["metadata"]["namespace"]]
    mine = [b for b in mine if matches(b["spec"].get("selector"), labels_of(pod))]
    if len(mine) > 1:
        return "no pod may have more than one PodDisruptionBudget: let one of them select other pods"
    for budget in mine:
        status = budget.get("status") or {}
        if status.get("expectedPods", 0) == status.get("currentHealthy", 0) <= status.get("desiredHealthy", 0):
            return f"all pods of {Ref.of(budget)} are healthy and it lets none go: use maxUnavailable: 1, or run one replica more"
    return ""


def _moves(before: State, after: State, left: Sequence[Object]) -> tuple[list[Moved], list[Moved]]:
    """Of each workload where its new pods are; and those that lost pods elsewhere."""
    known = {o["metadata"]["uid"] for r, o in before.items() if r.group_kind == "Pod"}
    groups = Counter(cause_of(p, before) or Ref.of(p) for p in left)
    fresh: dict[Ref, list[Object]] = {}
    for ref, pod in after.items():
        if ref.group_kind == "Pod" and pod["metadata"]["uid"] not in known:
            fresh.setdefault(cause_of(pod, after) or ref, []).append(pod)
    reasons = {r: s.reasons for r, s in summaries({r: o for r, o in after.items() if r.group_kind != "Pod" or o["metadata"]["uid"] not in known}).items()}
    moved = []
    for ref in sorted(groups):
        new = fresh.pop(ref, [])
        moved.append(_moved(ref, groups[ref], new, ref in after and ref.kind in REPLICATED, reasons.get(ref, ())))
    others = [_moved(ref, len(new), new, True, reasons.get(ref, ())) for ref, new in sorted(fresh.items()) if ref.kind not in ("CronJob", "DaemonSet")]
    return moved, [m for m in others if m.pending]


def _moved(ref: Ref, count: int, new: Sequence[Object], replicated: bool, reasons: tuple[str, ...]) -> Moved:
    """`new` are the pods in place of `count`; of what is replicated the others are yet to be made."""
    to = Counter(p["spec"]["nodeName"] for p in new if p["spec"].get("nodeName"))
    pending = sum(1 for p in new if phase_of(p) not in UP)
    missing = max(0, count - len(new))
    if replicated:
        pending, missing = pending + missing, 0
    return Moved(ref, count, dict(sorted(to.items())), pending, missing, reasons if pending else ())


def _broken(before: State, recording: Recording) -> Iterator[Broken]:
    """Budgets that fall below what they ask for, and did not before."""
    worst: dict[Ref, Broken] = {}
    for _, entry in recording.moments:
        if entry.kind != BUDGET or entry.new is None:
            continue
        ref, status = Ref.of(entry.new), entry.new.get("status") or {}
        found = Broken(ref, status.get("currentHealthy", 0), status.get("desiredHealthy", 0))
        was = (before[ref].get("status") or {}) if ref in before else {}
        fulfilled = was.get("currentHealthy", 0) >= was.get("desiredHealthy", 0)
        if fulfilled and found.healthy < found.desired and (ref not in worst or found.healthy < worst[ref].healthy):
            worst[ref] = found
    yield from (worst[ref] for ref in sorted(worst))


def _of_daemonsets(state: Mapping[Ref, Object], nodes: Sequence[str]) -> list[str]:
    """The DaemonSets that have pods on the nodes: these stay."""
    pods = (o for r, o in state.items() if r.group_kind == "Pod" and o["spec"].get("nodeName") in nodes)
    owners = ((p, controller_of(p)) for p in pods)
    return sorted({str(Ref("apps", "DaemonSet", p["metadata"]["namespace"], o["name"])) for p, o in owners if o is not None and o["kind"] == "DaemonSet"})


def _notes(leaving: Sequence[Object], daemons: Sequence[str]) -> Iterator[str]:
    """The flags that kubectl drain asks for, and why."""
    if daemons:
        yield f"kubectl drain needs --ignore-daemonsets: pods of {some(daemons)} stay"
    leaving = [p for p in leaving if (p.get("status") or {}).get("phase") not in FINISHED]  # any finished pod can be removed
    bare = sorted(str(Ref.of(p)) for p in leaving if controller_of(p) is None)
    if bare:
        yield f"kubectl drain needs --force: {some(bare)} {'has' if len(bare) == 1 else 'have'} no controller and will not come back"
    local = sorted(str(Ref.of(p)) for p in leaving if any("emptyDir" in v for v in p["spec"].get("volumes") or ()))
    if local:
        yield f"kubectl drain needs --delete-emptydir-data: {some(local)} {'loses' if len(local) == 1 else 'lose'} what is in emptyDir"


__all__ = ["Blocked", "Broken", "Drain", "Moved", "drain"]
