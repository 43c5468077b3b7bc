"""Deep nesting: expressions may nest deeper than Python's stack is by default."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

DEEPEST_STACK = 20_000


@contextmanager
def deep() -> Iterator[None]:
    """Let calls nest as deeply as the most deeply nested expression needs."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, DEEPEST_STACK))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
