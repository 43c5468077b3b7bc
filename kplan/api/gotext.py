"""How Go prints values, because messages quote them: %q, %v and encoding/json.

Upstream: strconv.Quote, fmt and encoding/json of Go's standard library.
"""

from __future__ import annotations

import json
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
    """`%v` of a float64: shortest form, an exponent below 1e-4 and from 1e21 on."""
    text = repr(value)
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    mantissa, _, exponent = text.partition("e")
    if exponent:
        sign, digits = exponent[0] if exponent[0] in "+-" else "+", exponent.lstrip("+-")
        return f"{mantissa}e{sign}{digits.zfill(2)}"
    return text


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
    return go_value(value)


class Struct(dict[str, Any]):
    """A dict whose order is that of a Go struct's fields, for `go_json`."""
