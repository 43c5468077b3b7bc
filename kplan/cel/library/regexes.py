"""Regular expressions of Go's syntax (RE2), run by Python's engine.

Upstream: cel-go types.String.Match, apiserver/pkg/cel/library/regex.go. Left out: Unicode classes other than the common ones; where the two
engines prefer different alternatives, Python's choice stands.
"""

from __future__ import annotations

import re
from functools import lru_cache

from kplan.cel.declare import overload
from kplan.cel.errors import EvaluationError

_POSIX = {
    **{"alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": r"\x00-\x7f", "blank": r"\t ", "cntrl": r"\x00-\x1f\x7f", "digit": "0-9"},
    **{"graph": "!-~", "lower": "a-z", "print": " -~", "punct": r"!-/:-@\[-`{-~", "space": r"\t\n\v\f\r ", "upper": "A-Z", "word": "0-9A-Za-z_"},
    **{"xdigit": "0-9A-Fa-f"},
}
_UNICODE = {"L": "^\\W\\d_", "Lu": "A-Z\u00c0-\u00de", "Ll": "a-z\u00df-\u00ff", "N": "\\d", "Nd": "\\d"}
_PARTS = re.compile(
    r"\\Q(?P<literal>.*?)(?:\\E|\Z)|\\p(?:\{(?P<braced>\^?\w+)\}|(?P<letter>\w))|\\(?P<escape>x\{[0-9a-fA-F]+\}|.)"
    r"|\[:(?P<posix>\^?\w+):\]|\(\?(?P<group><\w+>|[a-zA-Z-]+\)|<[=!]|[=!]|>|\#|\()|(?P<other>.)",
    re.DOTALL,
)


class RegexError(ValueError):
    """A pattern that RE2 does not take; the text is Go's where it is known."""


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """A Go pattern as a Python one; raises RegexError."""
    try:
        return re.compile(_translated(pattern), re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise RegexError(_go_text(pattern, str(error))) from None


def _go_text(pattern: str, why: str) -> str:
    if "unterminated character set" in why:
        return f"error parsing regexp: missing closing ]: `{pattern[pattern.rindex('[') :]}`"
    if "missing )" in why:
        return f"error parsing regexp: missing closing ): `{pattern}`"
    if "unbalanced parenthesis" in why:
        return f"error parsing regexp: unexpected ): `{pattern}`"
    if "nothing to repeat" in why:
        at = int(why.rsplit(" ", 1)[-1]) if why.rsplit(" ", 1)[-1].isdigit() else 0
        return f"error parsing regexp: missing argument to repetition operator: `{pattern[at : at + 1]}`"
    return f"error parsing regexp: {why}: `{pattern}`"


def _translated(pattern: str) -> str:
    out, in_class, first = [], False, False
    for part in _PARTS.finditer(pattern):
        text = part.group()
        escape, other = part["escape"], part["other"]
        if part["literal"] is not None:
            text = re.escape(part["literal"])
        elif part["braced"] or part["letter"]:
            text = _unicode(part["braced"] or part["letter"], in_class)
        elif part["posix"]:
            if not in_class or part["posix"].lstrip("^") not in _POSIX:
                raise RegexError(f"error parsing regexp: invalid character class range: `{text}`")
            text = _POSIX[part["posix"]] if part["posix"] in _POSIX else text
        elif escape:
            text = _escape(escape, text)
        elif part["group"]:
            if part["group"] in ("<=", "<!", "=", "!", ">", "#", "("):
                raise RegexError(f"error parsing regexp: invalid or unsupported Perl syntax: `(?{part['group']}`")
            text = "(?P" + part["group"] if part["group"].startswith("<") else text
            if in_class:
                text = part.group()
        elif other == "[":
            text = "\\[" if in_class else "["
            in_class, first = True, not in_class
            out.append(text)
            continue
        elif other == "]" and in_class and not first:
            in_class = False
        elif other == "^" and first:
            out.append("^")
            continue
        elif in_class and other in ("&", "|", "~") and out and out[-1] == other:
            text = "\\" + text
        elif other == "$" and not in_class:
            text = "\\Z"
        first = False
        out.append(text)
    return "".join(out)


def _unicode(name: str, in_class: bool) -> str:
    inner = _UNICODE.get(name.lstrip("^"))
    if inner is None:
        raise RegexError(f"error parsing regexp: invalid character class range: `\\p{{{name}}}`")
    return inner.lstrip("^") if in_class else f"[{inner}]"


def _escape(escape: str, text: str) -> str:
    if escape == "z":
        return "\\Z"
    if escape == "Z" or (escape.isdigit() and escape != "0"):
        raise RegexError(f"error parsing regexp: invalid escape sequence: `{text}`")
    if escape.startswith("x{"):
        return re.escape(chr(int(escape[2:-1], 16)))
    if escape == "C":
        return "(?s:.)"
    if escape.isalpha() and escape not in "AabBdDfnrsStvwWx":
        raise RegexError(f"error parsing regexp: invalid escape sequence: `{text}`")
    return text


@overload("matches(string, string) -> bool", "string.matches(string) -> bool", singleton=True)
def matches(text: str, pattern: str) -> bool:
    """Whether a pattern is found in a text."""
    if not isinstance(text, str) or not isinstance(pattern, str):
        raise EvaluationError("no such overload")
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
