"""The blast radius of a change: which pods restart and why, which keep an old configuration, which Services and volumes feel it.

What a cluster does, not what one hopes: nothing restarts a pod because a ConfigMap or Secret has changed. Files are updated in place by the kubelet
(never those mounted by subPath), variables stay as they were when the container started.
"""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.cluster import Cluster
from kplan.diff import Causes, FieldChange, cause_of, fields_of
from kplan.questions.configuration import Stale, stale_pods
from kplan.questions.endpoints import EndpointChange, endpoint_changes
from kplan.questions.recording import Recording
from kplan.questions.returning import Barred, barred
from kplan.questions.traffic import RouteChange, TrafficChange, route_changes, traffic_changes
from kplan.questions.volumes import VolumeChange, volume_changes

State = Mapping[Ref, Object]

SCHEDULED = "spec.jobTemplate.spec.template"
SCALING = ("spec.replicas", "spec.parallelism", "spec.suspend")
SCALER = "HorizontalPodAutoscaler.autoscaling"
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
REASONS = {
    "PreemptionByScheduler": "preempted by a more important pod",
    "DeletionByTaintManager": "evicted: its node has a taint that it does not tolerate",
    "EvictionByEvictionAPI": "evicted",
    "DeletionByPodGC": "its node is gone",
    "TerminationByKubelet": "ended by its kubelet",
}


class Cause(NamedTuple):
    """Why pods go: a field of their template with its values, or (`path` empty) words."""

    path: str
    before: object = None
    after: object = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Restart:
    """The pods of one workload that go: `replaced` have successors, `removed` have none, `kept` stay with the old template and `why_kept` says why."""

    ref: Ref
    replaced: int
    removed: int = 0
    kept: int = 0
    causes: tuple[Cause, ...] = ()
    why_kept: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """A PodDisruptionBudget that lets no healthy pod go: no node with one of its pods can be drained. Fewer `pods` than `desired`: it is broken."""

    ref: Ref
    pods: int
    desired: int


@dataclass(frozen=True, slots=True)
class Blast:
    """All that a change does to what was there, each part in the order of refs. `unasked`: so many pairs of workloads were too many to ask about."""

    restarts: tuple[Restart, ...] = ()
    stale: tuple[Stale, ...] = ()
    services: tuple[EndpointChange, ...] = ()
    volumes: tuple[VolumeChange, ...] = ()
    budgets: tuple[Budget, ...] = ()
    routes: tuple[RouteChange, ...] = ()
    traffic: tuple[TrafficChange, ...] = ()
    barred: tuple[Barred, ...] = ()
    unasked: int = 0

    def __bool__(self) -> bool:
        return any((self.restarts, self.stale, self.services, self.volumes, self.budgets, self.routes, self.traffic, self.barred))


def blast_radius(before: State, after: State, recording: Recording, cluster: Cluster) -> Blast:
    """What the change from one state to the other does; `recording` has what was written in between, `cluster` is as it is after."""
    restarts = tuple(_restarts(before, after, recording))
    traffic, unasked = traffic_changes(before, after)
    return Blast(
        restarts=restarts,
        stale=tuple(stale_pods(before, after)),
        services=tuple(endpoint_changes(before, after, recording)),
        volumes=tuple(volume_changes(before, after, restarts_of={r.ref for r in restarts if r.replaced})),
        budgets=tuple(_budgets(before, after)),
        routes=tuple(route_changes(before, after)),
        traffic=tuple(traffic),
        barred=tuple(barred(before, after, cluster)),
        unasked=unasked,
    )


def _restarts(before: State, after: State, recording: Recording) -> Iterator[Restart]:
    gone: dict[Ref, list[Object]] = {}
    made: dict[Ref, int] = {}
    for ref, pod in before.items():
        if ref.group_kind != "Pod":
            continue
        now = after.get(ref)
        if now is pod:
            continue
        if now is None or now["metadata"]["uid"] != pod["metadata"]["uid"]:
            if not _ended(pod):
                gone.setdefault(cause_of(pod, before) or ref, []).append(pod)
        elif _restarts_in_place(pod, now):
            yield Restart(ref, 1, causes=tuple(_causes(pod, now, "")))
    makers = Causes(ChainMap(dict(after), dict(before)))
    known = {o["metadata"]["uid"] for r, o in before.items() if r.group_kind == "Pod"}
    for ref, pod in after.items():
        if ref.group_kind == "Pod" and pod["metadata"]["uid"] not in known:
            owner = makers.of(pod) or ref
            made[owner] = made.get(owner, 0) + 1
    changed = {r for r in before if r in after and before[r] is not after[r] and _template_changed(before[r], after[r])}
    last = _last_words(recording) if gone else {}
    staying = _staying(changed, before, after)
    for ref in sorted({*gone, *changed}):
        lost = gone.get(ref, [])
        replaced = min(len(lost), made.get(ref, 0))
        old, new = before.get(ref), after.get(ref)
        causes: list[Cause] = []
        if old is not None and new is not None and ref in changed:
            causes += _causes(old, new, SCHEDULED if old["kind"] == "CronJob" else "spec.template")
        elif new is None and lost:
            causes.append(Cause("", words="deleted"))
        elif old is not None and new is not None and old["metadata"]["uid"] != new["metadata"]["uid"]:
            causes.append(Cause("", words="deleted and made again"))
        if not causes:
            causes += [Cause("", words=w) for w in dict.fromkeys(last.get(p["metadata"]["uid"], "") for p in lost) if w]
        if not causes and old is not None and new is not None and lost:
            causes += [c for field in SCALING for c in _causes(old, new, field)] or _there_and_back(ref, recording, after)
            if not causes and new["spec"].get("concurrencyPolicy") == "Replace":
                causes.append(Cause("", words="its next Job replaces it"))
        kept, why = (staying[ref], _why_kept(after[ref])) if staying.get(ref) else (0, "")
        if lost or kept:
            yield Restart(ref, replaced, len(lost) - replaced, kept, tuple(causes), why)


