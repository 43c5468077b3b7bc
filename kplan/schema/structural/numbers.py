"""Numbers as Go's JSON decoder makes them and as its messages print them.

Upstream: encoding/json by way of apimachinery's util/json (an integer that does not fit 64 bits becomes a float), strconv, and
go-openapi/swag.
"""

from __future__ import annotations

import math
from typing import Any

from kplan.api.field import Printed
from kplan.api.gotext import go_float, shortest_digits

_INT64 = range(-(2**63), 2**63)
_JSON_FLOAT = float(2**53 - 1)
_EPSILON = 1e-9
_MAX_FLOAT32 = 3.4028235677973366e38  # halfway to the first that rounds to infinity


def unstructured(value: Any) -> Any:
    """A private copy of a JSON value with the numbers that Go would hold."""
    if isinstance(value, dict):
        return {k: unstructured(v) for k, v in value.items()}
    if isinstance(value, list):
        return [unstructured(v) for v in value]
    if type(value) is int and value not in _INT64:
        return float(value)
    return value


def is_number(value: Any) -> bool:
    """A number, which a boolean is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_integral(value: float) -> bool:
    """Whether a float counts as an integer.   Upstream: swag.IsFloat64AJSONInteger."""
    if math.isnan(value) or math.isinf(value) or abs(value) > _JSON_FLOAT:
        return False
    whole = float(int(value)) if value >= 0 else float(int(value) % 2**64)
    if value == float(int(value)):
        return True
    difference = abs(value - whole)
    return difference / (abs(value) + abs(whole)) < _EPSILON if whole else False


def number_text(value: float) -> str:
    """`%v` of a number."""
    return go_float(value) if isinstance(value, float) else str(value)


def printed(value: Any) -> Any:
    """A bad value as field errors print it: floats have a text of their own."""
    return Printed(go_float(value)) if isinstance(value, float) else value


def plain_text(value: float) -> str:
    """All digits, no exponent.   Upstream: swag.FormatFloat64."""
    if not isinstance(value, float):
        return str(value)
    digits, point = shortest_digits(abs(value))
    sign = "-" if value < 0 else ""
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}" if value else "0"
    return sign + (digits + "0" * (point - len(digits)) if point >= len(digits) else f"{digits[:point]}.{digits[point:]}")


def range_fault(value: float, type_name: str, form: str, what: str, path: str) -> str:
    """Why a number is out of the range of a type and format; empty where it is not.   Upstream: IsValueValidAgainstRange."""
    if type_name == "integer":
        text = plain_text(value)
        limit = 2**31 if form == "int32" else 2**63
        fits = "." not in text and -limit <= int(text) < limit
    else:
        fits = form != "float" or abs(value) < _MAX_FLOAT32
    if fits:
        return ""
    return f"{what} value must be of type {type_name} {f'with format {form}' if form else '(default format)'} in {path}"
