"""What makes a schema structural: types everywhere, and value validations (allOf, anyOf, oneOf, not) that only validate.

Upstream: apiextensions-apiserver/pkg/apiserver/schema/{convert,validation,complete}.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kplan.api.field import FieldError, FieldErrors, forbidden, invalid, required
from kplan.api.objects import Object
from kplan.schema.structural.patterns import pattern_error

ROOT, ITEM, FIELD = "root", "item", "field"
INT_OR_STRING = [{"type": "integer"}, {"type": "string"}]
UNSUPPORTED = ("id", "$schema", "$ref", "patternProperties", "dependencies", "additionalItems", "definitions")
_UNSUPPORTED = frozenset(UNSUPPORTED)
_HOLDERS = frozenset(
    {
        *("items", "additionalProperties", "additionalItems", "allOf", "anyOf", "oneOf", "not", "properties"),
        *("patternProperties", "definitions", "dependencies"),
    }
)
_UNTYPED = {ROOT: "must not be empty at the root", ITEM: "must not be empty for specified array items", FIELD: "must not be empty for specified object fields"}
_EMPTY, _UNDEFINED, _FALSE = "must be empty to be structural", "must be undefined to be structural", "must be false to be structural"
_NESTED = (
    ("default", _UNDEFINED),
    ("title", _EMPTY),
    ("description", _EMPTY),
    ("nullable", _FALSE),
    ("x-kubernetes-preserve-unknown-fields", _FALSE),
    ("x-kubernetes-embedded-resource", _FALSE),
    ("x-kubernetes-int-or-string", _FALSE),
    ("x-kubernetes-list-map-keys", _EMPTY),
    ("x-kubernetes-list-type", _UNDEFINED),
    ("x-kubernetes-map-type", _UNDEFINED),
    ("x-kubernetes-validations", _EMPTY),
)


def not_convertible(schema: Object) -> str:
    """Why no structural schema can be made of a schema at all; empty where one can.   Upstream: NewStructural."""
    for name in () if _UNSUPPORTED.isdisjoint(schema) else UNSUPPORTED:
        if schema.get(name) is not None:
            return f"OpenAPIV3Schema '{name.removeprefix('$') if name == '$schema' else name}' is not supported"
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined"
    if isinstance(schema.get("items"), list):
        return "OpenAPIV3Schema 'items' must be a schema, but is an array"
    for inner in inner_schemas(schema):
        if words := not_convertible(inner):
            return words
    return ""


def inner_schemas(schema: Object) -> Sequence[Object]:
    """The schemas right inside a schema, as SchemaHas walks them; properties by name."""
    if _HOLDERS.isdisjoint(schema):
        return ()
    out: list[Object] = []
    items, more, extra = schema.get("items"), schema.get("additionalProperties"), schema.get("additionalItems")
    if items is not None:
        out += items if isinstance(items, list) else [items]
    for name in ("allOf", "anyOf", "oneOf"):
        out += schema.get(name) or ()
    if schema.get("not") is not None:
        out.append(schema["not"])
    properties = schema.get("properties") or {}
    out += [properties[name] for name in sorted(properties)]
    if isinstance(more, dict):
        out.append(more)
    for name in ("patternProperties", "definitions"):
        out += (schema.get(name) or {}).values()
    if isinstance(extra, dict):
        out.append(extra)
    out += [one for one in (schema.get("dependencies") or {}).values() if isinstance(one, dict)]
    return out


def structural_errors(schema: Object, path: str) -> list[FieldError]:
    """All that keeps a schema from being structural, sorted."""
    return sorted([*_invariants(schema, ROOT, path), *_completeness(schema, schema, path, path)], key=str)


def _invariants(schema: Object, level: str, path: str) -> FieldErrors:
    kind, items, properties, more = schema.get("type") or "", schema.get("items"), schema.get("properties") or {}, schema.get("additionalProperties")
    embedded, preserve = bool(schema.get("x-kubernetes-embedded-resource")), bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    mixed = bool(schema.get("x-kubernetes-int-or-string"))
    if kind == "array" and items is None:
        yield required(f"{path}.items", "must be specified")
    if items is not None:
        yield from _invariants(items, ITEM, f"{path}.items")
    for name, inner in properties.items():
        yield from _invariants(inner, FIELD, f"{path}.properties[{name}]")
    if more is not None:
        if level == ROOT:
            yield forbidden(f"{path}.additionalProperties", "must not be used at the root")
        if isinstance(more, dict):
            yield from _invariants(more, FIELD, f"{path}.additionalProperties")
    if mixed and preserve:
        yield invalid(f"{path}.x-kubernetes-preserve-unknown-fields", True, "must be false if x-kubernetes-int-or-string is true")
    if mixed and embedded:
        yield invalid(f"{path}.x-kubernetes-embedded-resource", True, "must be false if x-kubernetes-int-or-string is true")
    parts: list[Object] = schema.get("allOf") or []
    yield from _values(schema, schema.get("anyOf") == INT_OR_STRING, bool(parts) and parts[0].get("anyOf") == INT_OR_STRING, path)
    if embedded and kind != "object":
        words = "must be object if x-kubernetes-embedded-resource is true"
        yield invalid(f"{path}.type", kind, words) if kind else required(f"{path}.type", words)
    elif not kind and not mixed and not preserve:
        yield required(f"{path}.type", _UNTYPED[level])
    if embedded and more is not None:
        yield forbidden(f"{path}.additionalProperties", "must not be used if x-kubernetes-embedded-resource is set")
    if level == ROOT and kind and kind != "object":
        yield invalid(f"{path}.type", kind, "must be object at the root")
    yield from _type_and_meta(properties, level, embedded, path)
    if embedded and not preserve and not properties:
        yield required(f"{path}.properties", "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields")


def _type_and_meta(properties: dict[str, Any], level: str, embedded: bool, path: str) -> FieldErrors:
    """apiVersion, kind and metadata are the server's: a schema can say little of them."""
    own = level == ROOT or embedded
    for name in ("kind", "apiVersion"):
        if own and name in properties and properties[name].get("type") != "string":
            yield invalid(f"{path}.properties[{name}].type", properties[name].get("type") or "", "must be string")
    meta = properties.get("metadata")
    if meta is None:
        return
    here = f"{path}.properties[metadata]"
    if own and meta.get("type") != "object":
        yield invalid(f"{here}.type", meta.get("type") or "", "must be object")
    if level == ROOT:
        named_only = not set(meta.get("properties") or ()) - {"name", "generateName"}
        allowed = {"type", "default", *(("properties",) if named_only else ())}
        if set(meta) - allowed:
            yield forbidden(here, "must not specify anything other than name and generateName, but metadata is implicitly specified")


