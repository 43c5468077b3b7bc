"""`string.format`: reading its clauses, and setting values in.   Upstream: cel-go ext/formatting.go, with the numbers of locale en_US."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from kplan.cel.errors import EvaluationError
from kplan.cel.library.conversions import format_double, format_duration, format_time
from kplan.cel.types import Type
from kplan.cel.values import Duration, Timestamp, type_of

_CLAUSE = re.compile(r"%(\.([0-9]*))?(.)?", re.DOTALL)
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_ANY = frozenset(
    {
        *("list", "map", "int", "uint", "double", "bool", "string", "bytes", "type", "null_type"),
        *("google.protobuf.Timestamp", "google.protobuf.Duration"),
    }
)
_TEXT_CLAUSE = "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps"
_HEX_CLAUSE = "only integers, byte buffers, and strings can be formatted as hex"


class FormatError(Exception):
    """A clause that cannot be read, or not be met."""


class Clause(NamedTuple):
    """One clause: what it takes by names of types, what it says of others, how it writes a value."""

    takes: frozenset[str]
    refusal: str
    write: Callable[[Any, int], str]


def clauses(text: str, count: int) -> Iterator[tuple[int, int, Clause | None, int]]:
    """Where clauses stand in a text (from, to), each with its digits; None stands for `%%`. `count` is how many values there are."""
    used = at = 0
    for found in _CLAUSE.finditer(text):
        if found.start() < at:
            continue
        at = found.end()
        if found[3] == "%" and found[1] is None:
            yield found.start(), at, None, 0
            continue
        if found.start() + 1 >= len(text):
            raise FormatError("unexpected end of string")
        if used >= count:
            raise FormatError(f"index {used} out of range")
        yield found.start(), at, _clause(found), int(found[2]) if found[2] else 6
        used += 1


def _clause(found: re.Match[str]) -> Clause:
    if found[1] is not None and found[3] is None:
        raise FormatError("could not parse formatting clause: error while parsing precision: could not find end of precision specifier")
    if found[1] == ".":
        why = 'error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax'
        raise FormatError(f"could not parse formatting clause: error while parsing precision: {why}")
    if found[3] not in VERBS:
        raise FormatError(f'could not parse formatting clause: unrecognized formatting clause "{found[3]}"')
    return VERBS[found[3]]


def format_text(text: str, values: list[Any]) -> str:
    """A text with its clauses (`%s`, `%d`, `%.2f` …) replaced by values."""
    out, at, given = [], 0, iter(values)
    try:
        for start, end, clause, digits in clauses(text, len(values)):
            out.append(text[at:start])
            at = end
            out.append("%" if clause is None else _written(clause, next(given), digits))
    except FormatError as error:
        raise EvaluationError(str(error)) from None
    return "".join(out) + text[at:]


def _written(clause: Clause, value: Any, digits: int) -> str:
    special = isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity")
    name = type_of(value).name
    if name not in clause.takes or (name == "string" and "double" in clause.takes and "int" not in clause.takes and not special):
        raise FormatError(f"error during formatting: {clause.refusal}, was given {name}")
    return clause.write(value, digits)


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
    raise FormatError(f"error during formatting: {_TEXT_CLAUSE}, was given {type_of(value).name}")


def _scientific(value: Any, digits: int) -> str:
    number = float(value)
    if number != number or number in (float("inf"), float("-inf")):
        return _special(number)
    mantissa, _, exponent = f"{number:.{digits}e}".partition("e")
    return f"{mantissa}×10{exponent.lstrip('+').translate(_RAISED)}"


def _fixed(value: Any, digits: int) -> str:
    number = float(value)
    return _special(number) if number != number or number in (float("inf"), float("-inf")) else f"{number:,.{digits}f}"


def _special(number: float) -> str:
    return "NaN" if number != number else "∞" if number > 0 else "-∞"


def _hex(letter: str) -> Callable[[Any, int], str]:
    def write(value: Any, _digits: int) -> str:
        if isinstance(value, str | bytes):
            text = (value.encode() if isinstance(value, str) else value).hex()
            return text.upper() if letter == "X" else text
        return format(int(value), letter)

    return write


def _base(letter: str) -> Callable[[Any, int], str]:
    return lambda value, _digits: format(int(value), letter)


_WHOLE = frozenset({"int", "uint"})
_REAL = frozenset({"double", "string"})
VERBS = {
    "s": Clause(_ANY, _TEXT_CLAUSE, lambda value, _digits: _text(value)),
    "d": Clause(_WHOLE, "decimal clause can only be used on integers", _base("d")),
    "f": Clause(_REAL, "fixed-point clause can only be used on doubles", _fixed),
    "e": Clause(_REAL, "scientific clause can only be used on doubles", _scientific),
    "b": Clause(_WHOLE | {"bool"}, "only integers and bools can be formatted as binary", _base("b")),
    "o": Clause(_WHOLE, "octal clause can only be used on integers", _base("o")),
    "x": Clause(_WHOLE | {"string", "bytes"}, _HEX_CLAUSE, _hex("x")),
    "X": Clause(_WHOLE | {"string", "bytes"}, _HEX_CLAUSE, _hex("X")),
}

__all__ = ["VERBS", "Clause", "FormatError", "clauses", "format_text"]
