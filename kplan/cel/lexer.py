"""Words of an expression.   Upstream: cel-go parser/gen/CEL.g4, its lexer rules: the longest match wins, of equals the first rule."""

from __future__ import annotations

import re
from typing import NamedTuple

from kplan.cel.errors import Issue

EOF = "<EOF>"


class Token(NamedTuple):
    """One word: `kind` is its literal (`&&`) or class (`IDENTIFIER`)."""

    kind: str
    text: str
    offset: int


LITERALS = (
    *("==", "!=", "in", "<", "<=", ">=", ">", "&&", "||", "[", "]", "{", "}", "(", ")", ".", ",", "-", "!", "?", ":", "+", "*", "/", "%"),
    *("true", "false", "null"),
)
CLASSES = ("WHITESPACE", "COMMENT", "NUM_FLOAT", "NUM_INT", "NUM_UINT", "STRING", "BYTES", "IDENTIFIER", "ESC_IDENTIFIER")
KINDS = (EOF, *LITERALS, *CLASSES)
"""All kinds in the order in which messages list them."""
ORDER = {kind: index for index, kind in enumerate(KINDS)}
RESERVED = frozenset(
    {
        *("as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop", "package"),
        *("namespace", "null", "return", "true", "var", "void", "while"),
    }
)
KEYWORDS = frozenset({"in", "true", "false", "null"})

_ESCAPE = r"\\(?:[abfnrtv\"'\\?`]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})"
_STRING = (
    rf'(?:[rR]"""(?:.|\n)*?"""|[rR]\'\'\'(?:.|\n)*?\'\'\'|"""(?:{_ESCAPE}|[^\\])*?"""|\'\'\'(?:{_ESCAPE}|[^\\])*?\'\'\''
    rf"|\"(?:{_ESCAPE}|[^\\\"\n\r])*\"|'(?:{_ESCAPE}|[^\\'\n\r])*'|[rR]\"[^\"\n\r]*\"|[rR]'[^'\n\r]*')"
)
_FLOAT = r"\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?"
_PATTERNS = (
    ("WHITESPACE", re.compile(r"[\t \r\n\f]+", re.ASCII)),
    ("COMMENT", re.compile(r"//[^\n]*")),
    ("NUM_FLOAT", re.compile(_FLOAT, re.ASCII)),
    ("NUM_UINT", re.compile(r"0x[0-9a-fA-F]+[uU]|\d+[uU]", re.ASCII)),
    ("NUM_INT", re.compile(r"0x[0-9a-fA-F]+|\d+", re.ASCII)),
    ("STRING", re.compile(_STRING)),
    ("BYTES", re.compile(f"[bB]{_STRING}")),
    ("IDENTIFIER", re.compile(r"[A-Za-z_][A-Za-z0-9_]*")),
    ("ESC_IDENTIFIER", re.compile(r"`[A-Za-z0-9_./ -]+`")),
)
_OPERATORS = re.compile("|".join(re.escape(text) for text in sorted((w for w in LITERALS if not w.isalpha()), key=len, reverse=True)))
_STARTED_STRING = re.compile(rf"[bB]?(?:[rR](?:\"[^\"\n\r]*|'[^'\n\r]*)|\"(?:{_ESCAPE}|[^\\\"\n\r])*|'(?:{_ESCAPE}|[^\\'\n\r])*)")
_STARTED_ESCAPE = re.compile(r"\\(?:[xX][0-9a-fA-F]?|u[0-9a-fA-F]{0,3}|U[0-9a-fA-F]{0,7}|[0-3][0-7]?)?")


def tokenize(source: str) -> tuple[list[Token], list[Issue], list[range]]:
    """The words, EOF last, what is no word, and where that stands. Blanks and comments are left out."""
    tokens: list[Token] = []
    issues: list[Issue] = []
    dropped: list[range] = []
    at, end = 0, len(source)
    while at < end:
        kind, text = _longest(source, at)
        if not text:
            stop = _unrecognised(source, at)
            issues.append(Issue(at, f"Syntax error: token recognition error at: '{_escaped(source[at:stop])}'"))
            dropped.append(range(at, stop))
            at = stop
            continue
        if kind == "IDENTIFIER" and text in KEYWORDS:
            kind = text
        if kind not in ("WHITESPACE", "COMMENT"):
            tokens.append(Token(kind, text, at))
        at += len(text)
    tokens.append(Token(EOF, EOF, end))
    return tokens, issues, dropped


def _longest(source: str, at: int) -> tuple[str, str]:
    kind = text = ""
    operator = _OPERATORS.match(source, at)
    if operator is not None:
        kind = text = operator.group()
    for name, pattern in _PATTERNS:
        found = pattern.match(source, at)
        if found is not None and found.end() - at > len(text):
            kind, text = name, found.group()
    return kind, text


def _unrecognised(source: str, at: int) -> int:
    """Where reading goes on after what is no word: behind the longest start of one, and the letter that spoilt it."""
    if source[at] in "=&|":
        return min(at + 2, len(source))
    if source[at] == "`":
        stop = at + 1
        while stop < len(source) and (source[stop].isascii() and (source[stop].isalnum() or source[stop] in "_.-/ ")):
            stop += 1
        return min(stop + 1, len(source))
    started = _STARTED_STRING.match(source, at)
    if started is None:
        return at + 1
    stop = started.end()
    escape = _STARTED_ESCAPE.match(source, stop)
    if escape is not None:
        stop = escape.end()
    return min(stop + 1, len(source))


def _escaped(text: str) -> str:
    return text.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
