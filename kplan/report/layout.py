"""Where the objects of a dependency graph stand on a drawing: layered from left to right, deterministic, in whole pixels.

Each namespace is a frame. In it every application (what is connected) is laid out on its own (`kplan.report.layers`);
applications stand on shelves. What half a namespace points at would tie all of it
into one knot: such hubs stand in a row on top, and their edges are marked as far.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kplan.report.layers import GAP_Y, HIGH, WIDE, Block, Pairs, Point, application

PAD, TITLE = 22, 30
SMALL = 24  # objects of a namespace, up to which there are no hubs
HUB = 7  # edges that make one
ASPECT = 1.7



@dataclass(frozen=True, slots=True)
class Frame:
    """The frame of a group."""

    group: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Layout:
    """`places` are the boxes' upper left corners; `routes` each edge's points from box to box; `far` the edges that tie applications together."""

    places: tuple[Point, ...]
    routes: tuple[tuple[Point, ...], ...]
    far: frozenset[int]
    frames: tuple[Frame, ...]
    width: int
    height: int


def layout(groups: Sequence[str], edges: Pairs) -> Layout:
    """Lay out objects, of each of which the group is given, and edges between their indices."""
    members: dict[str, list[int]] = {}
    for i, group in enumerate(groups):
        members.setdefault(group, []).append(i)
    inner: dict[str, list[int]] = {g: [] for g in members}
    far = set()
    for number, (a, b) in enumerate(edges):
        if groups[a] == groups[b] and a != b:
            inner[groups[a]].append(number)
        else:
            far.add(number)
    framed = []
    for group in sorted(members, key=lambda g: (g == "", g)):
        block, apart = _group(members[group], inner[group], edges)
        far |= apart
        framed.append((group, Block(block.places, block.bends, block.width + 2 * PAD, block.height + 2 * PAD + TITLE)))
    places: dict[int, Point] = {}
    bends: dict[int, list[Point]] = {}
    frames = []
    spots, width, height = _shelves([b for _, b in framed], 28)
    for (group, block), (x, y) in zip(framed, spots, strict=True):
        block.put(x + PAD, y + PAD + TITLE, places, bends)
        frames.append(Frame(group, x, y, block.width, block.height))
    routes = tuple(tuple(_route(places[a], places[b], bends.get(n, []))) for n, (a, b) in enumerate(edges))
    return Layout(tuple(places[i] for i in range(len(groups))), routes, frozenset(far), tuple(frames), width, height)


def _route(source: Point, target: Point, bends: list[Point]) -> Iterator[Point]:
    """From the side of one box to the side of the other."""
    forward = source[0] + WIDE <= target[0]
    if forward or source[0] >= target[0] + WIDE:
        yield (source[0] + (WIDE if forward else 0), source[1] + HIGH // 2)
        yield from bends
        yield (target[0] + (0 if forward else WIDE), target[1] + HIGH // 2)
    else:
        down = source[1] < target[1]
        yield (source[0] + WIDE // 2, source[1] + (HIGH if down else 0))
        yield (target[0] + WIDE // 2, target[1] + (0 if down else HIGH))


def _group(members: list[int], numbers: list[int], edges: Pairs) -> tuple[Block, set[int]]:
    """One group's applications on shelves below its hubs, what is alone below them; and the edges of hubs."""
    hubs = _hubs(members, [edges[n] for n in numbers])
    apart = {n for n in numbers if hubs & {*edges[n]}}
    linked = [n for n in numbers if n not in apart]
    blocks, alone = [], []
    for component in _components([m for m in members if m not in hubs], [edges[n] for n in linked]):
        if len(component) == 1:
            alone += component
        else:
            inside = {*component}
            blocks.append(application(component, [n for n in linked if edges[n][0] in inside], edges))
    blocks.sort(key=lambda b: (-b.height, min(b.places)))
    spots, width, height = _shelves(blocks, 34)
    places: dict[int, Point] = {}
    bends: dict[int, list[Point]] = {}
    boxes = len(hubs) + len(alone)
    width = max(width, _columns(boxes) * (WIDE + GAP_Y) - GAP_Y)
    top = _grid(sorted(hubs), width, 0, places)
    for block, (x, y) in zip(blocks, spots, strict=True):
        block.put(x, y + top, places, bends)
    bottom = top + height + (34 if blocks and alone else 0)
    height = max(_grid(alone, width, bottom, places) - 34 if alone else bottom, HIGH)
    return Block(places, bends, width, height), apart


def _columns(boxes: int) -> int:
    return max(1, min(boxes, round(math.sqrt(boxes * ASPECT * HIGH / WIDE * 2))))


def _grid(boxes: list[int], width: int, top: int, places: dict[int, Point]) -> int:
    """Boxes in rows; where the next thing may stand."""
    if not boxes:
        return top
    columns = max(1, (width + GAP_Y) // (WIDE + GAP_Y))
    for i, box in enumerate(boxes):
        places[box] = (i % columns * (WIDE + GAP_Y), top + i // columns * (HIGH + GAP_Y))
    return top + -(-len(boxes) // columns) * (HIGH + GAP_Y) - GAP_Y + 34


def _hubs(members: list[int], edges: Pairs) -> set[int]:
    if len(members) <= SMALL:
        return set()
    entering, leaving = dict.fromkeys(members, 0), dict.fromkeys(members, 0)
    for a, b in edges:
        leaving[a] += 1
        entering[b] += 1
    alone = {b for b in members if entering[b] == 1 and not leaving[b]}  # what only one points at makes nobody a hub
    shared = dict.fromkeys(members, 0)
    for a, b in edges:
        shared[a] += b not in alone
    return {m for m in members if entering[m] >= HUB or shared[m] >= HUB}


def _components(members: list[int], edges: Pairs) -> Iterator[list[int]]:
    """Connected objects, each set in the order of `members`."""
    near: dict[int, list[int]] = {m: [] for m in members}
    for a, b in edges:
        near[a].append(b)
        near[b].append(a)
    seen: set[int] = set()
    for member in members:
        if member in seen:
            continue
        seen.add(member)
        found, open_ = [member], [member]
        while open_:
            for other in near[open_.pop()]:
                if other not in seen:
                    seen.add(other)
                    found.append(other)
                    open_.append(other)
        yield sorted(found)


def _shelves(blocks: Iterable[Block], gap: int) -> tuple[list[Point], int, int]:
    """Corners of blocks side by side on shelves of about the wanted aspect; the whole width and height."""
    found = list(blocks)
    if not found:
        return [], 0, 0
    area = sum((b.width + gap) * (b.height + gap) for b in found)
    least = max((area * ASPECT) ** 0.5, *(b.width for b in found))
    tries = [_shelved(found, gap, least * (1 + step / 10)) for step in range(6)]
    return min(tries, key=lambda t: max(t[1] / ASPECT, t[2]))


def _shelved(blocks: Sequence[Block], gap: int, target: float) -> tuple[list[Point], int, int]:
    """The same, for shelves of one length."""
    spots: list[Point] = []
    x = y = tallest = widest = 0
    for block in blocks:
        if x and x + block.width > target:
            x, y, tallest = 0, y + tallest + gap, 0
        spots.append((x, y))
        x += block.width + gap
        tallest, widest = max(tallest, block.height), max(widest, x - gap)
    return spots, widest, y + tallest
