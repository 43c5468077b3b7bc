"""The character classes of Go's regular expressions, as ranges for Python's brackets.

Upstream: Go's regexp/syntax (perl_groups.go) and unicode tables. The classes of Perl and POSIX are those of ASCII.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import lru_cache

POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
NOT_POSIX = {
    "ascii": r"\x80-\U0010ffff",
    "space": r"\x00-\x08\x0e-\x1f!-\U0010ffff",
    "digit": r"\x00-/:-\U0010ffff",
    "alpha": r"\x00-@\[-`{-\U0010ffff",
    "upper": r"\x00-@\[-\U0010ffff",
    "lower": r"\x00-`{-\U0010ffff",
    "alnum": r"\x00-/:-@\[-`{-\U0010ffff",
    "word": r"\x00-/:-@\[-\^`{-\U0010ffff",
    "xdigit": r"\x00-/:-@G-`g-\U0010ffff",
    "blank": r"\x00-\x08\x0a-\x1f!-\U0010ffff",
    "cntrl": r" -~\x80-\U0010ffff",
    "graph": r"\x00- \x7f-\U0010ffff",
    "print": r"\x00-\x1f\x7f-\U0010ffff",
    "punct": r"\x00- 0-9A-Za-z\x7f-\U0010ffff",
}
PERL = {"d": "0-9", "s": r"\t\n\f\r ", "w": "0-9A-Za-z_"}
NOT_PERL = {"d": NOT_POSIX["digit"], "s": r"\x00-\x08\x0b\x0e-\x1f!-\U0010ffff", "w": NOT_POSIX["word"]}
_SCRIPTS = {"Latin": "LATIN ", "Greek": "GREEK ", "Cyrillic": "CYRILLIC ", "Han": "CJK UNIFIED", "Hiragana": "HIRAGANA ", "Katakana": "KATAKANA "}


@lru_cache(maxsize=64)
def unicode_class(name: str) -> str | None:
    """The ranges of a general category (`L`, `Lu`) or script; None where there is no such."""
    script = _SCRIPTS.get(name)
    if script is None and name not in ("Any", "L", "M", "N", "P", "S", "Z", "C") and name not in _categories():
        return None
    if name == "Any":
        return r"\x00-\U0010ffff"
    ranges: list[list[int]] = []
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        inside = unicodedata.name(char, "").startswith(script) if script else unicodedata.category(char).startswith(name)
        if not inside or 0xD800 <= code < 0xE000:
            continue
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges)


@lru_cache(maxsize=1)
def _categories() -> frozenset[str]:
    return frozenset(re.findall("..", "LuLlLtLmLoMnMcMeNdNlNoPcPdPsPePiPfPoSmScSkSoZsZlZpCcCfCoCs"))


def complement(ranges: str) -> str:
    """All that is not in the ranges, as ranges."""
    found = re.compile(f"[{ranges}]")
    out, start = [], None
    for code in range(sys.maxunicode + 2):
        outside = code <= sys.maxunicode and not found.match(chr(code))
        if outside and start is None:
            start = code
        elif not outside and start is not None:
            out.append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start = None
    return "".join(out)
