"""Jobs run pods until enough of them have succeeded, or too many have failed.

Upstream: pkg/controller/job/job_controller.go (syncJob and its event handlers). Pods' and statuses' changes are looked at a second
later, several together, as upstream does. Leaves out expectations (the store is never stale), metrics, and Workloads and PodGroups (off by default).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from kplan.api import selectors
from kplan.api.objects import Object, controller_of, labels_of
from kplan.api.reader import Entry, Reader
from kplan.api.times import parse_time
from kplan.apiserver.client import Client
from kplan.apiserver.loops import NOBODY, Controller, Key, Watch
from kplan.controllers import job_pods, job_status, pods
from kplan.controllers.job_backoff import NO_FAILURES, Backoff
from kplan.controllers.job_indexes import kept_for_replacement, merged, parse_intervals, total, with_indexes
from kplan.controllers.job_manage import delete_active, manage, suspended
from kplan.controllers.job_policies import failure_message, judge, success_message
from kplan.controllers.job_status import COMPLETE, CRITERIA_MET, FAILED, FAILURE_TARGET, Sync, is_true, new_condition, set_condition
from kplan.controllers.ownership import claim
from kplan.controllers.podcontrol import selects_own

KIND = "Job.batch"
NAME = "kubernetes.io/job-controller"  # in spec.managedBy
BATCH = 1.0  # seconds for which pods' changes are gathered
FIRST_RETRY, LAST_RETRY = 1.0, 60.0  # seconds; the Job controller's own rate limiter
ORPHAN, SELECTED = "orphan", "selected"


def finished(job: Object) -> bool:
    """Complete or failed."""
    status = job.get("status") or {}
    return is_true(status, COMPLETE) is not None or is_true(status, FAILED) is not None


def managed_elsewhere(job: Object) -> bool:
    """Another controller is to see to it."""
    return bool(job["spec"].get("managedBy", NAME) != NAME)


def _key(job: Object) -> Key:
    return ("job", job["metadata"]["namespace"], job["metadata"]["name"])


def _job_of(pod: Object | None, reader: Reader) -> Object | None:
    """The Job that controls a pod, if there is one."""
    owner = controller_of(pod) if pod is not None else None
    if pod is None or owner is None or owner["kind"] != "Job":
        return None
    job = reader.get(KIND, pod["metadata"]["namespace"], owner["name"])
    return job if job is not None and job["metadata"]["uid"] == owner["uid"] else None


def _changed(entry: Entry, reader: Reader) -> Iterable[Key]:
    """Jobs that are new, gone, or changed in their spec."""
    old, new = entry.old, entry.new
    if old is not None and new is not None and (finished(new) or old["metadata"].get("generation") == new["metadata"].get("generation")):
        return ()
    return (_key(entry.object),)


def _other_changes(entry: Entry, reader: Reader) -> Iterable[Key]:
    """Jobs of which only the status or metadata changed."""
    old, new = entry.old, entry.new
    if old is None or new is None or finished(new) or old["metadata"].get("generation") != new["metadata"].get("generation"):
        return ()
    return (_key(new),)


def _ended(entry: Entry, reader: Reader) -> Iterable[Key]:
    """The pods of a Job that is over or gone: they need no longer be kept."""
    job, gone = entry.object, entry.new is None
    if not gone and (entry.old is None or not finished(job)):
        return ()
    return ((SELECTED, job["metadata"]["namespace"], job["metadata"]["uid"], selectors.format_selector(job["spec"].get("selector"))),)


def _pod(entry: Entry, reader: Reader) -> Iterable[Key]:
    """The Job of a pod that changed, or all that could adopt it."""
    old, new, pod = entry.old, entry.new, entry.object
    job = _job_of(pod, reader)
    if new is None or pods.terminating(new):
        return () if job is None or finished(job) else (_key(job),)
    found = []
    former = _job_of(old, reader)
    if former is not None:
        found.append(_key(former))
    if controller_of(new) is not None:
        return dict.fromkeys([*found, *([_key(job)] if job is not None else [])])
    if old is None or labels_of(old) != labels_of(new) or controller_of(old) is not None:
        namespace, labels = new["metadata"]["namespace"], labels_of(new)
        found += [_key(j) for j in reader.list(KIND, namespace) if selectors.matches(j["spec"].get("selector"), labels)]
    return dict.fromkeys(found)


def _orphan(entry: Entry, reader: Reader) -> Iterable[Key]:
    """A pod that is kept to be counted and has no Job that would count it."""
    pod = entry.new
    if pod is None or not job_pods.tracked(pod):
        return ()
    if controller_of(pod) is not None:
        job = _job_of(pod, reader) if pods.terminating(pod) else pod
        if job is not None and (job is pod or not finished(job)):
            return ()
    return ((ORPHAN, pod["metadata"]["namespace"], pod["metadata"]["name"]),)


class JobController(Controller):
    """Keys: ("job", namespace, name); ("orphan", namespace, pod); ("selected", namespace, uid of the Job, selector)."""

    name = "job-controller"
    watches = (
        Watch(KIND, _changed),
        Watch(KIND, _other_changes, BATCH),
        Watch(KIND, _ended),
        Watch("Pod", _pod, BATCH, ("Job", NOBODY)),
        Watch("Pod", _orphan),
    )

    def __init__(self) -> None:
        self._backoff: dict[Key, Backoff] = {}
        self._failures: Counter[Key] = Counter()

    def sync(self, key: Key, api: Client) -> float | None:
        """One Job, or pods that have none."""
        kind, namespace, *rest = key
        if kind == "job":
            failure, after = self._sync_job(key, api)
        else:
            failure, after = not self._free(kind, namespace, rest, api), None
        if failure:
            self._failures[key] += 1
            return min(FIRST_RETRY * 2.0 ** min(self._failures[key] - 1, 10), LAST_RETRY)
        self._failures.pop(key, None)
        return after

    def _free(self, kind: str, namespace: str, rest: Sequence[str], api: Client) -> bool:
        """Take the finalizer off pods that no Job will count.   Upstream: syncOrphanPod."""
        if kind == ORPHAN:
            pod = api.get("Pod", namespace, rest[0])
            found = [pod] if pod is not None else []
        else:
            matches = selectors.selector_from_set({}) if rest[1] == "<none>" else selectors.parse(rest[1])
            found = [p for p in (*api.owned("Pod", rest[0]), *api.orphans("Pod", namespace)) if matches(labels_of(p))]
        done = True
        for pod in found:
            owner = controller_of(pod)
            if owner is not None and (owner["kind"] != "Job" or owner["apiVersion"] != "batch/v1"):
                continue
            job = _job_of(pod, api)
            if job is None or (not managed_elsewhere(job) and finished(job)):
                done &= job_pods.release_finalizer(api, pod)
        return done or kind != ORPHAN

    def _sync_job(self, key: Key, api: Client) -> tuple[bool, float | None]:
        """(whether something failed, seconds until the Job must be looked at again).   Upstream: syncJob."""
        job = api.get(KIND, key[1], key[2])
        if job is not None and (managed_elsewhere(job) or not selects_own(job["spec"].get("selector"), job["spec"]["template"])):
            return False, None
        if job is None or finished(job):
            self._backoff.pop(key, None)
            return False, None
        sync = self._look(api, key, job)
        spec, status = job["spec"], sync.status
        wait = _evaluate(api, sync)
        active, again, failure, flush = len(sync.active), None, False, False
        if sync.finished is not None:
            deleted, refusal = delete_active(api, sync)
            if deleted != active:
                sync.finished = None
            active, failure = active - deleted, refusal is not None
        else:
            managed = "deletionTimestamp" not in job["metadata"]
            if managed:
                active, refused, again = manage(api, sync)
                failure = refused is not None
            completions = spec.get("completions")
            enough = sync.succeeded > 0 if completions is None else sync.succeeded >= completions
            if enough and active == 0:
                sync.finished = new_condition(api, CRITERIA_MET, "True", "CompletionsReached", "Reached expected number of succeeded pods")
            elif managed:
                flush = _suspend_or_resume(api, sync)
        old = job.get("status") or {}
        flush |= active != status["active"] or sync.ready != old.get("ready") or sync.terminating != old.get("terminating")
        status |= {"active": active, "ready": sync.ready, "terminating": sync.terminating}
        tracked, flushed = job_status.track(api, sync, flush)
        if flushed:
            self._backoff[key] = sync.backoff
        return failure or not tracked, min((w for w in (wait, again) if w is not None), default=None)

    def _look(self, api: Client, key: Key, job: Object) -> Sync:
        """What there is of a Job: its pods, adopted ones included, and how many have ended since its status was written."""
        mine = claim(api, job, "Pod", selectors.selector(job["spec"].get("selector")), finalizer=job_pods.TRACKING)
        active = [p for p in mine if pods.active(p)]
        status = job_status.draft(job.get("status") or {})
        ready, terminating = sum(1 for p in active if pods.ready(p)), sum(1 for p in mine if job_pods.on_its_way_out(p))
        sync = Sync(job, mine, active, status, ready, terminating)
        spec, noted = sync.spec, {which: set(sync.uncounted(which)) for which in job_status.LISTS}
        ended = [p for p in mine if job_pods.tracked(p) and sync.belongs(p)]
        won = [p for p in ended if p["metadata"]["uid"] not in noted["succeeded"] and job_pods.succeeded(p)]
        lost = [p for p in ended if p["metadata"]["uid"] not in noted["failed"] and job_pods.failed(p, spec)]
        counted = sum(1 for p in lost if judge(spec, p).counts)
        sync.succeeded = status["succeeded"] + len(won) + len(noted["succeeded"])
        sync.failed = status["failed"] + counted + len(noted["failed"])
        if not status.get("startTime") and not suspended(spec):
            status["startTime"] = api.now_text
        sync.backoff = self._backoff.get(key, NO_FAILURES).after(won, lost)
        return sync


def _evaluate(api: Client, sync: Sync) -> float | None:
    """Find out whether the Job is over, and by what; seconds until its deadline, if it has one."""
    spec, status, wait = sync.spec, sync.status, None
    sync.finished = is_true(status, CRITERIA_MET)
    if sync.finished is None:
        target = is_true(status, FAILURE_TARGET)
        if target is not None:
            sync.finished = new_condition(api, FAILED, "True", target.get("reason", ""), target.get("message", ""))
        elif message := failure_message(spec, sync.pods):
            _fail(api, sync, "PodFailurePolicy", message)
    if sync.finished is None:
        wait = _deadline(api, spec, status)
        if sync.failed > spec.get("backoffLimit", 6) or _restarted_too_often(spec, sync.pods):
            _fail(api, sync, "BackoffLimitExceeded", "Job has reached the specified backoff limit")
        elif wait is not None and wait <= 0:
            _fail(api, sync, "DeadlineExceeded", "Job was active longer than specified deadline")
    if sync.indexed:
        _evaluate_indexes(api, sync)
    return wait if wait is not None and wait > 0 and sync.finished is None else None


def _fail(api: Client, sync: Sync, reason: str, message: str) -> None:
    sync.finished = new_condition(api, FAILURE_TARGET, "True", reason, message)


def _evaluate_indexes(api: Client, sync: Sync) -> None:
    """Which indexes have succeeded and failed, and what that means for the Job."""
    spec, status, completions = sync.spec, sync.status, sync.spec["completions"]
    waiting = [p for p in sync.pods if job_pods.tracked(p) and sync.belongs(p)]
    sync.succeeded_before = parse_intervals(status["completedIndexes"], completions)
    sync.succeeded_indexes = with_indexes(sync.succeeded_before, job_pods.indexes_of(p for p in waiting if job_pods.succeeded(p)))
    sync.succeeded = total(sync.succeeded_indexes)
    if sync.per_index:
        lost = [p for p in waiting if job_pods.failed(p, spec)]
        for_good = job_pods.indexes_of(p for p in lost if _index_failed(spec, p))
        failed = sync.failed_indexes = with_indexes(parse_intervals(status.get("failedIndexes") or "", completions), for_good)
        bound = spec.get("maxFailedIndexes")
        most: int = (completions or 0) if bound is None else bound
        if sync.finished is None:
            if total(failed) > most:
                _fail(api, sync, "MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes")
            elif failed and total(failed) + sync.succeeded >= completions:
                _fail(api, sync, "FailedIndexes", "Job has failed indexes")
        sync.replaced = kept_for_replacement(lost, merged(sync.succeeded_indexes, failed), job_pods.indexes_of(sync.active))
    if sync.finished is None and (message := success_message(spec, sync.succeeded_indexes)):
        sync.finished = new_condition(api, CRITERIA_MET, "True", "SuccessPolicy", message)


def _index_failed(spec: Object, pod: Object) -> bool:
    """By this failed pod its index has failed for good."""
    judgement = judge(spec, pod)
    return judgement.action == "FailIndex" or (judgement.counts and job_pods.failures_of_index(pod) >= spec["backoffLimitPerIndex"])


def _deadline(api: Client, spec: Object, status: Object) -> float | None:
    """Seconds until a running Job has been active for too long; None: there is no such limit."""
    limit = spec.get("activeDeadlineSeconds")
    if limit is None or suspended(spec):
        return None
    return float(limit) - (api.now - parse_time(status["startTime"])).total_seconds()


def _restarted_too_often(spec: Object, of: Iterable[Object]) -> bool:
    """The containers of pods that restart in place have done so as often as the back-off limit says."""
    if spec["template"]["spec"].get("restartPolicy") != "OnFailure":
        return False
    lists = ("initContainerStatuses", "containerStatuses")
    running = [p["status"] for p in of if pods.phase(p) in ("Running", "Pending") and p.get("status")]
    restarts = sum(c.get("restartCount") or 0 for status in running for each in lists for c in status.get(each) or ())
    return bool(restarts >= max(spec.get("backoffLimit", 6), 1))


def _suspend_or_resume(api: Client, sync: Sync) -> bool:
    """Say that the Job is suspended, or no longer; whether that is new."""
    status = sync.status
    if suspended(sync.spec):
        if not set_condition(status, new_condition(api, "Suspended", "True", "JobSuspended", "Job suspended")):
            return False
        api.event(sync.job, "Normal", "Suspended", "Job suspended")
        status.pop("startTime", None)
        return True
    if not set_condition(status, new_condition(api, "Suspended", "False", "JobResumed", "Job resumed")):
        return False
    api.event(sync.job, "Normal", "Resumed", "Job resumed")
    status["startTime"] = api.now_text
    return True
