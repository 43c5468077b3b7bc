"""What drawings of a dependency graph share: the boxes that edges lead to, the lines between them, names that fit a box."""

from __future__ import annotations

from collections.abc import Sequence

from kplan.api.ref import Ref
from kplan.graph import Edge
from kplan.report.layers import GAP_X

LETTERS = 22  # of a name in a box
Drawn = tuple[Ref, bool]  # an object, and whether it is there


def drawable(edges: Sequence[Edge]) -> list[Edge]:
    """The edges that have two ends, one of which may be missing; owners that are not there are left out."""
    return [e for e in edges if e.target is not None or e.reference is not None]


def target_of(edge: Edge) -> Drawn:
    """What an edge leads to; what is not there is drawn too, in the place where it is looked for."""
    if edge.target is not None:
        return edge.target, True
    wanted = edge.reference
    assert wanted is not None
    kind, _, group = wanted.kind.partition(".")
    if wanted.selects is not None:
        return Ref(group, f"no {kind}", wanted.namespace or edge.source.namespace, _labels(wanted.selects)), False
    return Ref(group, kind, wanted.namespace, f"{wanted.name}[{wanted.key}]" if wanted.key else wanted.name), False


def _labels(selector: dict[str, object]) -> str:
    labels = selector.get("matchLabels")
    return ",".join(f"{k}={v}" for k, v in labels.items()) if isinstance(labels, dict) and labels else "matches the selector"


def lack(edge: Edge) -> str:
    """How bad it is that the target of an edge is not there; the empty text where it is."""
    if edge.target is not None:
        return ""
    return "optional" if edge.reference is not None and edge.reference.optional else "missing"


def curve(points: Sequence[tuple[int, int]]) -> str:
    """A smooth line through the points, as the data of a path."""
    x, y = points[0]
    parts = [f"M{x} {y}"]
    for nx, ny in points[1:]:
        if y == ny:
            parts.append(f"H{nx}")
        elif len(points) == 2 and abs(nx - x) < min(GAP_X, abs(ny - y)):
            parts.append(f"C{x} {(y + ny) // 2} {nx} {(y + ny) // 2} {nx} {ny}")
        else:
            parts.append(f"C{(x + nx) // 2} {y} {(x + nx) // 2} {ny} {nx} {ny}")
        x, y = nx, ny
    return "".join(parts)


def short(name: str) -> str:
    """A name that fits a box: its beginning and its end."""
    return name if len(name) <= LETTERS else f"{name[: LETTERS - 9]}…{name[-8:]}"


__all__ = ["Drawn", "curve", "drawable", "lack", "short", "target_of"]
