"""Functions that expressions can call: each overload is a Python function under a signature such as
`string.replace(string, string, int) -> string`, `size(list(A)) -> int` or `quantity(string) -> Quantity`.

One capital letter is a type parameter. Upstream: cel-go common/decls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from kplan.cel import types
from kplan.cel.types import Type
from kplan.cel.values import Duration, Opaque, Optional, Timestamp, UInt

NAMED = {
    "dyn": types.DYN,
    "any": types.ANY,
    "null": types.NULL,
    "bool": types.BOOL,
    "int": types.INT,
    "uint": types.UINT,
    "double": types.DOUBLE,
    "string": types.STRING,
    "bytes": types.BYTES,
    "duration": types.DURATION,
    "timestamp": types.TIMESTAMP,
    "type": types.TYPE,
    "Quantity": types.object_of("kubernetes.Quantity"),
    "URL": types.object_of("kubernetes.URL"),
    "Semver": types.object_of("kubernetes.Semver"),
    "Format": types.object_of("kubernetes.NamedFormat"),
    "IP": types.opaque("net.IP"),
    "CIDR": types.opaque("net.CIDR"),
    **{name: types.object_of(f"kubernetes.authorization.{name}") for name in ("Authorizer", "PathCheck", "GroupCheck", "ResourceCheck", "Decision")},
}

Implementation = Callable[..., Any]
Function = TypeVar("Function", bound=Implementation)
Guard = Callable[[Any], bool]


class Overload(NamedTuple):
    """One way to call a function. `checks`: that values at run time fit; None where the function itself says so."""

    function: str
    member: bool
    args: tuple[Type, ...]
    result: Type
    params: tuple[Type, ...]
    call: Implementation | None
    checks: tuple[Guard | None, ...] | None


def overload(*signatures: str, singleton: bool = False) -> Callable[[Function], Function]:
    """Give a Python function one or more signatures. `singleton`: it gets whatever values there are and must itself say that they do not fit."""

    def declare(call: Function) -> Function:
        call.__dict__.setdefault("overloads", []).extend(read_signature(text, call, singleton) for text in signatures)
        return call

    return declare


def declared(module: Any) -> tuple[Overload, ...]:
    """The overloads of a module's functions, in their order."""
    return tuple(one for value in vars(module).values() for one in getattr(value, "__dict__", {}).get("overloads", ()))


def read_signature(text: str, call: Implementation | None = None, singleton: bool = False) -> Overload:
    """Read one signature."""
    head, _, tail = text.partition(" -> ")
    name, _, inner = head.partition("(") if not head.startswith(("list(", "map(", "optional(")) else _member_of_generic(head)
    receiver = None
    if "." in name and not name.startswith("@") and name.split(".")[0] in _RECEIVERS:
        owner, _, name = name.partition(".")
        receiver = _read_type(owner)
    elif name.startswith("@@"):
        owner, _, name = name[2:].partition("@@.")
        receiver = _read_type(owner)
    args = _split(inner.rpartition(")")[0])
    found = tuple(_read_type(arg) for arg in args)
    if receiver is not None:
        found = (receiver, *found)
    result = _read_type(tail)
    params: dict[Type, None] = {}
    for one in (*found, result):
        _parameters(one, params)
    checks = None if singleton else tuple(guard(one) for one in found)
    return Overload(name, receiver is not None, found, result, tuple(params), call, checks)


_RECEIVERS = frozenset(NAMED) | frozenset("ABKV")


def _member_of_generic(head: str) -> tuple[str, str, str]:
    """Split `list(A).indexOf(A)`; a plain call of a function of that name stays as it is."""
    depth = 0
    for i, char in enumerate(head):
        depth += (char == "(") - (char == ")")
        if depth == 0 and char == ")":
            if head[i + 1 : i + 2] == ".":
                name, _, inner = head[i + 2 :].partition("(")
                return f"@@{head[: i + 1]}@@.{name}", "(", inner
            break
    return head.partition("(")


def _split(text: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for i, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    return [*parts, text[start:].strip()] if text.strip() else []


def _read_type(text: str) -> Type:
    name, opening, inner = text.strip().partition("(")
    if not opening:
        return types.parameter(name) if len(name) == 1 else NAMED[name]
    params = tuple(_read_type(part) for part in _split(inner[:-1]))
    match name:
        case "list":
            return types.list_of(params[0])
        case "map":
            return types.map_of(params[0], params[1])
        case "optional":
            return types.optional_of(params[0])
    return types.type_of_type(params[0])


def _parameters(t: Type, found: dict[Type, None]) -> None:
    if t.kind == "param":
        found[t] = None
    for inner in t.params:
        _parameters(inner, found)


_GUARDS: dict[str, Guard] = {
    "null": lambda v: v is None,
    "bool": lambda v: isinstance(v, bool),
    "int": lambda v: isinstance(v, int) and not isinstance(v, bool | UInt),
    "uint": lambda v: isinstance(v, UInt),
    "double": lambda v: isinstance(v, float),
    "string": lambda v: isinstance(v, str),
    "bytes": lambda v: isinstance(v, bytes),
    "duration": lambda v: isinstance(v, Duration),
    "timestamp": lambda v: isinstance(v, Timestamp),
    "type": lambda v: isinstance(v, Type),
    "map": lambda v: isinstance(v, dict),
}


def guard(t: Type) -> Guard | None:
    """Whether a value may be one of a type; None where any may."""
    if t.kind in ("dyn", "any", "param"):
        return None
    if t.kind == "list":
        item = guard(t.params[0]) if not t.params[0].params else None
        if item is None:
            return lambda v: isinstance(v, list)
        return lambda v: isinstance(v, list) and (not v or item(v[0]))
    if t.kind == "opaque" and t.name == "optional_type":
        return lambda v: isinstance(v, Optional)
    if t.kind in ("struct", "opaque"):
        return lambda v: isinstance(v, Opaque) and v.cel_type.name == t.name
    return _GUARDS[t.kind]


def by_name(overloads: Iterable[Overload]) -> dict[str, list[Overload]]:
    """Overloads under the names of their functions."""
    found: dict[str, list[Overload]] = {}
    for one in overloads:
        found.setdefault(one.function, []).append(one)
    return found
