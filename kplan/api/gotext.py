"""How Go prints values, because messages quote them: %q, %v and encoding/json.

Upstream: strconv.Quote, fmt and encoding/json of Go's standard library.
"""

from __future__ import annotations

import json
import math
from typing import Any

_ESCAPES = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", '"': '\\"', "\\": "\\\\"}
_JSON_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def go_quote(text: str) -> str:
    """`%q`: double quotes, Go escapes; what is not printable is escaped by number."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    out = []
    for char in text:
        code = ord(char)
        if char in _ESCAPES:
            out.append(_ESCAPES[char])
        elif char.isprintable():
            out.append(char)
        elif code < 0x80:
            out.append(f"\\x{code:02x}")
        else:
            out.append(f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
    return '"' + "".join(out) + '"'


def go_value(value: Any) -> str:
    """`%v` of a boolean, number or text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return go_float(value)
    return str(value)


def go_float(value: float) -> str:
    """`%v` of a float64: the shortest digits, with an exponent below 1e-4 and from 1e6 on."""
    if math.isinf(value) or math.isnan(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    return _float(value, -4, 6, 2)


def _float(value: float, least: int, most: int, exponent_digits: int) -> str:
    """The shortest digits that read back as the value; an exponent where it is below `least` or `most` and above."""
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    digits, point = shortest_digits(abs(value))
    sign, exponent = "-" if value < 0 else "", point - 1
    if exponent < least or exponent >= most:
        first = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
        return f"{sign}{first}e{'-' if exponent < 0 else '+'}{str(abs(exponent)).zfill(exponent_digits)}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if point >= len(digits):
        return sign + digits + "0" * (point - len(digits))
    return f"{sign}{digits[:point]}.{digits[point:]}"


def shortest_digits(value: float) -> tuple[str, int]:
    """The shortest digits that read back as a positive value, and where the point stands in them."""
    mantissa, _, shift = f"{value!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    return digits.rstrip("0") or "0", len(whole) - (len(whole + fraction) - len(digits)) + int(shift or 0)


def go_json(value: Any) -> str:
    """`json.Marshal` of a JSON value: maps sorted by key, no spaces, HTML characters escaped.

    A Go struct keeps the order of its fields instead: pass it as a `Struct`.
    """
    if isinstance(value, dict):
        keys = value if isinstance(value, Struct) else sorted(value)
        return "{" + ",".join(f"{go_json(k)}:{go_json(value[k])}" for k in keys) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(go_json(v) for v in value) + "]"
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
        for char, escape in _JSON_ESCAPES.items():
            if char in text:
                text = text.replace(char, escape)
        return text
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    return _float(value, -6, 21, 1) if isinstance(value, float) else str(value)


class Struct(dict[str, Any]):
    """A dict whose order is that of a Go struct's fields, for `go_json`."""
