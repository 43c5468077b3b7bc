"""What controllers ask of a pod: is it up, since when, and which of several should go first.

Upstream: pkg/api/v1/pod/util.go and the pod rankings of pkg/controller/controller_utils.go. Times are virtual seconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cmp_to_key

from kplan.api.objects import Object, annotations_of
from kplan.api.times import parse_time

ENDED = ("Succeeded", "Failed")
PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"


def phase(pod: Object) -> str:
    """status.phase, Pending where nothing is said."""
    return (pod.get("status") or {}).get("phase") or "Pending"


def terminating(pod: Object) -> bool:
    """Marked for deletion."""
    return "deletionTimestamp" in pod["metadata"]


def active(pod: Object) -> bool:
    """Neither ended nor on its way out.   Upstream: IsPodActive."""
    return "deletionTimestamp" not in pod["metadata"] and phase(pod) not in ENDED


def ready_condition(pod: Object) -> Object | None:
    """The condition Ready, or None."""
    for condition in (pod.get("status") or {}).get("conditions") or ():
        if condition["type"] == "Ready":
            return condition  # type: ignore[no-any-return]
    return None


def ready(pod: Object) -> bool:
    """The condition Ready is True."""
    condition = ready_condition(pod)
    return condition is not None and condition["status"] == "True"


def ready_since(pod: Object) -> datetime | None:
    """When the pod became ready."""
    condition = ready_condition(pod)
    if condition is None or condition["status"] != "True" or "lastTransitionTime" not in condition:
        return None
    return parse_time(condition["lastTransitionTime"])


def available_in(pod: Object, min_ready_seconds: int, now: datetime) -> float | None:
    """Seconds until a ready pod counts as available: 0 if it does, None if it is not ready."""
    if not ready(pod):
        return None
    if min_ready_seconds == 0:
        return 0.0
    since = ready_since(pod)
    return max(0.0, min_ready_seconds - (now - since).total_seconds()) if since else None


def available(pod: Object, min_ready_seconds: int, now: datetime) -> bool:
    """Ready for `min_ready_seconds`.   Upstream: IsPodAvailable."""
    return available_in(pod, min_ready_seconds, now) == 0.0


def next_available(pods: Iterable[Object], min_ready_seconds: int, now: datetime) -> float | None:
    """Seconds until the next of the pods becomes available, None if none is about to."""
    waits = [w for p in pods if (w := available_in(p, min_ready_seconds, now))]
    return min(waits) if waits else None


def restarts(pod: Object) -> int:
    """The highest restart count of its containers."""
    status = pod.get("status") or {}
    return max((c.get("restartCount") or 0 for c in status.get("containerStatuses") or ()), default=0)


def _cost(pod: Object) -> int:
    text = annotations_of(pod).get(DELETION_COST, "")
    try:
        return int(text)
    except ValueError:
        return 0


def _age_rank(since: datetime, now: datetime) -> int:
    """The power of two of an age: LogarithmicScaleDown treats ages of one power as equal."""
    age = int((now - since).total_seconds() * 1e9)
    return math.frexp(age)[1] if age > 0 else 0


def _compare(a: Object, b: Object, ranks: dict[str, int], now: datetime) -> int:
    """Negative where `a` should be deleted before `b`.   Upstream: ActivePodsWithRanks.Less."""

    def less(x: int | str, y: int | str) -> int:
        return int(x > y) - int(x < y)  # type: ignore[operator]

    node_a, node_b = a["spec"].get("nodeName", ""), b["spec"].get("nodeName", "")
    if bool(node_a) != bool(node_b):
        return -1 if not node_a else 1
    ready_a, ready_b = ready(a), ready(b)
    for order in (
        less(PHASES.get(phase(a), 0), PHASES.get(phase(b), 0)),
        less(ready_a, ready_b),
        less(_cost(a), _cost(b)),
        less(ranks.get(node_b, 0), ranks.get(node_a, 0)),
    ):
        if order:
            return order
    since_a, since_b = ready_since(a), ready_since(b)
    if ready_a and ready_b and since_a and since_b and since_a != since_b:
        return less(_age_rank(since_a, now), _age_rank(since_b, now)) or less(a["metadata"]["uid"], b["metadata"]["uid"])
    if restarts(a) != restarts(b):
        return less(restarts(b), restarts(a))
    born_a, born_b = a["metadata"]["creationTimestamp"], b["metadata"]["creationTimestamp"]
    if born_a != born_b:
        return less(_age_rank(parse_time(born_a), now), _age_rank(parse_time(born_b), now)) or less(a["metadata"]["uid"], b["metadata"]["uid"])
    return 0


def to_delete(pods: Sequence[Object], related: Iterable[Object], count: int, now: datetime) -> Sequence[Object]:
    """The `count` pods that go first; `related` are the pods of all ReplicaSets of the same owner (doubled-up nodes go first)."""
    if count >= len(pods):
        return pods
    ranks: dict[str, int] = {}
    for pod in related:
        if active(pod):
            node = pod["spec"].get("nodeName", "")
            ranks[node] = ranks.get(node, 0) + 1

    def compare(a: Object, b: Object) -> int:
        return _compare(a, b, ranks, now)

    return sorted(pods, key=cmp_to_key(compare))[:count]
