"""The exact validator: what is wrong with a value under a schema, in the server's words and order.

Upstream: vendor/k8s.io/kube-openapi/pkg/validation/validate, and the ratcheting around it in
apiextensions-apiserver/pkg/apiserver/validation/ratcheting.go. Properties are met in the order of their names (upstream's is random).
`kplan.schema.structural.accept` lets through what is plainly right; this is for the rest.
Leaves out what definitions cannot have: patternProperties, dependencies, lists of item schemas, additionalItems.
"""

from __future__ import annotations

from typing import Any

from kplan.schema.structural import results
from kplan.schema.structural.correlation import Correlated, same_json
from kplan.schema.structural.formats import format_of, has_format
from kplan.schema.structural.numbers import is_integral, is_number, range_fault
from kplan.schema.structural.patterns import matches
from kplan.schema.structural.results import Result

Schema = dict[str, Any]


def explain(schema: Schema, value: Any, path: str = "", correlated: Correlated | None = None, stated: bool = False) -> Result:
    """Validate a value. With `correlated`, what was wrong before and did not change is forgiven.

    `stated`: as defaults in a definition are checked, by the structural schema: int-or-string has no types, no format is unknown.
    """
    result = _validate(schema, value, path, correlated, stated)
    if correlated is not None and not result.valid and correlated.equal:
        return result.forgive()
    return result


def types_of(schema: Schema, stated: bool = False) -> tuple[str, ...]:
    """The types that a schema allows; none: any."""
    if schema.get("x-kubernetes-int-or-string") and not stated:
        return ("integer", "string")
    kind = schema.get("type")
    return (kind,) if kind else ()


def _validate(schema: Schema, value: Any, path: str, correlated: Correlated | None, stated: bool) -> Result:
    result = Result()
    types, form = types_of(schema, stated), format_of(schema, stated)
    if value is None:
        if types and not schema.get("nullable"):
            result.add(results.wrong_type(path, ",".join(types), "null"))
        result.merge(_enum(schema, value, path))
        return result
    if types or form:
        _merged(result, _type(types, form, value, path))
    _merged(result, _combined(schema, value, path, stated))
    if isinstance(value, str):
        _merged(result, _text(schema, value, path))
        if form and has_format(form):
            _merged(result, Result() if matches_format(form, value) else Result(results.wrong_type(path, form, value)))
    elif is_number(value):
        _merged(result, number(schema, types, form, value, path))
    elif isinstance(value, list):
        _merged(result, _list(schema, value, path, correlated, stated))
    _merged(result, _enum(schema, value, path))
    if isinstance(value, dict):
        _merged(result, _object(schema, value, path, correlated, stated))
    result.matches += 1
    return result


def matches_format(form: str, value: str) -> bool:
    """Whether a text has a known format."""
    from kplan.schema.structural.formats import FORMATS, normal

    return FORMATS[normal(form)](value)


def _merged(result: Result, other: Result) -> None:
    result.merge(other)
    result.matches += 1


def kind_of(value: Any) -> tuple[str, str]:
    """The JSON type of a value and the format that goes with it."""
    if isinstance(value, bool):
        return "boolean", ""
    if isinstance(value, int):
        return "integer", "int64"
    if isinstance(value, float):
        return "number", "float64"
    return ("string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"), ""


def _type(types: tuple[str, ...], form: str, value: Any, path: str) -> Result:
    kind, natural = kind_of(value)
    integral = kind == "number" and "integer" in types and is_integral(value)
    widened = kind == "integer" and "number" in types
    textual = isinstance(value, str | list)
    if not textual and form and not (kind in types or natural == form or integral or widened):
        return Result(results.wrong_type(path, form, natural))
    if textual and form and not ("number" in types or "integer" in types):
        return _passed()
    if not (kind in types or integral or widened):
        return Result(results.wrong_type(path, ",".join(types), kind))
    return _passed()


def _passed() -> Result:
    result = Result()
    result.matches = 1
    return result


def _enum(schema: Schema, value: Any, path: str) -> Result:
    values = schema.get("enum")
    if not values or any(_same_enum(value, v) for v in values):
        return Result()
    return Result(results.none_of(path, value, values))


def _same_enum(value: Any, wanted: Any) -> bool:
    """Equal after Go's conversion to the type of the enumerated value; null equals nothing."""
    if value is None or wanted is None:
        return False
    if is_number(value) and is_number(wanted):
        return bool((int(value) if isinstance(wanted, int) else float(value)) == wanted)
    if is_number(value) and isinstance(value, int) and isinstance(wanted, str):
        return 0 <= value < 0x110000 and chr(value) == wanted
    return same_json(value, wanted)


def _text(schema: Schema, value: str, path: str) -> Result:
    longest, shortest, pattern = schema.get("maxLength"), schema.get("minLength"), schema.get("pattern")
    if longest is not None and len(value) > longest:
        return Result(results.chars(path, value, longest, most=True))
    if shortest is not None and len(value) < shortest:
        return Result(results.chars(path, value, shortest, most=False))
    if pattern and not matches(pattern, value):
        return Result(results.unmatched(path, value, pattern))
    return Result()


def number(schema: Schema, types: tuple[str, ...], form: str, value: float, path: str) -> Result:
    """A number against ranges and bounds."""
    type_name = types[0] if len(types) == 1 and types[0] in ("integer", "number") else ""
    form = form if form in (("int32", "int64") if type_name == "integer" else ("float", "double") if type_name else ()) else ""
    result = Result()
    result.matches = 1
    if fault := range_fault(value, type_name, form, "Checked", path):
        result.add(results.plain(fault))
    for name, words in (("multipleOf", "MultipleOf"), ("minimum", "Minimum boundary"), ("maximum", "Maximum boundary")):
        limit = schema.get(name)
        if limit is None:
            continue
        fault = range_fault(limit, type_name, form, words, path)
        if fault:
            result.add(results.plain(fault))
        # A limit beyond the type's range is compared as a float, any other in the type of the value.
        one, other = (float(value), float(limit)) if fault or isinstance(value, float) else (value, int(limit))
        found = _multiple(one, other, path) if name == "multipleOf" else _bound(schema, name, one, other, value, path)
        if found is not None:
            result.add(found)
    return result


