"""What a change does to what runs: a line each, and how the ready pods of each workload went."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.ref import Ref
from kplan.plan import Plan
from kplan.questions.rollout import Rollout
from kplan.report.impact import impact_lines
from kplan.report.markup import Markup, element
from kplan.report.page.words import link, section

WIDE, HIGH = 240, 56  # of a course, in its own units
MOST_COURSES, MOST_LINES = 24, 200
MANY = 24  # entries that are told without folding any


def impact(plan: Plan, known: frozenset[Ref]) -> Markup:
    """Nothing where nothing that was there is touched."""
    lines = list(impact_lines(plan))
    courses = [c for c in plan.rollouts if len(c.steps) > 1 and c.steps[0].pods]
    if not lines and not courses:
        return Markup("")
    shown, folded = _by_weight(lines)
    items = [element("ul", *map(_line, shown), class_="impact")]
    if folded:
        more = element("li", f"… and {len(folded) - MOST_LINES} more", class_="dim") if len(folded) > MOST_LINES else ""
        rest = element("ul", *map(_line, folded[:MOST_LINES]), more, class_="impact")
        items.append(element("details", element("summary", f"{len(folded)} lines more"), rest))
    drawn = [_course(c, known) for c in sorted(courses, key=lambda c: not c.stuck)[:MOST_COURSES]]
    cards = element("div", *drawn, class_="cards courses") if drawn else ""
    legend = element("p", *_legend(), class_="legend dim") if drawn else ""
    return section("impact", "What it does to what runs", "", [*items, cards, legend])


def _by_weight(lines: list[str]) -> tuple[list[str], list[str]]:
    """What is shown at once and what is folded: of many, bad news first; a remedy stays with its line."""
    entries: list[list[str]] = []
    for line in lines:
        if line.startswith("    ") and entries:
            entries[-1].append(line)
        else:
            entries.append([line])
    if len(entries) <= MANY:
        return lines, []
    entries.sort(key=lambda entry: not entry[0].startswith("!"))
    shown, folded = ([line for entry in part for line in entry] for part in (entries[: MANY // 2], entries[MANY // 2 :]))
    return shown, folded


def _line(line: str) -> Markup:
    """Lines that begin with `!` are bad news; a remedy belongs to the line before."""
    if line.startswith("    "):
        return element("li", line.strip(), class_="remedy")
    mark, words = line[:1], line[1:].strip()
    return element("li", element("span", mark, class_="sign"), words, class_="bad" if mark == "!" else None)


def _course(course: Rollout, known: frozenset[Ref]) -> Markup:
    """Ready pods and pods in all at each write, over the number that is wanted."""
    steps = course.steps
    most = max(1, *(max(s.pods, s.wanted, s.ready) for s in steps))

    def y(number: int) -> str:
        return f"{HIGH - 4 - number * (HIGH - 10) / most:.1f}".removesuffix(".0")

    def x(index: int) -> str:
        return f"{index * WIDE / len(steps):.1f}".removesuffix(".0")

    def staircase(numbers: list[int]) -> str:
        return f"M0 {y(numbers[0])}" + "".join(f"H{x(i)}V{y(n)}" for i, n in enumerate(numbers) if i) + f"H{WIDE}"

    pods, ready, wanted = ([s.pods for s in steps], [s.ready for s in steps], [s.wanted for s in steps])
    words = f"{steps[0].ready} → {steps[-1].ready} ready, lowest {course.lowest.ready}, at most {course.peak.pods} pods"
    lines = [
        element("path", d=f"{staircase(pods)}V{HIGH - 4}H0z", class_="pods"),
        element("path", d=staircase(wanted), class_="wanted"),
        element("path", d=staircase(ready), class_="ready"),
    ]
    svg = element("svg", *lines, viewBox=f"0 0 {WIDE} {HIGH}", preserveAspectRatio="none", role="img", aria_label=words)
    stuck = element("p", "does not come to its end", class_="reason") if course.stuck else ""
    return element("article", element("h3", link(course.ref, known)), svg, element("p", words, class_="dim"), stuck, class_="node course")


def _legend() -> Iterator[Markup]:
    for kind, words in (("ready", "ready pods"), ("pods", "all pods"), ("wanted", "wanted")):
        yield element("span", element("i", class_=f"stroke {kind}"), words)
    yield element("span", "Each step is a write: pods start at once here, so it is their order that counts, not their pace.")


__all__ = ["impact"]
