"""Ordinary documents, read line by line: the manifests that people and tools write, several times faster than by events.

What it takes is a part of YAML small enough to be certain of: block mappings and sequences, plain and quoted
scalars on one line without escapes, literal blocks, short flow sequences of words. Whatever else turns up, however
harmless, it leaves to `construct`; so it never says that a document is wrong.
"""

from __future__ import annotations

import re
from typing import Any

from kplan.manifests.scalars import INFINITE, NUMBER_STARTS, WORD_STARTS, WORDS, number_value

# Tabs, controls, and the line breaks and byte order marks that YAML 1.1 knows beyond ASCII.
_STRANGE = re.compile("[\x00-\t\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_LINE = re.compile(r"( *)(- +)?(?:([A-Za-z_][\w./-]{0,250}):(?: +(.*))?|(.*))", re.A)
_ITEMS = re.compile(r"""\[ ?(?:"[^"\\]*"|'[^']*'|[A-Za-z_][\w./-]*)(?:, ?(?:"[^"\\]*"|'[^']*'|[A-Za-z_][\w./-]*))* ?\]""", re.A)
_ITEM = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z_][\w./-]*)""", re.A)
_COMMENT = re.compile(r"(?:[^ ]| (?!#))*")
_PLAIN_STARTS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./$(~=^+<;\\")
_LITERAL = {"|": "", "|-": "-", "|+": "+"}
_MAX_DEPTH = 100
_MAX_LINE = 8000
_MAX_LENGTH = 4 << 20  # its lines would take too much memory at once
ABSENT: Any = object()


def ordinary(text: str) -> Any:
    """The value of an ordinary document, or `ABSENT` for one that is not."""
    if len(text) > _MAX_LENGTH or _STRANGE.search(text):
        return ABSENT
    lines = text.split("\n")
    holder: list[Any] = [None]
    # The open collections, outermost first: column, collection. `key` waits in `mapping` for a value on the lines below.
    stack: list[tuple[int, Any]] = []
    top: Any = None
    top_column = -1
    pending: Any = holder
    key: Any = 0
    number, count = 1 if _is_start(lines[0]) else 0, len(lines)
    while number < count:
        line = lines[number]
        number += 1
        found = _LINE.fullmatch(line)
        if found is None or len(line) > _MAX_LINE:
            return ABSENT
        blanks, dash, name, value, rest = found.groups()
        column = len(blanks)
        if dash is None:
            if name is None:
                if not rest or (rest[0] == "#"):
                    continue
                return ABSENT
        elif rest is not None and (not rest or rest[0] == "#"):
            return ABSENT

        # Find the collection that this line belongs to, or open it.
        while column < top_column or (column == top_column and dash is None and top.__class__ is list):
            stack.pop()
            pending = None
            top_column, top = stack[-1] if stack else (-1, None)
        if dash is None:
            if column != top_column:
                if pending is None or column < top_column:
                    return ABSENT
                opened: Any = {}
                pending[key] = opened
                top_column, top = column, opened
                stack.append((column, opened))
            pending = None
        else:
            if column != top_column or top.__class__ is dict:
                if pending is None or column < top_column:
                    return ABSENT
                opened = []
                pending[key] = opened
                top_column, top = column, opened
                stack.append((column, opened))
            pending = None
            if name is not None:
                opened = {}
                top.append(opened)
                column += len(dash)
                top_column, top = column, opened
                stack.append((column, opened))
            else:
                value = rest
        if len(stack) > _MAX_DEPTH:
            return ABSENT

        # Read what stands on it.
        if name is not None:
            if name in top or (name in WORDS and name[0] in WORD_STARTS):
                return ABSENT
            if not value:
                top[name] = None
                pending, key = top, name
                continue
        first = value[0]
        if first in _PLAIN_STARTS or first > "~" or (first == "-" and value[1:2] not in ("", " ")):
            if " #" in value:
                value = _COMMENT.match(value)[0]  # type: ignore[index]
            value = value.rstrip(" ")
            if ": " in value or value[-1] == ":":
                return ABSENT
            if first in WORD_STARTS:
                value = WORDS.get(value, value)
            elif first in NUMBER_STARTS:
                if value in INFINITE:
                    return ABSENT
                value = number_value(value)
        elif first == '"' or first == "'":
            end = value.find(first, 1)
            after = value[end + 1 :].lstrip(" ")
            if end < 0 or (after and (after[0] != "#" or value[end + 1] != " ")) or "\\" in value:
                return ABSENT
            value = value[1:end]
        elif first == "#":
            if name is None:
                return ABSENT
            top[name] = None
            pending, key = top, name
            continue
        elif value == "{}":
            value = {}
        elif value == "[]":
            value = []
        elif value in _LITERAL:
            value, number = _literal(lines, number, top_column, _LITERAL[value])
            if value is None:
                return ABSENT
        elif first == "[" and _ITEMS.fullmatch(value):
            value = [_word(*item) for item in _ITEM.findall(value)]
        else:
            return ABSENT
        if name is not None:
            top[name] = value
        else:
            top.append(value)
    return holder[0] if stack or holder[0] is not None else ABSENT


def _is_start(line: str) -> bool:
    """The line `---`, with nothing or a comment after it."""
    return line.startswith("---") and (not line[3:].strip(" ") or (line[3] == " " and line[3:].lstrip(" ")[0] == "#"))


def _word(double: str, single: str, bare: str) -> Any:
    """An item of a flow sequence."""
    return WORDS.get(bare, bare) if bare else double or single


def _literal(lines: list[str], number: int, parent: int, chomping: str) -> tuple[str | None, int]:
    """A literal block that starts on a line, and the line after it; None where its indentation is not plain to see."""
    begin = number
    while number < len(lines) and not lines[number].strip(" "):
        if lines[number]:
            return None, number
        number += 1
    if number == len(lines):
        return None, number
    indent = len(lines[number]) - len(lines[number].lstrip(" "))
    if indent <= parent or indent == 0:
        return None, number
    margin = " " * indent
    while number < len(lines) and (lines[number].startswith(margin) or not lines[number].strip(" ")):
        number += 1
    if number < len(lines):
        after = lines[number]
        if len(after) - len(after.lstrip(" ")) > parent:
            return None, number
    content = [line[indent:] for line in lines[begin:number]]
    if number == len(lines):
        content.pop()  # what follows the last line break is no line
    text = "\n".join(content) + "\n"
    if chomping != "+":
        text = text.rstrip("\n") + ("" if chomping else "\n")
    return text, number
