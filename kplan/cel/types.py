"""Types of expressions: how they are named, printed, and fit into one another.

Upstream: cel-go common/types/types.go, checker/{types,format,mapping}.go.
"""

from __future__ import annotations

from typing import NamedTuple


class Type(NamedTuple):
    """A type. `kind` is what sort it is, `name` its name at run time, `params` what it is made of."""

    kind: str
    name: str
    params: tuple[Type, ...] = ()

    def __str__(self) -> str:
        """As in `must evaluate to bool but got int`.   Upstream: Type.String."""
        return f"{self.name}({', '.join(str(p) for p in self.params)})" if self.params else self.name


DYN = Type("dyn", "dyn")
ANY = Type("any", "google.protobuf.Any")
ERROR = Type("error", "*error*")
NULL = Type("null", "null_type")
BOOL = Type("bool", "bool")
INT = Type("int", "int")
UINT = Type("uint", "uint")
DOUBLE = Type("double", "double")
STRING = Type("string", "string")
BYTES = Type("bytes", "bytes")
DURATION = Type("duration", "google.protobuf.Duration")
TIMESTAMP = Type("timestamp", "google.protobuf.Timestamp")
TYPE = Type("type", "type")
PRINTED = {"any": "any", "duration": "duration", "error": "!error!", "null": "null", "timestamp": "timestamp"}
NULLABLE = frozenset({"opaque", "struct", "any", "duration", "timestamp", "null"})


def list_of(item: Type) -> Type:
    """A list."""
    return Type("list", "list", (item,))


def map_of(key: Type, value: Type) -> Type:
    """A map."""
    return Type("map", "map", (key, value))


def optional_of(value: Type) -> Type:
    """An optional value."""
    return Type("opaque", "optional_type", (value,))


def type_of_type(inner: Type) -> Type:
    """The type of a type's name."""
    return Type("type", "type", (inner,))


def object_of(name: str) -> Type:
    """An object whose fields a provider knows."""
    return Type("struct", name)


def opaque(name: str, *params: Type) -> Type:
    """A type of which only functions know anything."""
    return Type("opaque", name, params)


def parameter(name: str) -> Type:
    """A type that stands for any."""
    return Type("param", name)


def printed(t: Type) -> str:
    """As in error messages of the checker.   Upstream: FormatCELType."""
    text = PRINTED.get(t.kind)
    if text is not None:
        return text
    return f"{t.name}({', '.join(printed(p) for p in t.params)})" if t.params else t.name


def is_dyn(t: Type) -> bool:
    """Anything goes."""
    return t.kind in ("dyn", "any")


def is_dyn_or_error(t: Type) -> bool:
    """Anything goes, or something went wrong before."""
    return t.kind in ("dyn", "any", "error")


def unwrap_optional(t: Type) -> tuple[Type, bool]:
    """What is in an optional, and whether it was one."""
    if t.kind == "opaque" and t.name == "optional_type":
        return t.params[0], True
    return t, False


Mapping = dict[Type, Type]
"""What type parameters stand for."""


def substitute(mapping: Mapping, t: Type, to_dyn: bool = False) -> Type:
    """A type with its parameters replaced; those that stand for nothing become dyn where asked."""
    if t.kind == "param":
        found = mapping.get(t)
        if found is not None:
            return substitute(mapping, found, to_dyn)
        return DYN if to_dyn else t
    if not t.params:
        return t
    return Type(t.kind, t.name, tuple(substitute(mapping, p, to_dyn) for p in t.params))


def less_specific(first: Type, second: Type) -> bool:
    """Whether the first type is the same as the second or says less."""
    if is_dyn(first) or first.kind == "param":
        return True
    if is_dyn(second) or second.kind == "param" or first.kind != second.kind:
        return False
    if first.kind in ("opaque", "list", "map"):
        return (
            first.name == second.name
            and len(first.params) == len(second.params)
            and all(less_specific(a, b) for a, b in zip(first.params, second.params, strict=True))
        )
    return first.kind == "type" or first == second


def most_general(first: Type, second: Type) -> Type:
    """The one that says less."""
    return first if less_specific(first, second) else second


def assignable(mapping: Mapping, first: tuple[Type, ...], second: tuple[Type, ...]) -> Mapping | None:
    """What parameters stand for once the types fit one by one; None where they do not fit."""
    if len(first) != len(second):
        return None
    trial = dict(mapping)
    return trial if all(_fits(trial, a, b) for a, b in zip(first, second, strict=True)) else None


def _fits(mapping: Mapping, first: Type, second: Type) -> bool:
    if second.kind == "param":
        valid, known = _stands_for(mapping, first, second)
        if valid or known:
            return valid
    if first.kind == "param":
        return _stands_for(mapping, second, first)[0]
    if is_dyn_or_error(first) or is_dyn_or_error(second):
        return True
    if first.kind == "null" or second.kind == "null":
        return (second if first.kind == "null" else first).kind in NULLABLE
    if first.kind == "type":
        return second.kind == "type"
    if first.kind in ("opaque", "list", "map"):
        return (
            first.kind == second.kind
            and first.name == second.name
            and len(first.params) == len(second.params)
            and all(_fits(mapping, a, b) for a, b in zip(first.params, second.params, strict=True))
        )
    return first.kind == second.kind and first.name == second.name


def _stands_for(mapping: Mapping, value: Type, param: Type) -> tuple[bool, bool]:
    """Whether a type may stand for a parameter, and whether the parameter already stood for something."""
    if value == param:
        return True, True
    known = mapping.get(param)
    if known is None:
        if _absent_from(mapping, param, value):
            mapping[param] = value
            return True, False
        return False, False
    if value == known:
        return True, True
    if _fits(mapping, value, known):
        general = most_general(value, known)
        if _absent_from(mapping, param, general):
            mapping[param] = general
        return True, True
    return False, True


def _absent_from(mapping: Mapping, param: Type, within: Type) -> bool:
    if param == within:
        return False
    if within.kind == "param":
        known = mapping.get(within)
        return known is None or _absent_from(mapping, param, known)
    return all(_absent_from(mapping, param, inner) for inner in within.params)
