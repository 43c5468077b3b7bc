"""What a YAML scalar means: booleans of YAML 1.1, Go's integer syntax, floats, tags, and how each reads as JSON.

Upstream: resolve and scalar of go.yaml.in/yaml/v2, convertToJSONableObject of sigs.k8s.io/yaml, then encoding/json and
the int64-or-float64 decoding of k8s.io/apimachinery. Left out: values that kubectl cannot send have no meaning here
(infinities and NaN are errors, except as keys, where they are words).
"""

from __future__ import annotations

import base64
import binascii
import codecs
import math
import re
import struct
from datetime import date
from functools import lru_cache
from typing import Any

from kplan.manifests.errors import YamlError

MAX_INT, MIN_INT, MAX_UINT = 2**63 - 1, -(2**63), 2**64 - 1

WORDS: dict[str, bool | None] = {
    **{f(word): True for word in ("y", "yes", "on", "true") for f in (str.lower, str.upper, str.capitalize)},
    **{f(word): False for word in ("n", "no", "off", "false") for f in (str.lower, str.upper, str.capitalize)},
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
}
INFINITE = {sign + word: float(sign + "inf") for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")}
INFINITE |= dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan)

WORD_STARTS = frozenset("yYnNtTfFoO~") | {""}
NUMBER_STARTS = frozenset("+-.0123456789")

_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_POINT_FLOAT = re.compile(r"\.[0-9]+([eE][-+]?[0-9]+)?")
_INTEGERS = (
    (re.compile(r"[-+]?(0|[1-9][0-9]*)"), 10, 0),
    (re.compile(r"[-+]?0[xX][0-9a-fA-F]+"), 16, 2),
    (re.compile(r"[-+]?0[oO][0-7]+"), 8, 2),
    (re.compile(r"[-+]?0[bB][01]+"), 2, 2),
    (re.compile(r"[-+]?0[0-7]+"), 8, 1),
)
_BINARY = re.compile(r"(?:0b[-+]?|-0b)[01]+")
_TIMESTAMP = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:([Tt ])(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?(Z|[-+]\d\d:\d\d)?)?")
_SMALL = re.compile(r"-?[1-9][0-9]{0,17}|0")

LONG_TAG = "tag:yaml.org,2002:"
MERGE_TAG = LONG_TAG + "merge"
_RESOLVED_TAGS = {LONG_TAG + name for name in ("str", "bool", "int", "float", "null", "timestamp")}


def _replace_each(error: UnicodeError) -> tuple[str, int]:
    """Go puts one U+FFFD for each byte that is not UTF-8."""
    assert isinstance(error, UnicodeDecodeError)
    return "\ufffd" * (error.end - error.start), error.end


codecs.register_error("kplan.each", _replace_each)


def _integer(text: str) -> int | None:
    """strconv.ParseInt, then ParseUint, of base 0; None where neither takes the text."""
    for pattern, base, prefix in _INTEGERS:
        if pattern.fullmatch(text):
            signed = text[0] in "+-"
            digits = text[signed + prefix :].lstrip("0") or "0"
            if len(digits) > 64:
                return None
            number = int(digits, base)
            if text[0] == "-":
                number = -number
            return number if MIN_INT <= number <= (MAX_INT if signed else MAX_UINT) else None
    return None


def _float(text: str) -> float | None:
    number = float(text)
    return None if math.isinf(number) else number


def number(text: str) -> int | float | str:
    """A plain scalar that starts as a number may: its number (an infinity or NaN too), or the text itself."""
    if _SMALL.fullmatch(text):
        return int(text)
    if text in INFINITE:
        return INFINITE[text]
    if text[0] == ".":
        found = _float(text) if _POINT_FLOAT.fullmatch(text) else None
        return text if found is None else found
    plain = text.replace("_", "")
    whole = _integer(plain)
    if whole is not None:
        return whole
    if _FLOAT.fullmatch(plain):
        found = _float(plain)
        if found is not None:
            return found
    if _BINARY.fullmatch(plain):
        bits = "-" + plain[3:] if plain[0] == "-" else plain[2:]
        whole = int(bits, 2) if len(bits) < 80 else MAX_UINT + 1
        if MIN_INT <= whole <= (MAX_INT if bits[0] in "+-" else MAX_UINT):
            return whole
    return text


