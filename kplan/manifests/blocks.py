"""Where a field of an ordinary document stands, found by indentation alone, without the tree of the whole document.

Only for what `ordinary` has read: there, lines that are indented further than a key belong to it. Whatever is not plain to see is left to
`positions`; where both have an answer it is the same. Of a definition of a megabyte a field is found in a millisecond or two.
"""

from __future__ import annotations

import re
from functools import lru_cache

from kplan.manifests.positions import Place, segments

_KEY = re.compile(r"([A-Za-z_][\w./-]{0,250}):(?=[ \n]|\Z)(?: +(?![ #\n])([^\n]*))?", re.A)
_START = re.compile(r"(?:---[^\n]*\n|[ ]*(?:#[^\n]*)?\n)*")
_EMPTY = ("[]", "{}")


def place(text: str, path: str, of_key: bool = False) -> Place | None:
    """Where the value at a path stands, or its key; where there is none, the key (or item) of its nearest parent. None: ask the tree."""
    begin = _START.match(text)
    line = begin.end() if begin else 0
    at = line + _indent(text, line)
    key_at, names, number = at, segments(path), 0
    while number < len(names):
        if text.startswith("- ", at):
            found = _item(text, line, at, names[number])
            if found is None:
                return _place(text, key_at)
            line, at, (key_at, end) = *found, (found[1], number + 1)
            if _KEY.match(text, at) is None:
                return (None if text[at] in "[{" else _place(text, at)) if end < len(names) else _place(text, at)
            number = end
            continue
        field = _field(text, line, at, names, number)
        if field is None:
            return _place(text, key_at)
        key_at, number = field
        key = _KEY.match(text, key_at)
        assert key is not None
        if key[2]:
            if number == len(names):
                return _place(text, key_at if of_key else key.start(2))
            return None if key[2][0] in "[{" and key[2] not in _EMPTY else _place(text, key_at)
        below = _below(text, key.end(), _column(text, key_at))
        if below is None:
            return _place(text, key_at) if of_key or number < len(names) else None
        line, at = below
        if number == len(names):
            return _place(text, key_at if of_key else at)
    return _place(text, at)


@lru_cache(maxsize=256)
def _siblings(column: int) -> re.Pattern[str]:
    """A line that is not indented further than a column, and says something."""
    return re.compile(rf"^ {{0,{column}}}(?=[^ \n#])", re.M)


def _field(text: str, line: int, at: int, names: list[str], number: int) -> tuple[int, int] | None:
    """The key in the mapping that starts at a place, and how many names are then used up; a name may have been taken for several."""
    column = at - line
    wanted = {".".join(names[number:end]): end for end in range(number + 1, len(names) + 1)}
    found: dict[int, int] = {}
    while True:
        key = _KEY.match(text, at)
        if key is not None and key[1] in wanted:
            found[wanted[key[1]]] = at
            if wanted[key[1]] == number + 1:
                break
        after = text.find("\n", at)
        while True:
            follower = _siblings(column).search(text, after + 1) if after >= 0 else None
            if follower is None or follower.end() - follower.start() < column:
                return (found[min(found)], min(found)) if found else None
            if not text.startswith("- ", follower.end()):
                break
            after = text.find("\n", follower.end())
        at = follower.end()
    return found[number + 1], number + 1


def _item(text: str, line: int, at: int, name: str) -> tuple[int, int] | None:
    """The line and place of an item of the list that starts at a place; its line begins where its indentation is counted from."""
    if not (name.isascii() and name.isdigit()):
        return None
    column = at - line
    for _ in range(int(name)):
        after = text.find("\n", at)
        follower = _siblings(column).search(text, after + 1) if after >= 0 else None
        if follower is None or follower.end() - follower.start() < column or not text.startswith("- ", follower.end()):
            return None
        line, at = follower.start(), follower.end()
    at += 1
    while text[at] == " ":
        at += 1
    return line, at


def _below(text: str, at: int, column: int) -> tuple[int, int] | None:
    """The line and place of what stands under a key in a column; None where nothing does."""
    after = text.find("\n", at)
    begin = _siblings(1 << 12).search(text, after + 1) if after >= 0 else None
    if begin is None:
        return None
    inner = begin.end() - begin.start()
    if inner > column or (inner == column and text.startswith("- ", begin.end())):
        return begin.start(), begin.end()
    return None


def _indent(text: str, line: int) -> int:
    at = line
    while text.startswith(" ", at):
        at += 1
    return at - line


def _column(text: str, at: int) -> int:
    return at - text.rfind("\n", 0, at) - 1


def _place(text: str, at: int) -> Place:
    return Place(text.count("\n", 0, at) + 1, _column(text, at) + 1)
