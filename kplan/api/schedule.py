"""Cron schedules: when a CronJob is due.

Upstream: github.com/robfig/cron/v3 as CronJobs use it (ParseStandard: five fields, `@daily`, `@every`, `TZ=`), with its
error texts and its ways around daylight saving. Zones come from the system's database or the package `tzdata`; where there
is neither, every zone but UTC is unknown.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from kplan.api.gotext import go_quote
from kplan.api.times import TimeError, parse_duration

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_SECOND = 10**9
_STAR = 1 << 63
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = {name: n for n, name in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)}
_WEEKDAYS = {name: n for n, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_BOUNDS: tuple[tuple[int, int, Mapping[str, int]], ...] = ((0, 59, {}), (0, 23, {}), (1, 31, {}), (1, 12, _MONTHS), (0, 6, _WEEKDAYS))
_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


class ScheduleError(ValueError):
    """A text that is no schedule; the text of the error is upstream's."""


@dataclass(frozen=True, slots=True)
class Every:
    """A fixed delay, in whole seconds."""

    seconds: int

    def next(self, after: datetime) -> datetime | None:
        """The next time, on a whole second."""
        return after.replace(microsecond=0) + timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class Cron:
    """Five fields as bit sets; `zone` None: the zone of the time asked for (UTC in the control plane)."""

    minutes: int
    hours: int
    days: int
    months: int
    weekdays: int
    zone: tzinfo | None = None

    def next(self, after: datetime) -> datetime | None:
        """The first time after `after`, in UTC; None if there is none within five years."""
        zone = self.zone or after.tzinfo or UTC
        start = (after - _EPOCH) // timedelta(seconds=1) + 1
        found = _next(self, start, zone)
        return None if found is None else _EPOCH + timedelta(seconds=found)


Schedule = Cron | Every


@lru_cache(maxsize=1024)
def parse(text: str) -> Schedule:
    """Read a schedule; raises ScheduleError.   Upstream: cron.ParseStandard."""
    if not text:
        raise ScheduleError("empty spec string")
    zone = None
    if text.startswith(("TZ=", "CRON_TZ=")):
        space, equals = text.find(" "), text.find("=")
        if space < 0:
            raise ScheduleError("invalid schedule format: runtime error: slice bounds out of range [:-1]")
        name = text[equals + 1 : space]
        zone = _zone(name)
        text = text[space:].strip()
    if text.startswith("@every "):
        return _every(text)
    if text.startswith("@"):
        if text not in _DESCRIPTORS:
            raise ScheduleError(f"unrecognized descriptor: {text}")
        text = _DESCRIPTORS[text]
    fields = text.split()
    if len(fields) != 5:
        raise ScheduleError(f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]")
    minutes, hours, days, months, weekdays = (_field(field, *bounds) for field, bounds in zip(fields, _BOUNDS, strict=True))
    return Cron(minutes, hours, days, months, weekdays, zone)


def next_after(text: str, after: datetime, time_zone: str = "") -> datetime | None:
    """When a schedule is next due, in UTC; None: never. `time_zone` as in a CronJob's spec."""
    return parse(f"TZ={time_zone} {text}" if time_zone else text).next(after)


def load_location(name: str) -> tzinfo:
    """A time zone by its IANA name; raises ScheduleError with Go's text.   Upstream: time.LoadLocation."""
    if name in ("", "UTC", "Local"):
        return UTC
    if ".." in name or name[0] in "/\\":
        raise ScheduleError("time: invalid location name")
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ScheduleError(f"unknown time zone {name}") from error


def _zone(name: str) -> tzinfo | None:
    try:
        return None if name == "Local" else load_location(name)
    except ScheduleError as error:
        raise ScheduleError(f"provided bad location {name}: {error}") from error


