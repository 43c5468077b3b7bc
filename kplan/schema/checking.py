"""Checking against a schema, for people: accept at once, explain at leisure.

`check` accepts what `decode` accepts. What it does not is explained twice over: jsonschema says what the published schema
objects to, a walk along the Go types finds what no schema states (bounds, quantities, times, base64) and what an unknown field
was meant to be. Every error has the exact path of its field, which the server's own words lack.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from kplan.api.objects import Object
from kplan.schema.bundle import CURRENT, definitions
from kplan.schema.decoding import cannot_be_handled, decode
from kplan.schema.opaque import SIMPLE, MismatchError, RefusalError
from kplan.schema.resources import lookup
from kplan.schema.shapes import BYTES, FLOAT, INT, LIST, MAP, OPAQUE_TYPE, STRUCT, Type
from kplan.schema.strict import base64_decode
from kplan.schema.structs import root, slots

UNKNOWN, TYPE, REQUIRED, ENUM, VALUE = "unknown-field", "wrong-type", "missing-field", "not-in-enum", "bad-value"

_ARTICLES = {"string": "a string", "integer": "an integer", "number": "a number", "boolean": "true or false", "array": "a list", "object": "a map"}


class SchemaError(NamedTuple):
    """One thing wrong with an object. `kind` is one of the constants above, `hint` the remedy (may be empty)."""

    path: str
    kind: str
    message: str
    hint: str = ""


def check(obj: Object, api_version: str, kind: str, version: str = CURRENT) -> list[SchemaError]:
    """What is wrong with an object as far as its schema goes, by field; empty where the server could decode it.

    KeyError where the version has no such kind.
    """
    decoded = decode(obj, api_version, kind, version)
    if decoded.error is None:
        return []
    info = lookup(version, api_version, kind)
    assert info is not None
    found = {(e.path, e.kind): e for e in _walk(version, root(version, info.definition), obj, "")}
    places = {_dotted(e.path) for e in found.values()}
    for error in _schema_errors(version, info.definition, obj):
        if _dotted(error.path) not in places:
            found.setdefault((error.path, error.kind), error)
    if not found:
        return [SchemaError("", VALUE, cannot_be_handled(api_version, kind, decoded.error))]
    return sorted(found.values())


def _dotted(path: str) -> str:
    """A path in which keys of maps and fields of objects look alike: a schema does not tell them apart."""
    return path.replace("[", ".").replace("]", "")


def _walk(version: str, wanted: Type, value: Any, path: str) -> Iterator[SchemaError]:
    """What the Go types refuse, with exact paths."""
    kind = wanted.kind
    if value is None:
        return
    if kind == OPAQUE_TYPE:
        yield from _opaque(wanted, value, path)
    elif kind == STRUCT and isinstance(value, dict):
        known = {slot.json: slot.type for slot in slots(version, wanted.name)}
        for key, item in value.items():
            here = f"{path}.{key}" if path else key
            if key in known:
                yield from _walk(version, known[key], item, here)
            else:
                yield SchemaError(here, UNKNOWN, f'unknown field "{here}"', _meant(key, tuple(known)))
    elif kind == MAP and isinstance(value, dict):
        assert wanted.element is not None
        for key, item in value.items():
            yield from _walk(version, wanted.element, item, f"{path}[{key}]")
    elif kind == LIST and isinstance(value, list):
        assert wanted.element is not None
        for index, item in enumerate(value):
            yield from _walk(version, wanted.element, item, f"{path}[{index}]")
    elif kind == INT and isinstance(value, int) and not isinstance(value, bool):
        if not wanted.low <= value <= wanted.high:
            yield SchemaError(path, VALUE, f"{value} is out of range: must be between {wanted.low} and {wanted.high}")
    elif kind == BYTES and isinstance(value, str):
        fault = base64_decode(value)[1]
        if fault is not None:
            yield SchemaError(path, VALUE, f"illegal base64 data at input byte {fault}", "encode the value as base64")
    elif not _fits(kind, value):
        name = {"struct": "object", "map": "object", "list": "array", "int": "integer", "float": "number", "bool": "boolean", "bytes": "string"}.get(kind, kind)
        yield SchemaError(path, TYPE, f"{_short(value)} is not {_ARTICLES.get(name, name)}", _retyped(value, name))


def _fits(kind: str, value: Any) -> bool:
    """Whether a JSON value may stand for a Go type of a kind that `_walk` does not look into."""
    if kind == "any":
        return True
    if kind == FLOAT:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, {"string": str, "bool": bool}.get(kind, ()))


def _opaque(wanted: Type, value: Any, path: str) -> Iterator[SchemaError]:
    """What a type that reads its own JSON says of a value."""
    read = SIMPLE.get(wanted.name)
    if read is None:
        return
    try:
        read(value)
    except MismatchError as error:
        wants = "an integer or a string" if wanted.name == "intstr.IntOrString" else "a string"
        yield SchemaError(path, TYPE, f"{_short(value)} is not {wants}", _retyped(value, error.go))
    except RefusalError as error:
        yield SchemaError(path, VALUE, str(error))


@cache
def _validator(version: str, openapi: str) -> Any:
    """A jsonschema validator of a definition."""
    from jsonschema import Draft7Validator

    return Draft7Validator({"$ref": f"#/$defs/{openapi}", "$defs": definitions(version)})


def _schema_errors(version: str, openapi: str, obj: Object) -> Iterator[SchemaError]:
    """What jsonschema says, one error a place; null counts as absent."""
    for error in _validator(version, openapi).iter_errors(_without_nulls(obj)):
        path = ""
        for part in error.absolute_path:
            path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
        if error.validator == "required":
            missing = next((name for name in error.validator_value if name not in error.instance), "")
            here = f"{path}.{missing}" if path else missing
            yield SchemaError(here, REQUIRED, f'missing field "{here}"', f"set {here}")
        elif error.validator == "type":
            name = error.validator_value if isinstance(error.validator_value, str) else " or ".join(error.validator_value)
            yield SchemaError(path, TYPE, f"{_short(error.instance)} is not {_ARTICLES.get(name, name)}", _retyped(error.instance, name))
        elif error.validator == "enum":
            yield SchemaError(path, ENUM, f"{_short(error.instance)} is none of {', '.join(map(_short, error.validator_value))}")


def _without_nulls(value: Any) -> Any:
    """A copy without what is null."""
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    return [_without_nulls(v) for v in value if v is not None] if isinstance(value, list) else value


def _meant(key: str, known: tuple[str, ...]) -> str:
    """Which field somebody may have meant."""
    import difflib

    folded = {name.lower(): name for name in known}
    if key.lower() in folded:
        return f'use "{folded[key.lower()]}"'
    near = difflib.get_close_matches(key.lower(), folded, n=1, cutoff=0.75)
    return f'use "{folded[near[0]]}"' if near else ""


def _retyped(value: Any, name: str) -> str:
    """How a scalar of the wrong type is put right, where that is plain."""
    if isinstance(value, str) and name in ("integer", "number", "boolean", "int32") and (value.isdigit() or value in ("true", "false")):
        return "remove the quotes"
    return "put it in quotes" if name == "string" and isinstance(value, bool | int | float) else ""


def _short(value: Any) -> str:
    """A value as JSON, not too long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."
