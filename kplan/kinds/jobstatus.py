"""What may be written into a Job's status: counters that only grow, conditions that only come, lists that are well-formed.

Upstream: validateJobStatus and ValidateJobStatusUpdate in pkg/apis/batch/validation/validation.go with the options of
pkg/registry/batch/job/strategy.go: most rules count only where the fields that they are about change.
"""

from __future__ import annotations

from dataclasses import dataclass

from kplan.api.field import FieldErrors, Printed, duplicate, invalid, required
from kplan.api.gotext import Struct
from kplan.api.objects import Object
from kplan.kinds.checks import nonnegative, same, typed
from kplan.kinds.jobpolicies import IndexesError, count_indexes, index_interval
from kplan.kinds.jobspec import is_indexed

TERMINAL = ("Failed", "Complete", "FailureTarget")
OMITTED = Printed("")


def is_true(status: Object, kind: str) -> bool:
    """A condition stands at True."""
    return any(c.get("type") == kind and c.get("status") == "True" for c in status.get("conditions") or ())


@dataclass(frozen=True, slots=True)
class Changes:
    """A status before and after."""

    new: Object
    old: Object

    def condition(self, kind: str) -> bool:
        """Whether a condition came or went."""
        return is_true(self.new, kind) != is_true(self.old, kind)

    def any(self, *fields: str) -> bool:
        """Whether one of these fields changed."""
        return any(not same(self.new.get(f), self.old.get(f)) for f in fields)

    @property
    def finished(self) -> bool:
        """Whether the job has finished by this, or is no longer finished."""
        return _finished(self.new) != _finished(self.old)


def _finished(status: Object) -> bool:
    return is_true(status, "Complete") or is_true(status, "Failed")


def validate_status(new: Object, old: Object) -> FieldErrors:
    """An update of the status subresource."""
    status, was, spec = new.get("status") or {}, old.get("status") or {}, new["spec"]
    changes = Changes(status, was)
    for field in ("active", "succeeded", "failed", "ready", "terminating"):
        yield from nonnegative(status.get(field), f"status.{field}")
    yield from validate_uncounted(status)
    yield from validate_complete(status, changes)
    yield from validate_finished(status, spec, changes)
    yield from validate_indexes(status, spec, changes)
    yield from validate_pods(status, changes)
    yield from validate_success_criteria(status, spec)
    yield from validate_steps(status, was, spec, changes)


def validate_uncounted(status: Object) -> FieldErrors:
    """Pods that have ended and are not counted yet: each once."""
    seen: set[str] = set()
    for field in ("succeeded", "failed"):
        for i, uid in enumerate((status.get("uncountedTerminatedPods") or {}).get(field) or ()):
            path = f"status.uncountedTerminatedPods.{field}[{i}]"
            if not uid:
                yield invalid(path, typed(uid), "must not be empty")
            elif uid in seen:
                yield duplicate(path, typed(uid))
            seen.add(uid)


def validate_complete(status: Object, changes: Changes) -> FieldErrors:
    """What a complete job is, and is not."""
    complete, completed_at, started_at = is_true(status, "Complete"), status.get("completionTime"), status.get("startTime")
    became_complete = changes.condition("Complete")
    if (became_complete or changes.condition("Failed")) and complete and is_true(status, "Failed"):
        yield invalid("status.conditions", OMITTED, "cannot set Complete=True and Failed=true conditions")
    if (became_complete or changes.condition("FailureTarget")) and complete and is_true(status, "FailureTarget"):
        yield invalid("status.conditions", OMITTED, "cannot set Complete=True and FailureTarget=true conditions")
    if became_complete or changes.any("completionTime"):
        if completed_at and not complete:
            yield invalid("status.completionTime", typed(completed_at), "cannot set completionTime when there is no Complete=True condition")
        if complete and not completed_at:
            yield required("status.completionTime", "completionTime is required for Complete jobs")
    if changes.any("startTime", "completionTime") and started_at and completed_at and completed_at < started_at:
        yield invalid("status.completionTime", typed(completed_at), "must be equal to or after `startTime`")
    if (changes.condition("Failed") or changes.any("failedIndexes")) and is_true(status, "Failed") and not is_true(status, "FailureTarget"):
        yield invalid("status.conditions", OMITTED, "cannot set Failed=True condition without the FailureTarget=true condition")
    if (became_complete or changes.condition("SuccessCriteriaMet")) and complete and not is_true(status, "SuccessCriteriaMet"):
        yield invalid("status.conditions", OMITTED, "cannot set Complete=True condition without the SuccessCriteriaMet=true condition")


def validate_finished(status: Object, spec: Object, changes: Changes) -> FieldErrors:
    """A finished job has no pods left to run or to count."""
    if not _finished(status):
        return
    active, uncounted = status.get("active") or 0, status.get("uncountedTerminatedPods")
    if (changes.finished or changes.any("active")) and active > 0:
        yield invalid("status.active", active, "active>0 is invalid for finished job")
    nothing_to_do = spec.get("suspend") is True and spec.get("completions") == 0
    if (changes.finished or changes.any("startTime")) and not nothing_to_do and not status.get("startTime"):
        yield required("status.startTime", "startTime is required for finished job")
    if (changes.finished or changes.any("uncountedTerminatedPods")) and uncounted and (uncounted.get("failed") or uncounted.get("succeeded")):
        printed = Struct(Succeeded=uncounted.get("succeeded"), Failed=uncounted.get("failed"))
        yield invalid("status.uncountedTerminatedPods", printed, "must be empty for finished job")


