"""Times and durations in JSON: `2026-01-01T00:00:00Z`, `2026-01-01T00:00:00.000000Z`, `1h30m`.

Upstream: apimachinery's metav1.Time and MicroTime; Go's time.Parse and time.ParseDuration, whose error texts these give.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_LAYOUT = "2006-01-02T15:04:05Z07:00"
_MICRO_LAYOUT = "2006-01-02T15:04:05.000000Z07:00"
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FRACTION = re.compile(r"[.,][0-9]+", re.ASCII)
_ZONE = re.compile(r"(?P<sign>[+-])(?P<hours>[0-9]{2}):(?P<minutes>[0-9]{2})", re.ASCII)
_HOUR = re.compile("[0-9]{1,2}", re.ASCII)
_PIECE = re.compile(r"(?P<whole>[0-9]*)(?P<point>\.?)(?P<fraction>[0-9]*)(?P<unit>[^.0-9]*)", re.ASCII)
_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}


class TimeError(ValueError):
    """A text that is no time or no duration; the text of the error is Go's."""


def _quoted(text: str) -> str:
    """As package time quotes, unlike strconv: what is not printable ASCII by the bytes."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    out = []
    for byte in text.encode("utf-8", "surrogatepass"):
        char = chr(byte)
        out.append("\\" + char if char in '"\\' else char if 0x20 <= byte < 0x80 else f"\\x{byte:02x}")
    return '"' + "".join(out) + '"'


@lru_cache(maxsize=4096)
def parse_time(text: str, micro: bool = False) -> datetime:
    """Read an RFC 3339 time, in UTC and microseconds; raises TimeError.   Upstream: time.Parse(time.RFC3339, …)."""
    layout = _MICRO_LAYOUT if micro else _LAYOUT
    rest = text

    def fail(at: str, expected: str) -> TimeError:
        return TimeError(f"parsing time {_quoted(text)} as {_quoted(layout)}: cannot parse {_quoted(at)} as {_quoted(expected)}")

    def outside(what: str) -> TimeError:
        return TimeError(f"parsing time {_quoted(text)}: {what} out of range")

    def number(width: int, expected: str) -> int:
        nonlocal rest
        digits = rest[:width]
        if len(digits) < width or not (digits.isascii() and digits.isdigit()):
            raise fail(rest, expected)
        rest = rest[width:]
        return int(digits)

    def literal(char: str) -> None:
        nonlocal rest
        if not rest.startswith(char):
            raise fail(rest, char)
        rest = rest[1:]

    year = number(4, "2006")
    literal("-")
    month = number(2, "01")
    if not 1 <= month <= 12:
        raise outside("month")
    literal("-")
    day = number(2, "02")
    literal("T")
    hours = _HOUR.match(rest)
    if hours is None:
        raise fail(rest, "15")
    hour = int(hours[0])
    rest = rest[hours.end() :]
    if hour > 23:
        raise outside("hour")
    literal(":")
    minute = number(2, "04")
    if minute > 59:
        raise outside("minute")
    literal(":")
    second = number(2, "05")
    if second > 59:
        raise outside("second")
    fraction = _FRACTION.match(rest)
    micros = 0
    if micro:  # what follows six decimals is read as a zone
        if fraction is None or fraction.end() < 7:
            raise fail(rest, ".000000")
        micros = int(fraction[0][1:7])
        rest = rest[7:]
    elif fraction:
        micros = int(fraction[0][1:7].ljust(6, "0"))
        rest = rest[fraction.end() :]
    offset = timedelta()
    if rest.startswith("Z"):
        rest = rest[1:]
    else:
        zone = _ZONE.match(rest)
        if zone is None:
            raise fail(rest, "Z07:00")
        if int(zone["hours"]) > 24:
            raise outside("time zone offset hour")
        if int(zone["minutes"]) > 60:
            raise outside("time zone offset minute")
        offset = timedelta(hours=int(zone["hours"]), minutes=int(zone["minutes"])) * (-1 if zone["sign"] == "-" else 1)
        rest = rest[6:]
    if rest:
        raise TimeError(f"parsing time {_quoted(text)}: extra text: {_quoted(rest)}")
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= day <= _DAYS[month - 1] + leap:
        raise outside("day")
    try:
        return datetime(year, month, day, hour, minute, second, micros, UTC) - offset
    except (ValueError, OverflowError) as error:
        raise outside("year") from error


def format_time(time: datetime) -> str:
    """As metav1.Time prints: UTC, whole seconds."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}".rjust(20, "0")


def format_micro_time(time: datetime) -> str:
    """As metav1.MicroTime prints: UTC, six decimals."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}".rjust(27, "0")


def _fraction(digits: str, unit: int) -> int:
    """Decimals of a unit, by floating point and with no more digits than fit, as Go has it.   Upstream: leadingFraction."""
    value, scale = 0, 1.0
    for digit in digits:
        more = value * 10 + int(digit)
        if value > (2**63 - 1) // 10 or more > 2**63:
            break
        value, scale = more, scale * 10
    return int(value * (unit / scale))


@lru_cache(maxsize=1024)
def parse_duration(text: str) -> int:
    """Nanoseconds of a Go duration (`1h30m`, `-1.5s`); raises TimeError.   Upstream: time.ParseDuration."""
    invalid = TimeError(f"time: invalid duration {_quoted(text)}")
    rest = text[1:] if text[:1] in ("+", "-") else text
    if rest == "0":
        return 0
    if not rest:
        raise invalid
    total = 0
    while rest:
        piece = _PIECE.match(rest)
        if piece is None or not (piece["whole"] or piece["fraction"]):
            raise invalid
        digits = piece["whole"].lstrip("0")
        if len(digits) > 19 or (whole := int(digits or "0")) > 2**63:
            raise invalid
        unit = piece["unit"]
        if not unit:
            raise TimeError(f"time: missing unit in duration {_quoted(text)}")
        if unit not in _UNITS:
            raise TimeError(f"time: unknown unit {_quoted(unit)} in duration {_quoted(text)}")
        total += whole * _UNITS[unit] + _fraction(piece["fraction"], _UNITS[unit])
        if total > 2**63:
            raise invalid
        rest = rest[piece.end() :]
    if text.startswith("-"):
        return -total
    if total > 2**63 - 1:
        raise invalid
    return total

