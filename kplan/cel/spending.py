"""What calls cost when they are made. A unit is roughly one step; texts cost a tenth of their length.

Upstream: cel-go interpreter/runtimecost.go, apiserver/pkg/cel/library/cost.go (CallCost).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from kplan.cel.declare import Overload
from kplan.cel.library.formats import Format
from kplan.cel.library.ips import CIDR, IP
from kplan.cel.values import Opaque, Optional

TRAVERSAL, REGEX = 0.1, 0.25
Expense = Callable[[list[Any], Any], int]


def size_of(value: Any) -> int:
    """How large a value is: its length, or 1."""
    if isinstance(value, str | bytes | list | dict):
        return len(value)
    if isinstance(value, Optional) and value.present:
        return size_of(value.value)
    if isinstance(value, IP):
        return math.ceil(value.address.max_prefixlen / 8)
    if isinstance(value, CIDR):
        return math.ceil(value.bits / 8)
    return 1


def traversal(value: Any) -> int:
    """What it costs to look at all of a value."""
    if isinstance(value, str | bytes):
        return int(len(value.encode() if isinstance(value, str) else value) * TRAVERSAL)
    if isinstance(value, list):
        return sum(traversal(item) for item in value)
    if isinstance(value, dict):
        return sum(traversal(key) + traversal(inner) for key, inner in value.items())
    return 1


def _share(factor: float, position: int = 0) -> Expense:
    return lambda args, _result: math.ceil(size_of(args[position]) * factor)


def _pattern(args: list[Any], _result: Any) -> int:
    return math.ceil((1.0 + size_of(args[0])) * TRAVERSAL) * math.ceil(size_of(args[1]) * REGEX)


def _fixed(cost: int) -> Expense:
    return lambda _args, _result: cost


def _selector(args: list[Any], _result: Any) -> int:
    length = size_of(args[1])
    return 10 + math.ceil(length * TRAVERSAL) + math.ceil(math.ceil(length * 0.5) * 50)


def _contains_ip(args: list[Any], _result: Any) -> int:
    cost = math.ceil(2 * size_of(args[0]) * TRAVERSAL)
    return cost + (math.ceil(size_of(args[1]) * TRAVERSAL) if isinstance(args[1], str) else 0)


def _contains_cidr(args: list[Any], _result: Any) -> int:
    cost = math.ceil(2 * size_of(args[0]) * TRAVERSAL) + math.ceil(size_of(args[0]) * TRAVERSAL) + 1
    return cost + (math.ceil(size_of(args[1]) * TRAVERSAL) if isinstance(args[1], str) else 0)


def _validate(args: list[Any], _result: Any) -> int:
    size = args[0].regex_size if isinstance(args[0], Format) else 0
    return math.ceil((1.0 + size_of(args[1])) * TRAVERSAL) * math.ceil(size * REGEX)


def _lesser(args: list[Any], _result: Any) -> int:
    return math.ceil(min(size_of(args[0]), size_of(args[1])) * TRAVERSAL)


def _equality(args: list[Any], result: Any) -> int:
    return 1 if isinstance(args[0], Opaque) else _lesser(args, result)


def _both(args: list[Any], _result: Any) -> int:
    return math.ceil((size_of(args[0]) + size_of(args[1])) * TRAVERSAL)


def _contains(args: list[Any], _result: Any) -> int:
    return math.ceil(size_of(args[0]) * TRAVERSAL) * math.ceil(size_of(args[1]) * TRAVERSAL)


def _listed(cost: float) -> int:
    """A call that makes a list."""
    return int(cost) + 1 + 10


def _self_compared(position: int) -> Expense:
    def cost(args: list[Any], _result: Any) -> int:
        items = args[position]
        factor = 2.0 + (TRAVERSAL if items and isinstance(items[0], str | bytes) else 0.0)
        return _listed(float(len(items) * len(items)) * factor)

    return cost


def _sets(factor: int) -> Expense:
    return lambda args, _result: 1 + size_of(args[0]) * size_of(args[1]) * factor


NOTHING = _fixed(0)
BY_FUNCTION: dict[str, Expense] = {
    "check": _fixed(350000),
    "fieldSelector": _selector,
    "labelSelector": _selector,
    **dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"), lambda args, _result: traversal(args[0])),
    **dict.fromkeys(("url", "lowerAscii", "upperAscii", "substring", "trim", "jsonpatch.escapeKey"), _share(TRAVERSAL)),
    **dict.fromkeys(("replace", "split", "ip.isCanonical"), _share(2 * TRAVERSAL)),
    "join": lambda _args, result: math.ceil(size_of(result) * 2 * TRAVERSAL),
    "find": _pattern,
    "findAll": _pattern,
    **dict.fromkeys(("cidr", "isIP", "isCIDR", "quantity", "isQuantity", "semver", "isSemver"), _share(TRAVERSAL)),
    "ip": lambda args, _result: 1 if isinstance(args[0], CIDR) else math.ceil(size_of(args[0]) * TRAVERSAL),
    "containsIP": _contains_ip,
    "containsCIDR": _contains_cidr,
    "validate": _validate,
    **dict.fromkeys(("slice", "lists.range", "reverse"), lambda _args, result: _listed(size_of(result))),
    "flatten": lambda args, _result: _listed(size_of(args[0]) * (args[1] if len(args) == 2 else 1)),
    "distinct": _self_compared(0),
    "sort": _self_compared(0),
    "@sortByAssociatedKeys": _self_compared(1),
    **dict.fromkeys(("sets.contains", "sets.intersects"), _sets(1)),
    "sets.equivalent": _sets(2),
    "_==_": _equality,
    "_!=_": _lesser,
}
BY_ONE_OVERLOAD: dict[tuple[str, str], Expense] = {
    **{(name, "string"): _share(TRAVERSAL) for name in ("startsWith", "endsWith", "bytes", "strings.quote", "format")},
    ("string", "bytes"): _share(TRAVERSAL),
    ("_+_", "string"): _both,
    ("_+_", "bytes"): _both,
    **{(name, kind): _lesser for name in ("_<_", "_>_", "_<=_", "_>=_") for kind in ("string", "bytes")},
    ("matches", "string"): _pattern,
    ("contains", "string"): _contains,
}


def expense(function: str, matched: tuple[Overload, ...]) -> Expense | None:
    """What a call costs; None: 1. What depends on types only counts where one overload fits."""
    found = BY_FUNCTION.get(function)
    if found is not None or len(matched) != 1:
        return found
    if function == "@in":
        return _share(1.0, 1) if matched[0].args[1].kind == "list" else None
    return BY_ONE_OVERLOAD.get((function, matched[0].args[0].name)) if matched[0].args else None
