"""What the Job controller reads out of a pod: is it still to be counted, has it failed, which index is it for, when did it end.

Upstream: pkg/controller/job/{indexed_job_utils,backoff_utils}.go and the predicates in job_controller.go. Times are virtual seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from kplan.api.objects import Object, annotations_of, replace, without
from kplan.api.times import parse_time
from kplan.apiserver.client import Client
from kplan.controllers import pods

TRACKING = "batch.kubernetes.io/job-tracking"
INDEX = "batch.kubernetes.io/job-completion-index"  # an annotation and a label
FAILURES = "batch.kubernetes.io/job-index-failure-count"
IGNORED_FAILURES = "batch.kubernetes.io/job-index-ignored-failure-count"
MAX_COUNT = 2**31 - 1

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)


def tracked(pod: Object) -> bool:
    """The pod has the finalizer that keeps it until it is counted."""
    return TRACKING in (pod["metadata"].get("finalizers") or ())


def only_failed_replaced(spec: Object) -> bool:
    """A pod on its way out is replaced only when it has ended."""
    return spec.get("podReplacementPolicy") == "Failed" or spec.get("podFailurePolicy") is not None


def failed(pod: Object, spec: Object) -> bool:
    """The pod counts as failed; one that is being deleted does so at once, unless only ended ones are replaced."""
    phase = pods.phase(pod)
    if phase == "Failed":
        return True
    return not only_failed_replaced(spec) and pods.terminating(pod) and phase != "Succeeded"


def succeeded(pod: Object) -> bool:
    """The pod has ended well."""
    return pods.phase(pod) == "Succeeded"


def on_its_way_out(pod: Object) -> bool:
    """Being deleted and not ended.   Upstream: controller.IsPodTerminating."""
    return pods.terminating(pod) and pods.phase(pod) not in pods.ENDED


def index_of(pod: Object) -> int:
    """The completion index, -1 where there is none."""
    index = _integer(annotations_of(pod).get(INDEX, ""))
    return -1 if index is None or index < 0 else index


def indexes_of(of: Iterable[Object]) -> list[int]:
    """The completion indexes of some pods, in order, each once."""
    return sorted({index_of(p) for p in of} - {-1})


def failures_of_index(pod: Object) -> int:
    """How often the pod's index had failed before, as far as that counts."""
    return _count(pod, FAILURES)


def all_failures_of_index(pod: Object) -> int:
    """The same with the failures that the pod failure policy ignored."""
    return _count(pod, FAILURES) + _count(pod, IGNORED_FAILURES)


def _count(pod: Object, annotation: str) -> int:
    count = _integer(annotations_of(pod).get(annotation, ""))
    return count if count is not None and 0 <= count <= MAX_COUNT else 0


def _integer(text: str) -> int | None:
    return int(text) if _INTEGER.fullmatch(text) else None


def finished_at(pod: Object) -> datetime:
    """When the pod ended: the last of its containers, else since when it is not ready, else its deletion, else its creation."""
    status, meta = pod.get("status") or {}, pod["metadata"]
    sidecars = {c["name"] for c in pod["spec"].get("initContainers") or () if c.get("restartPolicy") == "Always"}
    ended: list[Any] = [_end_of(c) for c in status.get("containerStatuses") or ()]
    by_containers = max(ended) if ended and all(ended) else ""
    late = [_end_of(c) for c in status.get("initContainerStatuses") or () if c["name"] in sidecars]
    if late:
        by_containers = max([by_containers, *late]) if all(late) else ""
    if by_containers:
        return parse_time(by_containers)
    condition = pods.ready_condition(pod)
    if condition is not None and condition["status"] == "False" and condition.get("lastTransitionTime"):
        return parse_time(condition["lastTransitionTime"])
    if "deletionTimestamp" in meta:
        return parse_time(meta["deletionTimestamp"]) - timedelta(seconds=meta.get("deletionGracePeriodSeconds") or 0)
    return parse_time(meta["creationTimestamp"])


def _end_of(container: Object) -> str:
    return ((container.get("state") or {}).get("terminated") or {}).get("finishedAt") or ""


def first_to_go(of: Sequence[Object]) -> list[Object]:
    """Running pods, those that are least far along first.   Upstream: controller.ActivePods."""

    def rank(pod: Object) -> tuple[float, ...]:
        ready, since = pods.ready(pod), pods.ready_since(pod)
        born = parse_time(pod["metadata"]["creationTimestamp"])
        return (
            bool(pod["spec"].get("nodeName")),
            pods.PHASES.get(pods.phase(pod), 0),
            ready,
            (-since.timestamp() if since else float("-inf")) if ready else 0,
            -pods.restarts(pod),
            -born.timestamp(),
        )

    return sorted(of, key=rank)


def release_finalizer(api: Client, pod: Object) -> bool:
    """Take the tracking finalizer off a pod as it is now; True where it is off (or the pod is gone)."""
    meta = pod["metadata"]
    now = api.get("Pod", meta["namespace"], meta["name"])
    if now is None or now["metadata"]["uid"] != meta["uid"] or not tracked(now):
        return True
    path = ("metadata", "finalizers")
    kept = [f for f in now["metadata"]["finalizers"] if f != TRACKING]
    answer = api.write(replace(now, path, kept) if kept else without(now, path))
    return answer.accepted or answer.code == 404