def _values(schema: Object, skip_any_of: bool, skip_first_any_of: bool, path: str) -> FieldErrors:
    """The value validations of a schema. int-or-string may repeat its two types in one place."""
    if not skip_any_of:
        for index, inner in enumerate(schema.get("anyOf") or ()):
            yield from _nested(inner, False, f"{path}.anyOf[{index}]")
    for index, inner in enumerate(schema.get("allOf") or ()):
        yield from _nested(inner, skip_first_any_of and index == 0, f"{path}.allOf[{index}]")
    for index, inner in enumerate(schema.get("oneOf") or ()):
        yield from _nested(inner, False, f"{path}.oneOf[{index}]")
    if schema.get("not") is not None:
        yield from _nested(schema["not"], False, f"{path}.not")
    pattern = schema.get("pattern")
    if pattern and (error := pattern_error(pattern)):
        yield invalid(f"{path}.pattern", pattern, f"must be a valid regular expression, but isn't: {error}")


def _nested(schema: Object, skip_any_of: bool, path: str) -> FieldErrors:
    """A schema inside a value validation: nothing but values may be validated."""
    yield from _values(schema, skip_any_of, False, path)
    if schema.get("items") is not None:
        yield from _nested(schema["items"], False, f"{path}.items")
    for name, inner in (schema.get("properties") or {}).items():
        yield from _nested(inner, False, f"{path}.properties[{name}]")
    if schema.get("type"):
        yield forbidden(f"{path}.type", _EMPTY)
    if schema.get("additionalProperties") not in (None, False):
        yield forbidden(f"{path}.additionalProperties", _UNDEFINED)
    for name, words in _NESTED:
        value = schema.get(name)
        if value or (value is not None and name == "default"):
            yield forbidden(f"{path}.{name}", words)
    if "metadata" in (schema.get("properties") or {}):
        yield forbidden(f"{path}.properties[metadata]", "must not be specified in a nested context")


def _completeness(values: Object, schema: Object | None, s_path: str, v_path: str) -> FieldErrors:
    """What a value validation speaks of must be specified outside of it too."""
    if schema is None:
        yield required(s_path, f"because it is defined in {v_path}")
        return
    if values.get("not") is not None:
        yield from _nested_completeness(values["not"], schema, s_path, f"{v_path}.not")
    for name in ("allOf", "anyOf", "oneOf"):
        for index, inner in enumerate(values.get(name) or ()):
            yield from _nested_completeness(inner, schema, s_path, f"{v_path}.{name}[{index}]")


def _nested_completeness(values: Object, schema: Object | None, s_path: str, v_path: str) -> FieldErrors:
    if schema is None:
        yield required(s_path, f"because it is defined in {v_path}")
        return
    yield from _completeness(values, schema, s_path, v_path)
    if values.get("items") is not None:
        yield from _nested_completeness(values["items"], schema.get("items"), f"{s_path}.items", f"{v_path}.items")
    properties = schema.get("properties") or {}
    for name, inner in (values.get("properties") or {}).items():
        s_here, v_here = f"{s_path}.properties[{name}]", f"{v_path}.properties[{name}]"
        if name in properties:
            yield from _nested_completeness(inner, properties[name], s_here, v_here)
        else:
            yield required(s_here, f"because it is defined in {v_here}")
