"""The arithmetic of a Deployment's rollout: fenceposts, proportions, sums over ReplicaSets. Pure functions.

Upstream: pkg/controller/deployment/util/deployment_util.go.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from kplan.api.intstr import scaled_value
from kplan.api.objects import LAST_APPLIED, Object, annotations_of

REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"
ROLLBACK_TO = "deprecated.deployment.rollback.to"
NOT_COPIED = frozenset({LAST_APPLIED, REVISION, REVISION_HISTORY, DESIRED, MAXIMUM, ROLLBACK_TO})
HASH_LABEL = "pod-template-hash"
MAX_HISTORY_TEXT = 2000
DEFAULT_BOUND = "25%"


def replicas(obj: Object) -> int:
    """spec.replicas."""
    return int(obj["spec"].get("replicas", 1))


def stated(obj: Object, field: str) -> int:
    """A count in the status."""
    return int((obj.get("status") or {}).get(field) or 0)


def wanted(sets: Iterable[Object]) -> int:
    """The sum of spec.replicas."""
    return sum(replicas(s) for s in sets)


def total(sets: Iterable[Object], field: str) -> int:
    """The sum of a count in the statuses."""
    return sum(stated(s, field) for s in sets)


def rolling(deployment: Object) -> bool:
    """The strategy is RollingUpdate."""
    return bool((deployment["spec"].get("strategy") or {}).get("type", "RollingUpdate") == "RollingUpdate")


def fenceposts(deployment: Object) -> tuple[int, int]:
    """(maxSurge, maxUnavailable) in pods; both zero makes the second 1.   Upstream: ResolveFenceposts."""
    bounds = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    size = replicas(deployment)
    surge = scaled_value(bounds.get("maxSurge", DEFAULT_BOUND), size, round_up=True)
    unavailable = scaled_value(bounds.get("maxUnavailable", DEFAULT_BOUND), size, round_up=False)
    return surge, unavailable or (0 if surge else 1)


def max_surge(deployment: Object) -> int:
    """Pods above spec.replicas; 0 for Recreate."""
    return fenceposts(deployment)[0] if rolling(deployment) else 0


def max_unavailable(deployment: Object) -> int:
    """Pods that may be missing; never more than there are."""
    if not rolling(deployment) or replicas(deployment) == 0:
        return 0
    return min(fenceposts(deployment)[1], replicas(deployment))


def new_replicas(deployment: Object, sets: Iterable[Object], new: Object) -> int:
    """How many replicas the new ReplicaSet may have now.   Upstream: NewRSNewReplicas."""
    if not rolling(deployment):
        return replicas(deployment)
    bounds = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    most = replicas(deployment) + scaled_value(bounds.get("maxSurge", DEFAULT_BOUND), replicas(deployment), round_up=True)
    room = most - wanted(sets)
    if room <= 0:
        return replicas(new)
    return replicas(new) + min(room, replicas(deployment) - replicas(new))


def annotated(obj: Object, key: str) -> int | None:
    """A whole number in an annotation."""
    text = annotations_of(obj).get(key, "")
    return int(text) if text.isdecimal() else None


def revision(obj: Object) -> int:
    """The revision that a ReplicaSet or Deployment is annotated with, 0 where there is none."""
    return annotated(obj, REVISION) or 0


def saturated(deployment: Object, new: Object | None) -> bool:
    """The new ReplicaSet has all replicas, and all are available."""
    size = replicas(deployment)
    return new is not None and replicas(new) == size and annotated(new, DESIRED) == size and stated(new, "availableReplicas") == size


def complete(deployment: Object, status: Object) -> bool:
    """All replicas are updated and available, and no other is left.   Upstream: DeploymentComplete."""
    size = replicas(deployment)
    counts = [int(status.get(f) or 0) for f in ("updatedReplicas", "replicas", "availableReplicas")]
    return counts == [size] * 3 and int(status.get("observedGeneration") or 0) >= int(deployment["metadata"].get("generation") or 0)


def progressing(old: Object, new: Object) -> bool:
    """One status shows progress over another.   Upstream: DeploymentProgressing."""

    def count(status: Object, field: str) -> int:
        return int(status.get(field) or 0)

    left_before = count(old, "replicas") - count(old, "updatedReplicas")
    left_now = count(new, "replicas") - count(new, "updatedReplicas")
    return (
        count(new, "updatedReplicas") > count(old, "updatedReplicas")
        or left_now < left_before
        or count(new, "readyReplicas") > count(old, "readyReplicas")
        or count(new, "availableReplicas") > count(old, "availableReplicas")
    )


def proportions(deployment: Object, sets: Sequence[Object]) -> dict[str, int]:
    """The size that each active ReplicaSet gets when a Deployment is scaled in the middle of a rollout, by name.   Upstream: scale."""
    size = replicas(deployment)
    allowed = size + max_surge(deployment) if size > 0 else 0
    to_add = allowed - wanted(sets)
    ordered = _by_size(sets, newer_first=to_add > 0) if to_add else list(sets)
    sizes: dict[str, int] = {}
    added = 0
    for one in ordered:
        share = _share(one, deployment, to_add, added) if to_add else 0
        sizes[one["metadata"]["name"]] = replicas(one) + share
        added += share
    if ordered and to_add:
        first = ordered[0]["metadata"]["name"]
        sizes[first] = max(0, sizes[first] + to_add - added)
    return sizes


def _by_size(sets: Sequence[Object], *, newer_first: bool) -> list[Object]:
    """Larger first; among equals the newer (older) first, then by name."""
    ordered = sorted(sets, key=lambda s: s["metadata"]["name"], reverse=newer_first)
    ordered = sorted(ordered, key=lambda s: s["metadata"]["creationTimestamp"], reverse=newer_first)
    return sorted(ordered, key=replicas, reverse=True)


def _share(one: Object, deployment: Object, to_add: int, added: int) -> int:
    if replicas(one) == 0 or to_add == added:
        return 0
    fraction, left = _fraction(one, deployment), to_add - added
    return min(fraction, left) if to_add > 0 else max(fraction, left)


def _fraction(one: Object, deployment: Object) -> int:
    if replicas(deployment) == 0:
        return -replicas(one)
    before = annotated(one, MAXIMUM) or stated(deployment, "replicas")
    if before == 0:
        return 0
    size = replicas(one) * (replicas(deployment) + max_surge(deployment)) / before
    return math.floor(size + 0.5) - replicas(one)


def by_age(sets: Iterable[Object]) -> list[Object]:
    """Oldest first, by name among equals."""
    return sorted(sets, key=lambda s: (s["metadata"]["creationTimestamp"], s["metadata"]["name"]))


def same_template(a: Object, b: Object) -> bool:
    """Equal pod templates but for the hash label.   Upstream: EqualIgnoreHash."""
    if a["spec"] is not b["spec"] and a["spec"] != b["spec"]:
        return False

    def meta(template: Object) -> Object:
        held = template.get("metadata") or {}
        labels = {k: v for k, v in (held.get("labels") or {}).items() if k != HASH_LABEL}
        return {**{k: v for k, v in held.items() if k != "labels" and v}, "labels": labels}

    return meta(a) == meta(b)


def annotate_new(deployment: Object, notes: dict[str, str], newest: int, *, exists: bool) -> dict[str, str]:
    """The annotations that the new ReplicaSet should have; `newest` is its revision at least.   Upstream: SetNewReplicaSetAnnotations."""
    result = {**notes, **{k: v for k, v in annotations_of(deployment).items() if k not in NOT_COPIED}}
    held = notes.get(REVISION)
    if held and not held.lstrip("-").isdecimal():
        return result
    if int(held or 0) < newest:
        result[REVISION] = str(newest)
        if held is not None:
            history = [h for h in notes.get(REVISION_HISTORY, "").split(",") if h]
            while history and len(",".join([*history, held])) > MAX_HISTORY_TEXT:
                history.pop(0)
            result[REVISION_HISTORY] = ",".join([*history, held])
    if not exists:
        result |= size_notes(deployment)
    return result


def size_notes(deployment: Object) -> dict[str, str]:
    """The annotations by which a scaling is recognised."""
    return {DESIRED: str(replicas(deployment)), MAXIMUM: str(replicas(deployment) + max_surge(deployment))}
