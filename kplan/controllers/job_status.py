"""A Job's status: pods that have ended are noted by uid, then lose their finalizer, then are counted; at last the Job is complete or failed.

Upstream: trackJobStatusAndRemoveFinalizers and its parts in pkg/controller/job/job_controller.go. Leaves out metrics.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kplan.api.objects import Object
from kplan.apiserver.client import Client
from kplan.controllers import job_pods
from kplan.controllers.conditions import condition
from kplan.controllers.job_backoff import NO_FAILURES, Backoff
from kplan.controllers.job_indexes import Intervals, format_intervals, holds, total, with_indexes
from kplan.controllers.job_policies import judge

MAX_UNCOUNTED = 500
COMPLETE, FAILED = "Complete", "Failed"
CRITERIA_MET, FAILURE_TARGET = "SuccessCriteriaMet", "FailureTarget"
LISTS = ("succeeded", "failed")


@dataclass(slots=True)
class Sync:
    """One look at a Job: what was found, and the status as it is being made.   Upstream: syncJobCtx."""

    job: Object
    pods: list[Object]
    active: list[Object]
    status: Object
    ready: int
    terminating: int
    succeeded: int = 0
    failed: int = 0
    finished: Object | None = None  # the condition by which the Job ends
    succeeded_before: Intervals = ()
    succeeded_indexes: Intervals = ()
    failed_indexes: Intervals | None = None
    replaced: Mapping[int, Object] = field(default_factory=dict)  # by index, the failed pod that is kept for its replacement
    backoff: Backoff = NO_FAILURES

    @property
    def spec(self) -> Object:
        """The Job's spec."""
        return self.job["spec"]  # type: ignore[no-any-return]

    @property
    def indexed(self) -> bool:
        """Each pod has an index."""
        return self.spec.get("completionMode") == "Indexed"

    @property
    def per_index(self) -> bool:
        """Each index has a back-off limit of its own."""
        return self.spec.get("backoffLimitPerIndex") is not None

    def belongs(self, pod: Object) -> bool:
        """The pod is for one of the Job's indexes, if it has such."""
        return not self.indexed or 0 <= job_pods.index_of(pod) < self.spec["completions"]

    def uncounted(self, which: str) -> list[str]:
        """The uids that are noted and not counted yet."""
        return self.status["uncountedTerminatedPods"][which]  # type: ignore[no-any-return]


def draft(status: Object) -> Object:
    """A private copy of a stored status to work on, with all lists and counters there."""
    held = status.get("uncountedTerminatedPods") or {}
    return {
        **status,
        **{count: status.get(count) or 0 for count in ("active", *LISTS)},
        "conditions": list(status.get("conditions") or ()),
        "completedIndexes": status.get("completedIndexes") or "",
        "uncountedTerminatedPods": {which: list(held.get(which) or ()) for which in LISTS},
    }


def write(api: Client, sync: Sync) -> bool:
    """Write the status as it stands; False if that was refused."""
    status = {k: v for k, v in sync.status.items() if v or (k in ("ready", "terminating", "failedIndexes") and v is not None)}
    status["uncountedTerminatedPods"] = {which: list(uids) for which in LISTS if (uids := sync.uncounted(which))}
    if "conditions" in status:
        status["conditions"] = list(status["conditions"])
    answer = api.write_status(sync.job, status)
    sync.job = answer.object or sync.job
    return answer.accepted


def new_condition(api: Client, type: str, status: str, reason: str, message: str) -> Object:
    """A condition that holds since now."""
    now = api.now_text
    return {"type": type, "status": status, "lastProbeTime": now, "lastTransitionTime": now, "reason": reason, "message": message}


def set_condition(status: Object, new: Object) -> bool:
    """Put a condition into a draft, in place of its type's; whether that changed anything (one that was never there does not become False)."""
    held = condition(status, new["type"])
    if held is None:
        if new["status"] == "False":
            return False
        status["conditions"].append(new)
        return True
    if all(held.get(key) == new[key] for key in ("status", "reason", "message")):
        return False
    status["conditions"] = [new if c is held else c for c in status["conditions"]]
    return True


def is_true(status: Object, type: str) -> Object | None:
    """The condition of a type if it is True."""
    held = condition(status, type)
    return held if held is not None and held["status"] == "True" else None


def track(api: Client, sync: Sync, flush: bool) -> tuple[bool, bool]:
    """Count the pods that have ended, let them go, and end the Job if it is over. (all writes done, the status was written before the pods)."""
    held = {p["metadata"]["uid"] for p in sync.pods if job_pods.tracked(p)}
    flush |= _count(sync.status, held)
    leaving, new_indexes, more, noted = _note_ended(sync)
    flush |= noted
    if sync.indexed:
        flush |= _note_indexes(sync, new_indexes)
    flush |= _announce(api, sync)
    flushed = flush
    if flush and not write(api, sync):
        return False, False
    done = True
    for pod in leaving:
        if job_pods.release_finalizer(api, pod):
            held.discard(pod["metadata"]["uid"])
        else:
            done = False
    flush = _count(sync.status, held)
    if not done:
        if flush:
            write(api, sync)
        return False, flushed
    over = not more and _end(api, sync)
    if (flush or over) and not write(api, sync):
        return False, flushed
    if over:
        _tell(api, sync)
    return True, flushed


