"""The quick validator: closures that say of most values at once that nothing is wrong with them.

A schema is compiled when the first value meets it, its parts when theirs do. An acceptor says True only where
`kplan.schema.structural.explain` would find nothing; where it says False, that one is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kplan.api import regexp
from kplan.schema.structural.explain import Schema, explain, matches_format, number, types_of
from kplan.schema.structural.formats import format_of

Accept = Callable[[Any], bool]

_PYTHON: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


def acceptor(schema: Schema) -> Accept:
    """The acceptor of a schema."""
    if not types_of(schema) and format_of(schema):
        return _never
    allowed = tuple(kind for name in types_of(schema) for kind in _PYTHON.get(name, ()))
    nullable = not types_of(schema) or bool(schema.get("nullable"))
    if schema.get("enum"):
        nullable = False  # null is in no enumeration
    by_type = {kind: _all(_checks(schema, kind)) for kind in (allowed or (str, int, float, bool, dict, list))}
    by_type[type(None)] = _always if nullable else _never
    combined = _combined(schema)

    def accept(value: Any) -> bool:
        check = by_type.get(type(value))
        return check is not None and check(value) and (combined is None or value is None or combined(value))

    return accept


def _always(value: Any) -> bool:
    return True


def _never(value: Any) -> bool:
    return False


def _all(checks: list[Accept]) -> Accept:
    if not checks:
        return _always
    if len(checks) == 1:
        return checks[0]
    return lambda value: all(check(value) for check in checks)


def _checks(schema: Schema, kind: type) -> list[Accept]:
    """What a value of a Python type must pass, types and combinations apart."""
    checks: list[Accept] = []
    if values := schema.get("enum"):
        plain = frozenset(v for v in values if isinstance(v, str))
        checks.append(lambda value: type(value) is str and value in plain)
    if kind is str:
        checks += _text_checks(schema)
    elif kind in (int, float):
        checks += _number_checks(schema)
    elif kind is list:
        checks += _list_checks(schema)
    elif kind is dict:
        checks.append(_object_check(schema))
    return checks


def _text_checks(schema: Schema) -> list[Accept]:
    checks: list[Accept] = []
    shortest, longest, pattern, form = schema.get("minLength"), schema.get("maxLength"), schema.get("pattern"), format_of(schema)
    if shortest is not None or longest is not None:
        low, high = shortest or 0, longest if longest is not None else 1 << 62
        checks.append(lambda value: low <= len(value) <= high)
    if pattern:
        search = regexp.compile(pattern).search
        checks.append(lambda value: search(value) is not None)
    if form:
        checks.append(lambda value: matches_format(form, value))
    return checks


def _number_checks(schema: Schema) -> list[Accept]:
    """Plain bounds of plain integers; all else is reckoned exactly."""
    types, form = types_of(schema), format_of(schema)
    exact: list[Accept] = [lambda value: number(schema, types, form, value, "").valid]
    bounds = [schema.get(name) for name in ("minimum", "maximum")]
    if schema.get("multipleOf") is not None or form == "float" or any(b is not None and b != int(b) for b in bounds):
        return exact
    limit = 2**31 if schema.get("format") == "int32" else 2**53
    low = -limit if bounds[0] is None else int(bounds[0]) + bool(schema.get("exclusiveMinimum"))
    high = limit - 1 if bounds[1] is None else int(bounds[1]) - bool(schema.get("exclusiveMaximum"))
    if low < -limit or high >= limit:
        return exact
    if bounds == [None, None] and limit > 2**31:
        return []
    return [lambda value: (type(value) is int and low <= value <= high) or exact[0](value)]


def _list_checks(schema: Schema) -> list[Accept]:
    if schema.get("uniqueItems"):
        return [_never]
    checks: list[Accept] = []
    fewest, most, items = schema.get("minItems"), schema.get("maxItems"), schema.get("items")
    if fewest is not None or most is not None:
        low, high = fewest or 0, most if most is not None else 1 << 62
        checks.append(lambda value: low <= len(value) <= high)
    if isinstance(items, dict):
        held: list[Accept] = []

        def all_items(value: list[Any]) -> bool:
            if value and not held:
                held.append(acceptor(items))
            return all(map(held[0], value)) if value else True

        checks.append(all_items)
    return checks


def _object_check(schema: Schema) -> Accept:
    properties, more = schema.get("properties") or {}, schema.get("additionalProperties")
    required = tuple(schema.get("required") or ())
    low, high = schema.get("minProperties") or 0, schema.get("maxProperties")
    most = high if high is not None else 1 << 62
    ready: dict[str, Accept] = {}
    others: list[Accept] = [] if isinstance(more, dict) else [_never if more is False else _always]

    def accept(value: dict[str, Any]) -> bool:
        for name, one in value.items():
            check = ready.get(name)
            if check is None:
                if name in properties:
                    check = ready[name] = acceptor(properties[name])
                else:
                    if not others:
                        others.append(acceptor(more or {}))
                    check = others[0]
            if not check(one):
                return False
        return low <= len(value) <= most and all(name in value for name in required)

    return accept


def _combined(schema: Schema) -> Accept | None:
    """anyOf, oneOf, allOf, not: where a part must fail, or only one may pass, it is asked exactly."""
    checks: list[Accept] = []
    if alternatives := schema.get("anyOf"):
        some = [acceptor(one) for one in alternatives]
        checks.append(lambda value: any(one(value) for one in some))
    if alternatives := schema.get("oneOf"):
        exact = [_exact(one) for one in alternatives]
        checks.append(lambda value: sum(one(value) for one in exact) == 1)
    if parts := schema.get("allOf"):
        every = [acceptor(one) for one in parts]
        checks.append(lambda value: all(one(value) for one in every))
    if schema.get("not") is not None:
        denied = _exact(schema["not"])
        checks.append(lambda value: not denied(value))
    return _all(checks) if checks else None


def _exact(schema: Schema) -> Accept:
    quick = acceptor(schema)
    return lambda value: quick(value) or explain(schema, value).valid
