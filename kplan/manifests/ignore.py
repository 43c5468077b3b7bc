"""Which files .gitignore and --exclude leave out, by git's rules for patterns.

Left out: git's global excludes file and .git/info/exclude.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of a .gitignore: what it matches, below which folder, and whether it takes back (`!`)."""

    base: str
    matches: re.Pattern[str]
    folders_only: bool
    negated: bool


def patterns(lines: Iterable[str], base: str) -> tuple[Pattern, ...]:
    """The patterns of a .gitignore in folder `base` (an absolute path)."""
    return tuple(pattern for line in lines if (pattern := _pattern(line, base)))


def patterns_of(folder: str) -> tuple[Pattern, ...]:
    """The patterns of the .gitignore that lies in a folder; none where it cannot be read."""
    try:
        with open(os.path.join(folder, ".gitignore"), encoding="utf-8", errors="replace") as file:
            return patterns(file.read(1 << 20).splitlines(), folder)
    except OSError:
        return ()


def inherited(folder: str) -> tuple[Pattern, ...]:
    """The patterns that hold in a folder from its repository's root down to its parent; none outside a repository."""
    above: list[str] = []
    here = folder
    while not os.path.exists(os.path.join(here, ".git")):
        parent = os.path.dirname(here)
        if parent == here:
            return ()
        above.append(parent)
        here = parent
    return tuple(pattern for parent in reversed(above) for pattern in patterns_of(parent))


def ignored(path: str, is_folder: bool, active: Iterable[Pattern]) -> bool:
    """Whether an absolute path is left out; of the patterns that match, the last decides."""
    result = False
    for pattern in active:
        if pattern.negated == result and (is_folder or not pattern.folders_only):
            relative = os.path.relpath(path, pattern.base).replace(os.sep, "/")
            if not relative.startswith("../") and pattern.matches.fullmatch(relative):
                result = not pattern.negated
    return result


def _pattern(line: str, base: str) -> Pattern | None:
    text = re.sub(r"(?<!\\)[ \t]+$", "", line.rstrip("\r\n"))
    if not text or text.startswith("#"):
        return None
    negated = text.startswith("!")
    text = text.removeprefix("!")
    folders_only = text.endswith("/")
    text = text.rstrip("/")
    anchored = "/" in text
    text = text.removeprefix("/")
    if not text:
        return None
    expression = ("" if anchored else "(?:.*/)?") + _expression(text)
    try:
        return Pattern(base, re.compile(expression, re.S), folders_only, negated)
    except re.error:
        return None


def _expression(text: str) -> str:
    out, at = "", 0
    while at < len(text):
        char = text[at]
        if text.startswith("**/", at) and (at == 0 or text[at - 1] == "/"):
            out, at = out + "(?:.*/)?", at + 3
        elif text.startswith("/**", at) and at + 3 == len(text):
            out, at = out + "/.*", at + 3
        elif char == "*":
            out, at = out + "[^/]*", at + 1
            while text[at : at + 1] == "*":
                at += 1
        elif char == "?":
            out, at = out + "[^/]", at + 1
        elif char == "[" and (end := text.find("]", at + 2)) > 0:
            inside = text[at + 1 : end].replace("\\", "\\\\")
            out, at = out + "[" + ("^" + inside[1:] if inside[0] in "!^" else inside) + "]", end + 1
        elif char == "\\" and at + 1 < len(text):
            out, at = out + re.escape(text[at + 1]), at + 2
        else:
            out, at = out + re.escape(char), at + 1
    return out
