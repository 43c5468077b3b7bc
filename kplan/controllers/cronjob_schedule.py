"""When a CronJob is due: the time it has missed last, and when to look again.

Upstream: pkg/controller/cronjob/utils.go. Times are virtual, UTC.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from kplan.api.objects import Object
from kplan.api.schedule import Schedule, ScheduleError, load_location
from kplan.api.times import parse_time

PADDING = 0.1  # seconds after the time that is due
MANY = 100
IMPOSSIBLE = "time difference between two schedules is less than 1 second"


class Missed(NamedTuple):
    """Since when starts are looked for, the last one that was missed, and about how many were."""

    since: datetime
    last: datetime | None
    times: int = 0


def schedule_text(cronjob: Object) -> str:
    """The schedule with the time zone of spec.timeZone, unless it names one itself or the zone is unknown."""
    spec = cronjob["spec"]
    text, zone = spec.get("schedule") or "", spec.get("timeZone")
    if "TZ" in text or zone is None:
        return text
    try:
        load_location(zone)
    except ScheduleError:
        return text
    return f"TZ={zone} {text}"


def missed(cronjob: Object, now: datetime, schedule: Schedule, *, within_deadline: bool) -> Missed:
    """The last time up to now at which a Job should have been started; raises ScheduleError for times that never come.

    Upstream: mostRecentScheduleTime.
    """
    since = parse_time((cronjob.get("status") or {}).get("lastScheduleTime") or cronjob["metadata"]["creationTimestamp"])
    deadline = cronjob["spec"].get("startingDeadlineSeconds")
    if within_deadline and deadline is not None:
        since = max(since, _earlier(now, deadline))
    first = schedule.next(since)
    second = schedule.next(first) if first is not None else None
    if first is not None and now < first:
        return Missed(since, None)
    if first is not None and second is not None and now < second:
        return Missed(since, first)
    between = round((second - first).total_seconds()) if first is not None and second is not None else 0
    if first is None or between < 1:
        raise ScheduleError(IMPOSSIBLE)
    count = int((now - first).total_seconds()) // between + 1
    last, candidate = None, schedule.next(first + timedelta(seconds=(count - 2) * between))
    while candidate is not None and candidate <= now:
        last, candidate = candidate, schedule.next(candidate)
    return Missed(since, last, count)


def _earlier(now: datetime, seconds: int) -> datetime:
    try:
        return now - timedelta(seconds=seconds)
    except OverflowError:
        return datetime.min.replace(tzinfo=now.tzinfo)


def until_next(cronjob: Object, now: datetime, schedule: Schedule) -> float:
    """Seconds until the next start is due, and a little more."""
    try:
        since, last, count = missed(cronjob, now, schedule, within_deadline=False)
        start = last or (now if count else since)
    except ScheduleError:
        start = now
    due = schedule.next(start)
    return max(0.0, (due - now).total_seconds() + PADDING) if due is not None else 0.0
