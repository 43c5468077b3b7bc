"""Label selectors in fields.

Upstream: ValidateLabelSelector in apimachinery's pkg/apis/meta/v1/validation/validation.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.field import FieldError, FieldErrors, forbidden, invalid, required
from kplan.api.names import is_label_value
from kplan.api.objects import Object
from kplan.kinds.metadata import validate_label_name, validate_labels


def validate_label_selector(selector: Object | None, path: str, *, allow_invalid_values: bool = False, allow_unknown_operator: bool = False) -> FieldErrors:
    """A label selector in JSON form.   Upstream: metav1 validation.ValidateLabelSelector."""
    if not selector:
        return
    if labels := selector.get("matchLabels"):
        yield from validate_labels(labels, f"{path}.matchLabels")
    for index, requirement in enumerate(selector.get("matchExpressions") or ()):
        yield from _validate_requirement(requirement, f"{path}.matchExpressions[{index}]", allow_invalid_values, allow_unknown_operator)


def _validate_requirement(requirement: Object, path: str, allow_invalid_values: bool, allow_unknown_operator: bool) -> Iterator[FieldError]:
    operator, values = requirement.get("operator") or "", requirement.get("values") or ()
    if operator in ("In", "NotIn"):
        if not values:
            yield required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            yield forbidden(f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    elif not allow_unknown_operator:
        yield invalid(f"{path}.operator", operator, "not a valid selector operator")
    yield from validate_label_name(requirement.get("key") or "", f"{path}.key")
    if not allow_invalid_values:
        for index, value in enumerate(values):
            for message in is_label_value(value):
                yield invalid(f"{path}.values[{index}]", value, message)


def has_invalid_label_value(selector: Object | None) -> bool:
    """Whether a stored selector has values that are refused today.   Upstream: LabelSelectorHasInvalidLabelValue."""
    requirements = (selector or {}).get("matchExpressions") or ()
    return any(is_label_value(value) for requirement in requirements for value in requirement.get("values") or ())
