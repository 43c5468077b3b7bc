"""What room there is, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from rich.text import Text

from kplan.report.json import ref_json
from kplan.report.lines import counted, grid, wrapped

if TYPE_CHECKING:
    from rich.console import Console

    from kplan.questions.capacity import Capacity, Fit, Need, Room

MOST_NODES = 40
MOST_COLUMNS = 4
ALWAYS = ("cpu", "memory", "pods")
UNITS = (("Ti", 2**40), ("Gi", 2**30), ("Mi", 2**20), ("Ki", 2**10))
PREEMPTION = ". preemption: "


@dataclass(frozen=True, slots=True)
class Answer:
    """All that was asked at once."""

    capacity: Capacity
    fits: Sequence[Fit] = ()
    needs: Sequence[Need] = ()


def render_text(answer: Answer, out: Console) -> None:
    """The table, then a line for each question."""
    found = answer.capacity
    resources = [*ALWAYS, *sorted(r for r in found.total.allocatable if r not in ALWAYS and r != "ephemeral-storage" and found.total.allocatable[r])]
    resources = resources[:MOST_COLUMNS]
    table = grid("node", *resources, right=tuple(resources))
    for room in found.nodes[:MOST_NODES]:
        table.add_row(room.name + (" (cordoned)" if room.cordoned else ""), *(_of(room, r) for r in resources))
    if len(found.nodes) > MOST_NODES:
        table.add_row(f"… and {len(found.nodes) - MOST_NODES} more nodes", *("" for _ in resources))
    for zone in found.zones:
        table.add_row(f"zone {zone.name or '(none)'}, {counted(zone.nodes, 'node')}", *(_of(zone, r) for r in resources), style="dim")
    table.add_row(f"all, {counted(found.total.nodes, 'node')}", *(_of(found.total, r) for r in resources), style="bold")
    out.print(table)
    largest = [(r, found.largest(r)) for r in ("cpu", "memory")]
    told = ", ".join(f"{amount(r, room.free(r))} {r} on {room.name}" for r, room in largest if room is not None)
    if told:
        wrapped(f"most room on one node: {told}", out, 2, "dim")
    for fit in answer.fits:
        out.print()
        _fit(fit, out)
    for need in answer.needs:
        out.print()
        _need(need, out)


def _of(room: Room, resource: str) -> str:
    return f"{amount(resource, room.used.get(resource, 0))} of {amount(resource, room.allocatable.get(resource, 0))}"


def _fit(fit: Fit, out: Console) -> None:
    head = f"{'at least ' if fit.at_least else ''}{fit.more} more of {fit.ref} fit{'s' if fit.more == 1 and not fit.at_least else ''}"
    wrapped(Text(head, style="bold"), out, 2)
    if fit.to:
        more = f" and {len(fit.to) - 8} more nodes" if len(fit.to) > 8 else ""
        wrapped(f"  on {', '.join(f'{node} {count}' for node, count in list(fit.to.items())[:8])}{more}", out, 4)
    if fit.stopped_by:
        wrapped(f"  then: {fit.stopped_by.partition(PREEMPTION)[0]}", out, 4, "yellow")


def _need(need: Need, out: Console) -> None:
    what = f"{need.replicas} of {need.ref} ({need.running} have a node now)"
    if need.nodes is None:
        wrapped(Text(f"{what}: no number of nodes of {need.shape} is enough", style="bold"), out, 2)
        wrapped(f"  {need.why.partition(PREEMPTION)[0]}", out, 4, "yellow")
    elif not need.nodes:
        wrapped(Text(f"{what}: no further node is needed", style="bold"), out, 2)
    else:
        wrapped(Text(f"{what}: {counted(need.nodes, 'more node')} of {need.shape} {'is' if need.nodes == 1 else 'are'} needed", style="bold"), out, 2)
    if need.refused:
        wrapped(f"  the server would refuse some: {need.refused}", out, 4, "yellow")


def amount(resource: str, number: int) -> str:
    """For people: cores with two digits at most, bytes with one."""
    if resource == "cpu":
        return f"{number / 1000:.2f}".rstrip("0").rstrip(".")
    if resource in ("memory", "ephemeral-storage") or resource.startswith("hugepages-"):
        for unit, size in UNITS:
            if number >= size:
                return f"{number / size:.1f}".removesuffix(".0") + unit
    return str(number)


def render_json(answer: Answer, out: TextIO) -> None:
    """Everything that is known: millicores for cpu, whole units for all else."""
    found = answer.capacity
    document = {
        "formatVersion": "1.0",
        "nodes": [_room(n) | {"zone": n.zone, "cordoned": n.cordoned} for n in found.nodes],
        "zones": [_room(z) | {"nodes": z.nodes} for z in found.zones],
        "total": _room(found.total) | {"nodes": found.total.nodes},
        "fits": [{"ref": ref_json(f.ref), "more": f.more, "atLeast": f.at_least, "to": f.to, "stoppedBy": f.stopped_by} for f in answer.fits],
        "needs": [_need_json(n) for n in answer.needs],
    }
    json.dump(document, out, indent=2, ensure_ascii=False)
    out.write("\n")


def _need_json(need: Need) -> dict[str, Any]:
    counts = {"replicas": need.replicas, "running": need.running, "shape": need.shape, "nodes": need.nodes}
    return {"ref": ref_json(need.ref), **counts, "why": need.why, "refused": need.refused}


def _room(room: Room) -> dict[str, Any]:
    free = {r: room.free(r) for r in room.allocatable}
    return {"name": room.name, "allocatable": room.allocatable, "used": room.used, "free": free}
