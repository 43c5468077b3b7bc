"""Regular expressions of Go's syntax.   Upstream: cel-go types.String.Match, apiserver/pkg/cel/library/regex.go."""

from __future__ import annotations

import re
from functools import lru_cache

from kplan.api import regexp
from kplan.cel.declare import overload
from kplan.cel.errors import EvaluationError
from kplan.cel.library.traits import unfit

RegexError = regexp.RegexpError


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """A Go pattern as a Python one; raises RegexError."""
    return regexp.compile(pattern)


@overload("matches(string, string) -> bool", "string.matches(string) -> bool", singleton=True)
def matches(text: str, pattern: str) -> bool:
    """Whether a pattern is found in a text."""
    if not isinstance(text, str) or not isinstance(pattern, str):
        raise unfit("matches", text, frozenset({"string"}))
    try:
        return compiled(pattern).search(text) is not None
    except RegexError as error:
        raise EvaluationError(str(error)) from None


@overload("string.find(string) -> string")
def find(text: str, pattern: str) -> str:
    """What a pattern first finds; nothing where it finds nothing."""
    found = _compiled(pattern).search(text)
    return found.group() if found else ""


@overload("string.findAll(string) -> list(string)", "string.findAll(string, int) -> list(string)")
def find_all(text: str, pattern: str, count: int = -1) -> list[str]:
    """All that a pattern finds, at most `count`; below 0: all."""
    found = [one.group() for one in _compiled(pattern).finditer(text)]
    return found if count < 0 else found[:count]


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return compiled(pattern)
    except RegexError as error:
        raise EvaluationError(f"Illegal regex: {error}") from None
