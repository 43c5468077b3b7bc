"""The verdict, and the numbers behind it."""

from __future__ import annotations

from kplan.diagnostics import Severity
from kplan.diff import ACTIONS
from kplan.plan import Plan
from kplan.report.markup import Markup, element
from kplan.report.page.words import SIGNS, VERBS, count


def summary(plan: Plan) -> Markup:
    """One sentence, tiles, the pods, what the plan is based on."""
    errors = sum(1 for d in plan.diagnostics if d.severity is Severity.ERROR)
    verdict = "Everything comes up" if plan.ok else f"{count(errors, 'thing')} break{'s' if errors == 1 else ''}"
    badge = element("span", "✓" if plan.ok else "✕", class_="badge")
    tiles = [_tile(plan.count(a), VERBS[a], a, SIGNS[a]) for a in ACTIONS if plan.count(a) or a != "replace"]
    if plan.rejected:
        tiles.append(_tile(len(plan.rejected), "refused", "rejected", "✕"))
    tiles.append(_tile(plan.unchanged, "unchanged", "same", "="))
    notes = [element("li", note) for note in plan.notes]
    return element(
        "section",
        element("h1", badge, verdict),
        element("p", plan.summary, class_="lead"),
        element("div", *tiles, class_="tiles"),
        _pods(plan),
        element("ul", *notes, class_="notes dim") if notes else "",
        class_=f"hero {'good' if plan.ok else 'error'}",
        id="summary",
    )


def _tile(number: int, words: str, kind: str, sign: str) -> Markup:
    mark = element("span", sign, class_="sign")
    return element("div", element("b", str(number)), element("span", mark, " ", words), class_=f"tile {kind}{'' if number else ' zero'}")


def _pods(plan: Plan) -> Markup:
    """All pods of the cluster afterwards."""
    states = ((plan.running, "running", "good"), (plan.pending, "pending", "warning"), (plan.failed, "failed", "error"))
    whole = sum(n for n, _, _ in states)
    if not whole:
        return Markup("")
    parts = [element("i", class_=kind, style=f"flex-grow:{number}") for number, _, kind in states if number]
    words = [element("span", element("i", class_=f"swatch {kind}"), f"{number} {state}") for number, state, kind in states if number]
    label = f"{count(whole, 'pod')} afterwards: " + ", ".join(f"{n} {s}" for n, s, _ in states if n)
    stack = element("div", *parts, class_="stack", role="img", aria_label=label)
    return element("div", stack, element("p", "Pods afterwards", *words, class_="dim"), class_="podsbar")