def _note_ended(sync: Sync) -> tuple[list[Object], list[int], bool, bool]:
    """Note the pods that have ended: (those that may go, new succeeded indexes, whether there are more, whether the status changed)."""
    spec, leaving, indexes, noted = sync.spec, [], [], False
    known = {which: set(sync.uncounted(which)) for which in LISTS}
    over = sync.finished is not None and sync.finished["type"] != CRITERIA_MET  # then whoever still runs has failed
    ordered = sorted(sync.pods, key=job_pods.index_of) if sync.indexed else sync.pods
    for pod in ordered:
        if not job_pods.tracked(pod):
            continue
        failed, uid = job_pods.failed(pod, spec), pod["metadata"]["uid"]
        if not _may_go(sync, pod, failed):
            continue
        leaving.append(pod)
        if job_pods.succeeded(pod) and uid not in known["failed"]:
            if sync.indexed:
                index = job_pods.index_of(pod)
                if sync.belongs(pod) and not holds(sync.succeeded_before, index):
                    indexes.append(index)
                    noted = True
            elif uid not in known["succeeded"]:
                sync.uncounted("succeeded").append(uid)
                noted = True
        elif (failed or over) and uid not in known["failed"] and sync.belongs(pod) and judge(spec, pod).counts:
            sync.uncounted("failed").append(uid)
            noted = True
        if len(indexes) + sum(len(sync.uncounted(which)) for which in LISTS) >= MAX_UNCOUNTED:
            return leaving, indexes, True, noted
    return leaving, indexes, False, noted


def _may_go(sync: Sync, pod: Object, failed: bool) -> bool:
    """The pod need not be kept any longer.   Upstream: canRemoveFinalizer."""
    if "deletionTimestamp" in sync.job["metadata"] or sync.finished is not None or job_pods.succeeded(pod):
        return True
    if not failed:
        return False
    kept = sync.replaced.get(job_pods.index_of(pod)) if sync.per_index else None
    return kept is None or kept["metadata"]["uid"] != pod["metadata"]["uid"]


def _note_indexes(sync: Sync, new: Iterable[int]) -> bool:
    """Say which indexes have succeeded and failed; whether that is new."""
    sync.succeeded_indexes = with_indexes(sync.succeeded_indexes, sorted(set(new)))
    completed = format_intervals(sync.succeeded_indexes)
    failed = format_intervals(sync.failed_indexes) if sync.failed_indexes is not None else None
    changed = completed != sync.status["completedIndexes"] or failed != sync.status.get("failedIndexes")
    sync.status |= {"succeeded": total(sync.succeeded_indexes), "completedIndexes": completed, "failedIndexes": failed}
    return changed


def _announce(api: Client, sync: Sync) -> bool:
    """A Job that is about to end says so first, then ends; whether it had to be said."""
    why = sync.finished
    if why is None or why["type"] not in (FAILURE_TARGET, CRITERIA_MET):
        return False
    final = FAILED if why["type"] == FAILURE_TARGET else COMPLETE
    said = why["type"] == CRITERIA_MET and is_true(sync.status, CRITERIA_MET) is not None
    if not said:
        sync.status["conditions"].append(why)
    sync.finished = new_condition(api, final, "True", why.get("reason", ""), why.get("message", ""))
    return not said


def _count(status: Object, held: set[str]) -> bool:
    """Pods that were noted and have lost their finalizer are counted."""
    changed = False
    for which in LISTS:
        noted = status["uncountedTerminatedPods"][which]
        left = [uid for uid in noted if uid in held]
        if len(left) != len(noted):
            status[which] += len(noted) - len(left)
            status["uncountedTerminatedPods"][which] = left
            changed = True
    return changed


def _end(api: Client, sync: Sync) -> bool:
    """The Job ends when all pods are counted and none is on its way out.   Upstream: enactJobFinished."""
    if sync.finished is None or sync.terminating > 0 or any(sync.uncounted(which) for which in LISTS):
        return False
    set_condition(sync.status, sync.finished)
    if sync.finished["type"] == COMPLETE:
        sync.status["completionTime"] = sync.finished["lastTransitionTime"]
    return True


def _tell(api: Client, sync: Sync) -> None:
    """The events of a Job that has ended."""
    assert sync.finished is not None  # it has just ended by it
    if sync.finished["type"] == COMPLETE:
        completions = sync.spec.get("completions")
        if completions is not None and sync.status["succeeded"] > completions:
            api.event(sync.job, "Warning", "TooManySucceededPods", "Too many succeeded pods running after completion count reached")
        api.event(sync.job, "Normal", "Completed", "Job completed")
    else:
        api.event(sync.job, "Warning", sync.finished["reason"], sync.finished["message"])
