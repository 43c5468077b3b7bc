"""Definitions as the server's own types have them, which error messages name and quote.

Upstream: apiextensions-apiserver/pkg/apis/apiextensions/{types.go,types_jsonschema.go,v1/conversion.go}. What all versions state alike
moves up: `spec.validation`, `spec.subresources`, `spec.additionalPrinterColumns`, `spec.selectableFields`; a conversion's webhook falls
apart. The structs have no JSON tags, so they print with Go's names, all fields.
"""

from __future__ import annotations

from typing import Any

from kplan.api.gotext import Struct
from kplan.api.objects import Object

MOVED = {"schema": "validation", "subresources": "subresources", "additionalPrinterColumns": "additionalPrinterColumns", "selectableFields": "selectableFields"}

_FIELDS = (
    *("ID/id", "Schema/$schema", "Ref/$ref*", "Description/description", "Type/type", "Nullable/nullable?", "Format/format", "Title/title"),
    *("Default/default*", "Maximum/maximum*", "ExclusiveMaximum/exclusiveMaximum?", "Minimum/minimum*", "ExclusiveMinimum/exclusiveMinimum?"),
    *("MaxLength/maxLength*", "MinLength/minLength*", "Pattern/pattern", "MaxItems/maxItems*", "MinItems/minItems*", "UniqueItems/uniqueItems?"),
    *("MultipleOf/multipleOf*", "Enum/enum*", "MaxProperties/maxProperties*", "MinProperties/minProperties*", "Required/required*", "Items/items%"),
    *("AllOf/allOf[", "OneOf/oneOf[", "AnyOf/anyOf[", "Not/not@", "Properties/properties{", "AdditionalProperties/additionalProperties!"),
    *("PatternProperties/patternProperties{", "Dependencies/dependencies&", "AdditionalItems/additionalItems!", "Definitions/definitions{"),
    *("ExternalDocs/externalDocs=", "Example/example*", "XPreserveUnknownFields/x-kubernetes-preserve-unknown-fields*"),
    *("XEmbeddedResource/x-kubernetes-embedded-resource?", "XIntOrString/x-kubernetes-int-or-string?"),
    *("XListMapKeys/x-kubernetes-list-map-keys*", "XListType/x-kubernetes-list-type*", "XMapType/x-kubernetes-map-type*"),
    "XValidations/x-kubernetes-validations+",
)
_MARKS = "*?%[@{!&=+"


def _split(field: str) -> tuple[str, str, str]:
    go, _, json = field.partition("/")
    return (go, json[:-1], json[-1]) if json[-1] in _MARKS else (go, json, "")


SCHEMA_FIELDS = tuple(map(_split, _FIELDS))
"""(Go name, JSON name, kind) of the fields of a schema, in Go's order."""


def internal_spec(spec: Object) -> Object:
    """The spec with what all versions share moved up; the versions are copies."""
    versions = spec.get("versions")
    out = {**spec, "versions": versions and [dict(v) for v in versions]}
    if not versions:
        return out
    out["version"] = versions[0].get("name") or ""
    for field, moved in MOVED.items():
        first = versions[0].get(field)
        if all(v.get(field) == first for v in versions):
            if first is not None:
                out[moved] = first
            for version in out["versions"]:
                version.pop(field, None)
    return out


def printed_versions(versions: list[Object] | None) -> Any:
    """The versions as messages quote them."""
    if versions is None:
        return None
    return [
        Struct(
            Name=v.get("name") or "",
            Served=bool(v.get("served")),
            Storage=bool(v.get("storage")),
            Deprecated=bool(v.get("deprecated")),
            DeprecationWarning=v.get("deprecationWarning"),
            Schema=None if v.get("schema") is None else Struct(OpenAPIV3Schema=printed_schema(v["schema"].get("openAPIV3Schema"))),
            Subresources=_subresources(v.get("subresources")),
            AdditionalPrinterColumns=_columns(v.get("additionalPrinterColumns")),
            SelectableFields=v.get("selectableFields") and [Struct(JSONPath=f.get("jsonPath") or "") for f in v["selectableFields"]],
        )
        for v in versions
    ]


def _subresources(held: Object | None) -> Struct | None:
    if held is None:
        return None
    scale = held.get("scale")
    paths = None
    if scale is not None:
        paths = Struct(
            SpecReplicasPath=scale.get("specReplicasPath") or "",
            StatusReplicasPath=scale.get("statusReplicasPath") or "",
            LabelSelectorPath=scale.get("labelSelectorPath"),
        )
    return Struct(Status=held.get("status"), Scale=paths)


def _columns(columns: list[Object] | None) -> list[Struct] | None:
    if not columns:
        return None
    names = (("Name", "name"), ("Type", "type"), ("Format", "format"), ("Description", "description"))
    return [Struct({**{go: c.get(json) or "" for go, json in names}, "Priority": c.get("priority") or 0, "JSONPath": c.get("jsonPath") or ""}) for c in columns]


def printed_schema(schema: Object | None) -> Struct | None:
    """A JSONSchemaProps as messages quote it."""
    if schema is None:
        return None
    return Struct({go: _printed(mark, schema.get(json)) for go, json, mark in SCHEMA_FIELDS})


def _printed(mark: str, value: Any) -> Any:
    if mark == "?":
        return bool(value)
    if not mark:
        return value or ""
    if value is None or mark == "*":
        return value
    if mark == "[":
        return [printed_schema(one) for one in value]
    if mark == "{":
        return {name: printed_schema(one) for name, one in value.items()}
    if mark == "@":
        return printed_schema(value)
    if mark == "%":
        one, many = (None, [printed_schema(v) for v in value]) if isinstance(value, list) else (printed_schema(value), None)
        return Struct(Schema=one, JSONSchemas=many)
    if mark == "!":
        return Struct(Allows=value if isinstance(value, bool) else True, Schema=None if isinstance(value, bool) else printed_schema(value))
    if mark == "&":
        return {k: Struct(Schema=printed_schema(v) if isinstance(v, dict) else None, Property=v if isinstance(v, list) else None) for k, v in value.items()}
    if mark == "=":
        return Struct(Description=value.get("description") or "", URL=value.get("url") or "")
    return [printed_rule(rule) for rule in value]


def printed_rule(rule: Object) -> Struct:
    """A validation rule as messages quote it."""
    return Struct(
        Rule=rule.get("rule") or "",
        Message=rule.get("message") or "",
        MessageExpression=rule.get("messageExpression") or "",
        Reason=rule.get("reason"),
        FieldPath=rule.get("fieldPath") or "",
        OptionalOldSelf=rule.get("optionalOldSelf"),
    )
