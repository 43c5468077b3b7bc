"""For people: a plan as a tree of changes, with what is wrong. Readable at 80 columns and without colour."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from kplan.api.ref import Ref
from kplan.api.words import some
from kplan.diagnostics import Severity
from kplan.diff import CREATE, DELETE, REPLACE, UPDATE, Change, FieldChange
from kplan.report.findings import print_wrapped as _wrapped
from kplan.report.findings import render_diagnostics
from kplan.report.impact import render_text as render_impact
from kplan.report.shortening import apart, cut
from kplan.report.standing import forcing, standing
from kplan.report.telling import same, told

if TYPE_CHECKING:
    from kplan.plan import Plan, PodSummary

SIGNS = {CREATE: ("+", "green"), UPDATE: ("~", "yellow"), REPLACE: ("-/+", "magenta"), DELETE: ("-", "red")}
STATE_COLOURS = {"Running": "green", "Completed": "green", "Pending": "yellow", "NotReady": "yellow", "Failed": "red"}
LONGEST_VALUE = 60
MOST_DERIVED = 6
MANY, NAMED = 6, 3  # new objects of a kind that are told in one line, and how many of them by name
MOST_BROKEN = 4
UNREAD = ("manifests/", "yaml/")  # rules about sources of which nothing, or not all, is known
QUIET_KINDS = frozenset({"ServiceAccount", "ConfigMap", "EndpointSlice", "Endpoints", "ControllerRevision"})


def render_plan(plan: Plan, out: Console, *, quiet: bool = False, verbose: bool = False) -> None:
    """The whole plan: what it is based on, every change with what follows from it, what is wrong with the worst last, the countable last line."""
    if not quiet:
        _header(plan, out)
        derived: dict[Ref, list[Change]] = {}
        for change in plan.changes:
            if change.cause is not None:
                derived.setdefault(change.cause, []).append(change)
        shown = {c.ref for c in plan.changes if c.cause is None}
        stated = [c for c in plan.changes if c.cause is None]
        followed = {r for r, found in derived.items() if any(c.ref.kind not in QUIET_KINDS for c in found)}
        together = [] if verbose else same(stated, followed)
        at_once = {c.ref for several in together for c in several}
        for _, group in groupby((c for c in stated if c.ref not in at_once), key=lambda c: (c.ref.group_kind, c.ref.namespace, _plain(c, derived))):
            alike = list(group)
            if not verbose and len(alike) >= MANY and _plain(alike[0], derived):
                _many(alike, out)
                continue
            for change in alike:
                _change(change, plan, derived.get(change.ref, []), out, verbose)
        for several in together:
            _together(several, out)
        for cause in sorted(derived.keys() - shown):
            _follow_ups(cause, derived[cause], plan, out, verbose)
        if plan.unchanged:
            noun = "object" if plan.unchanged == 1 else "objects"
            out.print(Text(f"  {plan.unchanged} {noun} unchanged", style="dim"))
        if plan.changes or plan.unchanged:
            out.print()
        render_impact(plan, out)
    render_diagnostics(sorted(plan.diagnostics, key=lambda d: d.severity), out, plan.excerpts, verbose=verbose)
    _summary(plan, out)


def _plain(change: Change, derived: Mapping[Ref, Sequence[Change]]) -> bool:
    """Whether a new object has no more to tell than its name."""
    return change.action == CREATE and not standing(change) and all(c.ref.kind in QUIET_KINDS for c in derived.get(change.ref, ()))


def _many(changes: Sequence[Change], out: Console) -> None:
    """Many new objects of a kind in one line."""
    sign, colour = SIGNS[CREATE]
    ref = changes[0].ref
    line = Text(f"{sign:>3} ", style=f"bold {colour}")
    line.append(f"{len(changes)} × {ref.kind}{f' ({ref.namespace})' if ref.namespace else ''}", style="bold")
    line.append(f": {', '.join(c.ref.name for c in changes[:NAMED])} and {len(changes) - NAMED} more (-v names them)", style="dim")
    _wrapped(line, out, 8)


def _together(changes: Sequence[Change], out: Console) -> None:
    """The same change of several objects."""
    sign, colour = SIGNS[UPDATE]
    line = Text(f"{sign:>3} ", style=f"bold {colour}").append(f"{len(changes)} objects", style="bold")
    more = f" and {len(changes) - NAMED} more (-v names them)" if len(changes) > NAMED else ""
    _wrapped(line.append(f": {', '.join(_name(c.ref) for c in changes[:NAMED])}{more}", style="dim"), out, 8)
    for field in changes[0].fields:
        _field(field, out, False)


def _summary(plan: Plan, out: Console) -> None:
    """How much is wrong, and the last line; where it does not fit, each part on a line of its own."""
    if plan.findings:
        out.print(Text(f"{plan.findings}.", style="bold"))
    lines = [""]
    for sentence in re.split(r"(?<=[.;]) ", plan.summary):
        if lines[-1] and len(lines[-1]) + 1 + len(sentence) > out.width:
            lines.append("")
        lines[-1] += f"{' ' if lines[-1] else ''}{sentence}"
    for line in lines:
        _wrapped(Text(line, style="bold"), out, 2)


def _header(plan: Plan, out: Console) -> None:
    for line in (f"Kubernetes {plan.version}", *plan.notes):
        _wrapped(Text(line, style="dim"), out, 2)
    for words, unread in (("cannot be read", True), ("something breaks", False)):
        broken = [str(d.ref or d.span or d.rule) for d in plan.diagnostics if d.severity is Severity.ERROR and d.rule.startswith(UNREAD) is unread]
        if broken:
            _wrapped(Text(f"{words}, told at the end: {some(list(dict.fromkeys(broken)), MOST_BROKEN)}", style="bold red"), out, 2)
    out.print()


def _name(ref: Ref) -> str:
    place = f" ({ref.namespace})" if ref.namespace else ""
    return f"{ref.kind} {ref.name}{place}"


def _change(change: Change, plan: Plan, derived: Sequence[Change], out: Console, verbose: bool) -> None:
    sign, colour = SIGNS[change.action]
    line = Text(f"{sign:>3} ", style=f"bold {colour}")
    line.append(_name(change.ref), style="bold")
    refused = change.action == REPLACE and change.ref in plan.rejected
    waiting = change.ref in plan.pods and bool(plan.pods[change.ref].reasons)
    line.append("  refused: must be replaced" if refused else _behind(change), style="red" if refused or waiting else "dim")
    _wrapped(line, out, 8)
    if refused and (help := next((d.hint for d in plan.diagnostics if d.ref == change.ref and d.hint), "")):
        _wrapped(Text(f"      help: {help}", style="cyan"), out, 12)
    if change.action in (UPDATE, REPLACE):
        forced = forcing(change, plan)
        fields, more = told(change) if not verbose else (change.fields, "")
        for field in fields:
            _field(field, out, field.path in forced)
        if more:
            _wrapped(Text(f"      … and {more} (-v names them)", style="dim"), out, 8)
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
        before, after = apart(_text(change.before), _text(change.after), LONGEST_VALUE)
        value.append(before, style="red").append(" → ").append(after, style="green")
    if forced:
        value.append("  # forces replacement", style="magenta")
    if path.cell_len + 1 + value.cell_len > out.width:
        _wrapped(path, out, 8)
        _wrapped(Text("        ").append_text(value), out, 8)
    else:
        out.print(path.append(" ").append_text(value))


def _value(value: Any) -> str:
    return cut(_text(value), LONGEST_VALUE)


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.replace("\n", "⏎")


def _derived(ref: Ref, derived: Sequence[Change], plan: Plan, out: Console, verbose: bool) -> None:
    """What came of an object: its pods in one line, endpoints in another, the rest by name."""
    pods = plan.pods.get(ref)
    if pods is not None and (any(c.ref.kind == "Pod" for c in derived) or ref.kind == "Pod"):
        _pods(pods, out)
    service = plan.after.get(ref) or {}
    named = (service.get("spec") or {}).get("type") == "ExternalName"  # whose slices nobody looks at
    endpoints = [c for c in derived if c.ref.kind == "EndpointSlice" and not named]
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
    whole, several = sum(summary.states.values()), len(summary.states) > 1
    line.append(f"{whole} pod{'s' if whole != 1 else ''}{':' if several else ''} ")
    for i, (state, count) in enumerate(summary.states.items()):
        line.append(", " if i else "").append(f"{count} {state}" if several else state, style=STATE_COLOURS.get(state, ""))
    if summary.nodes == {next(iter(summary.nodes), ""): whole}:
        line.append(f" on {next(iter(summary.nodes))}", style="dim")
    elif summary.nodes:
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


__all__ = ["render_plan"]
