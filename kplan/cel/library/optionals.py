"""Optional values.   Upstream: cel-go cel/library.go (OptionalTypes)."""

from __future__ import annotations

from typing import Any

from kplan.cel.declare import overload
from kplan.cel.errors import EvaluationError
from kplan.cel.values import NONE, Optional, is_zero


@overload("optional.of(V) -> optional(V)")
def of(value: Any) -> Optional:
    """A value."""
    return Optional(value, True)


@overload("optional.ofNonZeroValue(V) -> optional(V)")
def of_non_zero_value(value: Any) -> Optional:
    """A value, unless it is the zero of its type."""
    return NONE if is_zero(value) else Optional(value, True)


@overload("optional.none() -> optional(V)")
def none() -> Optional:
    """No value."""
    return NONE


@overload("optional(V).value() -> V")
def value(optional: Optional) -> Any:
    """The value; an error where there is none."""
    if not optional.present:
        raise EvaluationError("optional.none() dereference")
    return optional.value


@overload("optional(V).hasValue() -> bool")
def has_value(optional: Optional) -> bool:
    """Whether there is a value."""
    return optional.present


DECLARED_ONLY = ("optional(V).or(optional(V)) -> optional(V)", "optional(V).orValue(V) -> V")
"""What the evaluator does itself: the alternative is only worked out where it is needed."""


@overload("list(V).last() -> optional(V)")
def last(items: list[Any]) -> Optional:
    """The last item, if any."""
    return Optional(items[-1], True) if items else NONE


@overload("list(V).first() -> optional(V)")
def first(items: list[Any]) -> Optional:
    """The first item, if any."""
    return Optional(items[0], True) if items else NONE


@overload("optional.unwrap(list(optional(V))) -> list(V)", "list(optional(V)).unwrapOpt() -> list(V)")
def unwrap(items: list[Any]) -> list[Any]:
    """The values of those that have one."""
    return [item.value for item in items if item.present]