def _every(text: str) -> Every:
    try:
        nanoseconds = parse_duration(text.removeprefix("@every "))
    except TimeError as error:
        raise ScheduleError(f"failed to parse duration {text}: {error}") from error
    return Every(max(nanoseconds, _SECOND) // _SECOND)


def _field(field: str, low: int, high: int, names: Mapping[str, int]) -> int:
    bits = 0
    for expression in field.split(","):
        if expression:
            bits |= _range(expression, low, high, names)
    return bits


def _range(expression: str, low: int, high: int, names: Mapping[str, int]) -> int:
    span, *steps = expression.split("/")
    first, *last = span.split("-")
    extra = 0
    if first in ("*", "?"):
        start, end, extra = low, high, _STAR
    else:
        start = end = _number(first, names)
        if len(last) > 1:
            raise ScheduleError(f"too many hyphens: {expression}")
        if last:
            end = _number(last[0], names)
    step = 1
    if len(steps) > 1:
        raise ScheduleError(f"too many slashes: {expression}")
    if steps:
        step = _number(steps[0], {})
        if not last:
            end = high
        if step > 1:
            extra = 0
    if start < low:
        raise ScheduleError(f"beginning of range ({start}) below minimum ({low}): {expression}")
    if end > high:
        raise ScheduleError(f"end of range ({end}) above maximum ({high}): {expression}")
    if start > end:
        raise ScheduleError(f"beginning of range ({start}) beyond end of range ({end}): {expression}")
    if step == 0:
        raise ScheduleError(f"step of range should be a positive number: {expression}")
    return sum(1 << n for n in range(start, end + 1, step)) | extra


def _number(text: str, names: Mapping[str, int]) -> int:
    named = names.get(text.lower())
    if named is not None:
        return named
    why = ""
    if not _INTEGER.fullmatch(text):
        why = "invalid syntax"
    elif len(text) > 20 or not -(2**63) <= int(text) < 2**63:
        why = "value out of range"
    if why:
        raise ScheduleError(f"failed to parse int from {text}: strconv.Atoi: parsing {go_quote(text)}: {why}")
    if int(text) < 0:
        raise ScheduleError(f"negative number ({int(text)}) not allowed: {text}")
    return int(text)


def _local(unix: int, zone: tzinfo) -> datetime:
    return (_EPOCH + timedelta(seconds=unix)).astimezone(zone)


def _unix(naive: datetime, zone: tzinfo) -> int:
    """The instant of a wall-clock time, chosen as Go's time.Date does where it is ambiguous or missing."""
    seconds = (naive.replace(tzinfo=UTC) - _EPOCH) // timedelta(seconds=1)
    offset = _offset(seconds, zone)
    return seconds - _offset(seconds - offset, zone) if offset else seconds


def _offset(unix: int, zone: tzinfo) -> int:
    return (_local(unix, zone).utcoffset() or timedelta()) // timedelta(seconds=1)


def _next(cron: Cron, unix: int, zone: tzinfo) -> int | None:
    """Upstream: SpecSchedule.Next, step by step, since what it does at daylight saving changes follows from its steps."""
    year_limit = _local(unix, zone).year + 5
    reset = False

    def rounded(shape: Callable[[datetime], datetime]) -> None:
        nonlocal reset, unix
        if not reset:
            reset = True
            unix = _unix(shape(_local(unix, zone).replace(tzinfo=None)), zone)

    while True:
        wrapped = False
        now = _local(unix, zone)
        if now.year > year_limit:
            return None
        while not cron.months >> now.month & 1:
            rounded(lambda t: t.replace(day=1, hour=0, minute=0, second=0))
            now = _local(unix, zone).replace(tzinfo=None)
            unix = _unix(now.replace(year=now.year + now.month // 12, month=now.month % 12 + 1), zone)
            now = _local(unix, zone)
            if now.month == 1:
                wrapped = True
                break
        while not wrapped and not _day_matches(cron, now):
            rounded(lambda t: t.replace(hour=0, minute=0, second=0))
            unix = _unix(_local(unix, zone).replace(tzinfo=None) + timedelta(days=1), zone)
            now = _local(unix, zone)
            if now.hour:
                unix += (24 - now.hour if now.hour > 12 else -now.hour) * 3600
                now = _local(unix, zone)
            wrapped = now.day == 1
        while not wrapped and not cron.hours >> now.hour & 1:
            rounded(lambda t: t.replace(minute=0, second=0))
            unix += 3600
            now = _local(unix, zone)
            wrapped = now.hour == 0
        while not wrapped and not cron.minutes >> now.minute & 1:
            if not reset:
                reset = True
                unix -= unix % 60
            unix += 60
            now = _local(unix, zone)
            wrapped = now.minute == 0
        if wrapped:
            continue
        if now.second == 0:
            return unix
        # Only second 0 is in the set of seconds of a standard schedule.
        reset = True
        unix += 60 - now.second


def _day_matches(cron: Cron, time: datetime) -> bool:
    in_month = cron.days >> time.day & 1
    in_week = cron.weekdays >> (time.isoweekday() % 7) & 1
    return bool(in_month and in_week) if (cron.days | cron.weekdays) & _STAR else bool(in_month or in_week)
