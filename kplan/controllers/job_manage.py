"""Making and removing a Job's pods: as many as parallelism and what is left to complete ask for, after the back-off.

Upstream: manageJob, deleteActivePods and deleteJobPods in pkg/controller/job/job_controller.go. Leaves out expectations (the store is never stale)
and Workloads and PodGroups (off by default).
"""

from __future__ import annotations

from collections.abc import Sequence

from kplan.api.objects import Object
from kplan.apiserver.client import Client
from kplan.apiserver.response import Response
from kplan.controllers import job_pods, pods
from kplan.controllers.job_backoff import remaining_of_index
from kplan.controllers.job_indexes import first_pending, merged, pod_prefix, surplus, with_index_variable, with_indexes
from kplan.controllers.job_pods import FAILURES, IGNORED_FAILURES, INDEX, TRACKING
from kplan.controllers.job_policies import judge
from kplan.controllers.job_status import Sync
from kplan.controllers.podcontrol import create_pod, delete_pod, namespace_terminating, pod_from_template, slow_start

BURST = 500
LEAST_DELAY = 1.0  # seconds; what a sync is put off by at least

Managed = tuple[int, Response | str | None, float | None]  # active pods, what failed, seconds until pods may be made


def suspended(spec: Object) -> bool:
    """The Job is to have no pods."""
    return bool(spec.get("suspend"))


def manage(api: Client, sync: Sync) -> Managed:
    """Remove pods, or else make some."""
    spec, active = sync.spec, len(sync.active)
    if suspended(spec):
        removed, failure = remove(api, sync, _removable(sync, active))
        return active - removed, failure, None
    wanted = _wanted(sync, active)
    surplus_pods = _removable(sync, max(0, active - wanted))[:BURST]
    if surplus_pods:
        removed, failure = remove(api, sync, surplus_pods)
        return active - removed, failure, None
    missing = wanted - active - (sync.terminating if job_pods.only_failed_replaced(spec) else 0)
    if missing <= 0:
        return active, None, None
    wait = 0.0 if sync.per_index else sync.backoff.remaining(api.now)
    indexes: list[int] = []
    missing = min(missing, BURST)
    if wait <= 0 and sync.indexed:
        indexes = _pending(sync, missing)
        if sync.per_index:
            waits = {i: remaining_of_index(sync.replaced.get(i), api.now) for i in indexes}
            indexes = [i for i in indexes if waits[i] <= 0]
            wait = 0.0 if indexes or not waits else min(waits.values())
        missing = len(indexes)
    if wait > 0:
        return 0, None, max(wait, LEAST_DELAY)  # upstream says that none is active while it waits
    made, refusal = _make(api, sync, missing, indexes)
    return active + made, refusal, None


def _wanted(sync: Sync, active: int) -> int:
    """How many pods should run now."""
    parallelism, completions = sync.spec.get("parallelism", 1), sync.spec.get("completions")
    if completions is None:
        return active if sync.succeeded > 0 else int(parallelism)
    return max(0, min(int(completions) - sync.succeeded, int(parallelism)))


def _removable(sync: Sync, at_least: int) -> list[Object]:
    """The pods to remove: those that no index needs, and more to make up the number.   Upstream: activePodsForRemoval."""
    remove, left = surplus(sync.active, sync.spec["completions"]) if sync.indexed else ([], sync.active)
    if len(remove) < at_least:
        remove = [*remove, *job_pods.first_to_go(left)[: at_least - len(remove)]]
    return remove


def _pending(sync: Sync, count: int) -> list[int]:
    """The next indexes that have neither a pod nor an outcome."""
    taken = with_indexes(sync.succeeded_indexes, job_pods.indexes_of(sync.active))
    if job_pods.only_failed_replaced(sync.spec):
        taken = with_indexes(taken, job_pods.indexes_of(p for p in sync.pods if job_pods.on_its_way_out(p)))
    return first_pending(merged(taken, sync.failed_indexes or ()), count, sync.spec["completions"])


def _make(api: Client, sync: Sync, count: int, indexes: Sequence[int]) -> tuple[int, Response | None]:
    """Make pods in growing batches: (how many count as made, the first refusal)."""
    template = sync.spec["template"]
    pod = pod_from_template(template, sync.job)
    held = pod["metadata"].get("finalizers") or []
    if TRACKING not in held:
        pod["metadata"]["finalizers"] = [*held, TRACKING]
    if sync.indexed:
        pod["spec"] = with_index_variable(pod["spec"])
    waiting, made = iter(indexes), 0

    def make() -> Response:
        nonlocal made
        answer = create_pod(api, sync.job, _with_index(sync, pod, next(waiting)) if sync.indexed else pod, template)
        made += answer.accepted or namespace_terminating(answer)
        return answer

    refusal = slow_start(count, make)
    return made, refusal


def _with_index(sync: Sync, pod: Object, index: int) -> Object:
    """The pod for one index."""
    name, meta = sync.job["metadata"]["name"], pod["metadata"]
    notes = {**meta.get("annotations", {}), INDEX: str(index)}
    if sync.per_index:
        failures, ignored = _failures(sync, sync.replaced.get(index))
        notes[FAILURES] = str(failures)
        if ignored:
            notes[IGNORED_FAILURES] = str(ignored)
    meta = {**meta, "generateName": pod_prefix(name, index), "labels": {**meta.get("labels", {}), INDEX: str(index)}, "annotations": notes}
    return {**pod, "metadata": meta, "spec": {**pod["spec"], "hostname": f"{name}-{index}"}}


def _failures(sync: Sync, replaced: Object | None) -> tuple[int, int]:
    """(failures that count, ignored ones) of an index, with that of the pod that is replaced."""
    if replaced is None:
        return 0, 0
    counted = job_pods.failures_of_index(replaced)
    ignored = job_pods.all_failures_of_index(replaced) - counted
    return (counted + 1, ignored) if judge(sync.spec, replaced).counts else (counted, ignored + 1)


def remove(api: Client, sync: Sync, surplus_pods: Sequence[Object]) -> tuple[int, Response | str | None]:
    """Delete pods that the Job does not need and will not count: (how many, what failed)."""
    removed, failure = 0, None
    for pod in surplus_pods:
        if not job_pods.release_finalizer(api, pod):
            failure = failure or "removing completion finalizer"
            continue
        answer = delete_pod(api, sync.job, pod)
        if not answer.accepted and answer.code != 404:
            failure = failure or answer.message
            continue
        removed += 1
        sync.ready -= pods.ready(pod)
    sync.terminating += removed
    return removed, failure


def delete_active(api: Client, sync: Sync) -> tuple[int, Response | None]:
    """Delete all running pods of a Job that ends; they keep their finalizers until they are counted: (how many, what failed)."""
    deleted, failure = 0, None
    for pod in sync.active:
        answer = delete_pod(api, sync.job, pod)
        if not answer.accepted and answer.code != 404:
            failure = failure or answer
            continue
        deleted += 1
        sync.ready -= pods.ready(pod)
    sync.terminating += deleted
    return deleted, failure
