"""What Jobs reckon with: intervals of indexes, back-off, policies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kplan.controllers.job_backoff import NO_FAILURES, Backoff
from kplan.controllers.job_indexes import first_pending, format_intervals, holds, merged, parse_intervals, pod_prefix, surplus, total, with_indexes
from kplan.controllers.job_policies import judge, success_message

START = datetime(2026, 1, 1, tzinfo=UTC)


def ended(second: int) -> dict[str, Any]:
    at = f"2026-01-01T00:00:{second:02}Z"
    return {
        "metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {},
        "status": {"containerStatuses": [{"name": "a", "state": {"terminated": {"finishedAt": at}}}]},
    }


@pytest.mark.parametrize(
    ("text", "completions", "intervals"),
    [("", 9, ()), ("0,2-4", 9, ((0, 0), (2, 4))), ("0,1,2", 9, ((0, 2),)), ("0-7", 4, ((0, 3),)), ("1,x,5,9", 6, ((1, 1), (5, 5)))],
)
def test_intervals_are_read(text: str, completions: int, intervals: tuple[tuple[int, int], ...]) -> None:
    assert parse_intervals(text, completions) == intervals


def test_intervals_are_written() -> None:
    assert format_intervals(((0, 0), (2, 3), (5, 9))) == "0,2,3,5-9"


def test_intervals_add_up() -> None:
    both = merged(((0, 2), (8, 9)), ((3, 4), (6, 6)))
    assert both == ((0, 4), (6, 6), (8, 9)) and total(both) == 8
    assert [i for i in range(11) if holds(both, i)] == [0, 1, 2, 3, 4, 6, 8, 9]
    assert with_indexes(both, [5, 7]) == ((0, 9),)


def test_the_first_pending_indexes() -> None:
    assert first_pending(((0, 1), (3, 3)), 3, 10) == [2, 4, 5]
    assert first_pending(((0, 1), (3, 3)), 9, 6) == [2, 4, 5]
    assert first_pending((), 0, 5) == []


def test_prefixes_leave_room_for_random_characters() -> None:
    assert pod_prefix("work", 7) == "work-7-"
    assert pod_prefix("x" * 63, 12) == "x" * 54 + "-12-"


def test_doubled_and_foreign_indexes_are_surplus() -> None:
    def pod(name: str, index: str, node: str) -> dict[str, Any]:
        meta = {"name": name, "creationTimestamp": "2026-01-01T00:00:00Z", "annotations": {"batch.kubernetes.io/job-completion-index": index}}
        return {"metadata": meta, "spec": {"nodeName": node}, "status": {"phase": "Running"}}

    pods = [pod("a", "0", "n"), pod("b", "0", ""), pod("c", "5", "n"), pod("d", "x", "n"), pod("e", "1", "n")]
    remove, left = surplus(pods, 3)
    assert {p["metadata"]["name"] for p in remove} == {"b", "c", "d"}
    assert [p["metadata"]["name"] for p in left] == ["a", "e"]


def test_back_off_doubles_up_to_ten_minutes() -> None:
    assert NO_FAILURES.remaining(START) == 0
    assert [Backoff(n, START).remaining(START) for n in (1, 2, 3, 6, 7, 50)] == [10, 20, 40, 320, 600, 600]
    assert Backoff(1, START).remaining(START + timedelta(seconds=4)) == 6
    assert Backoff(1, START).remaining(START + timedelta(seconds=99)) == 0


def test_a_success_starts_the_back_off_anew() -> None:
    after = NO_FAILURES.after([], [ended(1), ended(2)])
    assert after == Backoff(2, START + timedelta(seconds=2))
    assert after.after([ended(3)], []) == NO_FAILURES
    assert after.after([ended(3)], [ended(1), ended(5)]) == Backoff(1, START + timedelta(seconds=5))


def test_conditions_of_pods_match_rules() -> None:
    spec = {"podFailurePolicy": {"rules": [{"action": "FailJob", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]}}
    pod = {"metadata": {"namespace": "a", "name": "p"}, "status": {"conditions": [{"type": "DisruptionTarget", "status": "True"}]}}
    assert judge(spec, pod).message == "Pod a/p has condition DisruptionTarget matching FailJob rule at index 0"
    assert judge(spec, {**pod, "status": {}}).action == ""


@pytest.mark.parametrize(
    ("rule", "met"),
    [
        ({"succeededIndexes": "0-2"}, False),
        ({"succeededIndexes": "0-2", "succeededCount": 2}, True),
        ({"succeededCount": 3}, True),
        ({"succeededCount": 4}, False),
        ({"succeededIndexes": "1,7"}, True),
    ],
)
def test_success_rules(rule: dict[str, Any], met: bool) -> None:
    spec = {"completions": 9, "successPolicy": {"rules": [{"succeededCount": 9}, rule]}}
    assert success_message(spec, ((0, 1), (7, 7))) == ("Matched rules at index 1" if met else "")
