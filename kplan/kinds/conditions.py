"""Conditions in the status of those kinds that have apimachinery's own.

Upstream: ValidateConditions in apimachinery's pkg/apis/meta/v1/validation/validation.go.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kplan.api.field import FieldErrors, invalid, not_supported, required, too_long
from kplan.api.field import duplicate as duplicate_error
from kplan.api.names import regex_error, size
from kplan.api.objects import Object
from kplan.kinds.metadata import validate_label_name

_CONDITION_REASON = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?"
_CONDITION_REASON_RE = re.compile(_CONDITION_REASON)
_CONDITION_REASON_ERROR = regex_error(
    "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', "
    "and must end with an alphanumeric character or '_'",
    _CONDITION_REASON,
    "my_name",
    "MY_NAME",
    "MyName",
    "ReasonA,ReasonB",
    "ReasonA:ReasonB",
)


def validate_conditions(conditions: Sequence[Object], path: str) -> FieldErrors:
    """A list of metav1.Condition.   Upstream: ValidateConditions."""
    seen: set[str] = set()
    for index, condition in enumerate(conditions):
        kind = condition.get("type") or ""
        if kind in seen:
            yield duplicate_error(f"{path}[{index}].type", kind)
        seen.add(kind)
        yield from _validate_condition(condition, f"{path}[{index}]")


def _validate_condition(condition: Object, path: str) -> FieldErrors:
    yield from validate_label_name(condition.get("type") or "", f"{path}.type")
    if condition.get("status") not in ("True", "False", "Unknown"):
        yield not_supported(f"{path}.status", condition.get("status") or "", ("False", "True", "Unknown"))
    if (condition.get("observedGeneration") or 0) < 0:
        yield invalid(f"{path}.observedGeneration", condition["observedGeneration"], "must be greater than or equal to zero")
    if not condition.get("lastTransitionTime"):
        yield required(f"{path}.lastTransitionTime")
    reason = condition.get("reason") or ""
    if not reason:
        yield required(f"{path}.reason")
    else:
        if not _CONDITION_REASON_RE.fullmatch(reason):
            yield invalid(f"{path}.reason", reason, _CONDITION_REASON_ERROR)
        if size(reason) > 1024:
            yield too_long(f"{path}.reason", 1024)
    if size(condition.get("message") or "") > 32 * 1024:
        yield too_long(f"{path}.message", 32 * 1024)
