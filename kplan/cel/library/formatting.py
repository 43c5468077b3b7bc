"""`string.format`.   Upstream: cel-go ext/formatting.go."""

from __future__ import annotations

import re
from typing import Any

from kplan.cel.errors import EvaluationError
from kplan.cel.library.conversions import format_double, format_duration, format_time
from kplan.cel.types import Type
from kplan.cel.values import Duration, Timestamp, UInt, type_of

_CLAUSE = re.compile(r"%(?:\.(\d+))?(.)?", re.DOTALL)


def format_text(text: str, values: list[Any]) -> str:
    """A text with its clauses (`%s`, `%d`, `%.2f` …) replaced by values."""
    out, used, at = [], 0, 0
    for clause in _CLAUSE.finditer(text):
        if clause.start() < at:
            continue
        out.append(text[at : clause.start()])
        at = clause.end()
        verb = clause[2]
        if verb == "%":
            out.append("%")
            continue
        if verb is None:
            raise EvaluationError("unexpected end of string")
        if used >= len(values):
            raise EvaluationError(f"index {used} out of range")
        out.append(_VERBS.get(verb, _unknown(verb))(values[used], int(clause[1]) if clause[1] else 6))
        used += 1
    return "".join(out) + text[at:]


def _unknown(verb: str) -> Any:
    def refuse(_value: Any, _digits: int) -> str:
        raise EvaluationError(f'could not parse formatting clause: unrecognized formatting clause "{verb}"')

    return refuse


def _text(value: Any, nested: bool = False) -> str:
    match value:
        case str():
            return f'"{value}"' if nested else value
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case bytes():
            return value.decode("utf-8", "replace")
        case float():
            return f'"{format_double(value)}"' if nested and value in (float("inf"), float("-inf")) else format_double(value)
        case Duration():
            return f'duration("{format_duration(value)}")' if nested else format_duration(value)
        case Timestamp():
            return f'timestamp("{format_time(value)}")' if nested else format_time(value)
        case list():
            return "[" + ", ".join(_text(item, True) for item in value) + "]"
        case dict():
            pairs = sorted((_text(key, True), _text(inner, True)) for key, inner in value.items())
            return "{" + ", ".join(f"{key}:{inner}" for key, inner in pairs) + "}"
        case Type():
            return value.name
        case int():
            return str(int(value))
    raise EvaluationError(
        "error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and "
        f"timestamps, was given {type_of(value).name}"
    )


def _decimal(value: Any, _digits: int) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        raise EvaluationError(f"error during formatting: decimal clause can only be used on integers, was given {type_of(value).name}")
    return str(int(value))


def _float(value: Any, form: str, name: str) -> str:
    if isinstance(value, bool) or not isinstance(value, float | int):
        raise EvaluationError(f"error during formatting: {name} clause can only be used on doubles, was given {type_of(value).name}")
    return format(float(value), form)


def _base(value: Any, letter: str, name: str) -> str:
    if letter in "xX" and isinstance(value, str | bytes):
        text = (value.encode() if isinstance(value, str) else value).hex()
        return text.upper() if letter == "X" else text
    if letter == "b" and isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, bool) or not isinstance(value, int | UInt):
        raise EvaluationError(f"error during formatting: only integers can be formatted as {name}, was given {type_of(value).name}")
    return format(int(value), letter)


_VERBS: dict[str, Any] = {
    "s": lambda value, _digits: _text(value),
    "d": _decimal,
    "f": lambda value, digits: _float(value, f".{digits}f", "fixed-point"),
    "e": lambda value, digits: _float(value, f".{digits}e", "scientific"),
    "b": lambda value, _digits: _base(value, "b", "binary"),
    "o": lambda value, _digits: _base(value, "o", "octal"),
    "x": lambda value, _digits: _base(value, "x", "hex"),
    "X": lambda value, _digits: _base(value, "X", "hex"),
}
