"""The OpenAPI schema of a definition: what a schema may say at all.

Upstream: ValidateCustomResourceDefinitionOpenAPISchema and validateCustomResourceDefinitionValidation of
apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go. Properties are met by name (upstream's order is random).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from kplan.api.content import Remembered
from kplan.api.field import FieldError, FieldErrors, forbidden, invalid, not_supported, required
from kplan.api.objects import Object
from kplan.kinds.crd_defaults import default_errors
from kplan.kinds.crd_internal import SCHEMA_FIELDS, printed_schema
from kplan.kinds.crd_rules import Place, TotalCost, compiled_errors, stated_errors, total_errors
from kplan.kinds.crd_structural import not_convertible, structural_errors

TYPES = ("array", "boolean", "integer", "number", "object", "string")
META = ("metadata", "kind", "apiVersion")
SCALAR_KEY = "must be a scalar type if parent array's x-kubernetes-list-type is map"
KEY_NEEDS_VALUE = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"
QUADRATIC = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
AT_ROOT = (
    *("Description", "Type", "Format", "Title", "Maximum", "ExclusiveMaximum", "Minimum", "ExclusiveMinimum", "MaxLength", "MinLength"),
    *("Pattern", "MaxItems", "MinItems", "UniqueItems", "MultipleOf", "Required", "Items", "Properties", "ExternalDocs", "Example"),
    *("XPreserveUnknownFields", "XValidations"),
)
_ERRORS = Remembered[tuple[FieldError, ...]](512)
UNSUPPORTED = ("id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is asked of a definition; an update asks no more than the stored one fulfils."""

    recognized_review_version: bool = True
    immutable_names: bool = False
    schema: bool = True
    valid_types: bool = True
    structural: bool = True
    pruned_defaults: bool = True
    atomic_sets: bool = True
    list_map_keys: bool = True
    unchanged_versions: frozenset[str] = frozenset()
    suppress_cost: bool = False
    invalid_ca_bundle: bool = True
    too_many_selectable_fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Context:
    """What holds for a part of a schema because of where it is."""

    defaults: str | None = None  # why defaults are forbidden; None: they are not
    in_meta: bool = False
    uncorrelatable: str = ""  # the part of the schema within which there is no oldSelf


def schema_errors(validation: Object, status_enabled: bool, options: Options, path: str) -> tuple[FieldError, ...]:
    """One schema, from the definition as a whole or from a version. `path` is that of what holds `openAPIV3Schema`."""
    schema = validation.get("openAPIV3Schema")
    if schema is None:
        return ()
    return _ERRORS.get(schema, (status_enabled, options, path), lambda: tuple(_errors(schema, status_enabled, options, path)))


def _errors(schema: Object, status_enabled: bool, options: Options, path: str) -> FieldErrors:
    here = f"{path}.openAPIV3Schema"
    if status_enabled:
        yield from _status_root_errors(schema, here)
    if schema.get("nullable"):
        yield forbidden(f"{here}.nullable", "nullable cannot be true at the root")
    place: Place | None = None
    if options.structural and not not_convertible(schema):
        errors = structural_errors(schema, here) or default_errors(schema, here, options.pruned_defaults)
        yield from errors
        if not errors:
            place = Place(schema, TotalCost())
    walk = _Walk(options)
    walk.schema(schema, here, Context(), place, root=True)
    yield from walk.schema_errors
    yield from walk.rule_errors
    if place is not None:
        yield from total_errors(place.cost, here)


def _status_root_errors(schema: Object, path: str) -> FieldErrors:
    """With a status subresource the root must be an object, so that status can be validated alone."""
    for go, json, _ in SCHEMA_FIELDS:
        value = schema.get(json)
        if value is None or value is False or value == "":
            continue
        if go == "Type":
            if value != "object":
                words = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
                yield invalid(f"{path}.type", value, words)
                return
        elif go not in AT_ROOT:
            words = f"only [{' '.join(AT_ROOT)}] fields are allowed at the root of the schema if the status subresource is enabled"
            yield invalid(path, printed_schema(schema), words)
            return


