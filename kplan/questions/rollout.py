"""How each changed workload gets from its old pods to its new ones, write by write, and where it gets stuck and why.

The simulated kubelets start pods at once, so a rollout takes no virtual time but what minReadySeconds and deadlines take; the order of the writes says
how many pods were ready at each step, as maxSurge and maxUnavailable let them be.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from kplan.api.intstr import scaled_value
from kplan.api.objects import Object, controller_of
from kplan.api.ref import Ref
from kplan.cluster import Cluster
from kplan.diff import cause_of
from kplan.lint.outcomes import UP, phase_of, summaries
from kplan.questions.recording import Recording
from kplan.questions.supposing import Supposed, key_of

State = Mapping[Ref, Object]

WORKLOADS = ("Deployment.apps", "StatefulSet.apps", "DaemonSet.apps")
ANTI_AFFINITY = "node(s) didn't match pod anti-affinity rules"


class Step(NamedTuple):
    """The pods of a workload after a write, `at` virtual seconds after the change began.

    `ready` ones, `pods` that are there and meant to be (those that a ReplicaSet is about to delete are not), and how many of all are `new`.
    """

    at: float
    ready: int
    pods: int
    new: int
    wanted: int

    @property
    def surge(self) -> int:
        """Pods above the number that is wanted."""
        return max(0, self.pods - self.wanted)

    @property
    def unavailable(self) -> int:
        """Ready pods missing to the number that is wanted."""
        return max(0, self.wanted - self.ready)


@dataclass(frozen=True, slots=True)
class Rollout:
    """One workload. `steps` begin with the state before. `strategy` is a text such as `RollingUpdate, maxSurge 1, maxUnavailable 0`.

    `stuck` says why it does not come to its end, empty where it does; `remedies` what would let it go on.
    """

    ref: Ref
    strategy: str
    steps: tuple[Step, ...]
    done: bool
    stuck: str = ""
    remedies: tuple[str, ...] = ()

    @property
    def lowest(self) -> Step:
        """The first step with the fewest ready pods."""
        return min(self.steps, key=lambda s: s.ready)

    @property
    def peak(self) -> Step:
        """The first step with the most pods."""
        return max(self.steps, key=lambda s: s.pods)

    @property
    def seconds(self) -> float:
        """How long it took on the virtual clock, from its first write on."""
        return self.steps[-1].at - self.steps[1].at if len(self.steps) > 1 else 0.0


def rollouts(before: State, after: State, recording: Recording, cluster: Cluster) -> tuple[Rollout, ...]:
    """The workloads whose pods came or went, in the order of refs; `cluster` is as it is after."""
    told = []
    why = None
    for ref, steps in sorted(_courses(before, after, recording).items()):
        obj = after.get(ref)
        if obj is None or (len(steps) < 2 and _done(obj)):
            continue
        done = _done(obj)
        if not done and why is None:
            why = {r: s.reasons for r, s in summaries(after).items()}
        reasons = (why or {}).get(ref, ()) if not done else ()
        stuck, remedies = ("", ()) if done else _stuck(ref, obj, before, after, reasons, cluster)
        told.append(Rollout(ref, strategy_of(obj), tuple(steps), done, stuck, tuple(remedies)))
    return tuple(told)


def _courses(before: State, after: State, recording: Recording) -> dict[Ref, list[Step]]:
    """The steps of each workload."""
    sets = {Ref.of(e.object): e.object for _, e in recording.moments if e.kind == "ReplicaSet.apps"}
    state = ChainMap(dict(after), dict(before), sets)
    known: dict[str, Ref | None] = {}

    def workload_of(pod: Object) -> Ref | None:
        """What replicas share is looked up once."""
        owner = controller_of(pod)
        if owner is None:
            return None
        if owner["uid"] not in known:
            known[owner["uid"]] = _workload(pod, state)
        return known[owner["uid"]]

    concerned = {workload_of(e.object) for _, e in recording.moments if e.kind == "Pod"} | {
        Ref.of(e.object) for _, e in recording.moments if e.kind in WORKLOADS and _template_or_scale(e.old, e.new)
    }
    pods: dict[Ref, _Pods] = {}
    for ref, obj in before.items():
        if ref.group_kind == "Pod" and not _over(obj):
            workload = workload_of(obj)
            if workload in concerned and workload is not None:
                pods.setdefault(workload, _Pods()).old(obj)
    wanted = {r: _wanted(before[r]) if r in before else 0 for r in concerned if r is not None}
    meant: dict[Ref, dict[str, int]] = {}  # replicas of a workload's sets
    for ref, obj in before.items():
        if ref.group_kind == "ReplicaSet.apps" and (workload := workload_of(obj)) in wanted and workload is not None:
            meant.setdefault(workload, {})[ref.name] = _wanted(obj)
    steps = {r: [pods.setdefault(r, _Pods()).step(0.0, n, meant.get(r))] for r, n in wanted.items()}
    for at, entry in recording.moments:
        owner: Ref | None
        if entry.kind in WORKLOADS and entry.new is not None:
            owner = Ref.of(entry.new)
            if owner in wanted:
                wanted[owner] = _wanted(entry.new)
        elif entry.kind == "ReplicaSet.apps":
            owner = workload_of(entry.object)
            if owner is not None:
                meant.setdefault(owner, {})[entry.object["metadata"]["name"]] = _wanted(entry.new) if entry.new is not None else 0
        elif entry.kind == "Pod":
            owner = workload_of(entry.object)
            if owner is None:
                continue
            pods[owner].written(entry.object, there=entry.new is not None and not _over(entry.new))
        else:
            continue
        if owner in steps:
            now = pods[owner].step(at, wanted[owner], meant.get(owner))
            if now[1:] != steps[owner][-1][1:]:
                steps[owner].append(now)
    return steps


class _Pods:
    """The pods of one workload while writes go by, and how many of them are ready and new."""

    def __init__(self) -> None:
        self._ready: dict[str, bool] = {}
        self._old: set[str] = set()
        self._up = self._kept = 0

    def old(self, pod: Object) -> None:
        """One that was there before."""
        self._old.add(pod["metadata"]["uid"])
        self._kept += 1
        self.written(pod, there=True)

    def written(self, pod: Object, *, there: bool) -> None:
        """A pod as it is now; `there`: not on its way out."""
        uid, ready = pod["metadata"]["uid"], there and _ready(pod)
        known = uid in self._ready
        self._up += ready - self._ready.get(uid, False)
        if there:
            self._ready[uid] = ready
        elif known:
            del self._ready[uid]
            self._kept -= uid in self._old

    def step(self, at: float, wanted: int, meant: Mapping[str, int] | None) -> Step:
        """How things stand; `meant` are the replicas of its sets."""
        count = len(self._ready)
        return Step(at, self._up, count if meant is None else min(count, sum(meant.values())), count - self._kept, wanted)


def _workload(pod: Object, state: Mapping[Ref, Object]) -> Ref | None:
    owner = cause_of(pod, state)
    return owner if owner is not None and owner.group_kind in WORKLOADS else None


def _template_or_scale(old: Object | None, new: Object | None) -> bool:
    if old is None or new is None:
        return new is not None
    return any(old["spec"].get(f) != new["spec"].get(f) for f in ("template", "replicas"))


def _over(pod: Object) -> bool:
    """On its way out, or ended."""
    return "deletionTimestamp" in pod["metadata"] or (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def _ready(pod: Object) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in (pod.get("status") or {}).get("conditions") or ())


def _wanted(obj: Object) -> int:
    if obj["kind"] == "DaemonSet":
        return int((obj.get("status") or {}).get("desiredNumberScheduled", 0))
    return int(obj["spec"].get("replicas", 1))


def _done(obj: Object) -> bool:
    """Whether all that is wanted is new and ready.   Upstream: kubectl's rollout status."""
    spec, status = obj["spec"], obj.get("status") or {}
    if spec.get("paused") or (spec.get("updateStrategy") or {}).get("type") == "OnDelete":
        return True
    wanted = _wanted(obj)
    if obj["kind"] == "DaemonSet":
        return bool(status.get("updatedNumberScheduled", 0) >= wanted and status.get("numberAvailable", 0) >= wanted)
    partition = ((spec.get("updateStrategy") or {}).get("rollingUpdate") or {}).get("partition") or 0
    new, ready = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    return bool(new >= max(0, wanted - partition) and ready >= wanted and status.get("replicas", 0) <= max(wanted, new))


