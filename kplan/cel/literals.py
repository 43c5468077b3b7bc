"""What constants in expressions stand for.   Upstream: cel-go parser/unescape.go and the Visit functions of literals."""

from __future__ import annotations

from kplan.cel.values import MAX_INT, MAX_UINT, MIN_INT, UInt

SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "'": "'", '"': '"', "`": "`", "?": "?"}
DIGITS = {"x": 2, "X": 2, "u": 4, "U": 8}


class LiteralError(ValueError):
    """A constant that cannot be read."""


def read_number(kind: str, text: str) -> int | float:
    """The number of a NUM_INT (a sign may stand before it), NUM_UINT or NUM_FLOAT."""
    if kind == "NUM_FLOAT":
        value = float(text)
        if value in (float("inf"), float("-inf")):
            raise LiteralError("invalid double literal")
        return value
    digits = text.rstrip("uU") if kind == "NUM_UINT" else text
    number = int(digits, 16) if "0x" in digits else int(digits)
    if kind == "NUM_UINT":
        if number > MAX_UINT:
            raise LiteralError("invalid uint literal")
        return UInt(number)
    if not MIN_INT <= number <= MAX_INT:
        raise LiteralError("invalid int literal")
    return number


def unquote(text: str, is_bytes: bool) -> str | bytes:
    """What a quoted text means."""
    text = (text[1:] if is_bytes else text).replace("\r\n", "\n").replace("\r", "\n")
    raw = text[0] in "rR"
    text = text[1:] if raw else text
    text = text[3:-3] if len(text) >= 6 and text[:3] in ("'''", '"""') else text[1:-1]
    if raw or "\\" not in text:
        return text.encode() if is_bytes else text
    out = bytearray()
    at = 0
    while at < len(text):
        char = text[at]
        if char != "\\":
            out += char.encode("utf-8", "surrogatepass")
            at += 1
            continue
        letter = text[at + 1]
        if letter in SIMPLE:
            out += SIMPLE[letter].encode()
            at += 2
            continue
        if letter in DIGITS:
            if is_bytes and letter in "uU":
                raise LiteralError("unable to unescape string")
            code, at = int(text[at + 2 : at + 2 + DIGITS[letter]], 16), at + 2 + DIGITS[letter]
        else:
            code, at = int(text[at + 1 : at + 4], 8), at + 4
        if is_bytes:
            out.append(code)
        elif code > 0x10FFFF or 0xD800 <= code < 0xE000:
            raise LiteralError("invalid unicode code point")
        else:
            out += chr(code).encode()
    return bytes(out) if is_bytes else out.decode("utf-8", "surrogatepass")
