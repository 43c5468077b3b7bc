"""The small checks that validators of many kinds share, and how their messages print what Go types they quote.

Upstream: pkg/apis/apps/validation/validation.go (IntOrString rules), ValidateNonnegativeField, ValidateImmutableField,
ValidateHasLabel, IsDecremented, and encoding/json for what `field.Invalid` quotes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.api.field import FieldErrors, Printed, invalid, required
from kplan.api.gotext import Struct, go_json
from kplan.api.intstr import IntOrString, int_value
from kplan.api.names import is_valid_percent
from kplan.api.objects import Object

NEGATIVE = "must be greater than or equal to 0"
IMMUTABLE = "field is immutable"
_EMPTY: tuple[Any, ...] = (None, {}, [])


def typed(value: Any) -> Printed:
    """A value of a named Go type, or behind a pointer: messages print it as JSON, where a plain text is printed with %q."""
    return Printed(go_json(value))


def nonnegative(value: int | None, path: str) -> FieldErrors:
    """A count may be absent but not below zero."""
    if value is not None and value < 0:
        yield invalid(path, value, NEGATIVE)


def immutable(new: Any, old: Any, path: str, printed: Any = None) -> FieldErrors:
    """A field may not change; `printed` is the new value as the message shows it, where that is not its JSON."""
    if not same(new, old):
        yield invalid(path, new if printed is None else printed, IMMUTABLE)


def same(new: Any, old: Any) -> bool:
    """Equal as Semantic.DeepEqual has it: what is absent and what is empty are one.

    Leaves out that quantities of equal amount and different format are equal: both are canonical already.
    """
    if new is old or new == old:
        return True
    if isinstance(new, dict) and isinstance(old, dict):
        return all(same(new.get(k), old.get(k)) for k in new.keys() | old.keys())
    if isinstance(new, list) and isinstance(old, list):
        return len(new) == len(old) and all(map(same, new, old))
    return new in _EMPTY and old in _EMPTY


def decremented(new: int | None, old: int | None) -> bool:
    """A counter went back, or went away."""
    return old is not None and (new is None or new < old)


def count_kept(status: Object, old: Object, path: str) -> FieldErrors:
    """The collision count of a status only grows."""
    if decremented(status.get("collisionCount"), old.get("collisionCount")):
        yield invalid(f"{path}.collisionCount", status.get("collisionCount") or 0, "cannot be decremented")


def percent_of(value: IntOrString | None) -> int | None:
    """The number of a percentage text; None for whatever else."""
    return int(value[:-1]) if isinstance(value, str) and not is_valid_percent(value) else None


def amount_of(value: IntOrString | None) -> int:
    """The number of an IntOrString, percent or not; texts that are no number count as zero."""
    percent = percent_of(value)
    return int_value(value or 0) if percent is None else percent


def positive_int_or_percent(value: IntOrString, path: str) -> FieldErrors:
    """An IntOrString is a count or a percentage."""
    if isinstance(value, str):
        for message in is_valid_percent(value):
            yield invalid(path, typed(value), message)
    elif value < 0:
        yield invalid(path, value, NEGATIVE)


def at_most_100_percent(value: IntOrString, path: str) -> FieldErrors:
    """A percentage is 100 at most."""
    percent = percent_of(value)
    if percent is not None and percent > 100:
        yield invalid(path, typed(value), "must not be greater than 100%")


def label_selector(selector: Object | None) -> Object | Printed:
    """A LabelSelector as messages print it: in the order of the Go struct, empty fields left out."""
    if selector is None:
        return typed(None)
    printed = Struct()
    if selector.get("matchLabels"):
        printed["matchLabels"] = selector["matchLabels"]
    if selector.get("matchExpressions"):
        printed["matchExpressions"] = [_requirement(e) for e in selector["matchExpressions"]]
    return printed


def _requirement(expression: Object) -> Object:
    printed = Struct(key=expression.get("key") or "", operator=expression.get("operator") or "")
    if expression.get("values"):
        printed["values"] = expression["values"]
    return printed


def has_label(labels: Mapping[str, str], key: str, expected: str, path: str) -> FieldErrors:
    """A label stands in `labels` and has the one value it may have. `path` is that of the metadata."""
    if key not in labels:
        yield required(f"{path}.labels[{key}]", f"must be '{expected}'")
    elif labels[key] != expected:
        yield invalid(f"{path}.labels[{key}]", labels, f"must be '{expected}'")
