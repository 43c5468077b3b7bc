"""Why a pod is where it is: a table of nodes and plugins for people, everything for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

from rich.table import Table
from rich.text import Text

from kplan.report.json import ref_json
from kplan.report.lines import grid, wrapped

if TYPE_CHECKING:
    from rich.console import Console

    from kplan.questions.explain import Explanation
    from kplan.scheduler.decision import Decision, NodeVerdict

MOST_NODES = 40
MOST_PLUGINS = 5


def render_text(found: Explanation, out: Console) -> None:
    """The pod, the node by node table, the remedies, the object's own words."""
    line = Text(str(found.ref), style="bold").append(f"  {found.standing}", style="green" if found.ready else "yellow")
    out.print(line)
    decision = found.decision
    if decision is not None:
        name = decision.pod.partition("/")[2]
        if found.ref.kind != "Pod":
            out.print(Text(f"looking at pod/{name}", style="dim"))
        out.print()
        _verdict(found, decision, out)
        _tables(decision, found, out)
    for title, words in (("what would let it in", found.remedies), ("why it is not ready", found.reasons), ("events", found.events)):
        if words:
            out.print()
            out.print(Text(title, style="bold"))
            for word in words:
                wrapped(f"  - {word}", out, 4, "cyan" if title.startswith("what") else "")


def _verdict(found: Explanation, decision: Decision, out: Console) -> None:
    node = (found.pod or {}).get("spec", {}).get("nodeName")
    when = "" if found.taken else " (as the scheduler would decide now)"
    if decision.gated:
        wrapped(f"gated: {', '.join(decision.gated)}", out, 2, "yellow")
    elif decision.chosen:
        ties = f", as good: {', '.join(t for t in decision.ties if t != decision.chosen)}" if len(decision.ties) > 1 else ""
        wrapped(f"chosen: {decision.chosen} with {decision.total} points{ties}{when}", out, 2)
        if node and node != decision.chosen:
            wrapped(f"it is on {node}", out, 2)
    else:
        wrapped(f"{decision.message}{when}", out, 2, "yellow")
    if decision.nominated:
        wrapped(f"preempts {', '.join(decision.victims)} on {decision.nominated}", out, 2, "yellow")


def _tables(decision: Decision, found: Explanation, out: Console) -> None:
    """Nodes that fit with their scores, best first; the others with the plugin that rejects them and its reason."""
    fitting = sorted(((n, v) for n, v in decision.nodes.items() if v.fits), key=lambda item: (item[0] != decision.chosen, -item[1].total, item[0]))
    others = [(n, v) for n, v in decision.nodes.items() if not v.fits]
    if fitting:
        out.print()
        _scores(fitting, decision.chosen, out)
    if others:
        out.print()
        table = grid("node", "rejected by", "why")
        for name, verdict in others[:MOST_NODES]:
            table.add_row(name, verdict.plugin, "; ".join(verdict.reasons))
        out.print(table)
        _more(len(others), out)


def _scores(fitting: Sequence[tuple[str, NodeVerdict]], chosen: str | None, out: Console) -> None:
    """One table, or several below each other where the plugins' names do not fit beside each other."""
    plugins = sorted({p for _, v in fitting for p in v.scores})
    telling = [p for p in plugins if any(v.scores.get(p) for _, v in fitting)] or plugins[:1]
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("node", no_wrap=True)
    table.add_column("total", justify="right")
    for number in range(len(telling)):
        table.add_column(f"({number + 1})", justify="right")
    for name, verdict in fitting[:MOST_NODES]:
        sign = "*" if name == chosen else " "
        table.add_row(Text(f"{sign} {name}", style="green" if name == chosen else ""), str(verdict.total), *(str(verdict.scores.get(p, 0)) for p in telling))
    out.print(table)
    _more(len(fitting), out)
    wrapped("  " + ", ".join(f"({i + 1}) {p}" for i, p in enumerate(telling)), out, 2, "dim")


def _more(count: int, out: Console) -> None:
    if count > MOST_NODES:
        out.print(Text(f"  … and {count - MOST_NODES} more nodes", style="dim"))


def render_json(found: Explanation, out: TextIO) -> None:
    """Everything that is known."""
    document: dict[str, Any] = {
        "formatVersion": "1.0",
        "ref": ref_json(found.ref),
        "ready": found.ready,
        "standing": found.standing,
        "remedies": list(found.remedies),
        "reasons": list(found.reasons),
        "events": list(found.events),
    }
    decision = found.decision
    if decision is not None:
        document["decision"] = {
            "pod": decision.pod,
            "taken": found.taken,
            "chosen": decision.chosen,
            "total": decision.total,
            "ties": list(decision.ties),
            "message": decision.message,
            "gated": list(decision.gated),
            "nominated": decision.nominated,
            "victims": list(decision.victims),
            "nodes": {name: _node(verdict) for name, verdict in decision.nodes.items()},
        }
    json.dump(document, out, indent=2, ensure_ascii=False)
    out.write("\n")


def _node(verdict: NodeVerdict) -> dict[str, Any]:
    if verdict.fits:
        return {"fits": True, "total": verdict.total, "scores": dict(verdict.scores)}
    return {"fits": False, "plugin": verdict.plugin, "reasons": list(verdict.reasons), "unresolvable": verdict.unresolvable}
