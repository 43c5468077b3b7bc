"""How each changed workload gets from its old pods to its new ones, write by write, and where it gets stuck and why.

The simulated kubelets start pods at once, so a rollout takes no virtual time but what minReadySeconds and deadlines take; the order of the writes says
how many pods were ready at each step, as maxSurge and maxUnavailable let them be.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kplan.api.objects import Object, controller_of
from kplan.api.ref import Ref
from kplan.cluster import Cluster
from kplan.lint.outcomes import summaries
from kplan.questions.recording import Recording
from kplan.questions.replicas import quota_room, replicas_like
from kplan.questions.standstill import WORKLOADS, Asking, bounds, is_done, is_over, standstill, strategy_of, wanted_of, workload_of
from kplan.scheduler.scheduler import Scheduler

State = Mapping[Ref, Object]
AGAIN = "deleted and made again"


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
    """One workload. `steps` begin with the state before. `strategy` is a text such as `RollingUpdate, maxSurge 1, maxUnavailable 0`; empty where the
    template stays and pods come or go for another reason, which its strategy says nothing of.

    `stuck` says why it does not come to its end, empty where it does; `remedies` what would let it go on. `squeezed`: it comes to its end, but its surge
    has no room (in the quota, on the nodes) beside the pods that are wanted, so that pods wait for others to go.
    """

    ref: Ref
    strategy: str
    steps: tuple[Step, ...]
    done: bool
    stuck: str = ""
    remedies: tuple[str, ...] = ()
    squeezed: str = ""

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
    mine: dict[Ref, list[Object]] = {}
    ask = Asking(cluster)
    for ref, steps in sorted(_courses(before, after, recording).items()):
        obj = after.get(ref)
        if obj is None or (len(steps) < 2 and is_done(obj)):
            continue
        done = is_done(obj)
        if not done and why is None:
            why = {r: s.reasons for r, s in summaries(after).items()}
            owners = _Owners(after)
            for pod in (o for r, o in after.items() if r.group_kind == "Pod"):
                if (workload := owners.of(pod)) is not None:
                    mine.setdefault(workload, []).append(pod)
        reasons = (why or {}).get(ref, ()) if not done else ()
        strategy = _strategy(before.get(ref), obj)
        stuck, remedies = ("", ()) if done else standstill(obj, mine.get(ref, ()), before, reasons, ask, rolling=bool(strategy))
        squeezed = _squeezed(obj, steps, cluster, ask.scheduler) if done and strategy else ""
        told.append(Rollout(ref, strategy, tuple(steps), done, stuck, tuple(remedies), squeezed))
    return tuple(told)


def _strategy(old: Object | None, new: Object) -> str:
    """How the pods of a workload are exchanged; nothing where its template stays as it was."""
    if old is not None and old["metadata"]["uid"] != new["metadata"]["uid"]:
        return AGAIN
    return strategy_of(new) if old is None or old["spec"].get("template") != new["spec"].get("template") else ""


def _courses(before: State, after: State, recording: Recording) -> dict[Ref, list[Step]]:
    """The steps of each workload."""
    sets = {Ref.of(e.object): e.object for _, e in recording.moments if e.kind == "ReplicaSet.apps"}
    state = ChainMap(dict(after), dict(before), sets)
    owners = _Owners(state)
    concerned = {owners.of(e.object) for _, e in recording.moments if e.kind == "Pod"} | {
        Ref.of(e.object) for _, e in recording.moments if e.kind in WORKLOADS and _template_or_scale(e.old, e.new)
    }
    pods: dict[Ref, _Pods] = {}
    for ref, obj in before.items():
        if ref.group_kind == "Pod" and not is_over(obj):
            workload = owners.of(obj)
            if workload in concerned and workload is not None:
                pods.setdefault(workload, _Pods()).old(obj)
    wanted = {r: wanted_of(before[r]) if r in before else 0 for r in concerned if r is not None}
    meant: dict[Ref, dict[str, int]] = {}  # replicas of a workload's sets
    for ref, obj in before.items():
        if ref.group_kind == "ReplicaSet.apps" and (workload := owners.of(obj)) in wanted and workload is not None:
            meant.setdefault(workload, {})[ref.name] = wanted_of(obj)
    steps = {r: [pods.setdefault(r, _Pods()).step(0.0, n, meant.get(r))] for r, n in wanted.items()}
    for at, entry in recording.moments:
        owner: Ref | None
        if entry.kind in WORKLOADS and entry.new is not None:
            owner = Ref.of(entry.new)
            if owner in wanted:
                wanted[owner] = wanted_of(entry.new)
        elif entry.kind == "ReplicaSet.apps":
            owner = owners.of(entry.object)
            if owner is not None:
                meant.setdefault(owner, {})[entry.object["metadata"]["name"]] = wanted_of(entry.new) if entry.new is not None else 0
        elif entry.kind == "Pod":
            owner = owners.of(entry.object)
            if owner is None:
                continue
            pods[owner].written(entry.object, there=entry.new is not None and not is_over(entry.new))
        else:
            continue
        if owner in steps:
            now = pods[owner].step(at, wanted[owner], meant.get(owner))
            if now[1:] != steps[owner][-1][1:]:
                steps[owner].append(now)
    return steps


def _squeezed(obj: Object, steps: Sequence[Step], cluster: Cluster, scheduler: Callable[[], Scheduler]) -> str:
    """Why the surge of a workload has no room beside the pods that it wants; empty where it has, or there is none."""
    surge = bounds(obj)[0] if strategy_of(obj).startswith("RollingUpdate") and obj["kind"] == "Deployment" else 0
    if not surge or not steps[0].pods or not steps[-1].new:
        return ""
    more = replicas_like(cluster, Ref.of(obj), 1)[0]
    allowed, quota = quota_room(cluster.door.store, more)
    if allowed is not None and allowed < surge:
        return quota
    return scheduler().explain(more).message


class _Owners:
    """The workloads of pods and sets; what replicas share is looked up once."""

    def __init__(self, state: Mapping[Ref, Object]) -> None:
        self._state = state
        self._known: dict[str, Ref | None] = {}

    def of(self, obj: Object) -> Ref | None:
        """The workload of one."""
        owner = controller_of(obj)
        if owner is None:
            return None
        if owner["uid"] not in self._known:
            self._known[owner["uid"]] = workload_of(obj, self._state)
        return self._known[owner["uid"]]


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


def _template_or_scale(old: Object | None, new: Object | None) -> bool:
    if old is None or new is None:
        return new is not None
    return any(old["spec"].get(f) != new["spec"].get(f) for f in ("template", "replicas"))


def _ready(pod: Object) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in (pod.get("status") or {}).get("conditions") or ())


__all__ = ["Rollout", "Step", "rollouts"]