def _bound(schema: Schema, name: str, value: float, limit: float, given: float, path: str) -> results.Finding | None:
    if name == "maximum":
        exclusive = schema.get("exclusiveMaximum")
        if value > limit or (exclusive and value >= limit):
            return results.bound(path, value, "less than" if exclusive else "less than or equal to", limit)
    else:
        exclusive = schema.get("exclusiveMinimum")
        if value < limit or (exclusive and value <= limit):
            return results.bound(path, value, "greater than" if exclusive else "greater than or equal to", limit)
    return None


def _multiple(value: float, divisor: float, path: str) -> results.Finding | None:
    if divisor <= 0:
        return results.factor(path, divisor)
    if isinstance(value, int):
        return results.bound(path, value, "a multiple of", divisor) if value % divisor else None
    quotient = 1 / divisor * value if divisor < 1 else value / divisor
    return None if is_integral(quotient) else results.bound(path, value, "a multiple of", divisor)


def _list(schema: Schema, value: list[Any], path: str, correlated: Correlated | None, stated: bool) -> Result:
    result = Result()
    items = schema.get("items")
    if isinstance(items, dict):
        for index, one in enumerate(value):
            inner = correlated.index(index) if correlated is not None else None
            result.merge(explain(items, one, f"{path}[{index}]", inner, stated))
    fewest, most = schema.get("minItems"), schema.get("maxItems")
    if fewest is not None and len(value) < fewest:
        result.add(results.count(path, len(value), fewest, "items", most=False))
    if most is not None and len(value) > most:
        result.add(results.count(path, len(value), most, "items", most=True))
    if schema.get("uniqueItems") and any(same_json(one, other) for i, one in enumerate(value) for other in value[:i]):
        result.add(results.repeated(path))
    result.matches += 1
    return result


def _object(schema: Schema, value: dict[str, Any], path: str, correlated: Correlated | None, stated: bool) -> Result:
    result = Result()
    fewest, most = schema.get("minProperties"), schema.get("maxProperties")
    if fewest is not None and len(value) < fewest:
        result.add(results.count(path, len(value), fewest, "properties", most=False))
    if most is not None and len(value) > most:
        result.add(results.count(path, len(value), most, "properties", most=True))
    properties, more = schema.get("properties") or {}, schema.get("additionalProperties")
    names = sorted(value)
    if more is False:
        for name in names:
            if name not in properties:
                result.add(results.not_allowed(path, name))
    elif isinstance(more, dict):
        for name in names:
            if name not in properties:
                result.merge(explain(more, value[name], f"{path}.{name}", _below(correlated, name, path), stated))
    for name in names:
        if name in properties:
            here = f"{path}.{name}" if path else name
            result.merge(explain(properties[name], value[name], here, _below(correlated, name, path), stated))
    for name in schema.get("required") or ():
        if name not in value:
            result.add(results.missing(f"{path}.{name}"))
    return result


def _below(correlated: Correlated | None, name: str, path: str) -> Correlated | None:
    """The counterpart of a field; apiVersion and kind of the root have none, for versions are converted before they are compared."""
    if correlated is None or (not path and name in ("apiVersion", "kind")):
        return None
    return correlated.key(name)


def _combined(schema: Schema, value: Any, path: str, stated: bool) -> Result:
    """anyOf, oneOf, allOf and not. What is inside is never forgiven on its own."""
    result = Result()
    if alternatives := schema.get("anyOf"):
        _any_of(result, alternatives, value, path, stated)
    if alternatives := schema.get("oneOf"):
        _one_of(result, alternatives, value, path, stated)
    if parts := schema.get("allOf"):
        found = [explain(part, value, path, None, stated) for part in parts]
        for one in found:
            result.merge(one)
        passed = sum(one.valid for one in found)
        if passed < len(parts):
            result.add(results.plain(f'"{path}" must validate all the schemas (allOf){"" if passed else ". None validated"}'))
    if schema.get("not") is not None and explain(schema["not"], value, path, None, stated).valid:
        result.add(results.plain(f'"{path}" must not validate the schema (not)'))
    result.matches += 1
    return result


def _any_of(result: Result, alternatives: list[Schema], value: Any, path: str, stated: bool) -> None:
    best: Result | None = None
    for alternative in alternatives:
        one = explain(alternative, value, path, None, stated)
        if one.valid:
            result.merge(one)
            return
        if best is None or one.matches > best.matches:
            best = one
    result.add(results.plain(f'"{path}" must validate at least one schema (anyOf)'))
    if best is not None:
        result.merge(best)


def _one_of(result: Result, alternatives: list[Schema], value: Any, path: str, stated: bool) -> None:
    best: Result | None = None
    first: Result | None = None
    valid = 0
    for alternative in alternatives:
        one = explain(alternative, value, path, None, stated)
        if one.valid:
            valid += 1
            best, first = None, first or one
        elif valid == 0 and (best is None or one.matches > best.matches):
            best = one
    if valid == 1 and first is not None:
        result.merge(first)
        return
    told = f"Found {valid} valid alternatives" if valid else "Found none valid"
    result.add(results.plain(f'"{path}" must validate one and only one schema (oneOf). {told}'))
    if best is not None:
        result.merge(best)