def json_number(value: int | float) -> int | float:
    """A number as the server reads it from kubectl's JSON: what is written without a point or exponent is an integer.

    An integer that does not fit 64 bits stands for the float64 of the same digits.
    """
    if isinstance(value, int):
        if MIN_INT <= value <= MAX_INT:
            return value
        value = float(value)
    if not math.isfinite(value):
        raise YamlError(f"json: unsupported value: {'NaN' if math.isnan(value) else '+Inf' if value > 0 else '-Inf'}")
    if abs(value) < 1e21 and value == math.floor(value):
        if abs(value) < 2**53:
            return int(value)
        mantissa, _, exponent = repr(value).partition("e")
        whole, _, fraction = mantissa.partition(".")
        fraction = fraction if fraction != "0" else ""
        return int((whole + fraction).ljust(len(whole) + int(exponent or 0), "0"))
    return value


@lru_cache(maxsize=8192)
def number_value(text: str) -> int | float | str:
    """`number` as the JSON value it becomes."""
    value = number(text)
    return value if isinstance(value, str) else json_number(value)


def plain(text: str) -> Any:
    """What an untagged plain scalar resolves to, before it becomes JSON."""
    first = text[:1]
    if first in WORD_STARTS:
        return WORDS.get(text, text)
    return number(text) if first in NUMBER_STARTS else text


def key(value: Any) -> str:
    """A resolved scalar as the key of a JSON object."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value <= MAX_INT:
        return str(value)
    if isinstance(value, float):
        return _float32(value)
    kind = "%!s(<nil>)" if value is None else "uint64"
    raise YamlError(f"unsupported map key of type: {kind}")


def _float32(value: float) -> str:
    """A float key: the shortest digits that are the same float32, as Go's %g writes them."""
    if math.isnan(value):
        return ".nan"
    try:
        packed = struct.pack("f", value)
    except OverflowError:
        return ".inf" if value > 0 else "-.inf"
    (single,) = struct.unpack("f", packed)
    if math.isinf(single):
        return ".inf" if single > 0 else "-.inf"
    if single == 0:
        return "-0" if math.copysign(1, single) < 0 else "0"
    text = next(text for text in (f"{single:.{digits}e}" for digits in range(9)) if struct.pack("f", float(text)) == packed)
    mantissa, _, exponent = text.partition("e")
    power, digits = int(exponent), mantissa.lstrip("-").replace(".", "")
    sign = "-" if single < 0 else ""
    if power < -4 or power >= 6:
        return f"{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"
    if power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{digits}"
    whole, fraction = digits[: power + 1].ljust(power + 1, "0"), digits[power + 1 :]
    return f"{sign}{whole}.{fraction}" if fraction else sign + whole


def tagged(tag: str, text: str) -> Any:
    """What a scalar with an explicit tag resolves to, before it becomes JSON."""
    if tag == LONG_TAG + "binary":
        return _binary(text)
    if tag not in _RESOLVED_TAGS or tag == LONG_TAG + "str":
        return text
    value = plain(text)
    if tag == LONG_TAG + "timestamp" and _is_timestamp(text):
        return text
    kind = _kind(value)
    if tag == LONG_TAG + kind:
        return value
    if tag == LONG_TAG + "float" and kind == "int" and value <= MAX_INT:
        return float(value)
    raise YamlError(f"cannot decode !!{kind} `{text}` as a !!{tag.removeprefix(LONG_TAG)}")


def _kind(value: Any) -> str:
    kinds = {bool: "bool", int: "int", float: "float", str: "str"}
    return kinds.get(type(value), "null")


def _binary(text: str) -> str:
    packed = text.replace("\n", "").replace("\r", "")
    try:
        data = base64.b64decode(packed.encode(), validate=True)
    except (binascii.Error, ValueError):
        data = None
    if data is None or len(packed) % 4 or re.search(r"=[^=]|={3}", packed):
        raise YamlError("!!binary value contains invalid base64 data")
    return data.decode("utf-8", "kplan.each")


def _is_timestamp(text: str) -> bool:
    """The four layouts that go-yaml takes."""
    found = _TIMESTAMP.fullmatch(text)
    if not found:
        return False
    year, month, day, mark, hour, minute, second, zone = found.groups()
    try:
        date(int(year) or 4, int(month), int(day))
    except ValueError:
        return False
    if mark is None:
        return True
    return (mark == " ") == (zone is None) and int(hour) < 24 and int(minute) < 60 and int(second) < 60
