"""What a Deployment's status says: its counts, whether it is available, and whether it still progresses.

Upstream: calculateStatus and checkPausedConditions in pkg/controller/deployment/sync.go; progress.go.
"""

from __future__ import annotations

from datetime import timedelta

from kplan.api.objects import Object
from kplan.api.times import parse_time
from kplan.controllers import rollout
from kplan.controllers.conditions import condition, with_condition, without_condition
from kplan.controllers.deployment_sync import Sync
from kplan.controllers.rollout import replicas, stated


def deadline_of(sync: Sync) -> int | None:
    """progressDeadlineSeconds, None where progress is not watched."""
    seconds = sync.deployment["spec"].get("progressDeadlineSeconds")
    return None if seconds is None or seconds == 2**31 - 1 else int(seconds)


def conditioned(sync: Sync, status: Object, type: str, value: str, reason: str, message: str) -> Object:
    """A status with one condition as it is now."""
    now = sync.api.now_text
    new = {"type": type, "status": value, "lastUpdateTime": now, "lastTransitionTime": now, "reason": reason, "message": message}
    return {**status, "conditions": with_condition(status.get("conditions") or (), new)}


def note_pause(sync: Sync) -> None:
    """Upstream: checkPausedConditions."""
    status = sync.deployment.get("status") or {}
    held = condition(status, "Progressing")
    if deadline_of(sync) is None or (held and held["reason"] == "ProgressDeadlineExceeded"):
        return
    told, paused = bool(held and held["reason"] == "DeploymentPaused"), bool(sync.deployment["spec"].get("paused"))
    if paused and not told:
        sync.write(conditioned(sync, status, "Progressing", "Unknown", "DeploymentPaused", "Deployment is paused"))
    elif told and not paused:
        sync.write(conditioned(sync, status, "Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed"))


def counted(sync: Sync) -> Object:
    """The status as the ReplicaSets are now, conditions but for Available as they were.   Upstream: calculateStatus."""
    old = sync.deployment.get("status") or {}
    available = rollout.total(sync.sets, "availableReplicas")
    counts = {
        "observedGeneration": int(sync.deployment["metadata"].get("generation") or 0),
        "replicas": rollout.total(sync.sets, "replicas"),
        "updatedReplicas": stated(sync.new, "replicas") if sync.new else 0,
        "readyReplicas": rollout.total(sync.sets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, rollout.wanted(sync.sets) - available),
    }
    status: Object = {k: n for k, n in counts.items() if n}
    if all("terminatingReplicas" in (s.get("status") or {}) or not stated(s, "observedGeneration") for s in sync.sets):
        status["terminatingReplicas"] = rollout.total(sync.sets, "terminatingReplicas")
    if old.get("collisionCount") is not None:
        status["collisionCount"] = old["collisionCount"]
    if old.get("conditions"):
        status["conditions"] = old["conditions"]
    enough = available >= replicas(sync.deployment) - rollout.max_unavailable(sync.deployment)
    if enough:
        return conditioned(sync, status, "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    return conditioned(sync, status, "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")


def report(sync: Sync) -> float | None:
    """Write the status with what it says of progress; seconds until the deadline is looked at.   Upstream: syncRolloutStatus."""
    old, status = sync.deployment.get("status") or {}, counted(sync)
    if deadline_of(sync) is None:
        status["conditions"] = without_condition(status["conditions"], "Progressing")
    else:
        status = _progress(sync, old, status)
    failures = [c for s in [sync.new, *sync.sets] if s for c in (s.get("status") or {}).get("conditions") or () if c["type"] == "ReplicaFailure"]
    if failures:
        told = failures[0]
        status["conditions"] = with_condition(status["conditions"], {**told, "lastUpdateTime": told["lastTransitionTime"]})
    else:
        status["conditions"] = without_condition(status["conditions"], "ReplicaFailure")
    if status != old:
        sync.write(status)
    return _look_again(sync, status)


def _progress(sync: Sync, old: Object, status: Object) -> Object:
    held = condition(old, "Progressing")
    if held and held["reason"] == "NewReplicaSetAvailable" and (status.get("replicas") or 0) == (status.get("updatedReplicas") or 0):
        return status
    subject = f'ReplicaSet "{sync.new["metadata"]["name"]}"' if sync.new else f'Deployment "{sync.deployment["metadata"]["name"]}"'
    if rollout.complete(sync.deployment, status):
        return conditioned(sync, status, "Progressing", "True", "NewReplicaSetAvailable", f"{subject} has successfully progressed.")
    if rollout.progressing(old, status):
        since = held["lastTransitionTime"] if held and held["status"] == "True" else sync.api.now_text
        fresh = {**status, "conditions": without_condition(status["conditions"], "Progressing")}
        fresh = conditioned(sync, fresh, "Progressing", "True", "ReplicaSetUpdated", f"{subject} is progressing.")
        return {**fresh, "conditions": [{**c, "lastTransitionTime": since} if c["type"] == "Progressing" else c for c in fresh["conditions"]]}
    if held and held["reason"] != "NewReplicaSetAvailable" and (held["reason"] == "ProgressDeadlineExceeded" or _overdue(sync, held)):
        return conditioned(sync, status, "Progressing", "False", "ProgressDeadlineExceeded", f"{subject} has timed out progressing.")
    return status


def _overdue(sync: Sync, held: Object) -> bool:
    deadline = deadline_of(sync)
    return deadline is not None and parse_time(held["lastUpdateTime"]) + timedelta(seconds=deadline) < sync.api.now


def _look_again(sync: Sync, status: Object) -> float | None:
    """Upstream: requeueStuckDeployment."""
    held, deadline = condition(status, "Progressing"), deadline_of(sync)
    if deadline is None or held is None or held["reason"] == "ProgressDeadlineExceeded" or rollout.complete(sync.deployment, status):
        return None
    if held["reason"] == "NewReplicaSetAvailable":
        return None
    left = (parse_time(held["lastUpdateTime"]) + timedelta(seconds=deadline) - sync.api.now).total_seconds()
    return max(left, 0.0) + 1.0