def validate_indexes(status: Object, spec: Object, changes: Changes) -> FieldErrors:
    """Completed and failed indexes."""
    completed, failed = status.get("completedIndexes") or "", status.get("failedIndexes")
    completions, per_index = spec.get("completions"), spec.get("backoffLimitPerIndex")
    completed_changed, failed_changed = changes.any("completedIndexes"), changes.any("failedIndexes")
    if completed_changed and completions is not None:
        yield from validate_index_list(completed, completions, "completedIndexes")
    if failed_changed and completions is not None and per_index is not None and failed is not None:
        yield from validate_index_list(failed, completions, "failedIndexes")
    if completed_changed and completed and not is_indexed(spec):
        yield invalid("status.completedIndexes", completed, "cannot set non-empty completedIndexes when non-indexed completion mode")
    if failed is None:
        return
    if failed_changed and per_index is None:
        yield invalid("status.failedIndexes", failed, "cannot set non-null failedIndexes when backoffLimitPerIndex is null")
    if (failed_changed or completed_changed) and completions is not None:
        index = overlap(completed, failed, completions)
        if index is not None:
            yield invalid("status.failedIndexes", failed, f"failedIndexes and completedIndexes overlap at index: {index}")


def validate_index_list(text: str, completions: int, field: str) -> FieldErrors:
    """A list of indexes."""
    try:
        count_indexes(text, completions)
    except IndexesError as error:
        yield invalid(f"status.{field}", text, f"error parsing {field}: {error}")


def overlap(completed: str, failed: str, completions: int) -> int | None:
    """An index that two lists share, as upstream finds it going through both in order; what cannot be read is skipped."""
    ours, theirs = _intervals(completed, completions), _intervals(failed, completions)
    i = j = 0
    while i < len(ours) and j < len(theirs):
        (c_first, c_last), (f_first, f_last) = ours[i], theirs[j]
        if c_first <= f_last and f_first <= c_last:
            return max(c_first, f_first)
        if c_first <= f_first:
            i += 1
        else:
            j += 1
    return None


def _intervals(text: str, completions: int) -> list[tuple[int, int]]:
    out = []
    for part in text.split(",") if text else ():
        try:
            out.append(index_interval(part, completions))
        except IndexesError:
            continue
    return out


def validate_pods(status: Object, changes: Changes) -> FieldErrors:
    """Pods that are ending or ready."""
    terminating, ready = status.get("terminating"), status.get("ready")
    if (changes.finished or changes.any("terminating")) and terminating and terminating > 0 and _finished(status):
        yield invalid("status.terminating", terminating, "terminating>0 is invalid for finished job")
    if changes.any("ready", "active") and ready is not None and ready > (status.get("active") or 0):
        yield invalid("status.ready", ready, "cannot set more ready pods than active")


def validate_success_criteria(status: Object, spec: Object) -> FieldErrors:
    """A job cannot both succeed and fail."""
    met = is_true(status, "SuccessCriteriaMet")
    if met and is_true(status, "Failed"):
        yield invalid("status.conditions", OMITTED, "cannot set SuccessCriteriaMet=True and Failed=true conditions")
    if met and is_true(status, "FailureTarget"):
        yield invalid("status.conditions", OMITTED, "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions")
    if spec.get("successPolicy") is not None and not met and is_true(status, "Complete"):
        yield invalid("status.conditions", OMITTED, "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True")


def validate_steps(status: Object, was: Object, spec: Object, changes: Changes) -> FieldErrors:
    """What a status cannot go back on."""
    for kind in TERMINAL:
        if is_true(was, kind) and not is_true(status, kind):
            yield invalid("status.conditions", OMITTED, f"cannot disable the terminal {kind}=True condition")
    failed, succeeded = status.get("failed") or 0, status.get("succeeded") or 0
    if failed < (was.get("failed") or 0):
        yield invalid("status.failed", failed, "cannot decrease the failed counter")
    scalable = is_indexed(spec) and spec.get("completions") == spec.get("parallelism")
    if not scalable and succeeded < (was.get("succeeded") or 0):
        yield invalid("status.succeeded", succeeded, "cannot decrease the succeeded counter")
    completed_at, started_at = status.get("completionTime"), was.get("startTime")
    if completed_at and was.get("completionTime") and completed_at != was["completionTime"]:
        yield invalid("status.completionTime", typed(completed_at), "field is immutable")
    resuming = is_true(was, "Suspended") and any(
        c.get("type") == "Suspended" and c.get("status") == "False" for c in status.get("conditions") or ()
    )
    if changes.any("startTime") and not resuming and started_at and not spec.get("suspend"):
        yield invalid("status.startTime", typed(status.get("startTime")), "field is immutable for unsuspended job once set")
    met = is_true(status, "SuccessCriteriaMet")
    if is_true(was, "SuccessCriteriaMet") and not met:
        yield invalid("status.conditions", OMITTED, "cannot disable the SuccessCriteriaMet=True condition")
    if is_true(was, "Complete") and not is_true(was, "SuccessCriteriaMet") and met:
        yield invalid("status.conditions", OMITTED, "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions")
