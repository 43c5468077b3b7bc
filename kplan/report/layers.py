"""Connected objects in layers from left to right, after Sugiyama: layers by the longest path, order by barycenters, heights by the mean of neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

WIDE, HIGH = 188, 42  # of a box
GAP_X, GAP_Y = 64, 14
SWEEPS = 8

Point = tuple[int, int]
Pairs = Sequence[tuple[int, int]]


@dataclass(slots=True)
class Block:
    """Boxes laid out around their own origin. `bends` are points of edges on their way through layers, by the edge's number."""

    places: dict[int, Point]
    bends: dict[int, list[Point]]
    width: int
    height: int

    def put(self, x: int, y: int, places: dict[int, Point], bends: dict[int, list[Point]]) -> None:
        """Copy into a drawing, moved."""
        places.update((i, (px + x, py + y)) for i, (px, py) in self.places.items())
        bends.update((e, [(px + x, py + y) for px, py in points]) for e, points in self.bends.items())


def application(members: list[int], numbers: list[int], edges: Pairs) -> Block:
    """One connected set in layers."""
    forward = _acyclic(members, [edges[n] for n in numbers])
    layer = _layers(members, forward)
    rows: list[list[int]] = [[] for _ in range(max(layer.values()) + 1)]
    for member in members:
        rows[layer[member]].append(member)
    above: dict[int, list[int]] = {m: [] for m in members}
    below: dict[int, list[int]] = {m: [] for m in members}
    dummies: dict[int, list[int]] = {}
    ticket = -1
    for number in numbers:
        a, b = edges[number]
        if layer[a] > layer[b]:
            a, b = b, a
        chain = [a]
        for step in range(layer[a] + 1, layer[b]):
            rows[step].append(ticket)
            above[ticket], below[ticket] = [], []
            chain.append(ticket)
            ticket -= 1
        chain.append(b)
        for one, next_ in pairwise(chain):
            below[one].append(next_)
            above[next_].append(one)
        if len(chain) > 2:
            dummies[number] = chain[1:-1] if edges[number][0] == a else chain[-2:0:-1]
    _order(rows, above, below)
    y = _heights(rows, above, below)
    low = min(y[m] for m in members)
    places = {m: (layer[m] * (WIDE + GAP_X), y[m] - low) for m in members}
    column = {m: i for i, row in enumerate(rows) for m in row}
    bends: dict[int, list[Point]] = {}
    for number, chain in dummies.items():
        bends[number] = []
        for dummy in chain:
            left, at = column[dummy] * (WIDE + GAP_X), y[dummy] - low + HIGH // 2
            ends = [(left, at), (left + WIDE, at)]
            bends[number] += ends if layer[edges[number][0]] < layer[edges[number][1]] else ends[::-1]
    tallest = max([p[1] for p in places.values()] + [p[1] - HIGH // 2 for points in bends.values() for p in points])
    return Block(places, bends, len(rows) * (WIDE + GAP_X) - GAP_X, tallest + HIGH)


def _acyclic(members: list[int], edges: Pairs) -> list[tuple[int, int]]:
    """The edges without those that close a circle, as found from the objects that nothing points at."""
    out: dict[int, list[int]] = {m: [] for m in members}
    entered = set()
    for a, b in edges:
        out[a].append(b)
        entered.add(b)
    state: dict[int, int] = {}
    kept = []
    for root in sorted(members, key=lambda m: (m in entered, m)):
        if root in state:
            continue
        state[root] = 1
        stack = [(root, iter(out[root]))]
        while stack:
            here, rest = stack[-1]
            for other in rest:
                if state.get(other) == 1:
                    continue
                kept.append((here, other))
                if other not in state:
                    state[other] = 1
                    stack.append((other, iter(out[other])))
                    break
            else:
                state[here] = 2
                stack.pop()
    return kept


def _layers(members: list[int], edges: Pairs) -> dict[int, int]:
    """The longest path from the left; what nothing points at stands right before what it points at."""
    out: dict[int, list[int]] = {m: [] for m in members}
    waiting = dict.fromkeys(members, 0)
    for a, b in edges:
        out[a].append(b)
        waiting[b] += 1
    roots = [m for m in members if not waiting[m]]
    layer = dict.fromkeys(members, 0)
    ready = list(roots)
    while ready:
        here = ready.pop()
        for other in out[here]:
            layer[other] = max(layer[other], layer[here] + 1)
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    for root in roots:
        if out[root]:
            layer[root] = min(layer[o] for o in out[root]) - 1
    least = min(layer.values())
    return {m: n - least for m, n in layer.items()}


def _order(rows: list[list[int]], above: dict[int, list[int]], below: dict[int, list[int]]) -> None:
    """Sort each layer by the mean position of its neighbours, to and fro."""
    position = {m: i for row in rows for i, m in enumerate(row)}
    for sweep in range(SWEEPS):
        near, order = (above, rows[1:]) if sweep % 2 == 0 else (below, rows[-2::-1])
        for row in order:
            weight = {m: sum(position[n] for n in near[m]) / len(near[m]) if near[m] else position[m] for m in row}
            row.sort(key=lambda m: (weight[m], position[m]))
            position.update((m, i) for i, m in enumerate(row))


def _heights(rows: list[list[int]], above: dict[int, list[int]], below: dict[int, list[int]]) -> dict[int, int]:
    """Each as near to the mean of its neighbours as those of its layer allow."""
    step = HIGH + GAP_Y
    y = {m: float(i * step) for row in rows for i, m in enumerate(row)}
    for _ in range(SWEEPS):
        for row in (*rows, *rows[::-1]):
            near = {m: above[m] + below[m] for m in row}
            want = [sum(y[n] for n in near[m]) / len(near[m]) if near[m] else y[m] for m in row]
            down, up = list(want), list(want)
            for i in range(1, len(row)):
                down[i] = max(down[i], down[i - 1] + step)
            for i in range(len(row) - 2, -1, -1):
                up[i] = min(up[i], up[i + 1] - step)
            y.update((m, (a + b) / 2) for m, a, b in zip(row, down, up, strict=True))
    return {m: round(v) for m, v in y.items()}
