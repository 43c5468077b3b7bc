"""Words about many things."""

from __future__ import annotations

from collections.abc import Sequence


def some(names: Sequence[str], most: int = 3, noun: str = "") -> str:
    """The first of some names, and how many more there are: `a, b, c and 2 more`."""
    more = f" and {len(names) - most} more{f' {noun}' if noun else ''}" if len(names) > most else ""
    return ", ".join(names[:most]) + more
