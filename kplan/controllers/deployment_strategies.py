"""The two strategies of a Deployment: replace pods a few at a time, or all at once.

Upstream: pkg/controller/deployment (rolling.go, recreate.go).
"""

from __future__ import annotations

from kplan.controllers import pods, rollout
from kplan.controllers.deployment_progress import report
from kplan.controllers.deployment_replicaset import find_new
from kplan.controllers.deployment_sync import Sync
from kplan.controllers.rollout import replicas, stated


def roll(sync: Sync) -> float | None:
    """Upstream: rolloutRolling."""
    find_new(sync, create=True)
    assert sync.new is not None
    size = replicas(sync.deployment)
    if replicas(sync.new) != size:
        target = size if replicas(sync.new) > size else rollout.new_replicas(sync.deployment, sync.sets, sync.new)
        if sync.scale(sync.new, target):
            return report(sync)
    if _shrink_old(sync):
        return report(sync)
    if rollout.complete(sync.deployment, sync.deployment.get("status") or {}):
        sync.clean_up()
    return report(sync)


def _shrink_old(sync: Sync) -> bool:
    """Scale old ReplicaSets down as far as availability allows; unhealthy pods go first.   Upstream: reconcileOldReplicaSets."""
    assert sync.new is not None
    if rollout.wanted(sync.old) == 0:
        return False
    least = replicas(sync.deployment) - rollout.max_unavailable(sync.deployment)
    lacking = replicas(sync.new) - stated(sync.new, "availableReplicas")
    most = rollout.wanted(sync.sets) - least - lacking
    if most <= 0:
        return False
    cleaned = 0
    for one in [s for s in sync.old if replicas(s) > 0]:
        unhealthy = replicas(one) - stated(one, "availableReplicas")
        if cleaned >= most or unhealthy == 0:
            continue
        if unhealthy < 0:  # its status is behind: the sync waits for it
            return False
        count = min(most - cleaned, unhealthy)
        sync.scale(one, replicas(one) - count)
        cleaned += count
    spare = rollout.total([s for s in sync.sets if replicas(s) > 0 or s is sync.new], "availableReplicas") - least
    shrunk = 0
    for one in [s for s in sync.old if replicas(s) > 0]:
        if shrunk >= spare:
            break
        count = min(replicas(one), spare - shrunk)
        sync.scale(one, replicas(one) - count)
        shrunk += count
    return cleaned + max(shrunk, 0) > 0


def recreate(sync: Sync) -> float | None:
    """Upstream: rolloutRecreate."""
    scaled = False
    for one in [s for s in sync.old if replicas(s) > 0]:
        scaled = sync.scale(one, 0) or scaled
    if scaled or _old_pods_running(sync):
        return report(sync)
    if sync.new is None:
        find_new(sync, create=True)
    assert sync.new is not None
    sync.scale(sync.new, replicas(sync.deployment))
    if rollout.complete(sync.deployment, sync.deployment.get("status") or {}):
        sync.clean_up()
    return report(sync)


def _old_pods_running(sync: Sync) -> bool:
    if rollout.total(sync.old, "replicas") > 0:
        return True
    owned = (p for s in sync.old for p in sync.api.owned("Pod", s["metadata"]["uid"]))
    return any(pods.phase(p) not in pods.ENDED for p in owned)
