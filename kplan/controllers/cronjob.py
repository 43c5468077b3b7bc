"""CronJobs start a Job whenever their schedule says so, and clear away old ones.

Upstream: pkg/controller/cronjob/cronjob_controllerv2.go. Leaves out metrics.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from kplan.api.gotext import go_quote
from kplan.api.objects import Object, controller_of
from kplan.api.reader import Entry, Reader
from kplan.api.schedule import Schedule, ScheduleError, load_location, parse
from kplan.api.times import format_time, parse_time
from kplan.apiserver.client import Client
from kplan.apiserver.loops import RETRY, Controller, Key, Watch, owned_by, owner_reference
from kplan.apiserver.response import Response
from kplan.controllers.conditions import condition
from kplan.controllers.cronjob_schedule import MANY, missed, schedule_text, until_next
from kplan.controllers.podcontrol import namespace_terminating

KIND, JOBS = "CronJob.batch", "Job.batch"
SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"
RESCHEDULED = "rescheduled"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ENDS = ("Complete", "Failed")


def _changed(entry: Entry, reader: Reader) -> Iterable[Key]:
    """A CronJob that is new or changed; one whose schedule changed is looked at when that is next due."""
    old, new = entry.old, entry.new
    meta = entry.object["metadata"]
    key = (meta["namespace"], meta["name"])
    if old is not None and new is not None:
        said, says = old["spec"], new["spec"]
        if said["schedule"] != says["schedule"] or said.get("timeZone") != says.get("timeZone"):
            return ((*key, RESCHEDULED),)
    return (key,)


def ending(job: Object) -> str:
    """Complete or Failed, empty for a Job that has not ended."""
    for type in ENDS:
        held = condition(job.get("status") or {}, type)
        if held is not None and held["status"] == "True":
            return type
    return ""


class CronJobController(Controller):
    """Keys: (namespace, name); with "rescheduled" behind, for one whose schedule has changed."""

    name = "cronjob-controller"
    watches = (Watch(KIND, _changed), owned_by("CronJob", JOBS))

    def __init__(self) -> None:
        self._due: dict[Key, datetime] = {}

    def sync(self, key: Key, api: Client) -> float | None:
        """One CronJob: clear away old Jobs, take note of those that ended, start the one that is due."""
        cronjob = api.get(KIND, key[0], key[1])
        if cronjob is None:
            return None
        if key[2:]:
            wait = self._until_due(key, cronjob, api)
            if wait is None or wait > 0:
                return wait
        look = Look(cronjob, api)
        look.clean_up()
        after = look.sync()
        if look.status != (cronjob.get("status") or {}) and not api.write_status(cronjob, look.written()).accepted:
            return RETRY
        return after

    def _until_due(self, key: Key, cronjob: Object, api: Client) -> float | None:
        """Seconds until a CronJob whose schedule has changed is looked at: 0 when they have passed, None for a schedule that cannot be read."""
        due = self._due.get(key)
        if due is not None and due <= api.now:
            del self._due[key]
            return 0.0
        try:
            schedule = parse(schedule_text(cronjob))
        except ScheduleError:
            api.event(cronjob, "Warning", "UnParseableCronJobSchedule", f"unparseable schedule for cronjob: {cronjob['spec']['schedule']}")
            return None
        wait = until_next(cronjob, api.now, schedule)
        if wait <= 0:
            return 0.0
        self._due[key] = min(due or datetime.max.replace(tzinfo=api.now.tzinfo), api.now + timedelta(seconds=wait))
        return wait


class Look:
    """One look at a CronJob: its Jobs, and the status as it is being made."""

    def __init__(self, cronjob: Object, api: Client) -> None:
        self.api, self.cronjob = api, cronjob
        self.spec, self.meta = cronjob["spec"], cronjob["metadata"]
        self.status: Object = dict(cronjob.get("status") or {})
        self.jobs = [j for j in api.owned(JOBS, self.meta["uid"]) if (controller_of(j) or {}).get("uid") == self.meta["uid"]]

    @property
    def active(self) -> Sequence[Object]:
        """The references to the Jobs that are taken to run."""
        return self.status.get("active") or ()

    def written(self) -> Object:
        """The status as it is sent."""
        return {k: v for k, v in self.status.items() if v}

    def event(self, type: str, reason: str, message: str) -> None:
        """Say something of the CronJob."""
        self.api.event(self.cronjob, type, reason, message)

    def clean_up(self) -> None:
        """Delete the oldest ended Jobs beyond the limits.   Upstream: cleanupFinishedJobs."""
        for end, field in zip(ENDS, ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"), strict=True):
            limit, ended = self.spec.get(field), [j for j in self.jobs if ending(j) == end]
            if limit is None or len(ended) <= limit:
                continue
            ended.sort(key=lambda j: ((start := (j.get("status") or {}).get("startTime")) is None, start or "", j["metadata"]["name"]))
            for job in ended[: len(ended) - limit]:
                self._delete(job)

    def _delete(self, job: Object) -> bool:
        """Delete a Job and forget it."""
        answer = self.api.delete(job)
        if not answer.accepted:
            self.event("Warning", "FailedDelete", f"Deleted job: {answer.message}")
            return False
        self._forget(job["metadata"]["uid"])
        self.event("Normal", "SuccessfulDelete", f"Deleted job {job['metadata']['name']}")
        return True

    def _forget(self, uid: str) -> None:
        self.status["active"] = [j for j in self.active if j["uid"] != uid]
        if not self.status["active"]:
            del self.status["active"]

    def sync(self) -> float | None:
        """What the Jobs say, then what the schedule says; seconds until the next start.   Upstream: syncCronJob."""
        self._note_jobs()
        if "deletionTimestamp" in self.meta:
            return None
        zone = self.spec.get("timeZone")
        if zone is not None:
            try:
                load_location(zone)
            except ScheduleError as error:
                self.event("Warning", "UnknownTimeZone", f"invalid timeZone: {go_quote(zone)}: {error}")
                return None
        if self.spec.get("suspend"):
            return None
        text = self.spec.get("schedule") or ""
        if "TZ" in text:
            self.event(
                "Warning",
                "UnsupportedSchedule",
                f"CRON_TZ or TZ used in schedule {go_quote(text)} is not officially supported, "
                "see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details",
            )
        try:
            schedule = parse(schedule_text(self.cronjob))
        except ScheduleError as error:
            self.event("Warning", "UnparseableSchedule", f"unparseable schedule: {go_quote(text)} : {error}")
            return None
        try:
            _, due, count = missed(self.cronjob, self.api.now, schedule, within_deadline=True)
        except ScheduleError as error:
            self.event("Warning", "InvalidSchedule", f"invalid schedule: {text} : {error}")
            return None
        if due is not None and count > MANY:
            self.event("Warning", "TooManyMissedTimes", "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew")
        return self._start(due, schedule) if due is not None else self._until_next(schedule)

    def _until_next(self, schedule: Schedule) -> float:
        return until_next({**self.cronjob, "status": self.status}, self.api.now, schedule)

    def _note_jobs(self) -> None:
        """Take note of Jobs that have ended, went missing or came unexpected."""
        for job in self.jobs:
            uid, name, end = job["metadata"]["uid"], job["metadata"]["name"], ending(job)
            known = any(j["uid"] == uid for j in self.active)
            if not end and not known:
                self.event("Warning", "UnexpectedJob", f"Saw a job that the controller did not create or forgot: {name}")
            if end and known:
                self._forget(uid)
                self.event("Normal", "SawCompletedJob", f"Saw completed job: {name}, condition: {end}")
            completed = job["status"].get("completionTime") if end == "Complete" else None
            if completed and completed > self.status.get("lastSuccessfulTime", ""):
                self.status["lastSuccessfulTime"] = completed
        there = {j["metadata"]["uid"] for j in self.jobs}
        for reference in self.active:
            if reference["uid"] not in there and self.api.get(JOBS, reference["namespace"], reference["name"]) is None:
                self.event("Normal", "MissingJob", f"Active job went missing: {reference['name']}")
                self._forget(reference["uid"])

    def _start(self, due: datetime, schedule: Schedule) -> float | None:
        """Start the Job of a time that has come, if policy and deadline let it."""
        deadline, name = self.spec.get("startingDeadlineSeconds"), f"{self.meta['name']}-{int(due.timestamp()) // 60}"
        if deadline is not None and (self.api.now - due).total_seconds() > deadline:
            self.event("Warning", "MissSchedule", f"Missed scheduled time to start a job: {_rfc1123z(due)}")
            return self._until_next(schedule)
        last = self.status.get("lastScheduleTime")
        if any(j["name"] == name for j in self.active) or (last and parse_time(last) == due):
            return self._until_next(schedule)
        policy = self.spec.get("concurrencyPolicy")
        if policy == "Forbid" and self.active:
            self.event("Normal", "JobAlreadyActive", "Not starting job because prior execution is running and concurrency policy is Forbid")
            return self._until_next(schedule)
        if policy == "Replace" and not self._clear_for_replacement():
            return RETRY
        answer = self.api.create(self._job(name, due))
        job = answer.object
        if not answer.accepted:
            job = self._existing(answer, name)
            if job is None:
                return RETRY if answer.reason != "AlreadyExists" else None
        else:
            self.event("Normal", "SuccessfulCreate", f"Created job {name}")
        assert job is not None  # made just now, or found
        meta = job["metadata"]
        reference = {"apiVersion": "batch/v1", "kind": "Job", **{k: meta[k] for k in ("name", "namespace", "uid", "resourceVersion")}}
        self.status["active"] = [*self.active, reference]
        self.status["lastScheduleTime"] = format_time(due)
        return self._until_next(schedule)

    def _clear_for_replacement(self) -> bool:
        """Delete the Jobs that still run."""
        for reference in self.active:
            job = self.api.get(JOBS, reference["namespace"], reference["name"])
            if job is None:
                self.event("Warning", "FailedGet", f"Get job: jobs.batch {go_quote(reference['name'])} not found")
                return False
            if not self._delete(job):
                return False
        return True

    def _existing(self, answer: Response, name: str) -> Object | None:
        """The Job of that name if it is this CronJob's own and was forgotten; says why it could not be made otherwise."""
        if answer.reason != "AlreadyExists":
            if not namespace_terminating(answer):
                self.event("Warning", "FailedCreate", f"Error creating job: {answer.message}")
            return None
        job = self.api.get(JOBS, self.meta["namespace"], name)
        mine = job is not None and (controller_of(job) or {}).get("uid") == self.meta["uid"]
        if job is None or not mine or any(j["uid"] == job["metadata"]["uid"] for j in self.active):
            return None
        return job

    def _job(self, name: str, due: datetime) -> Object:
        """The Job for a time.   Upstream: getJobFromTemplate2."""
        template = self.spec["jobTemplate"]
        said, zone = template.get("metadata") or {}, load_location(self.spec.get("timeZone") or "")
        meta: Object = {"name": name, "namespace": self.meta["namespace"], "ownerReferences": [owner_reference(self.cronjob)]}
        if said.get("labels"):
            meta["labels"] = said["labels"]
        there = due.astimezone(zone).isoformat() if isinstance(zone, ZoneInfo) else format_time(due)
        meta["annotations"] = {**(said.get("annotations") or {}), SCHEDULED: there.replace("+00:00", "Z")}
        return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": template["spec"]}


def _rfc1123z(time: datetime) -> str:
    return f"{DAYS[time.weekday()]}, {time:%d} {MONTHS[time.month - 1]} {time:%Y %H:%M:%S} +0000"
