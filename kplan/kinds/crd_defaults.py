"""Defaults in the schema of a definition: known to the schema, and valid under it.

Upstream: apiextensions-apiserver/pkg/apiserver/schema/defaulting/{validation,surroundingobject}.go.
"""

from __future__ import annotations

from typing import Any

from kplan.api.field import FieldError, FieldErrors, aggregate, invalid
from kplan.api.names import name_is_path_segment
from kplan.api.objects import Object, copy_tree
from kplan.kinds.metadata import validate_object_meta
from kplan.schema import structural

META = ("metadata", "apiVersion", "kind")
INDEX = None  # a step into a list, where others are names

Steps = tuple[str | None, ...]


def default_errors(schema: Object, path: str, require_pruned: bool = True) -> list[FieldError]:
    """What is wrong with the defaults in a schema."""
    return list(_walk(schema, path, schema, (), False, require_pruned, True))


def _walk(schema: Object, path: str, resource: Object, steps: Steps, inside_meta: bool, require_pruned: bool, root: bool = False) -> FieldErrors:
    """`resource` is the schema of the nearest resource around, `steps` lead from it to here."""
    if schema.get("x-kubernetes-embedded-resource"):
        inside_meta, steps, resource = False, (), schema
    whole = root or bool(schema.get("x-kubernetes-embedded-resource"))
    if schema.get("default") is not None:
        if inside_meta:
            yield from _meta_default(schema, f"{path}.default", resource, steps)
        else:
            yield from _default(schema, f"{path}.default", whole, require_pruned)
    items = schema.get("items")
    if items is not None:
        yield from _walk(items, f"{path}.items", resource, (*steps, INDEX), inside_meta, require_pruned)
    properties = schema.get("properties") or {}
    for name in sorted(properties):
        below = inside_meta or (whole and name in META)
        yield from _walk(properties[name], f"{path}.properties[{name}]", resource, (*steps, name), below, require_pruned)


def _default(schema: Object, path: str, whole: bool, require_pruned: bool) -> FieldErrors:
    value = schema["default"]
    structure = structural.Structure(schema)
    if require_pruned:
        pruned = copy_tree(value)
        if whole and isinstance(pruned, dict):
            structural.prune(pruned, structure)
        else:
            structural.prune_part(pruned, structure)
        if pruned != value:
            yield invalid(path, value, "must not have unknown fields")
    try:
        structural.coerce(copy_tree(value), structure, path, whole=whole)
    except structural.MalformedError as malformed:
        yield malformed.error
        return
    errors = list(structural.validate(value, structure, _meta_errors, path, whole=whole))
    yield from errors or _value_errors(schema, path, whole)


def _meta_default(schema: Object, path: str, resource: Object, steps: Steps) -> FieldErrors:
    """A default for metadata (or apiVersion, kind) of a resource: the resource around it must hold."""
    value = schema["default"]
    around: Any = copy_tree(value)
    for step in reversed(steps):
        around = [around] if step is INDEX else {step: around}
    around.setdefault("kind", "Validation")
    around.setdefault("apiVersion", "validation/v1")
    structure = structural.Structure(resource)
    try:
        structural.coerce(around, structure, whole=True)
    except structural.MalformedError as malformed:
        yield invalid(path, value, f"must result in valid metadata: {malformed}")
        return
    errors = list(structural.validate(around, structure, _meta_errors, whole=True))
    if errors:
        yield invalid(path, value, f"must result in valid metadata: {aggregate(errors)}")
    else:
        yield from _value_errors(schema, path, False)


def _value_errors(schema: Object, path: str, whole: bool) -> FieldErrors:
    """The default under its own schema and rules: as an update that changes nothing, and as a new value."""
    value = schema["default"]
    errors = structural.explain(schema, value, stated=True).errors(path)
    if not errors and structural.has_rules(schema):
        rules = structural.Rules(schema, whole)
        errors = rules.errors(value, value, None, path) or rules.errors(value, None, None, path)
    yield from errors


def _meta_errors(meta: Object, namespaced: bool, path: str) -> FieldErrors:
    return validate_object_meta(meta, namespaced, name_is_path_segment, path, kube_finalizers=False)
