"""size, type, dyn and conversions between types.   Upstream: cel-go common/stdlib/standard.go, common/types."""

from __future__ import annotations

import re
from typing import Any

from kplan.api import times
from kplan.api.gotext import go_float
from kplan.cel import types
from kplan.cel.declare import overload
from kplan.cel.errors import EvaluationError
from kplan.cel.library.operators import duration_of, timestamp_of
from kplan.cel.library.traits import SIZERS, unfit
from kplan.cel.types import Type
from kplan.cel.values import MAX_INT, MAX_UINT, MIN_INT, SECOND, Duration, Timestamp, UInt, type_of

_INT = re.compile(r"[+-]?[0-9]+\Z", re.ASCII)
_UINT = re.compile(r"[0-9]+\Z", re.ASCII)
_BOOLS = {**dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True), **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False)}
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(Z|([+-])(\d\d):(\d\d))\Z", re.ASCII)


def _failed(value: Any, to: Type) -> EvaluationError:
    return EvaluationError(f"type conversion error from '{type_of(value).name}' to '{to.name}'")


@overload(
    *("size(bytes) -> int", "bytes.size() -> int", "size(list(A)) -> int", "list(A).size() -> int"),
    *("size(map(A, B)) -> int", "map(A, B).size() -> int", "size(string) -> int", "string.size() -> int"),
    singleton=True,
)
def size(value: Any) -> int:
    """How many characters, bytes, items or entries."""
    if isinstance(value, str | bytes | list | dict):
        return len(value)
    raise unfit("size", value, SIZERS)


@overload("type(A) -> type(A)", singleton=True)
def type_(value: Any) -> Type:
    """The type of a value."""
    return type_of(value)


@overload("dyn(A) -> dyn", singleton=True)
def dyn(value: Any) -> Any:
    """The value, of any type."""
    return value


@overload("bool(bool) -> bool", "bool(string) -> bool")
def bool_(value: Any) -> bool:
    """A boolean, or what reads as one."""
    if isinstance(value, bool):
        return value
    if value in _BOOLS:
        return _BOOLS[value]
    raise _failed(value, types.BOOL)


@overload("bytes(bytes) -> bytes", "bytes(string) -> bytes")
def bytes_(value: Any) -> bytes:
    """UTF-8."""
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value


@overload("double(double) -> double", "double(int) -> double", "double(string) -> double", "double(uint) -> double")
def double(value: Any) -> float:
    """A floating-point number."""
    try:
        return float(value)
    except ValueError:
        raise _failed(value, types.DOUBLE) from None


@overload("duration(duration) -> duration", "duration(int) -> duration", "duration(string) -> duration")
def duration(value: Any) -> Duration:
    """A duration; integers count nanoseconds."""
    if isinstance(value, str):
        found = parse_duration(value)
        if found is None:
            raise _failed(value, types.DURATION)
        return found
    return value if isinstance(value, Duration) else Duration(value)


def parse_duration(text: str) -> Duration | None:
    """`1h30m`, `-1.5s`, `0`; None for what is no duration."""
    try:
        return Duration(times.parse_duration(text))
    except times.TimeError:
        return None


@overload(*(f"int({one}) -> int" for one in ("int", "double", "duration", "string", "timestamp", "uint")))
def int_(value: Any) -> int:
    """A whole number: seconds of times, nanoseconds of durations."""
    if isinstance(value, str):
        if not _INT.match(value) or not MIN_INT <= int(value) <= MAX_INT:
            raise _failed(value, types.INT)
        return int(value)
    if isinstance(value, Timestamp):
        return value.nanoseconds // SECOND
    if isinstance(value, Duration):
        return value.nanoseconds
    if isinstance(value, float) and not (value == value and MIN_INT < value < MAX_INT):
        raise EvaluationError("integer overflow")
    if not MIN_INT <= value <= MAX_INT:
        raise EvaluationError("integer overflow")
    return int(value)


@overload(*(f"string({one}) -> string" for one in ("string", "bool", "bytes", "double", "duration", "int", "timestamp", "uint")))
def string(value: Any) -> str:
    """A text."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case bytes():
            try:
                return value.decode()
            except UnicodeDecodeError:
                raise EvaluationError("invalid UTF-8 in bytes, cannot convert to string") from None
        case float():
            return format_double(value)
        case Duration():
            return format_duration(value)
        case Timestamp():
            return format_time(value)
    return str(int(value))


def format_double(value: float) -> str:
    """`%g`."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    return go_float(value)


def format_duration(value: Duration) -> str:
    """Seconds: `90s`, `0.5s`."""
    seconds = abs(value.nanoseconds) / SECOND
    text = f"{seconds:.20f}" if "e" in repr(seconds) else repr(seconds)
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{'-' if value.nanoseconds < 0 else ''}{text}s"


def format_time(value: Timestamp) -> str:
    """RFC 3339 with as many digits of a second as there are."""
    from kplan.cel.library.times import moment

    whole, fraction = divmod(value.nanoseconds, SECOND)
    year, month, day, hour, minute, second = moment(whole + value.offset)
    text = f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}"
    text += f".{fraction:09d}".rstrip("0") if fraction else ""
    minutes = abs(value.offset) // 60
    return text + (f"{'-' if value.offset < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}" if value.offset else "Z")


@overload("timestamp(timestamp) -> timestamp", "timestamp(int) -> timestamp", "timestamp(string) -> timestamp")
def timestamp(value: Any) -> Timestamp:
    """A time; integers count seconds since 1970."""
    if isinstance(value, str):
        found = parse_time(value)
        if found is None:
            raise _failed(value, types.TIMESTAMP)
        return timestamp_of(found.nanoseconds, found.offset)
    return value if isinstance(value, Timestamp) else timestamp_of(value * SECOND)


def parse_time(text: str) -> Timestamp | None:
    """RFC 3339.   Upstream: time.Parse(time.RFC3339, …)."""
    from kplan.cel.library.times import seconds_of

    found = _TIME.match(text)
    if found is None:
        return None
    seconds = seconds_of(*(int(found[i]) for i in range(1, 7)))
    if seconds is None:
        return None
    offset = 0
    if found[9]:
        if int(found[10]) > 24 or int(found[11]) > 60:
            return None
        offset = (1 if found[9] == "+" else -1) * (int(found[10]) * 3600 + int(found[11]) * 60)
    return Timestamp((seconds - offset) * SECOND + int((found[7] or "0")[:9].ljust(9, "0")), offset)


@overload(*(f"uint({one}) -> uint" for one in ("uint", "double", "int", "string")))
def uint(value: Any) -> UInt:
    """A whole number that is not negative."""
    if isinstance(value, str):
        if not _UINT.match(value) or int(value) > MAX_UINT:
            raise _failed(value, types.UINT)
        return UInt(value)
    if value != value or not 0 <= value < MAX_UINT + (not isinstance(value, float)):
        raise EvaluationError("unsigned integer overflow")
    return UInt(int(value))


__all__ = ["duration_of", "format_double", "format_duration", "format_time", "parse_duration", "parse_time"]
