"""Go's regular expressions: what it refuses and in which words, and a Python pattern that matches the same.

Upstream: Go's regexp/syntax (RE2). Leaves out what Python's `re` cannot say and hardly anybody writes: the `U` flag (ungreedy), scripts
in `\\p` classes beyond the common ones, and the limit on the size of a repeated expression.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache

from kplan.api.regexpclasses import NOT_PERL, NOT_POSIX, PERL, POSIX, complement, unicode_class

_CONTROL = {"a": r"\x07", "f": r"\f", "t": r"\t", "n": r"\n", "r": r"\r", "v": r"\v"}
_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_COUNT = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")
_NAME = re.compile("[A-Za-z0-9_]+")
_MOST = 1000


class RegexpError(ValueError):
    """What Go says of a pattern."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"error parsing regexp: {what}: `{where}`")


@lru_cache(maxsize=4096)
def compile(pattern: str) -> re.Pattern[str]:
    """The Python pattern that matches what Go's does; raises RegexpError where Go refuses it."""
    return re.compile(_Reader(pattern).read(), re.ASCII)


class _Reader:
    """One pattern on its way."""

    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0
        self.names: set[str] = set()
        self.flags = [""]
        self.out: list[str] = []

    def read(self) -> str:
        """The whole pattern."""
        opened: list[int] = []
        repeatable, repeated_from = False, -1
        while self.at < len(self.text):
            start, char = self.at, self.text[self.at]
            if char == "(":
                repeatable = self._open(opened)
                repeated_from = -1
            elif char == ")":
                if not opened:
                    raise RegexpError("unexpected )", self.text)
                opened.pop()
                self.flags.pop()
                self.out.append(")")
                self.at += 1
                repeatable, repeated_from = True, -1
            elif char in "*+?" or (char == "{" and _COUNT.match(self.text, self.at)):
                begin = repeated_from if repeated_from >= 0 else start
                if not repeatable:
                    raise RegexpError("missing argument to repetition operator", self._operator())
                text = self._operator()
                if repeated_from >= 0:
                    raise RegexpError("invalid nested repetition operator", self.text[begin : start + len(text)])
                self._count(text)
                self.out.append(text)
                self.at += len(text)
                repeated_from = start
            else:
                repeated_from = -1
                repeatable = self._atom(char)
        if opened:
            raise RegexpError("missing closing )", self.text)
        return "".join(self.out)

    def _operator(self) -> str:
        """A repetition operator with its `?`."""
        found = _COUNT.match(self.text, self.at)
        text = found[0] if found else self.text[self.at]
        lazy = self.text[self.at + len(text) : self.at + len(text) + 1] == "?"
        return text + "?" if lazy else text

    def _count(self, text: str) -> None:
        found = _COUNT.match(text)
        if found is None:
            return
        low = int(found[1])
        high = low if not found[2] else int(found[3]) if found[3] else -1
        if low > _MOST or high > _MOST or (0 <= high < low):
            raise RegexpError("invalid repeat count", found[0])

    def _open(self, opened: list[int]) -> bool:
        """A group, or flags that hold from here on; whether what stands there can be repeated."""
        rest = self.text[self.at :]
        if not rest.startswith("(?"):
            opened.append(self.at)
            self.flags.append(self.flags[-1])
            self.out.append("(")
            self.at += 1
            return False
        if rest.startswith("(?P<") or (rest.startswith("(?<") and rest[3:4] not in ("=", "!")):
            return self._named(rest, opened)
        found = re.match(r"\(\?([imsU]*)(-[imsU]+)?([:)])", rest)
        if found is None or (not found[1] and not found[2] and found[3] == ")"):
            bad = re.match(r"\(\?[imsU-]*.?", rest, re.DOTALL)
            if ")" not in rest and rest.strip("(?imsU-:") == "":
                raise RegexpError("missing argument to repetition operator" if rest == "(?" else "missing closing )", rest if rest != "(?" else "?")
            raise RegexpError("invalid or unsupported Perl syntax", bad[0] if bad else rest)
        on, off, end = found[1].replace("U", ""), (found[2] or "").replace("U", "").strip("-"), found[3]
        flags = "".join(sorted((set(self.flags[-1]) | set(on)) - set(off)))
        self.at += len(found[0])
        if end == ")":
            self.flags[-1] = flags
            return False
        opened.append(self.at)
        self.flags.append(flags)
        self.out.append("(?:")
        return False

    def _put(self, atom: str) -> None:
        """Add an atom under the flags that hold, which Python takes around groups only."""
        flags = self.flags[-1].replace("m", "")
        self.out.append(f"(?{flags}:{atom})" if flags else atom)

    def _named(self, rest: str, opened: list[int]) -> bool:
        begin = rest.index("<") + 1
        end = rest.find(">")
        if end < 0:
            raise RegexpError("invalid named capture", rest)
        name = rest[begin:end]
        if not _NAME.fullmatch(name):
            raise RegexpError("invalid named capture", rest[: end + 1])
        if name in self.names:
            raise RegexpError("duplicate capture group name", name)
        self.names.add(name)
        opened.append(self.at)
        self.flags.append(self.flags[-1])
        self.out.append("(")
        self.at += end + 1
        return False

    def _atom(self, char: str) -> bool:
        """One character, class or escape; whether it can be repeated."""
        if char == "[":
            self._put(self._class())
        elif char == "\\":
            return self._escape()
        elif char == "|":
            self.out.append("|")
            self.at += 1
            return False
        elif char == "$":
            self.out.append("(?m:$)" if "m" in self.flags[-1] else r"\Z")
            self.at += 1
        elif char == "^":
            self.out.append("(?m:^)" if "m" in self.flags[-1] else r"\A")
            self.at += 1
        else:
            self._put(char if char == "." else re.escape(char))
            self.at += 1
        return True

    def _escape(self) -> bool:
        follow = self.text[self.at + 1 : self.at + 2]
        if not follow:
            raise RegexpError("trailing backslash at end of expression", "")
        if follow == "Q":
            end = self.text.find("\\E", self.at)
            literal = self.text[self.at + 2 : end if end >= 0 else len(self.text)]
            for char in literal:
                self._put(re.escape(char))
            self.at = end + 2 if end >= 0 else len(self.text)
            return bool(literal)
        if follow in "AzbB":
            self.out.append(r"\Z" if follow == "z" else "\\" + follow)
            self.at += 2
            return True
        if follow == "C":
            self.out.append("(?s:.)")
            self.at += 2
            return True
        ranges = self._shorthand()
        self._put(f"[{ranges}]" if ranges is not None else self._char())
        return True

    def _shorthand(self) -> str | None:
        r"""A class escape (`\d`, `\pL`) as ranges; None where none stands here."""
        follow = self.text[self.at + 1 : self.at + 2]
        if follow in PERL or follow.lower() in PERL:
            self.at += 2
            return PERL[follow] if follow in PERL else NOT_PERL[follow.lower()]
        if follow not in ("p", "P"):
            return None
        found = re.compile(r"\\[pP](\{(\^?)([^}]*)\}|(.))", re.DOTALL).match(self.text, self.at)
        if found is None:
            raise RegexpError("invalid character class range", self.text[self.at :])
        ranges = unicode_class(found[3] or found[4] or "")
        if ranges is None:
            raise RegexpError("invalid character class range", found[0])
        self.at = found.end()
        return complement(ranges) if (follow == "P") != bool(found[2]) else ranges

    def _char(self) -> str:
        """An escaped character, as Python escapes it."""
        rest = self.text[self.at :]
        follow = rest[1:2]
        if follow in _PUNCTUATION:
            self.at += 2
            return re.escape(follow) if follow not in "-]^[\\" else "\\" + follow
        if follow in _CONTROL:
            self.at += 2
            return _CONTROL[follow]
        for form in (r"\\x([0-9A-Fa-f]{2})", r"\\x\{([0-9A-Fa-f]+)\}", r"\\(0[0-7]{0,2}|[1-7][0-7]{1,2})"):
            found = re.match(form, rest)
            if found is not None:
                code = int(found[1], 8 if form.endswith("{1,2})") else 16)
                if code <= sys.maxunicode:
                    self.at += len(found[0])
                    return f"\\U{code:08x}"
        raise RegexpError("invalid escape sequence", rest[:2] if follow != "x" else (re.match(r"\\x(\{[^}]*\}?|.{0,2})", rest) or [rest])[0])

    def _class(self) -> str:
        """A bracket expression."""
        start = self.at
        self.at += 1
        negated = self.text[self.at : self.at + 1] == "^"
        self.at += negated
        parts: list[str] = []
        first = True
        while first or self.text[self.at : self.at + 1] != "]":
            if self.at >= len(self.text):
                raise RegexpError("missing closing ]", self.text[start:])
            self._range(parts, start)
            first = False
        self.at += 1
        body = "".join(parts)
        return f"[{'^' if negated else ''}{body}]"

    def _range(self, parts: list[str], start: int) -> None:
        rest = self.text[self.at :]
        named = re.match(r"\[:(\^?)([a-z]*):\]", rest)
        if rest.startswith("[:") and ":]" in rest:
            if named is None or named[2] not in POSIX:
                raise RegexpError("invalid character class range", rest[: rest.index(":]") + 2])
            parts.append((NOT_POSIX if named[1] else POSIX)[named[2]])
            self.at += len(named[0])
            return
        if rest[:1] == "\\":
            if rest[1:2] == "":
                raise RegexpError("trailing backslash at end of expression", "")
            ranges = self._shorthand()
            if ranges is not None:
                parts.append(ranges)
                return
        begin = self.at
        low = self._class_char(start)
        if self.text[self.at : self.at + 1] == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
            self.at += 1
            high = self._class_char(start)
            if ord(_plain(high)) < ord(_plain(low)):
                raise RegexpError("invalid character class range", self.text[begin : self.at])
            parts.append(f"{low}-{high}")
        else:
            parts.append(low)

    def _class_char(self, start: int) -> str:
        if self.at >= len(self.text):
            raise RegexpError("missing closing ]", self.text[start:])
        char = self.text[self.at]
        if char == "\\":
            return self._char()
        self.at += 1
        return "\\" + char if char in "\\]^-[&~|" else char


def _plain(escaped: str) -> str:
    """The character that a class escape stands for."""
    if len(escaped) == 2 and escaped[1] not in "ftnrv":
        return escaped[1]
    return escaped if len(escaped) == 1 else escaped.encode().decode("unicode_escape")
