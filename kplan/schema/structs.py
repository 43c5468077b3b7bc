"""A struct as one Kubernetes version has it: Go shape ∩ OpenAPI definition.

Shapes are those of 1.36. In another version a field that its definition lacks is unknown; a field (or a whole struct) that
has no shape is read by its schema alone: what is sent is kept, nothing is filled in.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from kplan.schema.bundle import CURRENT, definitions, properties, referenced, short_name
from kplan.schema.shapes import (
    ANY,
    BOOL,
    BYTES,
    FLOAT,
    INT,
    INTEGERS,
    LIST,
    MAP,
    OPAQUE,
    OPAQUE_TYPE,
    STRING,
    STRUCT,
    Struct,
    Type,
    go_type,
    has_shape,
    shape,
    type_name,
)


class Slot(NamedTuple):
    """A JSON field of a struct, embedded ones flattened. `embedded` are the Go names of the structs that it sits in.

    `omit`: an empty value is left out; `zero`: left out where it is not sent, whatever its type.
    """

    json: str
    type: Type
    pointer: bool
    omit: bool
    zero: bool
    embedded: tuple[str, ...]


@cache
def slots(version: str, name: str) -> tuple[Slot, ...]:
    """The fields of a struct in Go's order. `name` is a shape's id, or an OpenAPI name where there is no shape."""
    if not has_shape(name):
        return tuple(_schema_slot(json, schema) for json, schema in (properties(version, name) or {}).items())
    struct = shape(name)
    found = tuple(_flatten(struct, ()))
    if version == CURRENT:
        return found
    known = properties(version, struct.openapi)
    if known is None:
        return found
    seen = {slot.json for slot in found}
    return (*(slot for slot in found if slot.json in known), *(_schema_slot(json, schema) for json, schema in known.items() if json not in seen))


@cache
def root(version: str, openapi: str) -> Type:
    """The type of a definition, as the root of an object."""
    return _reference(version if version != CURRENT else "", openapi)


def struct_name(name: str) -> str:
    """What errors call a struct: `Deployment`, `PodSpec`."""
    return name.rpartition(".")[2]


def _flatten(struct: Struct, embedded: tuple[str, ...]) -> list[Slot]:
    """The slots of a struct and of those that it embeds, in place."""
    out: list[Slot] = []
    for field in struct.fields:
        if field.embedded:
            out += _flatten(shape(field.type.name), (*embedded, field.go))
        else:
            out.append(Slot(field.json, field.type, field.pointer, field.omitempty, field.omitzero, embedded))
    return out


def _schema_slot(json: str, schema: dict[str, Any]) -> Slot:
    """A field that only the schema knows."""
    return Slot(json, _schema_type(schema), True, True, True, ())


def _reference(version: str, openapi: str) -> Type:
    """The type that a definition's name stands for."""
    known = type_name(openapi)
    if known is not None:
        if known in OPAQUE:
            return Type(OPAQUE_TYPE, short_name(openapi), known)
        package_name, _, go = known.rpartition(".")
        return go_type(go, package_name)
    if version:
        schema = definitions(version).get(openapi) or {}
        if "properties" not in schema and schema.get("type") != "object":
            return _schema_type(schema)
    return Type(STRUCT, short_name(openapi), openapi)


def _schema_type(schema: dict[str, Any]) -> Type:
    """The Go type that a schema would be generated from."""
    if openapi := referenced(schema):
        return _reference("", openapi)
    kind, form = schema.get("type"), schema.get("format")
    if kind == "string":
        return Type(BYTES, "[]uint8") if form == "byte" else Type(STRING, "string")
    if kind == "integer":
        text = form if form in INTEGERS else "int64"
        low, high = INTEGERS[text]
        return Type(INT, text, low=low, high=high)
    if kind == "boolean":
        return Type(BOOL, "bool")
    if kind == "number":
        return Type(FLOAT, "float64")
    if kind == "array":
        element = _schema_type(schema.get("items") or {})
        return Type(LIST, f"[]{element.text}", element=element)
    if kind == "object" and "additionalProperties" in schema:
        element = _schema_type(schema["additionalProperties"])
        return Type(MAP, f"map[string]{element.text}", element=element)
    return Type(ANY, "interface {}")
