"""Markdown for comments on pull requests: the verdict first, details folded, never longer than a comment may be."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from kplan.api.ref import Ref
from kplan.diagnostics import Diagnostic, Severity
from kplan.diff import CREATE, DELETE, REPLACE, UPDATE, Change
from kplan.report.impact import markdown_lines

if TYPE_CHECKING:
    from kplan.lint.engine import Findings
    from kplan.plan import Plan

MOST_CHARACTERS = 60_000
SIGNS = {CREATE: "+", UPDATE: "~", REPLACE: "-/+", DELETE: "-"}
MARKS = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.NOTE: "ℹ️"}


def render_plan(plan: Plan, out: TextIO) -> None:
    """The summary, what is wrong, what changes."""
    lines = [f"### kplan: {'✅ everything comes up' if plan.ok else '❌ something breaks'}", "", f"`{plan.summary}`", ""]
    lines += _diagnostics(plan.diagnostics)
    stated = [c for c in plan.changes if c.cause is None]
    if stated:
        lines += ["<details><summary>Changes</summary>", "", "```diff", *_changes(stated), "```", "", "</details>", ""]
    waiting = [(ref, s) for ref, s in plan.pods.items() if s.reasons]
    if waiting:
        lines += ["<details><summary>Pods that are not up</summary>", ""]
        lines += [f"- {_name(ref)}: {_cell(reason)}" for ref, summary in waiting for reason in summary.reasons]
        lines += ["", "</details>", ""]
    lines += markdown_lines(plan)
    out.write(_bounded(lines))


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
        rows.append(f"| {MARKS[d.severity]} | {_cell(str(d.span or d.ref or ''))} | {_cell(d.message)}{hint} | `{d.rule}` |")
    return [*rows, ""]


def _changes(changes: Sequence[Change]) -> list[str]:
    lines = []
    for change in changes:
        lines.append(f"{SIGNS[change.action]} {_name(change.ref)}")
        for f in change.fields if change.action in (UPDATE, REPLACE) else ():
            lines.append(f"    {f.path}: {_value(f.before)} → {_value(f.after)}")
    return lines


def _name(ref: Ref) -> str:
    return f"{ref.kind} {ref.namespace + '/' if ref.namespace else ''}{ref.name}"


def _value(value: Any) -> str:
    text = "(nothing)" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text.replace("\n", "⏎").replace("```", "'''")
    return text if len(text) <= 80 else text[:79] + "…"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _bounded(lines: list[str]) -> str:
    """Whole lines up to the bound; open blocks are closed and the cut is told."""
    kept, size, fenced, folded = [], 0, False, 0
    for line in lines:
        size += len(line) + 1
        if size > MOST_CHARACTERS - 200:
            kept += ["```"] if fenced else []
            kept += ["</details>"] * folded
            kept += ["", "_… and more: the comment would be too long. Run kplan for the whole._"]
            break
        fenced ^= line.startswith("```")
        folded += line.startswith("<details>") - line.startswith("</details>")
        kept.append(line)
    return "\n".join(kept) + "\n"
