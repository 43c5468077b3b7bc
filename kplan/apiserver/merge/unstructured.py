"""Whether a patched object can be read back, and the words for it when not.

A strategic merge patch is carried out on untyped maps, and what comes out is put into Go structs by another decoder than requests
are: its errors name Go's kinds and no fields. Upstream: apimachinery/pkg/runtime/converter.go, apiserver's handlers/patch.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kplan import schema
from kplan.api import status
from kplan.api.field import invalid
from kplan.api.gotext import go_json, go_quote
from kplan.api.objects import Object
from kplan.apiserver.merge.typed import go_text
from kplan.schema import Type
from kplan.schema.opaque import SIMPLE, MismatchError, RefusalError
from kplan.schema.shapes import ANY, BOOL, BYTES, FLOAT, INT, LIST, MAP, OPAQUE_TYPE, STRING, STRUCT
from kplan.schema.strict import base64_decode
from kplan.schema.structs import root, slots

_KINDS = {str: "string", bool: "bool", int: "int64", float: "float64", dict: "map", list: "slice"}


class _UnreadableError(Exception):
    """The converter's complaint."""


def check(changed: Object, patch: Object, version: str = schema.CURRENT, strict: bool = True) -> None:
    """Refuse an object that a strategic merge patch spoiled; kinds that are not built in are not looked at."""
    info = schema.lookup(version, changed.get("apiVersion") or "", changed.get("kind") or "")
    if info is None:
        return
    unknown: list[str] = []
    try:
        _read(version, root(version, info.definition), changed, "", unknown)
    except _UnreadableError as error:
        raise _invalid(go_text(patch), str(error)) from None
    if strict and unknown:
        raise _invalid(go_text(patch), _strict([f"unknown field {go_quote(path)}" for path in unknown]))


def check_json(changed: Object, version: str = schema.CURRENT, strict: bool = True, complaints: Iterable[str] = ()) -> None:
    """The same for a JSON or merge patch, whose result is decoded as any request is. `complaints` are about the patch itself."""
    info = schema.lookup(version, changed.get("apiVersion") or "", changed.get("kind") or "")
    if info is None:
        return
    decoded = schema.decode(changed, info.api_version, info.kind, version, strict=False)
    if decoded.error is not None:
        raise _invalid(go_json(changed), decoded.error)
    found = [*complaints, *(f"unknown field {go_quote(path)}" for path in decoded.unknown)]
    if strict and found:
        raise _invalid(go_json(changed), _strict(found))


def _strict(complaints: list[str]) -> str:
    return "strict decoding error: " + ", ".join(complaints)


def _invalid(value: str, words: str) -> status.StatusError:
    return status.invalid("", "", [invalid("patch", value, words)])


def _read(version: str, wanted: Type, value: Any, path: str, unknown: list[str]) -> None:
    """Put a value into a type, in the order of Go's fields."""
    if value is None:
        return
    kind = wanted.kind
    if kind == OPAQUE_TYPE:
        _read_opaque(wanted, value)
    elif kind in (STRING, BOOL, INT, FLOAT):
        _read_scalar(kind, wanted.text, value)
    elif kind == STRUCT:
        if not isinstance(value, dict):
            raise _UnreadableError(f"cannot restore struct from: {_go_kind(value)}")
        known = slots(version, wanted.name)
        for slot in known:
            if slot.json in value:
                _read(version, slot.type, value[slot.json], f"{path}.{slot.json}" if path else slot.json, unknown)
        names = {slot.json for slot in known}
        unknown += [f"{path}.{key}" if path else key for key in sorted(value) if key not in names]
    elif kind == MAP:
        if not isinstance(value, dict):
            raise _UnreadableError(f"cannot restore map from {_go_kind(value)}")
        assert wanted.element is not None
        for key, item in sorted(value.items()):
            _read(version, wanted.element, item, f"{path}.{key}", unknown)
    elif kind == BYTES and isinstance(value, str):
        fault = base64_decode(value)[1]
        if fault is not None:
            raise _UnreadableError(f"error decoding from json: illegal base64 data at input byte {fault}")
    elif kind in (LIST, BYTES):
        if not isinstance(value, list):
            raise _UnreadableError(f"cannot restore slice from {_go_kind(value)}")
        for index, item in enumerate(value if kind == LIST else ()):
            assert wanted.element is not None
            _read(version, wanted.element, item, f"{path}[{index}]", unknown)


def _read_scalar(kind: str, text: str, value: Any) -> None:
    """A scalar into a scalar: numbers into each other, nothing else."""
    if kind == ANY or (isinstance(value, str if kind == STRING else bool if kind == BOOL else int | float) and isinstance(value, bool) == (kind == BOOL)):
        if kind == INT and isinstance(value, float) and not value.is_integer():
            raise _UnreadableError(f"cannot convert float64 to {text}")
        return
    names = {STRING: "string", BOOL: "bool", FLOAT: "float64"}
    if kind == STRING and isinstance(value, int) and not isinstance(value, bool):
        raise _UnreadableError(f"cannot convert int64 to {text}")
    raise _UnreadableError(f"unrecognized type: {names.get(kind, text)}")


def _read_opaque(wanted: Type, value: Any) -> None:
    """A type that reads its own JSON."""
    read = SIMPLE.get(wanted.name)
    if read is None:
        return
    try:
        read(value)
    except MismatchError as error:
        raise _UnreadableError(f"json: cannot unmarshal {error.value} into Go value of type {error.go}") from None
    except RefusalError as error:
        raise _UnreadableError(str(error)) from None


def _go_kind(value: Any) -> str:
    return _KINDS.get(type(value), "invalid")
