"""The texts under which the API's Time, MicroTime and Duration are stored; all raise kplan.api.times.TimeError for what Go cannot read.

Upstream: apimachinery's metav1.Time, MicroTime and Duration; Go's Duration.String. Years before 1 are refused as Go does not: Python's calendar
starts there.
"""

from __future__ import annotations

import re

from kplan.api.times import format_micro_time, format_time, parse_duration, parse_time

_USUAL = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z", re.ASCII)
_USUAL_MICRO = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z", re.ASCII)
_ZERO_TIME = "0001-01-01T00:00:00"


def time_text(text: str) -> str | None:
    """The text under which a metav1.Time is stored: UTC, whole seconds; None for Go's zero time."""
    if _USUAL.fullmatch(text) and not text.startswith("0000") and text != _ZERO_TIME + "Z":
        return text
    stored = format_time(parse_time(text))
    return None if stored == f"{_ZERO_TIME}Z" else stored


def micro_time_text(text: str) -> str | None:
    """The text under which a metav1.MicroTime is stored: UTC, six digits; None for Go's zero time."""
    if _USUAL_MICRO.fullmatch(text) and not text.startswith("000"):
        return text
    stored = format_micro_time(parse_time(text, True))
    return None if stored == f"{_ZERO_TIME}.000000Z" else stored


def duration_text(text: str) -> str:
    """The text under which a metav1.Duration is stored.   Upstream: time.ParseDuration and Duration.String."""
    return _duration_printed(parse_duration(text))


def _duration_printed(nanoseconds: int) -> str:
    """`1h2m3.5s`, `1.5ms`, `0s`."""
    if nanoseconds == 0:
        return "0s"
    sign, left = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    if left < 10**9:
        for unit, scale in (("ns", 1), ("µs", 10**3), ("ms", 10**6)):
            if left < scale * 1000:
                return sign + _decimal(left, scale) + unit
    minutes, seconds = divmod(left, 60 * 10**9)
    hours, minutes = divmod(minutes, 60)
    text = _decimal(seconds, 10**9) + "s"
    if hours:
        return f"{sign}{hours}h{minutes}m{text}"
    return f"{sign}{minutes}m{text}" if minutes else sign + text


def _decimal(amount: int, scale: int) -> str:
    """`amount / scale` without trailing zeros."""
    whole, part = divmod(amount, scale)
    digits = str(part).zfill(len(str(scale)) - 1).rstrip("0") if part else ""
    return f"{whole}.{digits}" if digits else str(whole)
