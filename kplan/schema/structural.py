"""Custom resources: reading them by the structural schema of their version.

Metadata is read as every object's is; fields that the schema does not name are cut away (and named, for strict validation); nulls
where none may be go; embedded resources get proper metadata; defaults are filled in. What a schema forbids beyond that is
validation's to say. A schema here is the JSON of `openAPIV3Schema`, None where a version has none.
Upstream: apiextensions-apiserver/pkg/apiserver: customresource_handler.go, schema/{pruning, defaulting, objectmeta}.
"""

from __future__ import annotations

from typing import Any

from kplan.api.field import invalid
from kplan.api.objects import Object, copy_tree
from kplan.schema.decoding import Decoded, decode_type

Schema = dict[str, Any]

META = ("apiVersion", "kind", "metadata")


class _InvalidError(Exception):
    """An embedded resource whose apiVersion, kind or metadata cannot be read; the text is a field error's."""


def decode_custom(obj: Object, schema: Schema | None, preserve: bool = False, strict: bool = True) -> Decoded:
    """A custom object as the API stores it, in a private tree. `preserve`: its definition keeps unknown fields everywhere."""
    out: Object = copy_tree(obj)
    unknown: list[str] = []
    if "metadata" in out:
        meta = decode_type("meta/v1.ObjectMeta", {} if out["metadata"] is None else out["metadata"], strict=False)
        if meta.error is not None:
            return Decoded(None, meta.error)
        unknown += [f"metadata.{path}" for path in meta.unknown]
        out["metadata"] = meta.object
    root = schema or {}
    if not preserve:
        cut: list[str] = []
        _prune(out, {**root, "x-kubernetes-embedded-resource": True}, "", cut)
        unknown += sorted(cut)
        _drop_nulls(out, root)
    embedded: list[str] = []
    try:
        _coerce(out, root, "", embedded)
    except _InvalidError as error:
        return Decoded(None, str(error))
    unknown += sorted(embedded)
    fill_defaults(out, root)
    message = "strict decoding error: " + ", ".join(f'unknown field "{path}"' for path in unknown) if strict and unknown else None
    return Decoded(out, message, tuple(unknown))


def fill_defaults(value: Any, schema: Schema | None) -> None:
    """Fill in, in place, the defaults that a schema states; a null where none may be counts as missing."""
    if schema is None:
        return
    if isinstance(value, dict):
        properties = schema.get("properties") or {}
        for key, inner in properties.items():
            if inner.get("default") is not None and (key not in value or _wrong_null(value[key], inner)):
                value[key] = copy_tree(inner["default"])
        others = _additional(schema)
        for key in value:
            if key in properties:
                fill_defaults(value[key], properties[key])
            elif others is not None:
                if _wrong_null(value[key], others):
                    value[key] = copy_tree(others.get("default"))
                fill_defaults(value[key], others)
    elif isinstance(value, list):
        items = schema.get("items")
        for index, item in enumerate(value):
            if items is not None and _wrong_null(item, items):
                value[index] = copy_tree(items.get("default"))
            fill_defaults(value[index], items)


def _additional(schema: Schema) -> Schema | None:
    """The schema of fields without a name of their own; None where there is none. `true` allows them and says nothing of what is inside."""
    found = schema.get("additionalProperties")
    return found if isinstance(found, dict) else None


def _wrong_null(value: Any, schema: Schema) -> bool:
    """Whether a value is a null that may not be one."""
    return value is None and not schema.get("nullable")


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _prune(value: Any, schema: Schema | None, path: str, cut: list[str]) -> None:
    """Cut away, in place, what a schema does not name."""
    if schema is not None and schema.get("x-kubernetes-preserve-unknown-fields"):
        _prune_known(value, schema, path, cut)
    elif isinstance(value, dict):
        properties = (schema or {}).get("properties") or {}
        for key in list(value):
            if schema is not None and schema.get("x-kubernetes-embedded-resource") and key in META:
                continue
            if key in properties:
                _prune(value[key], properties[key], _join(path, key), cut)
            elif schema is not None and schema.get("additionalProperties"):
                _prune(value[key], _additional(schema), _join(path, key), cut)
            else:
                if path or key not in META:
                    cut.append(_join(path, key))
                del value[key]
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _prune(item, (schema or {}).get("items"), f"{path}[{index}]", cut)


def _prune_known(value: Any, schema: Schema | None, path: str, cut: list[str]) -> None:
    """Where unknown fields are kept, only what stands in known ones is looked into."""
    if schema is None:
        return
    if isinstance(value, dict):
        properties = schema.get("properties") or {}
        for key, item in value.items():
            if schema.get("x-kubernetes-embedded-resource") and key in META:
                continue
            if key in properties:
                _prune(item, properties[key], _join(path, key), cut)
            elif schema.get("additionalProperties"):
                _prune(item, _additional(schema), _join(path, key), cut)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _prune_known(item, schema.get("items"), f"{path}[{index}]", cut)


def _drop_nulls(value: Any, schema: Schema | None) -> None:
    """Take out, in place, nulls where none may be and no default will stand in."""
    if isinstance(value, dict):
        properties = (schema or {}).get("properties") or {}
        others = _additional(schema or {})
        for key in list(value):
            inner = properties.get(key, others)
            if inner is not None and _wrong_null(value[key], inner) and inner.get("default") is None:
                del value[key]
            else:
                _drop_nulls(value[key], inner)
    elif isinstance(value, list):
        for item in value:
            _drop_nulls(item, (schema or {}).get("items"))


def _coerce(value: Any, schema: Schema | None, path: str, unknown: list[str]) -> None:
    """Read, in place, what embedded resources have of every object."""
    if schema is None:
        return
    if isinstance(value, dict):
        properties = schema.get("properties") or {}
        for key in sorted(value):
            if schema.get("x-kubernetes-embedded-resource"):
                _coerce_meta(value, key, path, unknown)
            inner = properties[key] if key in properties else _additional(schema)
            if inner is not None:
                _coerce(value[key], inner, _join(path, key) if key in properties else f"{path}[{key}]", unknown)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _coerce(item, schema.get("items"), f"{path}[{index}]", unknown)


def _coerce_meta(value: Object, key: str, path: str, unknown: list[str]) -> None:
    """One field of an embedded resource."""
    here = _join(path, key)
    if key in ("apiVersion", "kind") and not isinstance(value[key], str):
        raise _InvalidError(str(invalid(here, value[key], "must be a string")))
    if key == "metadata":
        found = decode_type("meta/v1.ObjectMeta", {} if value[key] is None else value[key], strict=False)
        if found.error is not None:
            raise _InvalidError(str(invalid(here, value[key], found.error)))
        unknown += [f"{here}.{name}" for name in found.unknown]
        value[key] = found.object
