"""CronJobs: what they start when, and what they clear away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

import kplan
from kplan.api.schedule import ScheduleError, parse
from kplan.controllers.cronjob_schedule import missed, until_next

Object = dict[str, Any]
REF = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "tick"}
RUNNING = {"kplan.dev/outcome": "Running"}
MINUTE_0 = 29453760  # minutes from 1970 to 2026


def cronjob(schedule: str = "* * * * *", annotations: Object | None = None, **spec: Any) -> Object:
    template = {"metadata": {"annotations": annotations or {}}, "spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "a:1"}]}}
    whole = {"schedule": schedule, "jobTemplate": {"metadata": {"labels": {"l": "v"}}, "spec": {"template": template}}, **spec}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "tick"}, "spec": whole}


def cluster(obj: Object, seconds: float) -> kplan.Cluster:
    room = {"cpu": "8", "memory": "16Gi", "pods": "110"}
    made = kplan.Cluster()
    made.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}, "spec": {}, "status": {"capacity": room, "allocatable": room}})
    answer = made.create(obj)
    assert answer.accepted, answer.message
    made.run(quiet=seconds, horizon=seconds)
    return made


def jobs(made: kplan.Cluster) -> list[str]:
    return [j["metadata"]["name"] for j in made.objects("Job")]


def said(made: kplan.Cluster) -> list[str]:
    return [e["reason"] for e in made.events() if e["involvedObject"]["kind"] == "CronJob"]


def status(made: kplan.Cluster) -> Object:
    found = made.get(REF)
    assert found is not None
    held: Object = found["status"]
    return held


def test_jobs_are_named_after_their_minute_and_the_oldest_are_cleared_away() -> None:
    made = cluster(cronjob(successfulJobsHistoryLimit=2), 280)
    assert jobs(made) == [f"tick-{MINUTE_0 + 3}", f"tick-{MINUTE_0 + 4}"]
    job = made.objects("Job")[0]
    assert job["metadata"]["labels"]["l"] == "v"
    assert job["metadata"]["annotations"] == {"batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-01-01T00:03:00Z"}
    assert job["metadata"]["ownerReferences"][0]["kind"] == "CronJob"
    assert status(made)["lastScheduleTime"] == "2026-01-01T00:04:00Z"
    assert status(made)["lastSuccessfulTime"].startswith("2026-01-01T00:04:0")
    assert "active" not in status(made)
    assert said(made).count("SawCompletedJob") == 4 and said(made).count("SuccessfulDelete") == 2


def test_allowed_jobs_run_side_by_side() -> None:
    made = cluster(cronjob(annotations=RUNNING), 130)
    assert [j["name"] for j in status(made)["active"]] == jobs(made) == [f"tick-{MINUTE_0 + 1}", f"tick-{MINUTE_0 + 2}"]


def test_forbid_waits_for_the_one_that_runs() -> None:
    made = cluster(cronjob(annotations=RUNNING, concurrencyPolicy="Forbid"), 130)
    assert jobs(made) == [f"tick-{MINUTE_0 + 1}"]
    assert said(made) == ["SuccessfulCreate", "JobAlreadyActive"]


def test_replace_ends_the_one_that_runs() -> None:
    made = cluster(cronjob(annotations=RUNNING, concurrencyPolicy="Replace"), 130)
    assert jobs(made) == [f"tick-{MINUTE_0 + 2}"]
    assert said(made) == ["SuccessfulCreate", "SuccessfulDelete", "SuccessfulCreate"]


def test_suspended_cronjobs_start_nothing() -> None:
    assert jobs(cluster(cronjob(suspend=True), 130)) == []


def test_zones_shift_the_schedule_and_the_annotation() -> None:
    made = cluster(cronjob("5 1 * * *", timeZone="Europe/Berlin"), 400)
    notes = made.objects("Job")[0]["metadata"]["annotations"]
    assert notes["batch.kubernetes.io/cronjob-scheduled-timestamp"] == "2026-01-01T01:05:00+01:00"


def test_a_job_that_goes_missing_is_noted() -> None:
    made = cluster(cronjob(annotations=RUNNING), 70)
    made.delete({"apiVersion": "batch/v1", "kind": "Job", "name": jobs(made)[0]})
    made.run(quiet=5)
    assert said(made)[-1] == "MissingJob" and "active" not in status(made)


def test_a_new_schedule_counts_from_now_on() -> None:
    made = cluster(cronjob("0 0 1 1 *"), 150)
    made.patch(REF, {"spec": {"schedule": "* * * * *"}}, type="merge")
    made.run(quiet=20)
    assert jobs(made) == []
    made.run(quiet=40, horizon=40)
    assert jobs(made) == [f"tick-{MINUTE_0 + 3}"]


def starting_after(last: str, deadline: int | None = None) -> Object:
    spec = {"schedule": "", **({} if deadline is None else {"startingDeadlineSeconds": deadline})}
    return {"metadata": {"creationTimestamp": "2025-12-01T00:00:00Z"}, "spec": spec, "status": {"lastScheduleTime": last}}


def test_of_missed_times_the_last_counts() -> None:
    now = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)
    found = missed(starting_after("2026-01-01T06:00:00Z"), now, parse("0 * * * *"), within_deadline=True)
    assert (found.last, found.times) == (datetime(2026, 1, 1, 12, tzinfo=UTC), 6)
    assert missed(starting_after("2026-01-01T06:00:00Z", 600), now, parse("0 * * * *"), within_deadline=True).last is None
    assert missed(starting_after("2026-01-01T12:00:00Z"), now, parse("0 * * * *"), within_deadline=True).last is None
    assert until_next(starting_after("2026-01-01T12:00:00Z"), now, parse("0 * * * *")) == 1800.1


def test_times_that_never_come_are_an_error() -> None:
    with pytest.raises(ScheduleError, match="less than 1 second"):
        missed(starting_after("2026-01-01T06:00:00Z"), datetime(2026, 1, 1, 7, tzinfo=UTC), parse("59 23 31 2 *"), within_deadline=True)
