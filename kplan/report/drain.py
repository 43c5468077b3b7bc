"""What a drain does: who moves where and what stands in the way, for people and for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TextIO

from rich.text import Text

from kplan.report.impact import PREEMPTION, endpoint_words
from kplan.report.json import ref_json
from kplan.report.lines import counted, wrapped

if TYPE_CHECKING:
    from rich.console import Console

    from kplan.questions.drain import Drain, Moved

MOST_NODES = 6


def render_text(found: Drain, out: Console) -> None:
    """The moves, what is blocked, what Services feel, the verdict."""
    verb = "without" if found.lost else "draining"
    wrapped(Text(f"{verb} {', '.join(found.nodes)}", style="bold"), out, 2)
    for moved in found.moved:
        _moved(moved, out)
    if not found.moved and not found.blocked:
        out.print("  no pods have to move")
    for other in found.others:
        wrapped(f"  ! {other.ref}: {counted(other.pending, 'pod')} elsewhere lost its place", out, 6, "yellow")
        _reasons(other, out)
    for blocked in found.blocked:
        wrapped(f"  ! {blocked.ref} stays on {blocked.node}: {blocked.reason}", out, 6, "red")
        if blocked.help:
            wrapped(f"      help: {blocked.help}", out, 8, "cyan")
    for broken in found.budgets:
        wrapped(f"  ! {broken.ref} is broken: {broken.healthy} of {counted(broken.desired, 'healthy pod')} that it asks for", out, 6, "red")
    for service in found.services:
        wrapped(f"  {endpoint_words(service)}", out, 6)
    for note in found.notes:
        wrapped(f"  {note}", out, 6, "dim")
    out.print()
    out.print(Text(_verdict(found), style="bold"))


def _moved(moved: Moved, out: Console) -> None:
    parts = []
    if moved.to:
        places = ", ".join(node if moved.pods == 1 else f"{node} {count}" for node, count in list(moved.to.items())[:MOST_NODES])
        more = f" and {len(moved.to) - MOST_NODES} more nodes" if len(moved.to) > MOST_NODES else ""
        parts.append(f"→ {places}{more}")
    if moved.pending:
        parts.append(f"{moved.pending} not up")
    if moved.gone:
        parts.append(f"{moved.gone} without a successor")
    bad = moved.pending or moved.gone
    wrapped(f"  {'!' if bad else '~'} {moved.ref}: {counted(moved.pods, 'pod')}{' ' if moved.to else ': '}{', '.join(parts)}", out, 6, "yellow" if bad else "")
    _reasons(moved, out)


def _reasons(moved: Moved, out: Console) -> None:
    for reason in moved.reasons:
        wrapped(f"      {reason.partition(PREEMPTION)[0]}", out, 8, "yellow")


def _verdict(found: Drain) -> str:
    pods = sum(m.pods - m.pending - m.gone for m in found.moved)
    waiting = sum(m.pending for m in (*found.moved, *found.others))
    gone = sum(m.gone for m in found.moved if found.lost or m.ref.group_kind == "Pod")
    words = [f"{counted(pods, 'pod')} moved"]
    if found.rounds:
        words.append(f"in {counted(found.rounds, 'round')}")
    tail = [f"{len(found.blocked)} blocked"] if found.blocked else []
    tail += [f"{waiting} not up"] if waiting else []
    tail += [f"{counted(gone, 'pod')} lost"] if gone else []
    tail += [f"{counted(len(found.budgets), 'budget')} broken"] if found.budgets else []
    return f"{'Drain' if not found.lost else 'Loss'}: {' '.join(words)}{', ' if tail else ''}{', '.join(tail)}."


def render_json(found: Drain, out: TextIO) -> None:
    """Everything that is known."""
    document = {
        "formatVersion": "1.0",
        "ok": found.ok,
        "nodes": list(found.nodes),
        "lost": found.lost,
        "rounds": found.rounds,
        "moved": [_moved_json(m) for m in found.moved],
        "others": [_moved_json(m) for m in found.others],
        "blocked": [{"ref": ref_json(b.ref), "node": b.node, "reason": b.reason, "help": b.help} for b in found.blocked],
        "budgets": [{"ref": ref_json(b.ref), "healthy": b.healthy, "desired": b.desired} for b in found.budgets],
        "services": [
            {"ref": ref_json(s.ref), "before": s.before, "after": s.after, "lowest": s.lowest, "fewerFor": s.fewer_for, "noneFor": s.none_for}
            for s in found.services
        ],
        "notes": list(found.notes),
    }
    json.dump(document, out, indent=2, ensure_ascii=False)
    out.write("\n")


def _moved_json(moved: Moved) -> dict[str, object]:
    counts = {"pods": moved.pods, "to": moved.to, "pending": moved.pending, "gone": moved.gone}
    return {"ref": ref_json(moved.ref), **counts, "reasons": list(moved.reasons)}