class _Walk:
    """One schema with all inside it: errors of the schema, and those of rules, which come last."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.schema_errors: list[FieldError] = []
        self.rule_errors: list[FieldError] = []

    def schema(self, schema: Object, path: str, context: Context, place: Place | None, *, root: bool = False) -> None:
        """Upstream's order. `place` is None where rules are not compiled."""
        before = len(self.schema_errors)
        self.schema_errors += self._allowed(schema, path, context)
        more, items = schema.get("additionalProperties"), schema.get("items")
        if more is not None:
            if schema.get("properties") and more is not True:
                self.schema_errors.append(forbidden(f"{path}.additionalProperties", "additionalProperties and properties are mutual exclusive"))
            if isinstance(more, dict):
                inner = replace(context, defaults="inside additionalProperties applying to object metadata") if context.in_meta else context
                self.schema(more, f"{path}.additionalProperties", inner, place and place.below(more))
        if schema.get("properties"):
            self._properties(schema, path, context, place, root)
        if schema.get("not") is not None:
            self.schema(schema["not"], f"{path}.not", context, None)
        for name in ("allOf", "oneOf", "anyOf"):
            for index, one in enumerate(schema.get(name) or ()):
                self.schema(one, f"{path}.{name}[{index}]", context, None)
        for name, one in sorted((schema.get("definitions") or {}).items()):
            self.schema(one, f"{path}.definitions[{name}]", context, None)
        if items is not None:
            inner = context if schema.get("x-kubernetes-list-type") == "map" or context.uncorrelatable else replace(context, uncorrelatable=path)
            for suffix, one in enumerate(items) if isinstance(items, list) else (("", items),):
                self.schema(one, f"{path}.items{'' if suffix == '' else f'[{suffix}]'}", inner, place and place.below(one))
        for name, one in sorted((schema.get("dependencies") or {}).items()):
            if isinstance(one, dict):
                self.schema(one, f"{path}.dependencies[{name}]", context, None)
        self.schema_errors += _extensions(schema, path, self.options)
        if schema.get("x-kubernetes-validations"):
            self.schema_errors += stated_errors(schema, path)
            if len(self.schema_errors) == before and place is not None:
                whole = root or bool(schema.get("x-kubernetes-embedded-resource"))
                self.rule_errors += compiled_errors(place, whole, path, context.uncorrelatable, self.options.suppress_cost)

    def _properties(self, schema: Object, path: str, context: Context, place: Place | None, root: bool) -> None:
        own = root or bool(schema.get("x-kubernetes-embedded-resource"))
        kind = schema.get("x-kubernetes-map-type")
        if kind not in (None, "granular", "atomic") and not context.uncorrelatable:
            context = replace(context, uncorrelatable=path)
        for name, one in sorted(schema["properties"].items()):
            inner = context
            if own and name in META:
                inner = replace(context, in_meta=True, **({"defaults": f"in top-level {name}"} if root else {}))
            self.schema(one, f"{path}.properties[{name}]", inner, place and place.below(one))

    def _allowed(self, schema: Object, path: str, context: Context) -> FieldErrors:
        """Upstream: specStandardValidatorV3.validate."""
        kind = schema.get("type") or ""
        if self.options.valid_types and kind and kind not in TYPES:
            yield not_supported(f"{path}.type", kind, TYPES)
        if schema.get("default") is not None and context.defaults is not None:
            yield forbidden(f"{path}.default", f"must not be set {context.defaults}".rstrip())
        for name in UNSUPPORTED:
            if schema.get(name) is not None:
                yield forbidden(f"{path}.{name}", f"{name} is not supported")
        if kind == "null":
            yield forbidden(f"{path}.type", "type cannot be set to null, use nullable as an alternative")
        if isinstance(schema.get("items"), list) and schema["items"]:
            yield forbidden(f"{path}.items", "items must be a schema object and not an array")
        if context.in_meta and schema.get("x-kubernetes-embedded-resource"):
            yield forbidden(f"{path}.x-kubernetes-embedded-resource", "must not be used inside of resource meta")
        if schema.get("uniqueItems"):
            yield forbidden(f"{path}.uniqueItems", QUADRATIC)


