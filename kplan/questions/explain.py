"""Why a pod is on its node, or on none: every node, every plugin's verdict and score, and the shortest change that would let it in.

Each remedy has been tried: the scheduler was asked about the cluster as it would then be. For what is no pod, and has none that waits: what its
conditions and last events say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kplan.api.objects import Object, controller_of, group_of
from kplan.api.ref import Ref
from kplan.cluster import Cluster
from kplan.lint.outcomes import UP, phase_of
from kplan.questions.remedies import remedies_of
from kplan.questions.serving import SERVING
from kplan.scheduler.decision import Decision

GOOD = ("Available", "Progressing", "Ready", "Complete", "AbleToScale", "ScalingActive")  # conditions that are meant to be True
BAD = ("ReplicaFailure", "Failed", "FailureTarget", "MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")
MOST_EVENTS = 6


@dataclass(frozen=True, slots=True)
class Explanation:
    """One object. `pod` is the pod that is looked at, None where there is none; `decision` is the scheduler's about it.

    `taken`: it is the decision that was taken, else the one that would be taken now. `remedies` are changes that would make the pod fit, the smallest
    first; none where it fits. `reasons` say why the object is not ready, `events` are the last about it, each a text, oldest first.
    """

    ref: Ref
    ready: bool
    standing: str
    pod: Object | None = None
    decision: Decision | None = None
    taken: bool = False
    remedies: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    events: tuple[str, ...] = ()


def explain(cluster: Cluster, ref: Ref) -> Explanation:
    """Explain a pod; of a workload the first pod that is not up, else its first; of anything else what it says itself."""
    obj = cluster.get(ref)
    if obj is None:
        raise KeyError(str(ref))
    pods = [obj] if ref.group_kind == "Pod" else [p for p in cluster.door.store.list("Pod", ref.namespace or None) if ref in owners(cluster, p)]
    pod = next((p for p in pods if not p["spec"].get("nodeName")), None) or next((p for p in pods if phase_of(p) not in UP), None) or next(iter(pods), None)
    about = [ref, *([Ref.of(pod)] if pod is not None else ()), *_sets(cluster, ref)]
    reasons = tuple(_reasons(obj))
    ready, standing = _standing(obj, pods)
    if ref.kind in SERVING:
        ready, standing, reasons = SERVING[ref.kind](obj, cluster.door.store)
    events = tuple(_events(cluster, about))
    if pod is None:
        return Explanation(ref, ready, standing, reasons=reasons, events=events)
    key = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
    bound = pod["spec"].get("nodeName")
    taken = next((d for d in reversed(cluster.decisions) if d.pod == key), None)
    if taken is not None and bound and taken.chosen != bound:  # about another pod of that name
        taken = None
    decision = taken or cluster.explain(pod)
    remedies = () if decision.chosen or bound else tuple(remedies_of(cluster, pod, decision))
    if pod is not obj:
        reasons = (*reasons, *_reasons(pod))
    if decision.message:  # told once
        reasons = tuple(r for r in reasons if decision.message not in r)
        events = tuple(e for e in events if decision.message not in e)
    return Explanation(ref, ready, standing, pod, decision, taken is not None, remedies, tuple(dict.fromkeys(reasons)), events)


def owners(cluster: Cluster, obj: Object) -> Iterator[Ref]:
    """The controllers of an object, upwards."""
    current: Object | None = obj
    while current is not None:
        owner = controller_of(current)
        if owner is None:
            return
        ref = Ref(group_of(owner["apiVersion"]), owner["kind"], current["metadata"].get("namespace", ""), owner["name"])
        yield ref
        current = cluster.door.store.get(ref.group_kind, ref.namespace, ref.name)


def _sets(cluster: Cluster, ref: Ref) -> Iterator[Ref]:
    """The ReplicaSets or Jobs through which an object makes its pods: their events are its own."""
    for kind in ("ReplicaSet.apps", "Job.batch"):
        for obj in cluster.door.store.list(kind, ref.namespace or None):
            if ref in owners(cluster, obj):
                yield Ref.of(obj)


def _standing(obj: Object, pods: Sequence[Object]) -> tuple[bool, str]:
    """Whether an object is as it is meant to be, and in a few words how it stands."""
    spec, status, kind = obj.get("spec") or {}, obj.get("status") or {}, obj["kind"]
    if kind == "Pod":
        phase = phase_of(obj)
        return phase in UP, phase + (f" on {spec['nodeName']}" if spec.get("nodeName") else "")
    if kind == "DaemonSet":
        ready, wanted = status.get("numberReady", 0), status.get("desiredNumberScheduled", 0)
        return ready >= wanted, f"{ready}/{wanted} ready"
    if kind in ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"):
        ready, wanted = status.get("readyReplicas", 0), spec.get("replicas", 1)
        return ready >= wanted and status.get("updatedReplicas", wanted) >= wanted, f"{ready}/{wanted} ready"
    if kind in ("PersistentVolumeClaim", "PersistentVolume"):
        phase = status.get("phase", "Pending")
        return phase in ("Bound", "Available"), phase
    conditions = {c["type"]: c["status"] for c in status.get("conditions") or ()}
    wrong = [t for t, s in conditions.items() if (t in GOOD and s != "True") or (t in BAD and s == "True")]
    up = sum(1 for p in pods if phase_of(p) in UP)
    told = f"{up} of {len(pods)} pods up" if pods else ", ".join(f"{t}={s}" for t, s in sorted(conditions.items())) or "exists"
    return not wrong and up == len(pods), told


def _reasons(obj: Object) -> Iterator[str]:
    """What an object's own status says is wrong."""
    status = obj.get("status") or {}
    for condition in status.get("conditions") or ():
        kind, state = condition["type"], condition["status"]
        wrong = (kind in (*GOOD, "PodScheduled", "Initialized", "ContainersReady") and state != "True") or (kind in BAD and state == "True")
        over = condition.get("reason") in ("PodCompleted", "JobSuspended", "ScalingDisabled")
        if wrong and not over:
            why = ": ".join(filter(None, (condition.get("reason"), condition.get("message"))))
            yield f"{kind} is {state}" + (f": {why}" if why else "")
    for container in [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]:
        state = container.get("state") or {}
        waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
        if waiting.get("reason") and waiting["reason"] != "PodInitializing":
            yield f"container {container['name']}: {': '.join(filter(None, (waiting['reason'], waiting.get('message'))))}"
        if ended.get("exitCode"):
            yield f"container {container['name']}: {ended.get('reason', '')}: exit code {ended['exitCode']}"


def _events(cluster: Cluster, about: Sequence[Ref]) -> list[str]:
    """The last events about some objects, of each kind of message once."""
    wanted = {(r.kind, r.namespace, r.name) for r in about}
    said: dict[str, None] = {}
    for event in cluster.events():
        on = event["involvedObject"]
        if (on["kind"], on.get("namespace", ""), on["name"]) in wanted:
            text = f"{event['type']} {event['reason']}: {event['message']}"
            said.pop(text, None)
            said[text] = None
    return list(said)[-MOST_EVENTS:]


__all__ = ["Explanation", "explain", "owners"]
