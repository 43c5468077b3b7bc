"""What Go's encoding/json says of a text that should be a JSON object.

Upstream: encoding/json's scanner and Unmarshal into map[string]interface{}. It reads bytes, so one of a longer character is
named alone. Leaves out the limit of 10,000 nested values.
"""

from __future__ import annotations

from kplan.api.gotext import go_quote

_SPACE = frozenset(b" \t\r\n")
_DIGITS = frozenset(b"0123456789")
_HEX = frozenset(b"0123456789abcdefABCDEF")
_ESCAPES = frozenset(b'bfnrt\\/"')
_EXPONENT = frozenset(b"eE")
_SIGNS = frozenset(b"+-")
_LITERALS = {ord("t"): "true", ord("f"): "false", ord("n"): "null"}
_END = "unexpected end of JSON input"


class _SyntaxError(Exception):
    pass


def object_error(text: bytes) -> str:
    """The error of unmarshalling into a map, or the empty string."""
    try:
        reader = _Reader(text)
        kind = reader.document()
    except _SyntaxError as e:
        return str(e)
    if kind in ("object", "null"):
        return ""
    return f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"


def _quoted(char: int) -> str:
    if char == ord("'"):
        return r"'\''"
    return "'\"'" if char == ord('"') else f"'{go_quote(chr(char))[1:-1]}'"


class _Reader:
    def __init__(self, text: bytes) -> None:
        self.text, self.at = text, 0

    def fail(self, where: str) -> _SyntaxError:
        """The error at this place; beyond the end it is always the same."""
        if self.at >= len(self.text):
            return _SyntaxError(_END)
        return _SyntaxError(f"invalid character {_quoted(self.text[self.at])} {where}")

    def peek(self) -> int:
        return self.text[self.at] if self.at < len(self.text) else -1

    def skip(self) -> int:
        while self.peek() in _SPACE:
            self.at += 1
        return self.peek()

    def document(self) -> str:
        kind = self.value()
        if self.skip() >= 0:
            raise self.fail("after top-level value")
        return kind

    def value(self) -> str:
        kind = self.scalar_or_open()
        stack: list[str] = []
        while True:
            # one turn for each value that has ended or container that has opened
            if kind in ("{", "["):
                stack.append(kind)
                if self.skip() == ord("}" if kind == "{" else "]"):
                    self.at += 1
                else:
                    if kind == "{":
                        self.key()
                    kind = self.scalar_or_open()
                    continue
                kind = "object" if stack.pop() == "{" else "array"
            if not stack:
                return kind
            char, opened = self.skip(), stack[-1]
            if char == ord(","):
                self.at += 1
                if opened == "{":
                    self.skip()
                    self.key()
                kind = self.scalar_or_open()
            elif char == ord("}" if opened == "{" else "]"):
                self.at += 1
                kind = "object" if stack.pop() == "{" else "array"
            else:
                raise self.fail("after object key:value pair" if opened == "{" else "after array element")

    def key(self) -> None:
        if self.peek() != ord('"'):
            raise self.fail("looking for beginning of object key string")
        self.string()
        if self.skip() != ord(":"):
            raise self.fail("after object key")
        self.at += 1

    def scalar_or_open(self) -> str:
        char = self.skip()
        if char in (ord("{"), ord("[")):
            self.at += 1
            return chr(char)
        if char == ord('"'):
            self.string()
            return "string"
        if char == ord("-") or char in _DIGITS:
            self.number()
            return "number"
        literal = _LITERALS.get(char)
        if literal is None:
            raise self.fail("looking for beginning of value")
        for expected in literal:
            if self.peek() != ord(expected):
                raise self.fail(f"in literal {literal} (expecting '{expected}')")
            self.at += 1
        return "null" if literal == "null" else "bool"

    def string(self) -> None:
        self.at += 1
        while (char := self.peek()) != ord('"'):
            if char < 0x20:
                raise self.fail("in string literal")
            self.at += 1
            if char == ord("\\"):
                self.escape()
        self.at += 1

    def escape(self) -> None:
        char = self.peek()
        self.at += char >= 0
        if char == ord("u"):
            for _ in range(4):
                if self.peek() not in _HEX:
                    raise self.fail("in \\u hexadecimal character escape")
                self.at += 1
        elif char not in _ESCAPES:
            self.at -= char >= 0
            raise self.fail("in string escape code")

    def digits(self, where: str) -> None:
        if self.peek() not in _DIGITS:
            raise self.fail(where)
        while self.peek() in _DIGITS:
            self.at += 1

    def number(self) -> None:
        if self.peek() == ord("-"):
            self.at += 1
        if self.peek() == ord("0"):
            self.at += 1
        else:
            self.digits("in numeric literal")
        if self.peek() == ord("."):
            self.at += 1
            self.digits("after decimal point in numeric literal")
        if self.peek() in _EXPONENT:
            self.at += 1
            if self.peek() in _SIGNS:
                self.at += 1
            self.digits("in exponent of numeric literal")
