"""Times and durations as Go reads and prints them."""

from __future__ import annotations

import pytest

from kplan.api.times import TimeError
from kplan.schema.gotime import duration_text, micro_time_text, time_text


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2024-02-29T12:00:00Z", "2024-02-29T12:00:00Z"),
        ("2024-01-01T01:30:00+01:30", "2024-01-01T00:00:00Z"),
        ("2024-01-01T00:00:00.999Z", "2024-01-01T00:00:00Z"),
        ("2024-01-01T5:00:00Z", "2024-01-01T05:00:00Z"),
        ("0001-01-01T00:00:00Z", None),
    ],
)
def test_times(text: str, stored: str | None) -> None:
    assert time_text(text) == stored


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", 'parsing time "" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "2006"'),
        ("2024", 'parsing time "2024" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "-"'),
        ("2024-13-01T00:00:00Z", 'parsing time "2024-13-01T00:00:00Z": month out of range'),
        ("2023-02-29T00:00:00Z", 'parsing time "2023-02-29T00:00:00Z": day out of range'),
        ("2024-01-01T00:00:00", 'parsing time "2024-01-01T00:00:00" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00"'),
        ("2024-01-01T00:00:00Zx", 'parsing time "2024-01-01T00:00:00Zx": extra text: "x"'),
        ("é", 'parsing time "\\xc3\\xa9" as "2006-01-02T15:04:05Z07:00": cannot parse "\\xc3\\xa9" as "2006"'),
    ],
)
def test_bad_times(text: str, complaint: str) -> None:
    with pytest.raises(TimeError) as error:
        time_text(text)
    assert str(error.value) == complaint


def test_micro_times() -> None:
    assert micro_time_text("2024-01-01T00:00:00.123456Z") == "2024-01-01T00:00:00.123456Z"
    assert micro_time_text("2024-01-01T02:00:00.000000+02:00") == "2024-01-01T00:00:00.000000Z"
    with pytest.raises(TimeError, match=r'cannot parse "Z" as "\.000000"'):
        micro_time_text("2024-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("text", "stored"),
    [("90s", "1m30s"), ("0", "0s"), ("1.5h", "1h30m0s"), ("-1ms", "-1ms"), ("1500us", "1.5ms"), ("2562047h47m16.854775807s", "2562047h47m16.854775807s")],
)
def test_durations(text: str, stored: str) -> None:
    assert duration_text(text) == stored


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("", 'time: invalid duration ""'), ("5", 'time: missing unit in duration "5"'), ("5x", 'time: unknown unit "x" in duration "5x"')],
)
def test_bad_durations(text: str, complaint: str) -> None:
    with pytest.raises(TimeError) as error:
        duration_text(text)
    assert str(error.value) == complaint
