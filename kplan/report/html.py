"""A page for people: one file that needs no network, readable without scripts, with filters and a graph to move around in where they may run.

The parts stand in `kplan.report.page`. The page forbids itself to load anything and to run any script but its own.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from kplan import __version__
from kplan.api.ref import Ref
from kplan.report.markup import Markup, element

if TYPE_CHECKING:
    from kplan.lint.engine import Findings
    from kplan.plan import Plan

PARTS = Path(__file__).with_name("page")
LINKS = (("findings", "Findings"), ("impact", "Impact"), ("changes", "Changes"), ("graph", "Graph"), ("nodes", "Nodes"), ("timeline", "Timeline"))
LONGEST_OPENING = 200  # characters in which the id of a section stands
_APART = re.compile(r'( (?:id|data-filter|data-list|data-open|data-entry)="| href="#)')  # where names stand that several plans have
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http:%2F%2Fwww.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Crect width='16' height='16' rx='4' fill='%233267d6'/%3E%3Cpath d='M5 3v10M5 9l5-5M7 7l4 6' stroke='white' stroke-width='2' fill='none'/%3E%3C/svg%3E"
)


def render_plan(plan: Plan, out: TextIO) -> None:
    """The whole plan."""
    sections = _sections(plan)
    _page(_title(plan.ok), f"Kubernetes {plan.version}", _links(sections), sections, out)


def render_plans(plans: Sequence[tuple[str, Plan]], comparisons: Sequence[tuple[str, Sequence[str]]], out: TextIO) -> None:
    """Several plans with their titles on one page, one shown at a time; what differs between them first."""
    tabs, shown = [], []
    for number, (title, plan) in enumerate(plans, 1):
        name = f"plan-{number}"
        mark = element("span", "✓" if plan.ok else "✕", class_="good" if plan.ok else "error")
        tabs.append(element("a", mark, f" {title}", href=f"#{name}", class_="tab"))
        sections = _sections(plan)
        inside = [element("h2", title), element("nav", *_links(sections), aria_label="Sections"), *sections]
        parts = _APART.sub(rf'\1{name}-', element("article", *inside, class_="plan"))
        shown.append(Markup(parts.replace("<article", f'<article id="{name}"', 1)))
    for heading, lines in comparisons:
        items = element("ul", *(element("li", line) for line in lines), class_="impact same-as")
        shown.insert(0, element("section", element("header", element("h2", heading)), items))
    _page(_title(all(plan.ok for _, plan in plans)), f"{len(plans)} plans", tabs, shown, out)


def _sections(plan: Plan) -> list[Markup]:
    from kplan.report.page.changes import changes
    from kplan.report.page.dependencies import dependencies
    from kplan.report.page.findings import findings
    from kplan.report.page.impact import impact
    from kplan.report.page.nodes import nodes
    from kplan.report.page.summary import summary
    from kplan.report.page.timeline import timeline

    known = _entries(plan)
    return [
        summary(plan),
        findings(plan.diagnostics, plan.excerpts, known),
        impact(plan, known),
        changes(plan, known),
        dependencies(plan, known),
        nodes(plan),
        timeline(plan, known),
    ]


def _title(ok: bool) -> str:
    return "kplan: " + ("everything comes up" if ok else "something breaks")


def _links(sections: Sequence[Markup]) -> list[Markup]:
    """Links to those sections that there are."""
    there = [str(s[:LONGEST_OPENING]) for s in sections]
    return [element("a", words, href=f"#{name}") for name, words in LINKS if any(f' id="{name}"' in opening for opening in there)]


def render_findings(found: Findings, out: TextIO) -> None:
    """What linting found."""
    from kplan.excerpts import excerpts
    from kplan.report.page.findings import findings

    objects = "1 object" if found.objects == 1 else f"{found.objects} objects"
    heading = element("section", element("h1", f"{objects} checked"), class_="hero", id="summary")
    _page("kplan: findings", objects, [], [heading, findings(found.diagnostics, excerpts(found.diagnostics, ()), frozenset())], out)


def _entries(plan: Plan) -> frozenset[Ref]:
    """The objects that have an entry of their own among the changes."""
    changed = {c.ref if c.cause is None else c.cause for c in plan.changes}
    return frozenset({*changed, *plan.rejected, *plan.left_out})


def _page(title: str, about: str, links: Sequence[Markup], sections: Sequence[Markup], out: TextIO) -> None:
    from kplan.report.page.dependencies import arrow

    style, script = (Markup((PARTS / name).read_text(encoding="utf-8")) for name in ("page.css", "page.js"))
    digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name_="color-scheme", content="light dark"),
        element("meta", name_="generator", content=f"kplan {__version__}"),
        element("title", title),
        element("link", rel="icon", href=ICON),
        element("style", style),
    )
    navigation = element("nav", *links, aria_label="Sections")
    toggle = element("button", "◐", type="button", class_="chip", id="theme", title="Light or dark", aria_label="Light or dark")
    bar = element("header", element("a", "kplan", href="#summary", class_="brand"), element("span", about, class_="dim"), navigation, toggle, class_="bar")
    foot = element("footer", f"kplan {__version__} · simulated, with no cluster: what a real one does may depend on what the plan was not told.", class_="dim")
    body = element("body", arrow(), bar, element("main", *sections), foot, element("script", script))
    out.write("<!DOCTYPE html>\n")
    out.write(element("html", head, "\n", body, lang="en"))
    out.write("\n")


__all__ = ["render_findings", "render_plan", "render_plans"]
