"""Operators.   Upstream: cel-go common/stdlib/standard.go, common/types."""

from __future__ import annotations

import math
from typing import Any

from kplan.cel.declare import overload
from kplan.cel.errors import EvaluationError
from kplan.cel.library.traits import ADDERS, COMPARERS, MODDERS, MULTIPLIERS, NEGATORS, SUBTRACTORS, no_such_overload, unfit
from kplan.cel.values import (
    FIRST_SECOND,
    LAST_SECOND,
    MAX_INT,
    MAX_UINT,
    MIN_INT,
    SECOND,
    Defaulted,
    Duration,
    Optional,
    Timestamp,
    UInt,
    compare,
    equal,
    join,
    type_of,
)

NUMBERS = ("int", "uint", "double")
ORDERED = ("bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration")


def _checked(value: int, is_uint: bool) -> int:
    if is_uint:
        if not 0 <= value <= MAX_UINT:
            raise EvaluationError("unsigned integer overflow")
        return UInt(value)
    if not MIN_INT <= value <= MAX_INT:
        raise EvaluationError("integer overflow")
    return value


def _same_integers(a: Any, b: Any) -> bool:
    return type(a) is type(b) and type(a) in (int, UInt)


def duration_of(nanoseconds: int) -> Duration:
    """A duration that an int64 can hold."""
    if not MIN_INT <= nanoseconds <= MAX_INT:
        raise EvaluationError("duration overflow")
    return Duration(nanoseconds)


def timestamp_of(nanoseconds: int, offset: int = 0) -> Timestamp:
    """A time between the years 1 and 9999."""
    if not FIRST_SECOND <= nanoseconds // SECOND <= LAST_SECOND:
        raise EvaluationError("timestamp overflow")
    return Timestamp(nanoseconds, offset)


@overload(
    "_+_(bytes, bytes) -> bytes",
    "_+_(double, double) -> double",
    "_+_(duration, duration) -> duration",
    "_+_(duration, timestamp) -> timestamp",
    "_+_(timestamp, duration) -> timestamp",
    "_+_(int, int) -> int",
    "_+_(list(A), list(A)) -> list(A)",
    "_+_(string, string) -> string",
    "_+_(uint, uint) -> uint",
    singleton=True,
)
def add(a: Any, b: Any) -> Any:
    """Sum, or one after the other."""
    if _same_integers(a, b):
        return _checked(int(a) + int(b), isinstance(a, UInt))
    if type(a) is type(b) and isinstance(a, str | bytes | float):
        return a + b
    if isinstance(a, list) and isinstance(b, list):
        return join(a, b)
    if isinstance(a, Duration) and isinstance(b, Duration):
        return duration_of(a.nanoseconds + b.nanoseconds)
    if isinstance(a, Timestamp | Duration) and isinstance(b, Timestamp | Duration) and type(a) is not type(b):
        return timestamp_of(a.nanoseconds + b.nanoseconds, a.offset if isinstance(a, Timestamp) else getattr(b, "offset", 0))
    raise unfit("_+_", a, ADDERS)


@overload(
    "_-_(double, double) -> double",
    "_-_(duration, duration) -> duration",
    "_-_(int, int) -> int",
    "_-_(timestamp, duration) -> timestamp",
    "_-_(timestamp, timestamp) -> duration",
    "_-_(uint, uint) -> uint",
    singleton=True,
)
def subtract(a: Any, b: Any) -> Any:
    """Difference."""
    if _same_integers(a, b):
        return _checked(int(a) - int(b), isinstance(a, UInt))
    if isinstance(a, float) and isinstance(b, float):
        return a - b
    if isinstance(a, Timestamp) and isinstance(b, Duration):
        return timestamp_of(a.nanoseconds - b.nanoseconds, a.offset)
    if isinstance(a, Timestamp | Duration) and type(a) is type(b):
        return duration_of(a.nanoseconds - b.nanoseconds)
    raise unfit("_-_", a, SUBTRACTORS)


@overload("_*_(double, double) -> double", "_*_(int, int) -> int", "_*_(uint, uint) -> uint", singleton=True)
def multiply(a: Any, b: Any) -> Any:
    """Product."""
    if _same_integers(a, b):
        return _checked(int(a) * int(b), isinstance(a, UInt))
    if isinstance(a, float) and isinstance(b, float):
        return a * b
    raise unfit("_*_", a, MULTIPLIERS)


@overload("_/_(double, double) -> double", "_/_(int, int) -> int", "_/_(uint, uint) -> uint", singleton=True)
def divide(a: Any, b: Any) -> Any:
    """Quotient; of integers, what is left over is dropped."""
    if _same_integers(a, b):
        if b == 0:
            raise EvaluationError("division by zero")
        return _checked(abs(a) // abs(b) * (-1 if (a < 0) != (b < 0) else 1), isinstance(a, UInt))
    if isinstance(a, float) and isinstance(b, float):
        if b == 0:
            return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1, b)
        return a / b
    raise unfit("_/_", a, MULTIPLIERS)


@overload("_%_(int, int) -> int", "_%_(uint, uint) -> uint", singleton=True)
def modulo(a: Any, b: Any) -> Any:
    """What is left over, with the sign of the first."""
    if not _same_integers(a, b):
        raise unfit("_%_", a, MODDERS)
    if b == 0:
        raise EvaluationError("modulus by zero")
    if a == MIN_INT and b == -1:
        raise EvaluationError("integer overflow")
    return _checked(abs(a) % abs(b) * (-1 if a < 0 else 1), isinstance(a, UInt))


