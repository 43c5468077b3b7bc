"""The labels that controllers add to the pods that they make, by which single pods of a workload can be selected.

Upstream: updateIdentity in pkg/controller/statefulset/stateful_set_utils.go, job.JobLabels. Hashes of templates and uids are not told: nobody selects by them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from kplan.api.objects import Object

POD_NAME = "statefulset.kubernetes.io/pod-name"
POD_INDEX = "apps.kubernetes.io/pod-index"
JOB_NAMES = ("batch.kubernetes.io/job-name", "job-name")
GIVEN = frozenset({POD_NAME, POD_INDEX, *JOB_NAMES})


def any_pod(matches: Callable[[dict[str, str]], bool], wanted: Collection[str], workload: Object, labels: dict[str, str]) -> bool:
    """Whether a selector, of which `wanted` are the keys, selects pods of a workload: all by the labels of the template, or single ones."""
    return matches(labels) or (not GIVEN.isdisjoint(wanted) and any(matches(own) for own in _single(workload, labels)))


def _single(workload: Object, labels: dict[str, str]) -> Iterator[dict[str, str]]:
    """The labels of each pod of a StatefulSet, and of those of a Job, as they will be."""
    name, spec = workload["metadata"].get("name", ""), workload.get("spec") or {}
    if workload["kind"] == "StatefulSet":
        start = (spec.get("ordinals") or {}).get("start", 0)
        for ordinal in range(start, start + spec.get("replicas", 1)):
            yield {**labels, POD_NAME: f"{name}-{ordinal}", POD_INDEX: str(ordinal)}
    elif workload["kind"] == "Job":
        yield {**labels, **dict.fromkeys(JOB_NAMES, name)}
