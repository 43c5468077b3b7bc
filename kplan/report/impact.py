"""What a change does to what runs (restarts, old configuration, endpoints, volumes, rollouts): for people and for comments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from kplan.report.connections import traffic_lines
from kplan.report.lines import counted, wrapped

if TYPE_CHECKING:
    from rich.console import Console

    from kplan.api.ref import Ref
    from kplan.plan import Plan
    from kplan.questions.blast import Cause, Restart
    from kplan.questions.configuration import Stale
    from kplan.questions.endpoints import EndpointChange
    from kplan.questions.rollout import Rollout
    from kplan.questions.traffic import RouteChange

MOST = 8
MANY = 3  # workloads of which the same is told at once
PREEMPTION = ". no new claims to deallocate, "  # what follows says of preemption what the finding says too
MOST_CAUSES = 4
TELLING = 1.0  # seconds: less is what the simulation waits between two manifests


def render_text(plan: Plan, out: Console) -> None:
    """One block, nothing where nothing that was there is touched."""
    lines = list(impact_lines(plan))
    if not lines:
        return
    out.print(Text("what it does to what runs", style="bold"))
    for line in lines:
        wrapped(f"  {line}", out, 6, "yellow" if line.startswith("!") else "")
    out.print()


def markdown_lines(plan: Plan) -> list[str]:
    """A list, folded where it is long."""
    lines = [f"{'  ' if line.startswith(' ') else ''}- {_escaped(line.lstrip())}" for line in impact_lines(plan)]
    if not lines:
        return []
    return ["<details open><summary>What it does to what runs</summary>" if len(lines) <= MOST else "<details><summary>What it does to what runs</summary>",
            "", *lines, "", "</details>", ""]  # fmt: skip


def impact_lines(plan: Plan) -> Iterator[str]:
    """What to know, a line each; those that begin with `!` are bad news."""
    courses = {r.ref: r for r in plan.rollouts}
    restarts = {r.ref: r for r in plan.blast.restarts}
    concerned = sorted({*restarts, *(r for r, c in courses.items() if _telling(c))})
    alike: dict[tuple[str, str], list[Ref]] = {}
    for ref in concerned:
        if (words := _ordinary(restarts.get(ref), courses.get(ref))) is not None:
            alike.setdefault(words, []).append(ref)
    many = {ref: refs for refs in alike.values() if len(refs) >= MANY for ref in refs}
    for ref in concerned:
        restart, course = restarts.get(ref), courses.get(ref)
        if ref in many:
            if ref == many[ref][0] and restart is not None and course is not None:
                yield f"~ {', '.join(map(str, many[ref]))}: in each {_restart(restart)}"
                yield f"~ {'rollout' if course.strategy else 'pods'} of each of these {len(many[ref])}: {_course(course)}"
            continue
        if restart is not None:
            yield f"~ {restart.ref}: {_restart(restart)}"
        if course is not None and _telling(course):
            lost = course.ref.kind == "DaemonSet" and not course.steps[-1].wanted  # no node is left that it is for
            yield f"{'!' if course.stuck or lost else '~'} {'rollout' if course.strategy else 'pods'} of {course.ref}: {_course(course)}"
            yield from (f"    help: {remedy}" for remedy in course.remedies)
            if course.squeezed:
                yield f"    its surge has no room, so that pods wait for others to go: {course.squeezed.partition(PREEMPTION)[0]}"
    for stale in plan.blast.stale:
        yield _stale(stale)
    for held in plan.blast.barred:
        run = f"{counted(held.pods, 'pod')} run{'s' if held.pods == 1 else ''} on"
        yield f"! {held.ref}: {run}, and would not be let in again: {held.reason}"
    for service in plan.blast.services:
        if service.before or service.lowest < min(service.before, service.after):
            yield endpoint_words(service)
    yield from map(_route, plan.blast.routes)
    yield from traffic_lines(plan.blast.traffic)
    for change in plan.blast.volumes:
        if change.action != "created":
            yield f"{'!' if change.action == 'lost' else '~'} {change.ref}: {change.action}: {change.detail}"
    for budget in plan.blast.budgets:
        has = "of" if budget.pods >= budget.desired else "and has"
        yield f"! {budget.ref}: needs {budget.desired} {has} {counted(budget.pods, 'healthy pod')}: no node that has one can be drained"


def _ordinary(restart: Restart | None, course: Rollout | None) -> tuple[str, str] | None:
    """What is told of a workload that restarts and whose rollout goes well; None of others."""
    if restart is None or course is None or not _telling(course) or course.stuck or course.remedies or course.squeezed:
        return None
    return _restart(restart), _course(course)


def _telling(course: Rollout) -> bool:
    """A rollout of something that was there, or one that gets stuck and could be helped; why else new pods are not up stands with the findings."""
    return course.steps[0].pods > 0 or bool(course.remedies)


def _restart(restart: Restart) -> str:
    words = []
    if restart.replaced:
        words.append(f"{counted(restart.replaced, 'pod')} restart{'s' if restart.replaced == 1 else ''}")
    if restart.removed:
        words.append(f"{counted(restart.removed, 'pod')} go{'es' if restart.removed == 1 else ''}")
    if restart.kept:
        words.append(f"{counted(restart.kept, 'pod')} keep{'s' if restart.kept == 1 else ''} the old template ({restart.why_kept})")
    causes = [_cause(c) for c in restart.causes[:MOST_CAUSES]]
    if len(restart.causes) > MOST_CAUSES:
        more = len(restart.causes) - MOST_CAUSES
        causes.append(f"{more} field{'s' if more != 1 else ''} more")
    return f"{', '.join(words)}{': ' if causes else ''}{', '.join(causes)}"


def _cause(cause: Cause) -> str:
    """Words, or the field: its values stand with the change."""
    return cause.words or cause.path


def _course(course: Rollout) -> str:
    first, last, lowest, peak = course.steps[0], course.steps[-1], course.lowest, course.peak
    words = [*filter(None, [course.strategy]), f"{first.ready} → {last.ready} ready"]
    if lowest.ready < min(first.ready, last.ready) or course.stuck:
        words.append(f"lowest {lowest.ready}")
    elif course.strategy and lowest.ready:
        words.append(f"never below {lowest.ready}")
    if peak.surge:
        words.append(f"at most {counted(peak.pods, 'pod')}")
    if course.seconds >= 1:
        words.append(f"{_seconds(course.seconds)}")
    text = ", ".join(words)
    ends = "does not come to its end" if course.strategy else "fewer than are wanted"
    return f"{text}: {ends}: {course.stuck.partition(PREEMPTION)[0]}" if course.stuck else text


def _stale(stale: Stale) -> str:
    keys = ", ".join(stale.keys[:3]) + (f" and {len(stale.keys) - 3} more keys" if len(stale.keys) > 3 else "")
    if stale.deleted:
        return f"! {stale.source} goes: {counted(stale.env + stale.files + stale.fixed, 'pod')} of {stale.ref} would not start again without it"
    words = []
    if stale.env:
        words.append(f"will not restart by itself: {counted(stale.env, 'pod')} keep{'s' if stale.env == 1 else ''} the old value until {_they(stale.env)}")
    if stale.fixed:
        words.append(f"mounted by subPath: {counted(stale.fixed, 'pod')} keep{'s' if stale.fixed == 1 else ''} the old file until {_they(stale.fixed)}")
    if stale.files:
        words.append(f"files of {counted(stale.files, 'pod')} are updated in place")
    return f"{'!' if stale.pods else '~'} {stale.source} ({keys}) → {stale.ref}: {'; '.join(words)}"


def _route(route: RouteChange) -> str:
    after = f"{route.after} ({route.problem or f'{route.after_ready} ready'})" if route.after else route.problem
    if route.before == route.after:
        return f"! {route.ref} {route.route}: {after}"
    return f"{'~' if route.after_ready or not route.before_ready else '!'} {route.ref} {route.route}: {route.before} ({route.before_ready} ready) → {after}"


def _they(count: int) -> str:
    return "it restarts" if count == 1 else "they restart"


def endpoint_words(service: EndpointChange) -> str:
    """How a Service's ready endpoints change; `!` where there are none."""
    text = f"{service.ref}: {service.before} → {service.after} ready endpoints"
    if service.lowest < min(service.before, service.after):
        how_long = _seconds(service.fewer_for) if service.fewer_for >= TELLING else "an instant"
        text += f", down to {service.lowest} for {how_long}"
        if service.none_for >= TELLING:
            text += f" ({_seconds(service.none_for)} without any)"
    return f"{'!' if not service.lowest or service.after == 0 else '~'} {text}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f}s"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ").strip()
