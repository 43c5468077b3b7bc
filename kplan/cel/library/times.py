"""Parts of times and durations.   Upstream: cel-go common/types/{timestamp,duration}.go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from kplan.cel.declare import overload
from kplan.cel.errors import EvaluationError
from kplan.cel.values import SECOND, Duration, Timestamp

_DAY = 86400
_EPOCH = date(1970, 1, 1).toordinal()


def moment(seconds: int) -> tuple[int, int, int, int, int, int]:
    """Year to second of a count of seconds since 1970."""
    days, rest = divmod(seconds, _DAY)
    day = date.fromordinal(days + _EPOCH)
    return day.year, day.month, day.day, rest // 3600, rest // 60 % 60, rest % 60


def seconds_of(year: int, month: int, day: int, hour: int, minute: int, second: int) -> int | None:
    """Seconds since 1970; None for a time that there is not."""
    if hour > 23 or minute > 59 or second > 59:
        return None
    try:
        days = date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None
    return days * _DAY + hour * 3600 + minute * 60 + second


def _local(value: Timestamp, zone: str) -> datetime:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value.nanoseconds // 1000)
    if zone in ("", "UTC"):
        return at
    hours, colon, minutes = zone.partition(":")
    try:
        if not colon:
            return at.astimezone(ZoneInfo(zone))
        offset = int(hours) * 60 + (-int(minutes) if zone.startswith("-") else int(minutes))
        return at.astimezone(timezone(timedelta(minutes=offset)))
    except (ValueError, OSError, KeyError):
        raise EvaluationError(f"unknown time zone {zone}") from None


def _part(name: str, read: Callable[[datetime], int]) -> Callable[..., int]:
    @overload(f"timestamp.{name}() -> int", f"timestamp.{name}(string) -> int")
    def part(value: Timestamp, zone: str = "UTC") -> int:
        return read(_local(value, zone))

    return part


get_full_year = _part("getFullYear", lambda at: at.year)
get_month = _part("getMonth", lambda at: at.month - 1)
get_day_of_year = _part("getDayOfYear", lambda at: at.timetuple().tm_yday - 1)
get_day_of_month = _part("getDayOfMonth", lambda at: at.day - 1)
get_date = _part("getDate", lambda at: at.day)
get_day_of_week = _part("getDayOfWeek", lambda at: at.isoweekday() % 7)
get_hours = _part("getHours", lambda at: at.hour)
get_minutes = _part("getMinutes", lambda at: at.minute)
get_seconds = _part("getSeconds", lambda at: at.second)
get_milliseconds = _part("getMilliseconds", lambda at: at.microsecond // 1000)


def _whole(value: Duration, unit: int) -> int:
    return abs(value.nanoseconds) // unit * (-1 if value.nanoseconds < 0 else 1)


@overload("duration.getHours() -> int")
def duration_hours(value: Any) -> int:
    """Whole hours."""
    return _whole(value, 3600 * SECOND)


@overload("duration.getMinutes() -> int")
def duration_minutes(value: Any) -> int:
    """Whole minutes."""
    return _whole(value, 60 * SECOND)


@overload("duration.getSeconds() -> int")
def duration_seconds(value: Any) -> int:
    """Whole seconds."""
    return _whole(value, SECOND)


@overload("duration.getMilliseconds() -> int")
def duration_milliseconds(value: Any) -> int:
    """Whole milliseconds."""
    return _whole(value, SECOND // 1000)