def _ended(pod: Object) -> bool:
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def _restarts_in_place(old: Object, new: Object) -> bool:
    """A container with another image is started again in the pod that is there."""

    def images(pod: Object) -> list[str]:
        return [c.get("image", "") for c in [*(pod["spec"].get("initContainers") or ()), *pod["spec"]["containers"]]]

    return old["spec"] is not new["spec"] and images(old) != images(new)


def _template_changed(old: Object, new: Object) -> bool:
    """A Job's and a ReplicaSet's concern no pod that is there; a CronJob's tells those of its active Jobs from the next."""
    if old["kind"] in ("Job", "ReplicaSet", "ReplicationController"):
        return False
    before, after = (_template(o) for o in (old, new))
    return isinstance(after, dict) and before is not None and before != after


def _template(obj: Object) -> object:
    spec = obj.get("spec") or {}
    return ((spec.get("jobTemplate") or {}).get("spec") or {}).get("template") if obj["kind"] == "CronJob" else spec.get("template")


def _there_and_back(ref: Ref, recording: Recording, after: State) -> list[Cause]:
    """The replicas of a workload that were changed and changed again: an apply sets them, its autoscaler sets them back."""
    counts: list[object] = []
    for _, entry in recording.moments:
        if entry.new is not None and Ref.of(entry.new) == ref and entry.old is not None:
            old, new = (o["spec"].get("replicas") for o in (entry.old, entry.new))
            if old != new:
                counts += [new] if counts else [old, new]
    if not counts:
        return []
    scaler = next((r for r, o in sorted(after.items()) if r.group_kind == SCALER and r.namespace == ref.namespace and _scales(o, ref)), None)
    return [Cause("", words=f"spec.replicas {' → '.join(map(str, counts))}{f' ({scaler} sets it)' if scaler is not None else ''}")]


def _scales(autoscaler: Object, ref: Ref) -> bool:
    target = autoscaler["spec"].get("scaleTargetRef") or {}
    return (target.get("kind"), target.get("name")) == (ref.kind, ref.name)


def _causes(old: Object, new: Object, within: str) -> list[Cause]:
    """The fields that differ; a template's are named from the template on."""
    found = []
    for change in sorted(fields_of(old, new), key=lambda f: f.path):
        if within and change.path != within and not change.path.startswith(f"{within}."):
            continue
        path = change.path.removeprefix(f"{SCHEDULED}.").removeprefix("spec.template.")
        if RESTARTED_AT in path or _restart_only(change):
            found.append(Cause("", words="kubectl rollout restart"))
        else:
            found.append(Cause(path, change.before, change.after))
    return found


def _restart_only(change: FieldChange) -> bool:
    return change.path.endswith("template.metadata.annotations") and isinstance(change.after, dict) and set(change.after) == {RESTARTED_AT}


def _staying(changed: Collection[Ref], before: State, after: State) -> Counter[Ref]:
    """How many pods of workloads whose template has changed are still the old ones."""
    found: Counter[Ref] = Counter()
    for ref, pod in after.items() if changed else ():
        if ref.group_kind == "Pod" and ref in before and before[ref]["metadata"]["uid"] == pod["metadata"]["uid"] and not _ended(pod):
            owner = cause_of(pod, after)
            if owner in changed and owner is not None:
                found[owner] += 1
    return found


def _why_kept(workload: Object) -> str:
    """Why pods stay with the old template."""
    if workload["kind"] == "CronJob":
        return "its active Jobs: the next ones have the new one"
    strategy = workload["spec"].get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return "updateStrategy OnDelete: until they are deleted"
    partition = (strategy.get("rollingUpdate") or {}).get("partition")
    if partition:
        return f"partition {partition}"
    if workload["spec"].get("paused"):
        return "the Deployment is paused"
    return "the rollout does not get to them"


def _last_words(recording: Recording) -> dict[str, str]:
    """Of pods that were disrupted what disrupted them, by uid."""
    found = {}
    for _, entry in recording.moments:
        if entry.kind == "Pod" and entry.new is not None:
            for condition in (entry.new.get("status") or {}).get("conditions") or ():
                if condition["type"] == "DisruptionTarget" and condition["status"] == "True":
                    found[entry.new["metadata"]["uid"]] = REASONS.get(condition.get("reason", ""), condition.get("message") or condition.get("reason", ""))
    return found


def _budgets(before: State, after: State) -> Iterator[Budget]:
    """Budgets that let nothing go now, although they did before or were not there; and those that have become short of healthy pods."""
    for ref, budget in sorted((r, o) for r, o in after.items() if r.group_kind == "PodDisruptionBudget.policy"):
        newly = _closed(budget) and not (ref in before and _closed(before[ref]))
        if newly or (_short(budget) and ref in before and not _short(before[ref])):
            status = budget["status"]
            yield Budget(ref, status.get("currentHealthy", 0), status["desiredHealthy"])


def _short(budget: Object) -> bool:
    """It has less than it asks for."""
    status = budget.get("status") or {}
    return bool(status.get("currentHealthy", 0) < status.get("desiredHealthy", 0))


def _closed(budget: Object) -> bool:
    """It has what it asks for, and not one more."""
    status = budget.get("status") or {}
    return bool(status.get("currentHealthy", 0) == status.get("desiredHealthy", 0) > 0 == status.get("disruptionsAllowed", 0))


__all__ = ["Blast", "Budget", "Cause", "Restart", "blast_radius"]
