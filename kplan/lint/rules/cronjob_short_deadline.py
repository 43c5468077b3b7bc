"""CronJobs that may never start."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("cronjob-short-deadline", Severity.WARNING, ("CronJob.batch",))
def cronjob_short_deadline(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The startingDeadlineSeconds of a CronJob is less than 10.

    Why: the controller looks every 10 seconds; runs that it sees later than the deadline are left out.
    Example: `startingDeadlineSeconds: 5`.
    Fix: 60 or more.
    Upstream: the documentation of CronJob.
    """
    deadline = obj["spec"].get("startingDeadlineSeconds")
    if deadline is not None and deadline < 10:
        yield Finding("spec.startingDeadlineSeconds", f"{deadline} seconds are less than the controller's interval: runs are missed", "60 or more")
