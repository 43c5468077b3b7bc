"""CronJobs that never give up."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("cronjob-no-deadline", Severity.NOTE, ("CronJob.batch",), profile="strict")
def cronjob_no_deadline(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A CronJob has no startingDeadlineSeconds.

    Why: after more than 100 missed times, for example while the control plane was down, it is not started any more without one.
    Example: a CronJob without `startingDeadlineSeconds`.
    Fix: state how late a run may start.
    Upstream: kube-score cronjob-has-deadline.
    """
    if obj["spec"].get("startingDeadlineSeconds") is None:
        yield Finding("spec.startingDeadlineSeconds", "no startingDeadlineSeconds", "state how late a run may start")
