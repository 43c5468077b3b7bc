"""Resources inside resources (x-kubernetes-embedded-resource): their apiVersion, kind and metadata.

Upstream: apiextensions-apiserver/pkg/apiserver/schema/objectmeta.
"""

from __future__ import annotations

from typing import Any

from kplan.api.field import FieldError, FieldErrors, invalid, required
from kplan.api.names import is_dns1035_label
from kplan.schema.decoding import decode_type
from kplan.schema.structural.paths import NIL, child, item, key
from kplan.schema.structural.structure import Structure

OBJECT_META = "meta/v1.ObjectMeta"


class MalformedError(Exception):
    """An embedded resource that cannot be read; `error` says where and why."""

    def __init__(self, error: FieldError) -> None:
        super().__init__(str(error))
        self.error = error


def read_meta(metadata: Any, strict: bool) -> tuple[dict[str, Any], str, tuple[str, ...]]:
    """Metadata as the server's type leaves it, what is wrong with it, and the unknown fields in it."""
    read = decode_type(OBJECT_META, metadata if metadata is not None else {}, strict=False)
    if read.object is None:
        return {}, read.error or "", ()
    found = read.object
    if found.get("creationTimestamp") is None:
        found.pop("creationTimestamp", None)
    return found, "", read.unknown if strict else ()


def coerce(value: Any, structure: Structure, path: str = NIL, *, whole: bool = False) -> list[str]:
    """Read the metadata of embedded resources in place; the unknown fields in them. Raises MalformedError.

    `whole`: the value itself is a resource.
    """
    unknown: list[str] = []
    if isinstance(value, dict):
        if whole or structure.embedded:
            _coerce_resource(value, path, unknown)
        for name in sorted(value):
            if (known := structure.properties.get(name)) is not None:
                if known.embeds:
                    unknown += coerce(value[name], known, child(path, name))
            elif structure.additional is not None and structure.additional.embeds:
                unknown += coerce(value[name], structure.additional, key(path, name))
    elif isinstance(value, list) and structure.items is not None and structure.items.embeds:
        for index, one in enumerate(value):
            unknown += coerce(one, structure.items, item(path, index))
    return unknown


def _coerce_resource(value: dict[str, Any], path: str, unknown: list[str]) -> None:
    for name in ("apiVersion", "kind"):
        if name in value and not isinstance(value[name], str):
            raise MalformedError(invalid(child(path, name), value[name], "must be a string"))
    if "metadata" in value:
        found, error, extra = read_meta(value["metadata"], True)
        if error:
            raise MalformedError(invalid(child(path, "metadata"), value["metadata"], error))
        unknown += [f"{child(path, 'metadata')}.{name}" for name in extra]
        value["metadata"] = found


def validate(value: Any, structure: Structure, validate_meta: Any, path: str = NIL, *, whole: bool = False) -> FieldErrors:
    """What is wrong with embedded resources. `validate_meta(meta, namespaced, path)` yields the errors of metadata."""
    if isinstance(value, dict):
        if whole or structure.embedded:
            yield from _validate_resource(value, validate_meta, path)
        for name in sorted(value):
            if (known := structure.properties.get(name)) is not None:
                if known.embeds:
                    yield from validate(value[name], known, validate_meta, child(path, name))
            elif structure.additional is not None and structure.additional.embeds:
                yield from validate(value[name], structure.additional, validate_meta, key(path, name))
    elif isinstance(value, list) and structure.items is not None and structure.items.embeds:
        for index, one in enumerate(value):
            yield from validate(one, structure.items, validate_meta, item(path, index))


def _validate_resource(value: dict[str, Any], validate_meta: Any, path: str) -> FieldErrors:
    for name in ("apiVersion", "kind"):
        if name not in value:
            yield required(child(path, name))
    if "apiVersion" in value:
        yield from _validate_api_version(value["apiVersion"], child(path, "apiVersion"))
    if "kind" in value:
        yield from _validate_kind(value["kind"], child(path, "kind"))
    if "metadata" in value:
        here = child(path, "metadata")
        meta, error, _ = read_meta(value["metadata"], False)
        if error:
            yield invalid(here, value["metadata"], error)
        else:
            yield from validate_meta({**meta, "name": meta.get("name") or "fakename"}, bool(meta.get("namespace")), here)


def _validate_api_version(text: Any, path: str) -> FieldErrors:
    if not isinstance(text, str):
        yield invalid(path, text, "must be a string")
    elif not text:
        yield invalid(path, text, "must not be empty")
    elif text.count("/") > 1:
        yield invalid(path, text, f"unexpected GroupVersion string: {text}")


def _validate_kind(text: Any, path: str) -> FieldErrors:
    if not isinstance(text, str):
        yield invalid(path, text, "must be a string")
    elif not text:
        yield invalid(path, text, "must not be empty")
    elif errors := is_dns1035_label(text.lower()):
        yield invalid(path, text, "may have mixed case, but should otherwise match: " + ",".join(errors))
