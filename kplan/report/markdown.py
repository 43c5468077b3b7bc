"""Markdown for comments on pull requests: the verdict first, details folded, never longer than a comment may be."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from kplan.api.ref import Ref
from kplan.diagnostics import Diagnostic, Severity
from kplan.diff import CREATE, DELETE, REPLACE, UPDATE, Change
from kplan.report.shortening import apart, shortened
from kplan.report.telling import told

if TYPE_CHECKING:
    from kplan.lint.engine import Findings
    from kplan.plan import Plan

MOST_CHARACTERS = 60_000
LONGEST_VALUE = 80
HEADING = 200  # characters around each of several plans
SIGNS = {CREATE: "+", UPDATE: "~", REPLACE: "-/+", DELETE: "-"}
MARKS = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.NOTE: "ℹ️"}


def render_plan(plan: Plan, out: TextIO) -> None:
    """The summary, what is wrong, what it does to what runs, what changes."""
    out.write(_bounded(_plan(plan, MOST_CHARACTERS)))


def render_plans(plans: Sequence[tuple[str, Plan]], comparisons: Sequence[tuple[str, Sequence[str]]], out: TextIO) -> None:
    """Several plans with their titles, what differs between them last; each has its share of the room."""
    share = MOST_CHARACTERS // (len(plans) + len(comparisons)) - HEADING
    parts = [(title, _bounded(_plan(plan, share), share)) for title, plan in plans]
    parts += [(heading, _bounded([f"- {_cell(line)}" for line in lines], share)) for heading, lines in comparisons]
    out.write("\n".join(f"## {title[:HEADING // 2]}\n\n{text}" for title, text in parts))


def _plan(plan: Plan, room: int) -> list[str]:
    from kplan.report.impact import markdown_lines

    findings = f" {plan.findings}." if plan.findings else ""
    lines = [f"### kplan: {'✅ everything comes up' if plan.ok else '❌ something breaks'}", "", f"`{plan.summary}{findings}`", ""]
    lines += [f"<sub>Kubernetes {plan.version}{''.join(f' · {_cell(note)}' for note in plan.notes)}</sub>", ""]
    lines += _limited(_diagnostics(plan.diagnostics), room // 2, "| … | | and {} more findings | |")
    lines += _limited(markdown_lines(plan), room // 5, "- … and {} more lines")
    stated = [c for c in plan.changes if c.cause is None]
    if stated:
        lines += ["<details><summary>Changes</summary>", "", "```diff", *_changes(stated), "```", "", "</details>", ""]
    waiting = [(ref, s) for ref, s in plan.pods.items() if s.reasons]
    if waiting:
        lines += ["<details><summary>Pods that are not up</summary>", ""]
        lines += [f"- {_name(ref)}: {_cell(reason)}" for ref, summary in waiting for reason in summary.reasons]
        lines += ["", "</details>", ""]
    return lines


def _limited(lines: list[str], room: int, more: str) -> list[str]:
    """A block of lines that takes no more than its room: the lines at its end, which close it, stay."""
    size = sum(len(line) + 1 for line in lines)
    closing = next((i for i, line in enumerate(reversed(lines)) if line.startswith(("|", "- "))), 0)
    left = len(lines) - closing
    while left > 2 and size > room:
        left -= 1
        size -= len(lines[left]) + 1
    cut = len(lines) - closing - left
    return [*lines[:left], more.format(cut), *lines[len(lines) - closing :]] if cut else lines


def render_findings(findings: Findings, out: TextIO) -> None:
    """What linting found, as a table."""
    if not findings.diagnostics:
        out.write(f"### kplan: ✅ {findings.objects} objects, nothing to say\n")
        return
    out.write(_bounded([f"### kplan: {len(findings.diagnostics)} findings in {findings.objects} objects", "", *_diagnostics(findings.diagnostics)]))


def _diagnostics(diagnostics: Iterable[Diagnostic]) -> list[str]:
    found = list(diagnostics)
    if not found:
        return []
    rows = ["| | where | what | rule |", "|---|---|---|---|"]
    for d in found:
        hint = f"<br>{_cell(d.hint)}" if d.hint else ""
        rows.append(f"| {MARKS[d.severity]} | {_cell(str(d.span or d.ref or ''))} | {_cell(shortened(d.message))}{hint} | `{d.rule}` |")
    return [*rows, ""]


def _changes(changes: Sequence[Change]) -> list[str]:
    lines = []
    for change in changes:
        lines.append(f"{SIGNS[change.action]} {_name(change.ref)}")
        fields, more = told(change) if change.action in (UPDATE, REPLACE) else ([], "")
        for f in fields:
            before, after = apart(_text(f.before), _text(f.after), LONGEST_VALUE)
            lines.append(f"    {f.path}: {before} → {after}")
        lines += [f"    … and {more}"] if more else []
    return lines


def _name(ref: Ref) -> str:
    return f"{ref.kind} {ref.namespace + '/' if ref.namespace else ''}{ref.name}"


def _text(value: Any) -> str:
    text = "(nothing)" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.replace("\n", "⏎").replace("```", "'''")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\r", " ").replace("\n", " ")


def _bounded(lines: list[str], most: int = MOST_CHARACTERS) -> str:
    """Whole lines up to the bound; open blocks are closed and the cut is told."""
    kept, size, fenced, folded = [], 0, False, 0
    for line in lines:
        size += len(line) + 1
        if size > most - 200:
            kept += ["```"] if fenced else []
            kept += ["</details>"] * folded
            kept += ["", "_… and more: the comment would be too long. Run kplan for the whole._"]
            break
        fenced ^= line.startswith("```")
        folded += line.startswith("<details>") - line.startswith("</details>")
        kept.append(line)
    return "\n".join(kept) + "\n"
