"""The dependency graph as one SVG: namespaces as frames, objects as boxes, arrows from what needs to what is needed. No script, no font, nothing to load.

Where it is shown in a browser, boxes and arrows say on hovering what they are; colours follow the reader's light or dark scheme.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from kplan.api.ref import Ref
from kplan.graph import OWNS, REFERS, Edge, Graph
from kplan.report.drawing import Drawn, curve, drawable, lack, short, target_of
from kplan.report.layers import HIGH, WIDE
from kplan.report.layout import Frame, Layout, layout
from kplan.report.markup import Markup, element

WIDEST = 2400  # shown at most so wide; the drawing itself may be larger, and is zoomed into
LEAST = 560  # room for the legend
FOOT = 64
EDGE = 20  # around everything
FAMILIES = (
    ("work", "workloads", "Pod Deployment ReplicaSet StatefulSet DaemonSet Job CronJob ReplicationController HorizontalPodAutoscaler PodDisruptionBudget"),
    ("net", "network", "Service Ingress IngressClass NetworkPolicy Endpoints EndpointSlice Gateway GatewayClass HTTPRoute GRPCRoute TLSRoute TCPRoute"),
    ("conf", "configuration", "ConfigMap Secret"),
    ("disk", "storage", "PersistentVolume PersistentVolumeClaim StorageClass CSIDriver VolumeAttributesClass VolumeSnapshot"),
    ("who", "access", "ServiceAccount Role ClusterRole RoleBinding ClusterRoleBinding"),
)
FAMILY = {kind: family for family, _, kinds in FAMILIES for kind in kinds.split()}
LIGHT = {
    "ground": "#f6f7f9",
    "paper": "#ffffff",
    "frame": "#eef1f5",
    "line": "#c9d0d9",
    "ink": "#1c2128",
    "dim": "#5d6673",
    "error": "#c4302b",
    "wash": "#fdebea",
    "work": "#2f62d0",
    "net": "#17803d",
    "conf": "#97640a",
    "disk": "#8c3fb5",
    "who": "#0f7d8c",
}
DARK = {
    "ground": "#0e1116",
    "paper": "#1b212a",
    "frame": "#141920",
    "line": "#3a4350",
    "ink": "#e2e7ee",
    "dim": "#9aa5b3",
    "error": "#ff7a70",
    "wash": "#331614",
    "work": "#79a6ff",
    "net": "#4cc473",
    "conf": "#e0ac45",
    "disk": "#ce8df0",
    "who": "#4fc3d3",
}
COLOURS = """.ground{{fill:{ground}}}
.frame rect{{fill:{frame};stroke:{line}}}
.frame text,.legend text{{fill:{dim}}}
.box rect{{fill:{paper};stroke:{line}}}
.box text{{fill:{ink}}}
.box .kind{{fill:{dim}}}
.bar{{fill:{dim}}}
.edge{{stroke:{dim}}}
.head{{fill:{dim}}}
.missing .bar,.head.missing{{fill:{error}}}
.box.missing rect{{fill:{wash};stroke:{error}}}
.edge.missing{{stroke:{error}}}
.box.optional rect{{fill:none;stroke:{dim}}}
.work .bar{{fill:{work}}}
.net .bar{{fill:{net}}}
.conf .bar{{fill:{conf}}}
.disk .bar{{fill:{disk}}}
.who .bar{{fill:{who}}}
.edge:hover{{stroke:{work}}}
"""
FORM = """svg{max-width:100%;height:auto;font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Helvetica Neue",Arial,sans-serif;font-size:13px}
.frame text{font-size:14px;font-weight:600}
.box .kind{font-size:10.5px}
.legend text{font-size:12px}
.edge{fill:none;stroke-width:1.4;stroke-opacity:.7;marker-end:url(#head)}
.edge.selects{stroke-dasharray:6 4}
.edge.owns{stroke-dasharray:1.5 3.5;stroke-linecap:round}
.edge.far{stroke-opacity:.22}
.edge.missing{stroke-opacity:1;marker-end:url(#head-missing)}
.edge:hover{stroke-opacity:1;stroke-width:2.6}
.box.missing rect,.box.optional rect{stroke-dasharray:5 4}
"""
STYLE = f"{FORM}{COLOURS.format(**LIGHT)}@media (prefers-color-scheme:dark){{\n{COLOURS.format(**DARK)}}}\n"
VERBS = {REFERS: "refers to"}
FEW = 60  # edges, up to which those between applications are drawn like the others


def render_svg(graph: Graph, out: TextIO) -> None:
    """Write the drawing of a graph."""
    edges = drawable(graph.edges)
    boxes: list[Drawn] = sorted({(r, True) for r in graph.objects} | {target_of(e) for e in edges})
    at = {box: i for i, box in enumerate(boxes)}
    ends = [(at[e.source, True], at[target_of(e)]) for e in edges]
    placed = layout([ref.namespace for ref, _ in boxes], [(b, a) if e.kind == OWNS else (a, b) for e, (a, b) in zip(edges, ends, strict=True)])
    width, height = max(placed.width, LEAST) + 2 * EDGE, placed.height + FOOT + 2 * EDGE
    states = _states(edges)
    parts = [
        element("title", _summary(graph, states)),
        element("style", Markup(STYLE)),
        element("defs", _head("head", "head"), _head("head-missing", "head missing")),
        element("rect", class_="ground", x=-EDGE, y=-EDGE, width=width, height=height),
        *map(_frame, placed.frames),
        *_lines(edges, placed),
        *(_box(ref, placed.places[i], "" if there else states[ref, there]) for i, (ref, there) in enumerate(boxes)),
        _legend(placed.height),
    ]
    room = f"{-EDGE} {-EDGE} {width} {height}"
    shown = min(width, WIDEST)
    size = {"width": shown, "height": max(1, round(height * shown / width))}
    body = Markup("\n" + "\n".join(parts) + "\n")
    out.write(element("svg", body, xmlns="http://www.w3.org/2000/svg", viewBox=room, role="img", **size) + "\n")


def _states(edges: Iterable[Edge]) -> dict[Drawn, str]:
    """What is not there, and whether somebody needs it."""
    found: dict[Drawn, str] = {}
    for edge in edges:
        if edge.target is None:
            box = target_of(edge)
            found[box] = "missing" if lack(edge) == "missing" else found.get(box, "optional")
    return found


def _summary(graph: Graph, states: dict[Drawn, str]) -> str:
    missing = sum(1 for state in states.values() if state == "missing")
    return f"Dependency graph: {len(graph.objects)} objects" + (f", {missing} missing" if missing else "")


def _head(name: str, class_: str) -> Markup:
    tip = element("path", d="M0 0L8 4L0 8z", class_=class_)
    return element("marker", tip, id=name, viewBox="0 0 8 8", refX=8, refY=4, markerWidth=7, markerHeight=7, orient="auto")


def _frame(frame: Frame) -> Markup:
    box = element("rect", x=frame.x, y=frame.y, width=frame.width, height=frame.height, rx=10)
    return element("g", box, element("text", frame.group or "Cluster", x=frame.x + 22, y=frame.y + 25), class_="frame")


def _lines(edges: Sequence[Edge], placed: Layout) -> Iterator[Markup]:
    """The arrows, those that lack something last, so that nothing hides them."""
    many = len(edges) > FEW
    for i, edge in sorted(enumerate(edges), key=lambda pair: lack(pair[1]) == "missing"):
        points = placed.routes[i]
        state = lack(edge)
        far = "far" if many and i in placed.far and state != "missing" else ""
        ends = (edge.source, target_of(edge)[0])
        start, end = ends[::-1] if edge.kind == OWNS else ends
        words = f"{_title(start)} {VERBS.get(edge.kind, edge.kind)} {_title(end)}{f' ({state})' if state else ''}\n{edge.path}"
        classes = " ".join(filter(None, ("edge", edge.kind, far, state)))
        yield element("path", element("title", words), d=curve(points), class_=classes)


def _box(ref: Ref, place: tuple[int, int], state: str) -> Markup:
    """One object; `state` where it is not there."""
    parts = [
        element("title", f"{_title(ref)}{f': {state}' if state == 'missing' else ' (optional, not there)' if state else ''}"),
        element("rect", width=WIDE, height=HIGH, rx=6),
        element("path", d=f"M6 0H5Q0 0 0 6V{HIGH - 6}Q0 {HIGH} 5 {HIGH}H6z", class_="bar") if state != "optional" else "",
        element("text", f"{ref.kind} — missing" if state == "missing" else ref.kind, x=16, y=16, class_="kind"),
        element("text", short(ref.name), x=16, y=33),
    ]
    classes = " ".join(filter(None, ("box", state or FAMILY.get(ref.kind, ""))))
    return element("g", *parts, class_=classes, transform=f"translate({place[0]} {place[1]})")


def _title(ref: Ref) -> str:
    return f"{ref.kind} {ref.name}" + (f" ({ref.namespace})" if ref.namespace else "")


def _legend(y: int) -> Markup:
    """What lines and colours mean, in two rows below the drawing."""
    parts: list[str] = []
    x = 0
    for kind, words in (("refers", "refers to"), ("selects", "selects"), ("owns", "owns"), ("refers missing", "is missing")):
        parts += [element("path", d=f"M{x} {y + 28}h34", class_=f"edge {kind}"), element("text", words, x=x + 42, y=y + 32)]
        x += 62 + 7 * len(words)
    x = 0
    for family, words, _ in (*FAMILIES, ("", "other", "")):
        swatch = element("rect", x=x, y=y + 45, width=10, height=10, rx=2, class_="bar")
        parts += [element("g", swatch, class_=family or None), element("text", words, x=x + 17, y=y + 54)]
        x += 37 + 7 * len(words)
    return element("g", *parts, class_="legend")


__all__ = ["render_svg"]