@overload("-_(double) -> double", "-_(int) -> int", singleton=True)
def negate(a: Any) -> Any:
    """The other sign."""
    if type(a) is int:
        return _checked(-a, False)
    if isinstance(a, float):
        return -a
    if isinstance(a, Duration):
        return duration_of(-a.nanoseconds)
    raise unfit("-_", a, NEGATORS)


@overload("!_(bool) -> bool", singleton=True)
def negation(a: Any) -> bool:
    """Not."""
    if not isinstance(a, bool):
        raise no_such_overload()
    return not a


def _orders(symbol: str) -> tuple[str, ...]:
    same = tuple(f"_{symbol}_({one}, {one}) -> bool" for one in ORDERED)
    return same + tuple(f"_{symbol}_({one}, {other}) -> bool" for one in NUMBERS for other in NUMBERS if one != other)


def _compared(function: str, a: Any, b: Any) -> int:
    if type_of(a).name not in COMPARERS:
        raise unfit(function, a, COMPARERS)
    return compare(a, b)


@overload(*_orders("<"), singleton=True)
def less(a: Any, b: Any) -> bool:
    """Before."""
    return _compared("_<_", a, b) < 0


@overload(*_orders("<="), singleton=True)
def less_equals(a: Any, b: Any) -> bool:
    """Before or the same."""
    return _compared("_<=_", a, b) <= 0


@overload(*_orders(">"), singleton=True)
def greater(a: Any, b: Any) -> bool:
    """After."""
    return _compared("_>_", a, b) > 0


@overload(*_orders(">="), singleton=True)
def greater_equals(a: Any, b: Any) -> bool:
    """After or the same."""
    return _compared("_>=_", a, b) >= 0


@overload("_==_(A, A) -> bool", singleton=True)
def equals(a: Any, b: Any) -> bool:
    """The same."""
    return equal(a, b)


@overload("_!=_(A, A) -> bool", singleton=True)
def not_equals(a: Any, b: Any) -> bool:
    """Not the same."""
    return not equal(a, b)


@overload("@in(A, list(A)) -> bool", "@in(A, map(A, B)) -> bool", singleton=True)
def in_(a: Any, b: Any) -> bool:
    """Among the items or keys."""
    if isinstance(b, list):
        return any(equal(a, item) for item in b)
    if isinstance(b, dict):
        return find_key(b, a) is not None
    raise no_such_overload()


def find_key(values: dict[Any, Any], key: Any) -> Any:
    """The key of a map that equals one (numbers by value), as a tuple of one; None where there is none."""
    if isinstance(key, bool):
        return next(((k,) for k in values if k is key), None)
    if isinstance(key, str | int | float):
        return (key,) if key in values and not any(k is True or k is False for k in values if k == key) else None
    return None


def index(values: Any, key: Any) -> Any:
    """What stands at an index or under a key."""
    if isinstance(values, Optional):
        return index_optional(values, key)
    if isinstance(values, list):
        return values[_position(values, key)]
    if isinstance(values, dict):
        found = find_key(values, key)
        if found is None and not isinstance(values, Defaulted):
            raise EvaluationError(f"no such key: {shown(key)}")
        return values[key if found is None else found[0]]
    raise EvaluationError(f"no such key: {shown(key)}")


def _position(values: list[Any], key: Any) -> int:
    if isinstance(key, float) and key == int(key):
        key = int(key)
    if isinstance(key, bool) or not isinstance(key, int):
        raise EvaluationError(f"unsupported index type '{type_of(key).name}' in list")
    if not 0 <= key < len(values):
        raise EvaluationError(f"index out of bounds: {int(key)}")
    return int(key)


def index_optional(values: Any, key: Any) -> Optional:
    """What stands at an index or under a key, if anything."""
    if isinstance(values, Optional):
        if not values.present:
            return Optional()
        values = values.value
    if isinstance(values, list):
        if isinstance(key, bool) or not isinstance(key, int | float) or key != int(key):
            raise EvaluationError(f"unsupported index type '{type_of(key).name}' in list")
        return Optional(values[int(key)], True) if 0 <= key < len(values) else Optional()
    if isinstance(values, dict):
        found = find_key(values, key)
        if found is None:
            return Optional(values[key], True) if isinstance(values, Defaulted) else Optional()
        return Optional(values[found[0]], True)
    raise no_such_overload()


def shown(key: Any) -> str:
    """A key as Go prints it."""
    if isinstance(key, bool):
        return "true" if key else "false"
    return str(int(key)) if isinstance(key, UInt) else str(key)


DECLARED_ONLY = (
    "_[_](list(A), int) -> A",
    "_[_](map(A, B), A) -> B",
    "_[_](optional(list(V)), int) -> optional(V)",
    "_[_](optional(map(K, V)), K) -> optional(V)",
    "_[?_](list(V), int) -> optional(V)",
    "_[?_](optional(list(V)), int) -> optional(V)",
    "_[?_](map(K, V), K) -> optional(V)",
    "_[?_](optional(map(K, V)), K) -> optional(V)",
    "_?._(dyn, string) -> optional(V)",
    "_?_:_(bool, A, A) -> A",
    "_&&_(bool, bool) -> bool",
    "_||_(bool, bool) -> bool",
    "@not_strictly_false(bool) -> bool",
)
"""What the evaluator does itself."""
