"""Lines of at most some columns: broken between words, in a word only where it has a joint (`.`, `/`, `,`), and indented where they go on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len, chop_cells
from rich.text import Text

_WORDS = re.compile(r"\n|[^\S\n]*[^\s]+|[^\S\n]+")
_JOINTS = re.compile(r"[^./,=:&?@_-]*[./,=:&?@_-]+|[^./,=:&?@_-]+")
NARROWEST = 20


def wrapped(text: Text, width: int, indent: int) -> list[Text]:
    """The lines of a text; all but the first begin with `indent` spaces."""
    width = max(width, NARROWEST + indent)
    plain = text.plain
    fits = len(plain) <= width and plain.isascii() and "\n" not in plain  # as most lines do
    cuts = [] if fits else list(_cuts(plain, width, width - indent))
    lines = []
    for i, part in enumerate(text.divide(cuts)):
        line = part
        line.rstrip()
        if i:
            line = Text(" " * indent).append_text(_stripped(line))
        lines.append(line)
    return lines


def _stripped(line: Text) -> Text:
    left = len(line.plain) - len(line.plain.lstrip())
    return line[left:] if left else line


def _cuts(text: str, first: int, rest: int) -> Iterator[int]:
    """The offsets at which lines begin."""
    at, used, room = 0, 0, first
    for piece in _pieces(text, rest):
        if piece == "\n":
            at += 1
            used, room = 0, rest
            if at < len(text):
                yield at
            continue
        size = cell_len(piece)
        if used and used + size > room:
            yield at
            used, room = 0, rest
            size = cell_len(piece.lstrip())
        at += len(piece)
        used += size


def _pieces(text: str, room: int) -> Iterator[str]:
    """What stays together: words with the space before them, of longer ones the parts between joints."""
    for word in _WORDS.findall(text):
        if cell_len(word.lstrip()) <= room:
            yield word
            continue
        for part in _JOINTS.findall(word):
            yield from chop_cells(part, room) if cell_len(part) > room else (part,)
