"""The dependency graph, drawn: boxes with what happens to them, edges with the field that states them."""

from __future__ import annotations

from collections.abc import Sequence

from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.graph import OWNS, Edge
from kplan.plan import Plan
from kplan.report.drawing import Drawn, curve, drawable, lack, short, target_of
from kplan.report.layers import HIGH, WIDE
from kplan.report.layout import Frame, layout
from kplan.report.markup import Markup, element
from kplan.report.page.words import SIGNS, anchor, count, section

MANY = 1500  # objects; of more only what changes and its neighbours are drawn
BUTTONS = (("+", "in", "Zoom in"), ("−", "out", "Zoom out"), ("Fit", "fit", "Show everything"), ("Expand", "expand", "Use the whole window"))


def dependencies(plan: Plan, known: frozenset[Ref]) -> Markup:
    """The drawing with its tools; edges between applications show when one of their ends is looked at."""
    actions = {c.ref: c.action for c in plan.changes}
    edges = drawable(plan.picture.edges)
    boxes = _boxes(plan, edges, actions)
    if not boxes:
        return section("graph", "Dependencies", "", [element("p", "Nothing depends on anything here.", class_="empty")])
    left_out = len(boxes) > MANY
    if left_out:
        near = {*actions, *plan.rejected, *plan.left_out}
        near |= {r for e in edges if e.source in actions or e.target in actions for r in (e.source, e.target) if r is not None}
        boxes = [b for b in boxes if b[0] in near or not b[1]][: 2 * MANY]
    at = {box: i for i, box in enumerate(boxes)}
    lines = []
    for edge in edges:
        ends = ((edge.source, True), target_of(edge))
        if ends[0] in at and ends[1] in at:
            lines.append((edge, at[ends[0]], at[ends[1]]))
    placed = layout([ref.namespace for ref, _ in boxes], [(b, a) if e.kind == OWNS else (a, b) for e, a, b in lines])
    refused = {*plan.rejected}
    bad = {d.ref: d.severity for d in sorted(plan.diagnostics, key=lambda d: d.severity) if d.severity > Severity.NOTE}
    few = len(lines) <= 60
    drawing = [_frame(f) for f in placed.frames]
    drawing += [_line(e, a, b, placed.routes[i], i in placed.far and not few) for i, (e, a, b) in enumerate(lines)]
    needed = {target_of(e) for e, _, _ in lines if lack(e) == "missing"}
    for i, box in enumerate(boxes):
        kind = actions.get(box[0], "") if box[1] else "absent" if box in needed else "absent optional"
        drawing.append(_box(i, box[0], placed.places[i], "rejected" if box[0] in refused else kind, bad.get(box[0]), known))
    drawing += map(_name, placed.frames)
    size = {"data_width": placed.width, "data_height": placed.height}
    room = f"0 0 {placed.width} {placed.height}"
    svg = element("svg", element("g", *drawing), viewBox=room, class_="drawing", role="img", aria_label="Dependency graph", **size)
    lead = f"{count(len(boxes), 'object')}, {count(len(lines), 'edge')}" + (" (only what changes and its neighbours)" if left_out else "")
    panel = element("aside", hidden=True)
    canvas = element("div", svg, panel, class_="canvas", style=f"--tall:{max(200, min(640, placed.height + 60))}px")
    return section("graph", "Dependencies", lead, [_tools(), canvas, _legend()])


def _boxes(plan: Plan, edges: Sequence[Edge], actions: dict[Ref, str]) -> list[Drawn]:
    there = {(r, True) for e in edges for r in (e.source, e.target) if r is not None}
    refused = {*plan.rejected, *plan.left_out}
    there |= {(r, True) for r in (*plan.stated, *sorted(refused)) if r.name and r.kind not in ("Node", "Pod") and (r in actions or r in refused)}
    return sorted(there | {target_of(e) for e in edges if e.target is None})


def _tools() -> Markup:
    buttons = [element("button", words, type="button", class_="chip", data_zoom=how, title=title, aria_label=title) for words, how, title in BUTTONS]
    finder = element("input", type="search", class_="find", placeholder="Find an object", aria_label="Find an object", autocomplete="off", spellcheck="false")
    return element("div", finder, element("span", class_="found dim", aria_live="polite"), *buttons, class_="tools")


def _legend() -> Markup:
    keys = [("create", "created"), ("update", "updated"), ("replace", "replaced"), ("delete", "deleted"), ("", "unchanged"), ("missing", "not there")]
    items = [element("span", element("i", class_=f"key {kind}".rstrip()), words) for kind, words in keys]
    return element("p", *items, element("span", "Drag to move, Ctrl and wheel to zoom, click for what an object is tied to."), class_="legend dim")


def arrow() -> Markup:
    """The head of arrows, once a page."""
    tip = element("path", d="M0 0L8 4L0 8z")
    head = element("marker", tip, id="head", viewBox="0 0 8 8", refX="8", refY="4", markerWidth="7", markerHeight="7", orient="auto")
    return element("svg", element("defs", head), class_="apart", width="0", height="0", aria_hidden="true")


def _frame(frame: Frame) -> Markup:
    box = element("rect", x=frame.x, y=frame.y, width=frame.width, height=frame.height, rx=10)
    return element("g", box, class_="frame")


def _name(frame: Frame) -> Markup:
    return element("g", element("text", frame.group or "Cluster", x=frame.x + 16, y=frame.y + 12, dy="0.6em"), class_="frame")


def _line(edge: Edge, source: int, target: int, points: Sequence[tuple[int, int]], far: bool) -> Markup:
    classes = " ".join(filter(None, (edge.kind, "far" if far else "", lack(edge))))
    if edge.kind == OWNS:
        source, target = target, source
    return element("path", d=curve(points), class_=f"edge {classes}", data_s=source, data_t=target, data_path=edge.path, data_kind=edge.kind)


def _box(index: int, ref: Ref, place: tuple[int, int], kind: str, severity: Severity | None, known: frozenset[Ref]) -> Markup:
    """One object; `kind` is what happens to it, `absent` where it is not there."""
    sign = SIGNS.get(kind, "✕" if kind == "rejected" else "")
    parts = [
        element("title", f"{ref.kind} {ref.name}" + (f" ({ref.namespace})" if ref.namespace else "")),
        element("rect", width=WIDE, height=HIGH, rx=6),
        element("path", d=f"M6 0H5Q0 0 0 6V{HIGH - 6}Q0 {HIGH} 5 {HIGH}H6z", class_="edge-mark"),
        element("text", ref.kind, x=16, y=16, class_="kind"),
        element("text", short(ref.name), x=16, y=32),
        element("text", sign, x=WIDE - 10, y=17, class_="sign") if sign else "",
        element("circle", cx=WIDE, cy=0, r=6, class_=f"dot {severity}") if severity is not None else "",
    ]
    move = f"translate({place[0]} {place[1]})"
    words = f"{ref.kind} {ref.name} {ref.namespace}".lower()
    target = anchor(ref) if ref in known else None
    return element("g", *parts, class_=f"box {kind}".rstrip(), transform=move, tabindex="0", data_i=index, data_text=words, data_entry=target)


__all__ = ["arrow", "dependencies"]
