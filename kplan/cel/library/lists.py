"""Lists, sets and maps.   Upstream: apiserver/pkg/cel/library/lists.go, cel-go ext/{lists,sets,comprehensions}.go."""

from __future__ import annotations

import functools
import itertools
from typing import Any

from kplan.cel.declare import overload
from kplan.cel.errors import EvaluationError
from kplan.cel.library import operators
from kplan.cel.library.operators import shown
from kplan.cel.library.traits import no_such_overload
from kplan.cel.values import MAX_INT, Duration, UInt, compare, equal, type_of

_COMPARABLE = ("int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes")
_SUMMABLE = ("int", "uint", "double", "duration")
_ZEROS = {"int": 0, "uint": UInt(0), "double": 0.0, "duration": Duration(0)}


@overload(*(f"list({one}).isSorted() -> bool" for one in _COMPARABLE))
def is_sorted(items: list[Any]) -> bool:
    """Whether no item comes after one that is greater."""
    return all(compare(a, b) <= 0 for a, b in itertools.pairwise(items))


def _sum(zero: Any) -> Any:
    def total(items: list[Any]) -> Any:
        return functools.reduce(operators.add, items, zero)

    return total


SUMS = {one: overload(f"list({one}).sum() -> {one}")(_sum(_ZEROS[one])) for one in _SUMMABLE}
sum_int, sum_uint, sum_double, sum_duration = SUMS.values()


@overload(*(f"list({one}).max() -> {one}" for one in _COMPARABLE))
def max_(items: list[Any]) -> Any:
    """The greatest."""
    if not items:
        raise EvaluationError("max called on empty list")
    return functools.reduce(lambda a, b: b if compare(a, b) < 0 else a, items)


@overload(*(f"list({one}).min() -> {one}" for one in _COMPARABLE))
def min_(items: list[Any]) -> Any:
    """The least."""
    if not items:
        raise EvaluationError("min called on empty list")
    return functools.reduce(lambda a, b: b if compare(a, b) > 0 else a, items)


@overload("list(A).indexOf(A) -> int")
def index_of(items: list[Any], item: Any) -> int:
    """Where an item first stands, -1: nowhere."""
    return next((i for i, one in enumerate(items) if equal(one, item)), -1)


@overload("list(A).lastIndexOf(A) -> int")
def last_index_of(items: list[Any], item: Any) -> int:
    """Where an item last stands, -1: nowhere."""
    return next((i for i in range(len(items) - 1, -1, -1) if equal(items[i], item)), -1)


@overload("list(A).slice(int, int) -> list(A)")
def slice_(items: list[Any], start: int, end: int) -> list[Any]:
    """From one index up to another."""
    if start < 0 or end < 0:
        raise EvaluationError(f"cannot slice({start}, {end}), negative indexes not supported")
    if start > end:
        raise EvaluationError(f"cannot slice({start}, {end}), start index must be less than or equal to end index")
    if end > len(items):
        raise EvaluationError(f"cannot slice({start}, {end}), list is length {len(items)}")
    return items[start:end]


@overload("list(list(A)).flatten() -> list(A)", "list(dyn).flatten(int) -> list(dyn)")
def flatten(items: list[Any], depth: int = 1) -> list[Any]:
    """Items of lists in lists, down to a depth."""
    if depth < 0:
        raise EvaluationError("level must be non-negative")
    out: list[Any] = []
    for item in items:
        out += flatten(item, depth - 1) if isinstance(item, list) and depth > 0 else [item]
    return out


@overload(*(f"list({one}).sort() -> list({one})" for one in _COMPARABLE))
def sort(items: list[Any]) -> list[Any]:
    """In order."""
    return sort_by(items, items)


def _by_key(one: tuple[Any, Any], other: tuple[Any, Any]) -> int:
    return compare(one[0], other[0])


@overload(*(f"list(A).@sortByAssociatedKeys(list({one})) -> list(A)" for one in _COMPARABLE))
def sort_by(items: list[Any], keys: list[Any]) -> list[Any]:
    """In the order of keys."""
    if any(type_of(key).name != type_of(keys[0]).name for key in keys):
        raise EvaluationError("list elements must have the same type")
    pairs: list[tuple[Any, Any]] = list(zip(keys, items, strict=True))
    return [item for _key, item in sorted(pairs, key=functools.cmp_to_key(_by_key))]


@overload("lists.range(int) -> list(int)")
def range_(end: int) -> list[int]:
    """0 and what follows, up to an end."""
    return list(range(min(end, MAX_INT)))


@overload("list(A).reverse() -> list(A)")
def reverse(items: list[Any]) -> list[Any]:
    """From the last to the first."""
    return list(reversed(items))


@overload("list(A).distinct() -> list(A)")
def distinct(items: list[Any]) -> list[Any]:
    """Each once."""
    out: list[Any] = []
    for item in items:
        if not any(equal(item, other) for other in out):
            out.append(item)
    return out


@overload("sets.contains(list(A), list(A)) -> bool")
def sets_contains(items: list[Any], others: list[Any]) -> bool:
    """Whether all others are among the items."""
    return all(any(equal(item, other) for item in items) for other in others)


@overload("sets.equivalent(list(A), list(A)) -> bool")
def sets_equivalent(items: list[Any], others: list[Any]) -> bool:
    """Whether each is among the others."""
    return sets_contains(items, others) and sets_contains(others, items)


@overload("sets.intersects(list(A), list(A)) -> bool")
def sets_intersects(items: list[Any], others: list[Any]) -> bool:
    """Whether any is among the others."""
    return any(equal(item, other) for item in items for other in others)


@overload("cel.@mapInsert(map(K, V), K, V) -> map(K, V)", "cel.@mapInsert(map(K, V), map(K, V)) -> map(K, V)", singleton=True)
def map_insert(values: dict[Any, Any], *added: Any) -> dict[Any, Any]:
    """A map with more entries; none may be there already."""
    entries = {added[0]: added[1]} if len(added) == 2 else added[0]
    if not isinstance(values, dict) or not isinstance(entries, dict):
        raise no_such_overload()
    for key in entries:
        if key in values:
            raise EvaluationError(f"insert failed: key {shown(key)} already exists")
    return {**values, **entries}
