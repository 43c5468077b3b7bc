"""CronJob: a Job whenever a schedule says so.

Upstream: pkg/apis/batch/{v1,validation}, pkg/registry/batch/cronjob. Schedules are `kplan.api.schedule`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kplan.api import schedule as cron
from kplan.api.field import FieldErrors, invalid, not_supported, required
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object, name_of, namespace_of
from kplan.kinds.checks import label_selector, nonnegative, typed
from kplan.kinds.jobpolicies import EXIT_CODES
from kplan.kinds.jobspec import default_pod_conditions, job_spec_warnings, validate_job_spec
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.podspec import PodValidationOptions, default_pod_template, drop_disabled_template_fields, options_for_template, pod_spec_references
from kplan.kinds.strategy import count_generation, first_generation, keep_all_but_status, keep_status
from kplan.kinds.workload import name_warnings

CONCURRENCY = ("Allow", "Forbid", "Replace")
LONGEST_NAME = 52
NO_ZONE = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
ONE_ZONE = "cannot use both timeZone field and TZ or CRON_TZ in schedule"
NOT_LOCAL = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
ZONE_WARNING = (
    "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, "
    "see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
)
_ZONE_PART = re.compile(r"[A-Za-z.\-_0-9+]{1,14}", re.ASCII)


def job_spec_of(obj: Object) -> Object:
    """The spec of the jobs to come."""
    spec: Object = obj["spec"]["jobTemplate"]["spec"]
    return spec


def default(obj: Object) -> None:
    """Jobs may overlap; three that succeeded and one that failed are kept."""
    spec = obj["spec"]
    if not spec.get("concurrencyPolicy"):
        spec["concurrencyPolicy"] = "Allow"
    spec.setdefault("suspend", False)
    spec.setdefault("successfulJobsHistoryLimit", 3)
    spec.setdefault("failedJobsHistoryLimit", 1)
    default_pod_conditions(job_spec_of(obj))
    default_pod_template(job_spec_of(obj)["template"])


def prepare(obj: Object) -> None:
    """A new CronJob."""
    obj["status"] = {}
    first_generation(obj)
    drop_disabled_template_fields(job_spec_of(obj)["template"])


def prepare_update(new: Object, old: Object) -> None:
    """A changed CronJob."""
    keep_status(new, old)
    drop_disabled_template_fields(job_spec_of(new)["template"], job_spec_of(old)["template"])
    count_generation(new, old, "spec")


def validate(obj: Object) -> FieldErrors:
    """A new CronJob: its jobs' names are eleven characters longer."""
    name = name_of(obj)
    yield from validate_object_meta(obj["metadata"], True, name_is_dns_subdomain)
    yield from validate_spec(obj["spec"], None, options_for_template(job_spec_of(obj)["template"]))
    if len(name.encode()) > LONGEST_NAME:
        yield invalid("metadata.name", name, f"must be no more than {LONGEST_NAME} characters")


def validate_update(new: Object, old: Object) -> FieldErrors:
    """A changed CronJob."""
    yield from validate_spec(new["spec"], old["spec"], options_for_template(job_spec_of(new)["template"], job_spec_of(old)["template"]))


def validate_spec(spec: Object, was: Object | None, options: PodValidationOptions) -> FieldErrors:
    """Schedule, time zone, jobs."""
    schedule, zone = spec.get("schedule") or "", spec.get("timeZone")
    if not schedule:
        yield required("spec.schedule")
    else:
        yield from validate_schedule(schedule, zone, was is not None and "TZ" in (was.get("schedule") or ""))
    yield from nonnegative(spec.get("startingDeadlineSeconds"), "spec.startingDeadlineSeconds")
    if zone is not None and (was is None or was.get("timeZone") != zone):
        yield from validate_time_zone(zone, "spec.timeZone")
    policy = spec.get("concurrencyPolicy") or ""
    if not policy:
        yield required("spec.concurrencyPolicy")
    elif policy not in CONCURRENCY:
        yield not_supported("spec.concurrencyPolicy", typed(policy), CONCURRENCY)
    yield from validate_job_template(spec["jobTemplate"]["spec"], "spec.jobTemplate.spec", options)
    for field in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        yield from nonnegative(spec.get(field), f"spec.{field}")


def validate_schedule(schedule: str, zone: str | None, zone_allowed: bool) -> FieldErrors:
    """Five fields or a descriptor; a time zone of its own only where the stored schedule has one."""
    try:
        cron.parse(schedule)
    except cron.ScheduleError as error:
        yield invalid("spec.schedule", schedule, str(error))
    if "TZ" in schedule:
        if not zone_allowed:
            yield invalid("spec.schedule", schedule, NO_ZONE)
        elif zone is not None:
            yield invalid("spec.schedule", schedule, ONE_ZONE)


def validate_time_zone(zone: str, path: str) -> FieldErrors:
    """A time zone by its IANA name."""
    if not zone:
        yield invalid(path, typed(zone), "timeZone must be nil or non-empty string")
        return
    if any(part in (".", "..") or part.startswith("-") or not _ZONE_PART.fullmatch(part) for part in zone.split("/")):
        yield invalid(path, typed(zone), f"unknown time zone {zone}")
        return
    if zone.lower() == "local":
        yield invalid(path, typed(zone), NOT_LOCAL)
    try:
        cron.load_location(zone)
    except cron.ScheduleError as error:
        yield invalid(path, typed(zone), str(error))


def validate_job_template(spec: Object, path: str, options: PodValidationOptions) -> FieldErrors:
    """The spec of the jobs to come; their selectors will be generated."""
    yield from validate_job_spec(spec, path, options)
    if spec.get("selector") is not None:
        yield invalid(f"{path}.selector", label_selector(spec["selector"]), "`selector` will be auto-generated")
    if spec.get("manualSelector"):
        yield not_supported(f"{path}.manualSelector", True, ("nil", "false"))


def warnings(obj: Object) -> Iterator[str]:
    """Of a new CronJob."""
    yield from name_warnings(obj)
    yield from job_spec_warnings(job_spec_of(obj), "spec.jobTemplate.spec")


def update_warnings(new: Object, old: Object) -> Iterator[str]:
    """Of a changed CronJob; of a time zone in the schedule always."""
    if new["metadata"].get("generation") != old["metadata"].get("generation"):
        yield from job_spec_warnings(job_spec_of(new), "spec.jobTemplate.spec", job_spec_of(old))
    if "TZ" in (new["spec"].get("schedule") or ""):
        yield ZONE_WARNING


def references(obj: Object) -> Iterator[Reference]:
    """What the pods of its jobs will name."""
    template = (((obj.get("spec") or {}).get("jobTemplate") or {}).get("spec") or {}).get("template") or {}
    return pod_spec_references(template.get("spec") or {}, namespace_of(obj), "spec.jobTemplate.spec.template.spec")


KIND = Kind(
    group="batch",
    version="v1",
    kind="CronJob",
    plural="cronjobs",
    namespaced=True,
    short_names=("cj",),
    status=True,
    empties=(("spec", "jobTemplate", "spec", *EXIT_CODES),),
    default=default,
    prepare=prepare,
    prepare_update=prepare_update,
    prepare_status=keep_all_but_status,
    validate=validate,
    validate_update=validate_update,
    warnings=warnings,
    update_warnings=update_warnings,
    references=references,
)
