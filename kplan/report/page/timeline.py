"""What happened on the virtual clock: a lane for every workload, and all events in a list."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kplan.api.objects import Object, group_of
from kplan.api.ref import Ref
from kplan.plan import Plan
from kplan.report.markup import Markup, element
from kplan.report.page.words import chip, count, link, search, section

MOST_LANES, MOST_ROWS = 60, 1500
TICKS = ((0, "0"), (1, "1s"), (10, "10s"), (60, "1m"), (600, "10m"), (3600, "1h"), (86400, "1d"))


@dataclass(slots=True)
class _Row:
    """Events that say the same of one object at one time."""

    at: float
    about: Ref
    owner: Ref
    warning: bool
    reason: str
    message: str
    times: int = 1


def timeline(plan: Plan, known: frozenset[Ref]) -> Markup:
    """Lanes and list."""
    rows = _rows(plan)
    if not rows:
        return section("timeline", "Timeline", "", [element("p", "Nothing happened: no controller had anything to do.", class_="empty")])
    last = max(r.at for r in rows)
    span = max(last, 1.0)
    warnings = sum(r.times for r in rows if r.warning)
    kept = rows if len(rows) <= MOST_ROWS else [r for i, r in enumerate(rows) if r.warning or i < MOST_ROWS][: 2 * MOST_ROWS]
    tools = [search("Filter events", "event-list")]
    if 0 < warnings < sum(r.times for r in rows):
        tools.append(chip(count(warnings, "warning"), "event-list", "type", "warning", "warning"))
    items = [_item(r, known) for r in kept]
    more = [element("p", f"… and {len(rows) - len(kept)} more: plan.json has them all.", class_="dim")] if len(kept) < len(rows) else []
    lead = f"{count(sum(r.times for r in rows), 'event')} in {_clock(last)} of virtual time"
    inside = [element("div", *tools, class_="tools"), element("ol", *items, id="event-list", class_="events"), *more]
    events = element("details", element("summary", "All events"), *inside, open=len(rows) <= 40)
    return section("timeline", "Timeline", lead, [_lanes(rows, span), events])


def _rows(plan: Plan) -> list[_Row]:
    owners = {c.ref: c.cause for c in plan.changes if c.cause is not None}
    owners |= {p.ref: p.owner for p in plan.picture.pods if p.owner is not None}
    start = _time(plan.started) if plan.started else None
    merged: dict[tuple[object, ...], _Row] = {}
    for event in plan.events:
        about = _about(event)
        at = max(0.0, (_time(event["time"]) - start).total_seconds()) if start is not None else 0.0
        key = (at, about, event["reason"], event["message"])
        if key in merged:
            merged[key].times += 1
        else:
            owner = owners.get(about) or about
            merged[key] = _Row(at, about, owner, event["type"] == "Warning", event["reason"], event["message"])
    return sorted(merged.values(), key=lambda r: r.at)


def _about(event: Object) -> Ref:
    about = event["involvedObject"]
    return Ref(group_of(about.get("apiVersion") or ""), about["kind"], about.get("namespace", ""), about["name"])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _lanes(rows: Sequence[_Row], span: float) -> Markup:
    lanes: dict[Ref, list[_Row]] = {}
    for row in rows:
        lanes.setdefault(row.owner, []).append(row)
    ticks = [element("span", words, style=f"left:{_left(t, span):g}%") for t, words in TICKS if t <= span]
    drawn = [element("div", element("div", class_="name"), element("div", *ticks, class_="track axis"), class_="lane")]
    order = sorted(lanes, key=lambda r: (not any(e.warning for e in lanes[r]), lanes[r][0].at, r))
    drawn += [_lane(owner, lanes[owner], span) for owner in order[:MOST_LANES]]
    if len(order) > MOST_LANES:
        drawn.append(element("p", f"… and {len(order) - MOST_LANES} more that have events", class_="dim"))
    return element("div", *drawn, class_="lanes")


def _lane(owner: Ref, rows: Sequence[_Row], span: float) -> Markup:
    """One dot for all that happened at one time; the larger, the more."""
    dots: dict[tuple[float, bool], list[_Row]] = {}
    for row in rows:
        dots.setdefault((row.at, row.warning), []).append(row)
    marks = []
    for (at, warning), those in sorted(dots.items()):
        happened = sum(r.times for r in those)
        reasons = ", ".join(f"{n} {reason}" if n > 1 else reason for reason, n in _counted(those).items())
        size = min(18, 8 + round(2 * math.log2(happened)))
        style = f"left:{_left(at, span):g}%;width:{size}px;height:{size}px"
        marks.append(element("i", class_="warning" if warning else None, style=style, title=f"+{_clock(at)}: {reasons}"))
    whole = f"{owner.kind} {owner.name} {owner.namespace}".rstrip()
    name = element("div", element("span", owner.kind, class_="kind"), " ", owner.name, class_="name", title=whole)
    return element("div", name, element("div", *marks, class_="track"), class_="lane")


def _counted(rows: Sequence[_Row]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        found[row.reason] = found.get(row.reason, 0) + row.times
    return found


def _left(at: float, span: float) -> float:
    """Where a time stands: the first second has as much room as the last minutes."""
    return round(1 + 97 * math.log1p(at) / math.log1p(span), 2)


def _clock(seconds: float) -> str:
    """A span of time as people write it."""
    if seconds < 60:
        return f"{seconds:g}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{f' {rest}s' if rest else ''}"
    return f"{minutes // 60}h{f' {minutes % 60}m' if minutes % 60 else ''}"


def _item(row: _Row, known: frozenset[Ref]) -> Markup:
    times = element("span", f" ×{row.times}", class_="dim") if row.times > 1 else ""
    what = element("span", element("b", row.reason), times, class_="reason-name")
    words = f"{row.about.kind} {row.about.name} {row.about.namespace} {row.reason} {row.message}".lower()
    kind = "warning" if row.warning else "normal"
    parts = [element("time", f"+{_clock(row.at)}"), what, link(row.about, known), element("span", row.message, class_="message")]
    return element("li", *parts, class_=kind, data_type=kind, data_text=words)
