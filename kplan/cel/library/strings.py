"""Texts.   Upstream: cel-go common/stdlib (contains, startsWith, endsWith), ext/strings.go at version 2."""

from __future__ import annotations

from typing import Any

from kplan.cel.declare import overload
from kplan.cel.errors import EvaluationError
from kplan.cel.library.formatting import format_text

_SPACE = " \t\n\v\f\r\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
_QUOTED = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\", '"': '\\"'}
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UPPER = {code + 32: code for code in range(ord("A"), ord("Z") + 1)}


def _out_of_range(index: int) -> EvaluationError:
    return EvaluationError(f"index out of range: {index}")


def _both_texts(text: str, part: str) -> None:
    if not isinstance(text, str) or not isinstance(part, str):
        raise EvaluationError("no such overload")


@overload("string.contains(string) -> bool", singleton=True)
def contains(text: str, part: str) -> bool:
    """Whether a part is in a text."""
    _both_texts(text, part)
    return part in text


@overload("string.endsWith(string) -> bool", singleton=True)
def ends_with(text: str, part: str) -> bool:
    """Whether a text ends with a part."""
    _both_texts(text, part)
    return text.endswith(part)


@overload("string.startsWith(string) -> bool", singleton=True)
def starts_with(text: str, part: str) -> bool:
    """Whether a text starts with a part."""
    _both_texts(text, part)
    return text.startswith(part)


@overload("string.charAt(int) -> string")
def char_at(text: str, index: int) -> str:
    """One character; nothing right behind the last."""
    if not 0 <= index <= len(text):
        raise _out_of_range(index)
    return text[index : index + 1]


@overload("string.indexOf(string) -> int", "string.indexOf(string, int) -> int")
def index_of(text: str, part: str, offset: int = 0) -> int:
    """Where a part first starts, -1: nowhere."""
    if not part:
        return offset
    if offset < 0:
        raise _out_of_range(offset)
    return text.find(part, offset)


@overload("string.lastIndexOf(string) -> int", "string.lastIndexOf(string, int) -> int")
def last_index_of(text: str, part: str, offset: int | None = None) -> int:
    """Where a part last starts, -1: nowhere."""
    if not part:
        return len(text) if offset is None else offset
    if offset is None:
        return text.rfind(part)
    if offset < 0:
        raise _out_of_range(offset)
    return -1 if offset >= len(text) else text.rfind(part, 0, offset + len(part))


@overload("string.lowerAscii() -> string")
def lower_ascii(text: str) -> str:
    """ASCII letters in lower case."""
    return text.translate(_LOWER)


@overload("string.upperAscii() -> string")
def upper_ascii(text: str) -> str:
    """ASCII letters in upper case."""
    return text.translate(_UPPER)


@overload("string.replace(string, string) -> string", "string.replace(string, string, int) -> string")
def replace(text: str, old: str, new: str, count: int = -1) -> str:
    """A text with parts replaced, at most `count`; below 0: all."""
    return text.replace(old, new, count)


@overload("string.split(string) -> list(string)", "string.split(string, int) -> list(string)")
def split(text: str, separator: str, count: int = -1) -> list[str]:
    """The parts of a text, at most `count`; below 0: all."""
    if count == 0:
        return []
    if not separator:
        parts = list(text)
        return parts if count < 0 or len(parts) <= count else [*parts[: count - 1], "".join(parts[count - 1 :])]
    return text.split(separator, count - 1 if count > 0 else -1)


@overload("string.substring(int) -> string", "string.substring(int, int) -> string")
def substring(text: str, start: int, end: int | None = None) -> str:
    """From one index up to another."""
    if end is not None and start > end:
        raise EvaluationError(f"invalid substring range. start: {start}, end: {end}")
    for index in (start, end):
        if index is not None and not 0 <= index <= len(text):
            raise _out_of_range(index)
    return text[start:end]


@overload("string.trim() -> string")
def trim(text: str) -> str:
    """Without blanks at both ends."""
    return text.strip(_SPACE)


@overload("string.format(list(dyn)) -> string")
def format_(text: str, values: list[Any]) -> str:
    """A text with values set in."""
    return format_text(text, values)


@overload("strings.quote(string) -> string")
def quote(text: str) -> str:
    """In double quotes, with escapes."""
    return '"' + "".join(_QUOTED.get(char, char) for char in text) + '"'


@overload("list(string).join() -> string", "list(string).join(string) -> string")
def join(parts: list[str], separator: str = "") -> str:
    """Texts, one after the other."""
    for part in parts:
        if not isinstance(part, str):
            raise EvaluationError(f"join: invalid input: {part}")
    return separator.join(parts)
