"""Times and durations as Go reads and prints them: the API's Time, MicroTime and Duration.

Upstream: Go's time.Parse (layouts RFC 3339 and its form with microseconds), time.ParseDuration, Duration.String.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

RFC3339 = "2006-01-02T15:04:05Z07:00"
RFC3339_MICRO = "2006-01-02T15:04:05.000000Z07:00"

_USUAL = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z", re.ASCII)
_USUAL_MICRO = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z", re.ASCII)
_FRACTION = re.compile(r"[.,][0-9]+", re.ASCII)
_ZONE = re.compile(r"([+-])([0-9]{2}):([0-9]{2})", re.ASCII)
_ZERO_TIME = "0001-01-01T00:00:00"

_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_NUMBER = re.compile(r"([0-9]*)(?:\.([0-9]*))?", re.ASCII)
_UNIT = re.compile(r"[^.0-9]+", re.ASCII)


class GoError(ValueError):
    """What Go's parser says of the text."""


def _quoted(text: str) -> str:
    """As package time quotes: what is not printable ASCII by the bytes."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    out = []
    for byte in text.encode("utf-8", "surrogatepass"):
        char = chr(byte)
        out.append("\\" + char if char in '"\\' else char if 0x20 <= byte < 0x80 else f"\\x{byte:02x}")
    return '"' + "".join(out) + '"'


def time_text(text: str) -> str | None:
    """The text under which a metav1.Time is stored: UTC, whole seconds; None for Go's zero time."""
    if _USUAL.fullmatch(text) and not text.startswith("0000") and text != _ZERO_TIME + "Z":
        return text
    moment, _ = _parse(text, RFC3339, 0)
    return _printed(moment, "")


def micro_time_text(text: str) -> str | None:
    """The text under which a metav1.MicroTime is stored: UTC, six digits; None for Go's zero time."""
    if _USUAL_MICRO.fullmatch(text) and not text.startswith("000"):
        return text
    moment, fraction = _parse(text, RFC3339_MICRO, 6)
    if fraction == "000000":
        return _printed(moment, ".000000")
    return moment.strftime("%Y").zfill(4) + moment.strftime("-%m-%dT%H:%M:%S") + f".{fraction}Z"


def _printed(moment: datetime, fraction: str) -> str | None:
    """A moment in RFC 3339, None for the zero time."""
    text = moment.strftime("%Y").zfill(4) + moment.strftime("-%m-%dT%H:%M:%S")
    return None if text == _ZERO_TIME else f"{text}{fraction}Z"


def _parse(text: str, layout: str, digits: int) -> tuple[datetime, str]:
    """The moment (whole seconds, UTC) and its fraction of `digits` digits.   Upstream: time.Parse.

    Years before 1 are refused as Go does not: Python's calendar starts there.
    """
    rest = text

    def bad(wanted: str, at: str) -> GoError:
        return GoError(f"parsing time {_quoted(text)} as {_quoted(layout)}: cannot parse {_quoted(at)} as {_quoted(wanted)}")

    def out_of_range(what: str) -> GoError:
        return GoError(f"parsing time {_quoted(text)}: {what} out of range")

    def take(width: int, wanted: str) -> int:
        nonlocal rest
        part = rest[:width]
        if len(part) < width or not (part.isascii() and part.isdigit()):
            raise bad(wanted, rest)
        rest = rest[width:]
        return int(part)

    def literal(char: str) -> None:
        nonlocal rest
        if not rest.startswith(char):
            raise bad(char, rest)
        rest = rest[1:]

    year = take(4, "2006")
    literal("-")
    month = take(2, "01")
    if not 1 <= month <= 12:
        raise out_of_range("month")
    literal("-")
    day = take(2, "02")
    literal("T")
    hour = _hour(rest)
    if hour is None:
        raise bad("15", rest)
    rest = rest[len(hour) :]
    if int(hour) >= 24:
        raise out_of_range("hour")
    literal(":")
    minute = take(2, "04")
    if minute >= 60:
        raise out_of_range("minute")
    literal(":")
    second = take(2, "05")
    if second >= 60:
        raise out_of_range("second")
    fraction = ""
    if digits:
        part = rest[: digits + 1]
        if len(part) <= digits or part[0] not in ".," or not (part[1:].isascii() and part[1:].isdigit()):
            raise bad("." + "0" * digits, rest)
        fraction, rest = part[1:], rest[digits + 1 :]
    elif match := _FRACTION.match(rest):
        rest = rest[match.end() :]
    offset = 0
    if rest.startswith("Z"):
        rest = rest[1:]
    elif (match := _ZONE.match(rest)) and int(match[2]) <= 24 and int(match[3]) < 60:
        offset = (int(match[2]) * 60 + int(match[3])) * (-1 if match[1] == "-" else 1)
        rest = rest[match.end() :]
    elif match:
        raise out_of_range("time zone offset hour" if int(match[2]) > 24 else "time zone offset minute")
    else:
        raise bad("Z07:00", rest)
    if rest:
        raise GoError(f"parsing time {_quoted(text)}: extra text: {_quoted(rest)}")
    try:
        moment = datetime(year, month, day, int(hour), minute, second, tzinfo=UTC) - timedelta(minutes=offset)
    except (ValueError, OverflowError):
        raise out_of_range("day") from None
    return moment, fraction


def _hour(rest: str) -> str | None:
    """One or two digits: Go takes a lone digit for an hour."""
    if not rest[:1].isascii() or not rest[:1].isdigit():
        return None
    return rest[:2] if rest[1:2].isascii() and rest[1:2].isdigit() else rest[:1]


def duration_text(text: str) -> str:
    """The text under which a metav1.Duration is stored.   Upstream: time.ParseDuration and Duration.String."""
    return _duration_printed(parse_duration(text))


def parse_duration(text: str) -> int:
    """Nanoseconds; raises GoError."""
    invalid = GoError(f"time: invalid duration {_quoted(text)}")
    rest = text
    negative = rest.startswith("-")
    if rest[:1] in ("-", "+"):
        rest = rest[1:]
    if rest == "0":
        return 0
    if not rest:
        raise invalid
    total = 0
    while rest:
        if not (rest[0] == "." or "0" <= rest[0] <= "9"):
            raise invalid
        match = _NUMBER.match(rest)
        assert match is not None
        whole, part = match[1], match[2] or ""
        if not whole and not part:
            raise invalid
        rest = rest[match.end() :]
        unit = _UNIT.match(rest)
        if unit is None:
            raise GoError(f"time: missing unit in duration {_quoted(text)}")
        rest = rest[unit.end() :]
        scale = _UNITS.get(unit[0])
        if scale is None:
            raise GoError(f"time: unknown unit {_quoted(unit[0])} in duration {_quoted(text)}")
        total += int(whole or 0) * scale + (int(part) * scale // 10 ** len(part) if part else 0)
        if total > 2**63 - (0 if negative else 1):
            raise invalid
    return -total if negative else total


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
