"""Types and values of expressions from structural schemas, and how large such values can get.

Upstream: apiserver/pkg/cel/common/{schemas,valuesunstructured}.go, apiserver/pkg/cel/{types,limits}.go.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any

from kplan.cel import types
from kplan.cel.errors import EvaluationError
from kplan.cel.escaping import escape
from kplan.cel.library.conversions import parse_duration, parse_time
from kplan.cel.types import Type
from kplan.cel.values import SECOND, Duration, KeyedList, Unreadable

REQUEST_BYTES = 3 * 1024 * 1024
LONGEST_TEXT = REQUEST_BYTES - 2
DURATION_SIZE, TIME_SIZE, DATE_SIZE = 32, 32, 12
_AMOUNT = re.compile(r"([0-9]+)[\t\n\f\r ]*([A-Za-zµ]+)")
_UNITS = (
    (("ns", "nano"), 1),
    (("us", "µs", "micro"), 10**3),
    (("ms", "milli"), 10**6),
    (("s", "sec"), SECOND),
    (("m", "min"), 60 * SECOND),
    (("h", "hr", "hour"), 3600 * SECOND),
    (("d", "day"), 24 * 3600 * SECOND),
    (("w", "wk", "week"), 7 * 24 * 3600 * SECOND),
)
_TEXT: dict[str, Any] = {"type": "string"}
RESOURCE = {"kind": _TEXT, "apiVersion": _TEXT, "metadata": {"type": "object", "properties": {"name": _TEXT, "generateName": _TEXT}}}
_SCALARS = {"boolean": (types.BOOL, 4), "number": (types.DOUBLE, 1), "integer": (types.INT, 1)}
_FORMATS = {"duration": (types.DURATION, 3, DURATION_SIZE), "date": (types.TIMESTAMP, 12, DATE_SIZE), "date-time": (types.TIMESTAMP, 21, TIME_SIZE)}


@dataclass(slots=True)
class Declared:
    """What a schema declares: a type, the least bytes that a value takes, the most elements it has, and what is in it."""

    type: Type
    least: int
    most: int = 0
    fields: dict[str, Declared] = field(default_factory=dict)
    key: Declared | None = None
    element: Declared | None = None


Objects = dict[str, dict[str, Type]]


def declare(schema: dict[str, Any], root: bool, name: str, objects: Objects) -> Declared | None:
    """What a schema declares, None where it is not for expressions to see. Object types go into `objects` under names that begin with `name`."""
    if schema.get("x-kubernetes-int-or-string"):
        return Declared(types.DYN, 1, _longest(schema, LONGEST_TEXT))
    if root:
        schema = as_resource(schema)
    kind = schema.get("type")
    if kind == "array":
        return _list(schema, name, objects)
    if kind == "object":
        others = schema.get("additionalProperties")
        return _map(schema, others, name, objects) if isinstance(others, dict) else _object(schema, name, objects)
    if kind == "string":
        return _text(schema)
    if kind in _SCALARS:
        return Declared(*_SCALARS[kind])
    return None


def as_resource(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with apiVersion, kind, and metadata with name and generateName: its own where it has all of them."""
    given = schema.get("properties") or {}
    meta = given.get("metadata") or {}
    named = meta.get("properties") or {}
    texts = (given.get("kind"), given.get("apiVersion"), named.get("name"), named.get("generateName"))
    if meta.get("type") == "object" and all(one is not None and one.get("type") == "string" for one in texts):
        return schema
    return {**schema, "properties": {**given, **RESOURCE}}


def _below(schema: dict[str, Any], name: str, objects: Objects) -> Declared | None:
    return declare(schema, bool(schema.get("x-kubernetes-embedded-resource")), name, objects)


def _list(schema: dict[str, Any], name: str, objects: Objects) -> Declared | None:
    items = schema.get("items")
    element = _below(items, f"{name}.@idx", objects) if isinstance(items, dict) else None
    if element is None:
        return None
    most = max(schema["maxItems"], 0) if schema.get("maxItems") is not None else LONGEST_TEXT // (element.least + 1)
    return Declared(types.list_of(element.type), 2, most, element=element)