def bounds(obj: Object) -> tuple[int, int]:
    """maxSurge and maxUnavailable of a workload in pods.   Upstream: ResolveFenceposts."""
    rolling = (obj["spec"].get("strategy") or obj["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
    wanted = _wanted(obj)
    surge = scaled_value(rolling.get("maxSurge", 0), wanted, round_up=True)
    unavailable = scaled_value(rolling.get("maxUnavailable", 0), wanted, round_up=obj["kind"] != "Deployment")
    if obj["kind"] == "StatefulSet":
        return 0, max(1, unavailable)
    return surge, 1 if not surge and not unavailable else unavailable


def strategy_of(obj: Object) -> str:
    """How a workload updates, in words."""
    strategy = obj["spec"].get("strategy") or obj["spec"].get("updateStrategy") or {}
    kind = strategy.get("type", "RollingUpdate")
    if kind != "RollingUpdate":
        return str(kind)
    surge, unavailable = bounds(obj)
    words = [f"maxSurge {surge}"] if obj["kind"] != "StatefulSet" else []
    words.append(f"maxUnavailable {unavailable}")
    partition = (strategy.get("rollingUpdate") or {}).get("partition")
    return ", ".join([kind, *words, *([f"partition {partition}"] if partition else [])])


def _stuck(ref: Ref, obj: Object, before: State, after: State, reasons: tuple[str, ...], cluster: Cluster) -> tuple[str, list[str]]:
    """Why a rollout does not come to its end, and what would let it go on."""
    status = obj.get("status") or {}
    failing = next((c for c in status.get("conditions") or () if c.get("type") == "ReplicaFailure" and c.get("status") == "True"), None)
    late = any(c.get("type") == "Progressing" and c.get("reason") == "ProgressDeadlineExceeded" for c in status.get("conditions") or ())
    mine = [(r, p) for r, p in after.items() if r.group_kind == "Pod" and r.namespace == ref.namespace and _workload(p, after) == ref]
    fresh = [p for r, p in mine if r not in before or before[r]["metadata"]["uid"] != p["metadata"]["uid"]]
    kept = [p for r, p in mine if r in before and before[r]["metadata"]["uid"] == p["metadata"]["uid"] and not _over(p)]
    waiting = [p for p in fresh if not p["spec"].get("nodeName") and not _over(p)]
    words = [f"{failing.get('reason')}: {failing.get('message')}"] if failing else []
    words += reasons
    text = "; ".join(dict.fromkeys(words)) or f"{status.get('readyReplicas', status.get('numberReady', 0))} of {_wanted(obj)} pods ready"
    remedies = list(_deadlock(obj, waiting, kept, bool(failing), cluster))
    broken = [p for p in fresh if p["spec"].get("nodeName") and phase_of(p) not in UP]
    if obj["kind"] == "StatefulSet" and kept and broken and obj["spec"].get("podManagementPolicy", "OrderedReady") == "OrderedReady":
        remedies.append(f"after going back delete pod {broken[0]['metadata']['name']} by hand: a StatefulSet waits for a broken pod for ever")
    if late:
        text = f"past its progress deadline of {obj['spec'].get('progressDeadlineSeconds', 600)}s: {text}"
    return text, remedies


def _deadlock(obj: Object, waiting: list[Object], kept: list[Object], refused: bool, cluster: Cluster) -> Iterator[str]:
    """Old pods that hold the room which new ones wait for, while the strategy lets none of them go."""
    surge, unavailable = bounds(obj)
    if obj["kind"] == "StatefulSet" or unavailable or not kept:
        return
    keeps = f"maxUnavailable 0 keeps all {len(kept)} old pods" if len(kept) != 1 else "maxUnavailable 0 keeps the old pod"
    if refused and not waiting:
        yield f"{keeps} and the surge of {surge} is refused: set maxUnavailable to 1 with maxSurge 0, or raise the quota"
    for pod in waiting[:1]:
        freed = next((old for old in kept if cluster.scheduler_over(Supposed(cluster.door.store, {key_of(old): None})).explain(pod).chosen), None)
        if freed is None:
            continue
        verdicts = cluster.explain(pod).nodes.values()
        if any(ANTI_AFFINITY in v.reasons for v in verdicts):
            held = "each node that would do has one already (required anti-affinity)"
        else:
            held = "there is no room for one more"
        yield f"{keeps} and {held}: set maxUnavailable to 1, or add a node"


__all__ = ["Rollout", "Step", "bounds", "rollouts", "strategy_of"]
