"""Where the objects of a graph stand: inside their frames, beside one another, pointing to the right."""

from __future__ import annotations

import random

import pytest

from kplan.report.layers import HIGH, WIDE
from kplan.report.layout import HUB, SMALL, Layout, layout

Edges = list[tuple[int, int]]


def check(placed: Layout, groups: list[str], edges: Edges) -> None:
    """No box covers another, each stands in the frame of its group, frames are apart, and every edge has a way."""
    frames = {f.group: f for f in placed.frames}
    for (x, y), group in zip(placed.places, groups, strict=True):
        frame = frames[group]
        assert frame.x <= x and x + WIDE <= frame.x + frame.width and frame.y <= y and y + HIGH <= frame.y + frame.height
    spots = sorted(placed.places)
    for i, (x, y) in enumerate(spots):
        for ox, oy in spots[i + 1 :]:
            if ox >= x + WIDE:
                break
            assert abs(oy - y) >= HIGH
    for one in placed.frames:
        for other in placed.frames:
            beside = one.x + one.width <= other.x or other.x + other.width <= one.x
            assert one is other or beside or one.y + one.height <= other.y or other.y + other.height <= one.y
    assert len(placed.routes) == len(edges) and all(len(r) >= 2 for r in placed.routes)
    assert placed.width >= max(f.x + f.width for f in placed.frames)


def test_a_chain_goes_to_the_right() -> None:
    placed = layout(["a"] * 4, [(0, 1), (1, 2), (2, 3), (0, 3)])
    xs = [x for x, _ in placed.places]
    assert xs == sorted(set(xs))
    assert len(placed.routes[3]) == 6, "the long edge goes round the two boxes between"
    check(placed, ["a"] * 4, [(0, 1), (1, 2), (2, 3), (0, 3)])


def test_circles_and_edges_to_oneself() -> None:
    edges = [(0, 1), (1, 0), (1, 1), (1, 2), (2, 0)]
    check(layout(["a"] * 3, edges), ["a"] * 3, edges)


def test_sources_stand_next_to_what_they_point_at() -> None:
    placed = layout(["a"] * 4, [(0, 1), (1, 2), (3, 2)])
    assert placed.places[3][0] == placed.places[1][0]


def test_hubs_are_kept_apart() -> None:
    count = SMALL + HUB
    groups, edges = ["a"] * (count + 1), [(i, count) for i in range(count)]
    placed = layout(groups, edges)
    check(placed, groups, edges)
    assert placed.far == frozenset(range(count))
    assert layout(["a"] * 5, [(i, 4) for i in range(4)]).far == frozenset()


def test_edges_between_groups_are_far() -> None:
    assert layout(["a", "b"], [(0, 1)]).far == {0}


def test_nothing() -> None:
    assert layout([], []) == Layout((), (), frozenset(), (), 0, 0)


@pytest.mark.parametrize("seed", range(6))
def test_any_graph(seed: int) -> None:
    chance = random.Random(seed)
    size = chance.randrange(1, 160)
    groups = [chance.choice(["", "a", "b"]) for _ in range(size)]
    edges = [(chance.randrange(size), chance.randrange(size)) for _ in range(chance.randrange(2 * size))]
    placed = layout(groups, edges)
    check(placed, groups, edges)
    assert placed == layout(groups, edges)
