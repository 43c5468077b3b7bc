"""Jobs that nobody cleans up."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("job-ttl-seconds-after-finished", Severity.NOTE, ("Job.batch", "CronJob.batch"), profile="strict")
def job_ttl_seconds_after_finished(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A Job has no ttlSecondsAfterFinished, or a CronJob's Job has one.

    Why: finished Jobs and their pods stay for ever; those of a CronJob are cleaned up by its history limits, which a ttl undercuts.
    Example: a Job without `ttlSecondsAfterFinished`.
    Fix: set it in Jobs, leave it out in CronJobs.
    Upstream: kube-linter job-ttl-seconds-after-finished.
    """
    if ref.kind == "Job" and obj["spec"].get("ttlSecondsAfterFinished") is None:
        yield Finding("spec.ttlSecondsAfterFinished", "no ttlSecondsAfterFinished: the Job stays when it is done", "set it")
    elif ref.kind == "CronJob" and (obj["spec"]["jobTemplate"].get("spec") or {}).get("ttlSecondsAfterFinished") is not None:
        yield Finding("spec.jobTemplate.spec.ttlSecondsAfterFinished", "undercuts the history limits of the CronJob", "leave it out")
