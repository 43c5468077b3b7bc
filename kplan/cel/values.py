"""Values of expressions: those that Python has no equal for, equality and order across types.

null, bool, int, double, string, bytes, list and map are None, bool, int, float, str, bytes, list and dict. Unsigned integers are
`UInt`; times and durations count nanoseconds. Upstream: cel-go common/types.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kplan.cel import types
from kplan.cel.errors import EvaluationError
from kplan.cel.types import Type

MIN_INT, MAX_INT, MAX_UINT = -(2**63), 2**63 - 1, 2**64 - 1
SECOND = 1_000_000_000
FIRST_SECOND, LAST_SECOND = -62135596800, 253402300799


class UInt(int):
    """An unsigned integer."""

    def __repr__(self) -> str:
        return f"{int(self)}u"


@dataclass(frozen=True, slots=True, order=True)
class Timestamp:
    """Nanoseconds since 1970; `offset` is how many seconds east of UTC it was written, which only counts when it is written again."""

    nanoseconds: int
    offset: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """Nanoseconds."""

    nanoseconds: int


@dataclass(frozen=True, slots=True)
class Optional:
    """A value, or none."""

    value: Any = None
    present: bool = False


NONE = Optional()


class KeyedList(list[Any]):
    """A list of a schema that makes it a set (`keys` empty) or a map by `keys`: its order does not count.

    Upstream: apiserver/pkg/cel/common/values*.go.
    """

    keys: tuple[str, ...] = ()

    def key_of(self, item: Any) -> Any:
        """What makes an item the same as another."""
        if not self.keys:
            return _hashable(item)
        return tuple(_hashable(item.get(key)) if isinstance(item, dict) else None for key in self.keys)


class Unreadable:
    """A value that is there and cannot be read: whoever asks for it gets `error`."""

    __slots__ = ("error",)

    def __init__(self, error: EvaluationError) -> None:
        self.error = error


def readable(value: Any) -> Any:
    """A value, or the error that it is."""
    if type(value) is Unreadable:
        raise value.error
    return value


class Struct(dict[str, Any]):
    """An object that an expression made. `type_name` is the one it was given."""

    type_name: str = ""


class Defaulted(dict[str, Any]):
    """A map that gives an empty map for what it does not hold, though `in` does not see it: devices' attributes by domain.

    Upstream: dynamic-resource-allocation/cel/compile.go (newStringInterfaceMapWithDefault).
    """

    def __missing__(self, key: str) -> dict[str, Any]:
        return {}


class Opaque:
    """Base of what only functions know to handle; `cel_type` is its type."""

    __slots__ = ()
    cel_type: Type = types.DYN


def _hashable(value: Any) -> Any:
    if isinstance(value, dict):
        return ("map", tuple(sorted((str(k), _hashable(v)) for k, v in value.items())))
    if isinstance(value, list):
        return ("list", tuple(_hashable(v) for v in value))
    return (isinstance(value, bool), value)


def type_of(value: Any) -> Type:
    """The type of a value at run time."""
    match value:
        case None:
            return types.NULL
        case bool():
            return types.BOOL
        case UInt():
            return types.UINT
        case int():
            return types.INT
        case float():
            return types.DOUBLE
        case str():
            return types.STRING
        case bytes():
            return types.BYTES
        case list():
            return types.list_of(types.DYN)
        case Struct():
            return types.object_of(value.type_name)
        case dict():
            return types.map_of(types.DYN, types.DYN)
        case Timestamp():
            return types.TIMESTAMP
        case Duration():
            return types.DURATION
        case Optional():
            return types.optional_of(types.DYN)
        case Type():
            return types.TYPE
        case Opaque():
            return value.cel_type
    return types.DYN


def is_number(value: Any) -> bool:
    """An int, uint or double."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def equal(a: Any, b: Any) -> bool:
    """`a == b`; values of different types are unequal, numbers compare by value."""
    if isinstance(a, str):
        return isinstance(b, str) and a == b
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if is_number(a):
        return is_number(b) and a == b
    if isinstance(a, KeyedList) or isinstance(b, KeyedList):
        return _equal_keyed(a, b)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, Struct) != isinstance(b, Struct):
        return False
    if isinstance(a, dict):
        return isinstance(b, dict) and len(a) == len(b) and all(k in b and equal(v, b[k]) for k, v in a.items())
    if isinstance(a, Optional) and isinstance(b, Optional):
        return a.present == b.present and (not a.present or equal(a.value, b.value))
    if isinstance(a, Type) and isinstance(b, Type):
        return a.name == b.name
    return type(a) is type(b) and bool(a == b)


def _equal_keyed(a: Any, b: Any) -> bool:
    if not isinstance(a, list) or not isinstance(b, list) or len(a) != len(b):
        return False
    by = a if isinstance(a, KeyedList) else b
    assert isinstance(by, KeyedList)
    others = {by.key_of(item): item for item in b}
    return all((key := by.key_of(item)) in others and equal(item, others[key]) for item in a)


def join(a: list[Any], b: list[Any]) -> list[Any]:
    """`a + b`; items of a set or keyed list that are there already are replaced where they stand."""
    if not isinstance(a, KeyedList):
        return [*a, *b]
    joined = KeyedList(a)
    joined.keys = a.keys
    at = {a.key_of(item): i for i, item in enumerate(a)}
    for item in b:
        place = at.get(a.key_of(item))
        if place is None:
            at[a.key_of(item)] = len(joined)
            joined.append(item)
        else:
            joined[place] = item
    return joined


def compare(a: Any, b: Any) -> int:
    """-1, 0 or 1; raises where the values have no order between them."""
    if is_number(a) and is_number(b):
        if a != a or b != b:
            raise EvaluationError("NaN values cannot be ordered")
    elif isinstance(a, str) and isinstance(b, str):
        first, second = (a, b) if a.isascii() and b.isascii() else (a.encode("utf-8", "replace"), b.encode("utf-8", "replace"))
        return (first > second) - (first < second)  # type: ignore[operator]
    elif type(a) is not type(b) or not isinstance(a, bool | bytes | Timestamp | Duration):
        raise EvaluationError("no such overload")
    return int(a > b) - int(a < b)


def is_zero(value: Any) -> bool:
    """Whether a value is the zero of its type."""
    if isinstance(value, Timestamp):
        return value.nanoseconds == FIRST_SECOND * SECOND
    if isinstance(value, Duration):
        return value.nanoseconds == 0
    return value is None or (isinstance(value, bool | int | float | str | bytes | list | dict) and not value)
