"""Cron schedules: fields, time zones, error texts; held against recordings where these are at hand."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kplan.api.schedule import ScheduleError, next_after, parse
from kplan.api.times import format_time, parse_time

RECORDED = Path(__file__).parents[4] / "shared/conformance/values/schedules.jsonl.gz"
START = datetime(2026, 1, 1, 10, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*/15 * * * *", "2026-01-01T10:15:00Z"),
        ("0 0 * * sun", "2026-01-04T00:00:00Z"),
        ("0 0 29 2 *", "2028-02-29T00:00:00Z"),
        ("0 0 13 * fri", "2026-01-02T00:00:00Z"),
        ("0 0 13 * */2", "2026-01-03T00:00:00Z"),
        ("@hourly", "2026-01-01T11:00:00Z"),
        ("@every 1h30m", "2026-01-01T11:37:30Z"),
        ("TZ=UTC 8 10 * * *", "2026-01-01T10:08:00Z"),
    ],
)
def test_next(text: str, expected: str) -> None:
    found = next_after(text, START)
    assert found is not None
    assert format_time(found) == expected


def test_never() -> None:
    assert next_after("0 0 30 2 *", START) is None


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "empty spec string"),
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("61 * * * *", "end of range (61) above maximum (59): 61"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("@reboot", "unrecognized descriptor: @reboot"),
        ("TZ=No/Where * * * * *", "provided bad location No/Where: unknown time zone No/Where"),
        ("TZ=0", "invalid schedule format: runtime error: slice bounds out of range [:-1]"),
        ("@every 5", '@every 5: time: missing unit in duration "5"'),
    ],
)
def test_errors(text: str, error: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse(text)
    assert str(caught.value).endswith(error)


@pytest.mark.skipif(not RECORDED.exists(), reason="recordings are not here")
def test_recordings() -> None:
    with gzip.open(RECORDED, "rt") as lines:
        for line in lines:
            case = json.loads(line)
            try:
                time: datetime | None = parse_time(case["from"])
                found = []
                for _ in range(6):
                    time = next_after(case["text"], time, case["timeZone"]) if time else None
                    found += [format_time(time)] if time else []
            except ScheduleError as error:
                assert case.get("error") == str(error), case
            else:
                assert found == (case["next"] or []), case
