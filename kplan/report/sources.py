"""The source lines that diagnostics are about."""

from __future__ import annotations

from functools import lru_cache

from kplan.diagnostics import Span

MOST_BYTES = 16 << 20


@lru_cache(maxsize=64)
def _lines(file: str) -> tuple[str, ...]:
    try:
        with open(file, "rb") as source:
            data = source.read(MOST_BYTES)
    except OSError:
        return ()
    return tuple(data.decode("utf-8", errors="replace").replace("\r\n", "\n").split("\n"))


def source_line(span: Span) -> str | None:
    """The line that a span is on; None where it cannot be read (standard input, a folder)."""
    lines = _lines(span.file)
    return lines[span.line - 1].expandtabs(1) if 0 < span.line <= len(lines) else None
