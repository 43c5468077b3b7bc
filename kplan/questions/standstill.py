"""Why a rollout stands still, and what would let it go on; and what a workload's strategy comes to in pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from kplan.api.intstr import scaled_value
from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.cluster import Cluster
from kplan.diff import cause_of
from kplan.lint.outcomes import UP, phase_of
from kplan.questions.supposing import Supposed, key_of
from kplan.scheduler.scheduler import Scheduler

State = Mapping[Ref, Object]

WORKLOADS = ("Deployment.apps", "StatefulSet.apps", "DaemonSet.apps")
ANTI_AFFINITY = "node(s) didn't match pod anti-affinity rules"
QUOTA = "exceeded quota"
HOST_PORTS = "node(s) didn't have free ports for the requested pod ports"
MOST_TRIES, MOST_ASKED = 5, 20  # for one rollout, for all


def workload_of(pod: Object, state: State) -> Ref | None:
    """The Deployment, StatefulSet or DaemonSet that a pod or ReplicaSet belongs to."""
    owner = cause_of(pod, state)
    return owner if owner is not None and owner.group_kind in WORKLOADS else None


def is_over(pod: Object) -> bool:
    """On its way out, or ended."""
    return "deletionTimestamp" in pod["metadata"] or (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def wanted_of(obj: Object) -> int:
    """How many pods a workload wants."""
    if obj["kind"] == "DaemonSet":
        return int((obj.get("status") or {}).get("desiredNumberScheduled", 0))
    return int(obj["spec"].get("replicas", 1))


def is_done(obj: Object) -> bool:
    """Whether all that is wanted is new and ready.   Upstream: kubectl's rollout status."""
    spec, status = obj["spec"], obj.get("status") or {}
    if spec.get("paused") or (spec.get("updateStrategy") or {}).get("type") == "OnDelete":
        return True
    wanted = wanted_of(obj)
    if obj["kind"] == "DaemonSet":
        return bool(status.get("updatedNumberScheduled", 0) >= wanted and status.get("numberAvailable", 0) >= wanted)
    partition = ((spec.get("updateStrategy") or {}).get("rollingUpdate") or {}).get("partition") or 0
    new, ready = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    return bool(new >= max(0, wanted - partition) and ready >= wanted and status.get("replicas", 0) <= max(wanted, new))


def bounds(obj: Object) -> tuple[int, int]:
    """maxSurge and maxUnavailable of a workload in pods.   Upstream: ResolveFenceposts."""
    rolling = (obj["spec"].get("strategy") or obj["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
    wanted = wanted_of(obj)
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


class Asking:
    """Asks the scheduler about the cluster as it is, and as it would be without a pod.

    The latter takes a while where the cluster is large: where very many rollouts stand still, the first of them are asked about.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._left = MOST_ASKED

    @cache  # noqa: B019 -- lives as long as the question
    def scheduler(self) -> Scheduler:
        """The cluster as it is."""
        return self._cluster.scheduler_over(self._cluster.door.store)

    def helps(self, pod: Object, others: Sequence[Object]) -> bool:
        """Whether a pod would find a node if one of the others were not there."""
        for other in others:
            if not self._left:
                return False
            self._left -= 1
            supposed = Supposed(self._cluster.door.store, {key_of(other): None})
            if self._cluster.scheduler_over(supposed).explain(pod).chosen is not None:
                return True
        return False


def standstill(
    obj: Object, mine: Sequence[Object], before: State, reasons: tuple[str, ...], ask: Asking, *, rolling: bool = True
) -> tuple[str, list[str]]:
    """Why a rollout does not come to its end, and what would let it go on; `mine` are the pods of the workload.

    Not `rolling`: its template has not changed, so that its strategy holds nothing up.
    """
    status = obj.get("status") or {}
    failing = next((c for c in status.get("conditions") or () if c.get("type") == "ReplicaFailure" and c.get("status") == "True"), None)
    late = any(c.get("type") == "Progressing" and c.get("reason") == "ProgressDeadlineExceeded" for c in status.get("conditions") or ())
    was = [before.get(Ref.of(p)) for p in mine]
    fresh = [p for p, old in zip(mine, was, strict=True) if old is None or old["metadata"]["uid"] != p["metadata"]["uid"]]
    kept = [p for p, old in zip(mine, was, strict=True) if old is not None and old["metadata"]["uid"] == p["metadata"]["uid"] and not is_over(p)]
    waiting = [p for p in fresh if not p["spec"].get("nodeName") and not is_over(p)]
    words = [f"{failing.get('reason')}: {failing.get('message')}"] if failing else []
    words += reasons
    text = "; ".join(dict.fromkeys(words)) or f"{status.get('readyReplicas', status.get('numberReady', 0))} of {wanted_of(obj)} pods ready"
    remedies = list(_deadlock(obj, waiting, kept, QUOTA in str((failing or {}).get("message")), ask)) if rolling else []
    broken = [p for p in fresh if p["spec"].get("nodeName") and phase_of(p) not in UP]
    if rolling and obj["kind"] == "StatefulSet" and kept and broken and obj["spec"].get("podManagementPolicy", "OrderedReady") == "OrderedReady":
        remedies.append(f"after going back delete pod {broken[0]['metadata']['name']} by hand: a StatefulSet waits for a broken pod for ever")
    if late:
        text = f"past its progress deadline of {obj['spec'].get('progressDeadlineSeconds', 600)}s: {text}"
    return text, remedies


def _deadlock(obj: Object, waiting: list[Object], kept: list[Object], refused: bool, ask: Asking) -> Iterator[str]:
    """Old pods that hold the room which new ones wait for, while the strategy lets none of them go; `refused`: for the quota that they fill."""
    surge, unavailable = bounds(obj)
    if obj["kind"] == "StatefulSet" or unavailable or not kept:
        return
    keeps = f"maxUnavailable 0 keeps all {len(kept)} old pods" if len(kept) != 1 else "maxUnavailable 0 keeps the old pod"
    if refused and not waiting:
        yield f"{keeps} and the surge of {surge} is refused: set maxUnavailable to 1 with maxSurge 0, or raise the quota"
    for pod in waiting[:1]:
        if not ask.helps(pod, kept[:MOST_TRIES]):
            continue
        verdicts = list(ask.scheduler().explain(pod).nodes.values())
        if any(ANTI_AFFINITY in v.reasons for v in verdicts):
            held = "each node that would do has one already (required anti-affinity)"
        else:
            held = "there is no room for one more"
        if any(HOST_PORTS in v.reasons for v in verdicts):
            held = "they hold the host ports that the new ones ask for"
        way = "set maxUnavailable to 1 and maxSurge to 0" if obj["kind"] == "DaemonSet" else "set maxUnavailable to 1, or add a node"
        yield f"{keeps} and {held}: {way}"


__all__ = ["WORKLOADS", "Asking", "bounds", "is_done", "is_over", "standstill", "strategy_of", "wanted_of", "workload_of"]