def _extensions(schema: Object, path: str, options: Options) -> FieldErrors:
    """preserve-unknown-fields, map-type, list-type, list-map-keys."""
    kind = schema.get("type") or ""
    map_type, list_type = schema.get("x-kubernetes-map-type"), schema.get("x-kubernetes-list-type")
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        yield invalid(f"{path}.x-kubernetes-preserve-unknown-fields", False, "must be true or undefined")
    if map_type is not None and kind != "object":
        yield _typed(path, kind, "must be object if x-kubernetes-map-type is specified")
    if map_type not in (None, "atomic", "granular"):
        yield not_supported(f"{path}.x-kubernetes-map-type", map_type, ("atomic", "granular"))
    if list_type is not None and kind != "array":
        yield _typed(path, kind, "must be array if x-kubernetes-list-type is specified")
    elif options.atomic_sets and (fault := non_atomic_item(schema)):
        # Upstream quotes the list type of the items in both cases.
        shown = schema["items"].get("x-kubernetes-list-type")
        yield invalid(f"{path}.items.{fault}", shown, "must be atomic as item of a list with x-kubernetes-list-type=set")
    if list_type not in (None, "atomic", "set", "map"):
        yield not_supported(f"{path}.x-kubernetes-list-type", list_type, ("atomic", "set", "map"))
    if schema.get("x-kubernetes-list-map-keys"):
        words = "must be map if x-kubernetes-list-map-keys is non-empty"
        if list_type is None:
            yield required(f"{path}.x-kubernetes-list-type", words)
        elif list_type != "map":
            yield invalid(f"{path}.x-kubernetes-list-type", list_type, words)
    if list_type == "map":
        yield from _map_list(schema, path)
    if options.list_map_keys:
        yield from list_item_errors(schema, path)


def _typed(path: str, kind: str, words: str) -> FieldError:
    return invalid(f"{path}.type", kind, words) if kind else required(f"{path}.type", words)


def non_atomic_item(schema: Object) -> str:
    """Which extension of a set's items makes them no atomic values; empty where they are."""
    items = schema.get("items")
    if schema.get("x-kubernetes-list-type") != "set" or not isinstance(items, dict):
        return ""
    if items.get("type") == "array" and items.get("x-kubernetes-list-type") not in (None, "atomic"):
        return "x-kubernetes-list-type"
    return "x-kubernetes-map-type" if items.get("type") == "object" and items.get("x-kubernetes-map-type") != "atomic" else ""


def _map_list(schema: Object, path: str) -> FieldErrors:
    keys, items = schema.get("x-kubernetes-list-map-keys") or [], schema.get("items")
    if not keys:
        yield required(f"{path}.x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map")
    if items is None:
        yield required(f"{path}.items", "must have a schema if x-kubernetes-list-type is map")
        return
    if isinstance(items, list):
        shown = {"Schema": None, "JSONSchemas": [printed_schema(one) for one in items]}
        yield invalid(f"{path}.items", shown, "must only have a single schema if x-kubernetes-list-type is map")
        return
    if items.get("type") != "object":
        yield invalid(f"{path}.items.type", items.get("type") or "", "must be object if parent array's x-kubernetes-list-type is map")
        return
    properties: dict[str, Any] = items.get("properties") or {}
    for index, name in enumerate(keys):
        if name not in properties:
            yield invalid(f"{path}.x-kubernetes-list-map-keys", keys, "entries must all be names of item properties")
        elif properties[name].get("type") in ("array", "object"):
            yield invalid(f"{path}.items.properties[{name}].type", items["type"], SCALAR_KEY)
        if name in keys[:index]:
            yield invalid(f"{path}.x-kubernetes-list-map-keys", keys, "must not contain duplicate entries")


def list_item_errors(schema: Object, path: str) -> FieldErrors:
    """Items of sets and maps are not null; the keys of maps are always there.   Upstream: validateMapListKeysMapSet."""
    items, kind = schema.get("items"), schema.get("x-kubernetes-list-type")
    if not isinstance(items, dict) or kind not in ("set", "map"):
        return
    if items.get("nullable"):
        yield forbidden(f"{path}.items.nullable", f"cannot be nullable when x-kubernetes-list-type is {kind}")
    if kind == "set":
        return
    properties: dict[str, Any] = items.get("properties") or {}
    for name in schema.get("x-kubernetes-list-map-keys") or ():
        if name not in properties:
            continue
        here = f"{path}.items.properties[{name}]"
        if name not in (items.get("required") or ()) and properties[name].get("default") is None:
            yield required(f"{here}.default", KEY_NEEDS_VALUE)
        if properties[name].get("nullable"):
            yield forbidden(f"{here}.nullable", "this property is in x-kubernetes-list-map-keys, so it cannot be nullable")