def _map(schema: dict[str, Any], others: dict[str, Any], name: str, objects: Objects) -> Declared | None:
    element = _below(others, f"{name}.@elem", objects)
    if element is None:
        return None
    most = max(schema["maxProperties"], 0) if schema.get("maxProperties") is not None else LONGEST_TEXT // (element.least + 6)
    return Declared(types.map_of(types.STRING, element.type), 2, most, key=Declared(types.STRING, 2), element=element)


def _object(schema: dict[str, Any], name: str, objects: Objects) -> Declared:
    required = set(schema.get("required") or ())
    fields: dict[str, Declared] = {}
    least = 2
    for key, inner in (schema.get("properties") or {}).items():
        identifier = escape(key)
        found = _below(inner, f"{name}.{identifier}", objects)
        if found is None:
            continue
        if identifier is not None:
            fields[identifier] = found
        if key in required and inner.get("default") is None:
            least += len(key.encode()) + found.least + 4
    objects[name] = {key: found.type for key, found in fields.items()}
    return Declared(types.object_of(name), least, fields=fields)


def _longest(schema: dict[str, Any], otherwise: int) -> int:
    return max(schema["maxLength"], 0) * 4 if schema.get("maxLength") is not None else otherwise


def _text(schema: dict[str, Any]) -> Declared:
    form = schema.get("format")
    if form == "byte":
        most = max(schema["maxLength"], 0) if schema.get("maxLength") is not None else LONGEST_TEXT
        return Declared(types.BYTES, 2, most)
    if form in _FORMATS:
        return Declared(*_FORMATS[form])
    choices = schema.get("enum")
    otherwise = max((len(one.encode()) for one in choices if isinstance(one, str)), default=0) if choices else LONGEST_TEXT
    return Declared(types.STRING, 2, _longest(schema, otherwise))


def to_value(value: Any, schema: dict[str, Any], root: bool = False) -> Any:
    """A JSON value that fits a schema as expressions see it."""
    if value is None or schema.get("x-kubernetes-int-or-string"):
        return value
    kind = schema.get("type")
    if kind == "object" and isinstance(value, dict):
        return _to_object(value, as_resource(schema) if root or schema.get("x-kubernetes-embedded-resource") else schema)
    if kind == "array" and isinstance(value, list):
        return _to_list(value, schema)
    if kind == "string" and isinstance(value, str):
        return _to_text(value, schema.get("format"))
    if kind == "number" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return int(value) if kind == "integer" and isinstance(value, float) and value == int(value) else value


def _to_object(value: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    properties, others = schema.get("properties"), schema.get("additionalProperties")
    if properties is None:
        return {key: to_value(inner, others) for key, inner in value.items()} if isinstance(others, dict) else value
    out = {}
    for key, inner in value.items():
        known = properties.get(key)
        if known is None:
            out[key] = inner
        elif inner is not None or known.get("nullable"):
            out[escape(key) or key] = to_value(inner, known)
    return out


def _to_list(value: list[Any], schema: dict[str, Any]) -> list[Any]:
    items = [to_value(item, schema.get("items") or {}) for item in value]
    kind = schema.get("x-kubernetes-list-type")
    if kind not in ("set", "map"):
        return items
    keyed = KeyedList(items)
    keyed.keys = tuple(escape(key) or key for key in schema.get("x-kubernetes-list-map-keys") or ()) if kind == "map" else ()
    return keyed


def _to_text(text: str, form: str | None) -> Any:
    found: Any = text
    if form == "duration":
        found = _duration(text)
    elif form == "date":
        found = parse_time(f"{text}T00:00:00Z") if len(text) == 10 else None
    elif form == "date-time":
        found = parse_time(text.replace("t", "T").replace("z", "Z"))
    elif form == "byte":
        try:
            found = base64.b64decode(text, validate=True)
        except binascii.Error:
            found = None
    if found is None:
        kind = form if form == "duration" else f"{form} formatted string"
        return Unreadable(EvaluationError(f"Invalid {kind} {text}: unable to parse"))
    return found


def _duration(text: str) -> Duration | None:
    """Go's durations, or amounts with units spelt out.   Upstream: strfmt.ParseDuration."""
    found = parse_duration(text)
    if found is not None:
        return found
    total, known = 0, False
    for amount, unit in _AMOUNT.findall(text):
        for names, nanoseconds in _UNITS:
            if unit.lower() in names or unit.lower().startswith(names[-1]):
                known = True
                total += int(amount) * nanoseconds
    return Duration(total) if known else None
