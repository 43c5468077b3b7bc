"""For people: a plan as a tree of changes, findings with their source lines. Readable at 80 columns and without colour."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from kplan.api.ref import Ref
from kplan.diagnostics import Diagnostic, Severity, Span
from kplan.diff import CREATE, DELETE, REPLACE, UPDATE, Change, FieldChange
from kplan.excerpts import Excerpt, excerpt_of
from kplan.report.impact import render_text as render_impact
from kplan.report.standing import forcing, standing
from kplan.report.wrapping import wrapped

if TYPE_CHECKING:
    from kplan.lint.engine import Findings
    from kplan.plan import Plan, PodSummary

SIGNS = {CREATE: ("+", "green"), UPDATE: ("~", "yellow"), REPLACE: ("-/+", "magenta"), DELETE: ("-", "red")}
COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
STATE_COLOURS = {"Running": "green", "Completed": "green", "Pending": "yellow", "NotReady": "yellow", "Failed": "red"}
LONGEST_VALUE = 60
MOST_DERIVED = 6
QUIET_KINDS = frozenset({"ServiceAccount", "ConfigMap", "EndpointSlice", "Endpoints", "ControllerRevision"})


def render_plan(plan: Plan, out: Console, *, quiet: bool = False, verbose: bool = False) -> None:
    """The whole plan: what it is based on, every change with what follows from it, what is wrong, the countable last line."""
    if not quiet:
        _header(plan, out)
        derived: dict[Ref, list[Change]] = {}
        for change in plan.changes:
            if change.cause is not None:
                derived.setdefault(change.cause, []).append(change)
        shown = {c.ref for c in plan.changes if c.cause is None}
        for change in plan.changes:
            if change.cause is None:
                _change(change, plan, derived.get(change.ref, []), out, verbose)
        for cause in sorted(derived.keys() - shown):
            _follow_ups(cause, derived[cause], plan, out, verbose)
        if plan.unchanged:
            noun = "object" if plan.unchanged == 1 else "objects"
            out.print(Text(f"  {plan.unchanged} {noun} unchanged", style="dim"))
        if plan.changes or plan.unchanged:
            out.print()
        render_impact(plan, out)
    render_diagnostics(plan.diagnostics, out, plan.excerpts)
    _summary(plan, out)


def _summary(plan: Plan, out: Console) -> None:
    """The last line; where it does not fit, each part on a line of its own."""
    sentences = [plan.summary] if len(plan.summary) <= out.width else re.split(r"(?<=[.;]) ", plan.summary)
    for sentence in sentences:
        _wrapped(Text(sentence, style="bold"), out, 2)


def render_findings(findings: Findings, out: Console, *, quiet: bool = False) -> None:
    """All findings and a line that counts them."""
    render_diagnostics(findings.diagnostics, out)
    counts = {s: sum(1 for d in findings.diagnostics if d.severity is s) for s in (Severity.ERROR, Severity.WARNING, Severity.NOTE)}
    if quiet and not findings.diagnostics:
        return
    objects = "1 object" if findings.objects == 1 else f"{findings.objects} objects"
    if not findings.diagnostics:
        out.print(Text(f"{objects} checked: nothing to say.", style="bold"))
        return
    told = ", ".join(f"{n} {s}{'s' if n != 1 else ''}" for s, n in counts.items() if n)
    out.print(Text(f"{objects} checked: {told}.", style="bold"))


def render_diagnostics(diagnostics: Iterable[Diagnostic], out: Console, excerpts: Mapping[Span, Excerpt] | None = None) -> None:
    """Each with its place, its source line and a caret."""
    for diagnostic in diagnostics:
        colour = COLOURS[diagnostic.severity]
        where = f"{diagnostic.span}: " if diagnostic.span else ""
        about = f" ({diagnostic.ref})" if diagnostic.ref and diagnostic.ref.name else ""
        line = Text(where, style="bold")
        line.append(f"{diagnostic.severity}: ", style=f"bold {colour}")
        line.append(diagnostic.message)
        line.append(about, style="dim")
        line.append(f"  [{diagnostic.rule}]", style="dim")
        _wrapped(line, out, 2)
        _excerpt(diagnostic, out, colour, excerpts or {})
        for span, words in diagnostic.related:
            _wrapped(Text(f"    {span}: {words}", style="dim"), out, 6)
        if diagnostic.hint:
            _wrapped(Text(f"    help: {diagnostic.hint}", style="cyan"), out, 10)


def _wrapped(text: Text, out: Console, indent: int) -> None:
    """Print a text; the lines on which it goes on are indented."""
    for line in wrapped(text, out.width, indent):
        out.print(line, no_wrap=True, overflow="ignore", crop=False)


def _excerpt(diagnostic: Diagnostic, out: Console, colour: str, excerpts: Mapping[Span, Excerpt]) -> None:
    span = diagnostic.span
    line = excerpt_of(span, excerpts) if span else None
    if span is None or line is None or not line.strip():
        return
    width = max(20, out.width - 8)
    start = max(0, span.column - 1 - width // 2) if len(line) > width else 0
    shown = line[start : start + width] + ("…" if start + width < len(line) else "")
    out.print(Text("    " + shown, style="dim"), no_wrap=True, overflow="crop")
    if span.column:
        out.print(Text("    " + " " * (span.column - 1 - start) + "^", style=colour), no_wrap=True, overflow="crop")


def _header(plan: Plan, out: Console) -> None:
    for line in (f"Kubernetes {plan.version}", *plan.notes):
        _wrapped(Text(line, style="dim"), out, 2)
    out.print()


def _name(ref: Ref) -> str:
    place = f" ({ref.namespace})" if ref.namespace else ""
    return f"{ref.kind} {ref.name}{place}"


def _change(change: Change, plan: Plan, derived: Sequence[Change], out: Console, verbose: bool) -> None:
    sign, colour = SIGNS[change.action]
    line = Text(f"{sign:>3} ", style=f"bold {colour}")
    line.append(_name(change.ref), style="bold")
    line.append("  refused: must be replaced" if change.action == REPLACE and change.ref in plan.rejected else _behind(change), style="dim")
    _wrapped(line, out, 8)
    if change.action in (UPDATE, REPLACE):
        forced = forcing(change, plan)
        for field in change.fields:
            _field(field, out, field.path in forced)
    _derived(change.ref, derived, plan, out, verbose)


def _follow_ups(cause: Ref, derived: Sequence[Change], plan: Plan, out: Console, verbose: bool) -> None:
    """An object that did not change itself, and what changed because of it."""
    told = [c for c in derived if verbose or c.ref.kind not in QUIET_KINDS]
    if told:
        out.print(Text("    ").append(_name(cause), style="bold"))
        _derived(cause, derived, plan, out, verbose)


def _behind(change: Change) -> str:
    words = standing(change)
    return f"  {words}" if words else ""


def _field(change: FieldChange, out: Console, forced: bool) -> None:
    path = Text("      ").append(f"{change.path}:", style="dim")
    value = Text()
    if change.before is None:
        value.append(f"+ {_value(change.after)}", style="green")
    elif change.after is None:
        value.append(f"- {_value(change.before)}", style="red")
    else:
        value.append(_value(change.before), style="red").append(" → ").append(_value(change.after), style="green")
    if forced:
        value.append("  # forces replacement", style="magenta")
    if path.cell_len + 1 + value.cell_len > out.width:
        _wrapped(path, out, 8)
        _wrapped(Text("        ").append_text(value), out, 8)
    else:
        out.print(path.append(" ").append_text(value))


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text.replace("\n", "⏎")
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _derived(ref: Ref, derived: Sequence[Change], plan: Plan, out: Console, verbose: bool) -> None:
    """What came of an object: its pods in one line, endpoints in another, the rest by name."""
    pods = plan.pods.get(ref)
    if pods is not None and (any(c.ref.kind == "Pod" for c in derived) or ref.kind == "Pod"):
        _pods(pods, out)
    endpoints = [c for c in derived if c.ref.kind == "EndpointSlice"]
    if endpoints:
        _endpoints(endpoints, out)
    hidden = {"Pod", "EndpointSlice", "Endpoints"} if not verbose else {"Pod"}
    rest = [c for c in derived if c.ref.kind not in hidden and (verbose or c.ref.kind not in QUIET_KINDS)]
    for change in rest[: None if verbose else MOST_DERIVED]:
        sign, colour = SIGNS[change.action]
        line = Text("      ").append(sign, style=colour).append(f" {change.ref.kind} {change.ref.name}").append(_behind(change), style="dim")
        _wrapped(line, out, 10)
    if not verbose and len(rest) > MOST_DERIVED:
        out.print(Text(f"      … and {len(rest) - MOST_DERIVED} more", style="dim"))


def _pods(summary: PodSummary, out: Console) -> None:
    line = Text("      ")
    whole = sum(summary.states.values())
    line.append(f"{whole} pod{'s' if whole != 1 else ''}: ")
    for i, (state, count) in enumerate(summary.states.items()):
        line.append(", " if i else "").append(f"{count} {state}", style=STATE_COLOURS.get(state, ""))
    if summary.nodes:
        places = ", ".join(f"{node} {count}" for node, count in list(summary.nodes.items())[:6])
        more = f", … {len(summary.nodes) - 6} more nodes" if len(summary.nodes) > 6 else ""
        line.append(f" on {places}{more}", style="dim")
    _wrapped(line, out, 10)
    for reason in summary.reasons:
        _wrapped(Text("        ").append(reason, style="yellow"), out, 10)


def _endpoints(slices: Sequence[Change], out: Console) -> None:
    def ready(slice: Any) -> int:
        return sum(1 for e in (slice or {}).get("endpoints") or () if (e.get("conditions") or {}).get("ready") is not False)

    before, after = sum(ready(c.before) for c in slices), sum(ready(c.after) for c in slices)
    if before != after or any(c.action == CREATE for c in slices):
        count = f"{before} → {after}" if before and before != after else str(after)
        out.print(Text(f"      {count} ready endpoint{'s' if after != 1 else ''}"))


__all__ = ["render_diagnostics", "render_findings", "render_plan"]
