"""Where a line of rendered text stands in the file that it was rendered from, as far as that can be told."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

MOST_BYTES = 4 << 20


def place_in(file: str, line: str) -> tuple[int, int]:
    """(line, column) from 1 of the one line of a file that is the same but for its indentation, or has the same key with a placeholder; (0, 0): not told."""
    wanted = _bare(line)
    if not wanted:
        return 0, 0
    lines = _lines(file)
    same = [n for n, text in enumerate(lines) if _bare(text) == wanted]
    if not same and ":" in wanted:
        key = wanted.partition(":")[0] + ":"
        same = [n for n, text in enumerate(lines) if _bare(text).startswith(key) and "{{" in text]
    if len(same) != 1:
        return 0, 0
    text = lines[same[0]]
    return same[0] + 1, text.index(_bare(text)) + 1


def _bare(line: str) -> str:
    """A line without its indentation and the dash of a list's item."""
    return line.strip().removeprefix("- ").strip()


@lru_cache(maxsize=32)
def _lines(file: str) -> Sequence[str]:
    try:
        with open(file, "rb") as source:
            return source.read(MOST_BYTES).decode("utf-8", "replace").splitlines()
    except OSError:
        return ()
