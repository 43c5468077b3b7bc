"""The exact decoder: every rule and every word, at leisure.

What Go's decoder does to JSON when it fills in a struct: the first type error wins and decoding goes on, a type that reads
its JSON by itself ends it, unknown fields are collected. `kplan.schema.decoding` comes here for whatever it cannot take at once.
Fields are met in the order of their names: clients send them sorted.
Upstream: vendor/sigs.k8s.io/json (the API server's fork of encoding/json: case-sensitive names, strict errors).
"""

from __future__ import annotations

import base64
import binascii
import re
from functools import cache
from typing import Any

from kplan.api.gotext import go_quote
from kplan.api.objects import copy_tree
from kplan.schema.opaque import SIMPLE, ZERO, MismatchError, RefusalError, number_text
from kplan.schema.shapes import ANY, BOOL, BYTES, FLOAT, INT, LIST, MAP, OPAQUE_TYPE, STRING, STRUCT, Type
from kplan.schema.structs import Slot, slots, struct_name

SCHEMA_PROPS = Type(STRUCT, "v1.JSONSchemaProps", "apiextensions/v1.JSONSchemaProps")
SCHEMA_LIST = Type(LIST, "[]v1.JSONSchemaProps", element=SCHEMA_PROPS)
TEXT_LIST = Type(LIST, "[]string", element=Type(STRING, "string"))

MOST_STRICT_ERRORS = 100

_WHITE = re.compile(r"[\r\n]")


class DecodeError(Exception):
    """Decoding failed; the text is the decoder's."""


class StrictDecoder:
    """One decoding. `unknown` are the paths of unknown fields, in the order met."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.unknown: dict[str, None] = {}
        self._first_error: str | None = None
        self._struct = ""
        self._fields: list[str] = []

    def decode(self, wanted: Type, value: Any) -> Any:
        """The value as the API prints it; raises DecodeError."""
        try:
            out = self._value(wanted, value, "")
        except MismatchError as error:
            raise DecodeError(self._placed(error)) from None
        except RefusalError as error:
            raise DecodeError(str(error)) from None
        if self._first_error is not None:
            raise DecodeError(self._first_error)
        return out

    def _placed(self, error: MismatchError) -> str:
        """A type error with the field that it happened in."""
        path = ".".join([*self._fields, *([error.inner.partition(".")[2]] if error.inner else [])])
        if self._struct or path:
            return f"json: cannot unmarshal {error.value} into Go struct field {self._struct}.{path} of type {error.go}"
        return f"json: cannot unmarshal {error.value} into Go value of type {error.go}"

    def _save(self, message: str) -> None:
        if self._first_error is None:
            self._first_error = message

    def _mismatch(self, value: str, wanted: Type) -> Any:
        """Note a type error and leave the field as it was."""
        self._save(self._placed(MismatchError(value, wanted.text)))
        return zero(self.version, wanted)

    def _value(self, wanted: Type, value: Any, path: str) -> Any:
        """One value. `path` is where strict errors say that it is."""
        kind = wanted.kind
        if value is None and (wanted.pointer or kind != OPAQUE_TYPE):
            return None if wanted.pointer else zero(self.version, wanted)
        if kind == OPAQUE_TYPE:
            simple = SIMPLE.get(wanted.name)
            return simple(value) if simple else self._union(wanted.name, value)
        if kind == ANY:
            return copy_tree(value)
        if isinstance(value, dict):
            return self._object(wanted, value, path)
        if isinstance(value, list):
            if kind == BYTES:
                return self._byte_list(value)
            if kind != LIST:
                return self._mismatch("array", wanted)
            assert wanted.element is not None
            return [self._value(wanted.element, item, f"{path}[{index}]") for index, item in enumerate(value)]
        if isinstance(value, bool):
            return value if kind == BOOL else self._mismatch("bool", wanted)
        if isinstance(value, str):
            if kind == BYTES:
                return self._bytes(value)
            return value if kind == STRING else self._mismatch("string", wanted)
        return self._number(wanted, value)

    def _number(self, wanted: Type, value: float) -> Any:
        if wanted.kind == INT:
            if isinstance(value, int) and wanted.low <= value <= wanted.high:
                return value
            return self._mismatch(f"number {number_text(value)}", wanted)
        if wanted.kind == FLOAT:
            try:
                return value if abs(float(value)) != float("inf") else self._mismatch(f"number {number_text(value)}", wanted)
            except OverflowError:
                return self._mismatch(f"number {number_text(value)}", wanted)
        return self._mismatch("number", wanted)

    def _bytes(self, text: str) -> str:
        decoded, fault = base64_decode(text)
        if fault is not None:
            self._save(f"illegal base64 data at input byte {fault}")
        return base64.b64encode(decoded).decode("ascii")

    def _byte_list(self, items: list[Any]) -> str:
        """A list of numbers is a byte string too; it is printed as base64."""
        wanted = Type(INT, "uint8", low=0, high=255)
        return base64.b64encode(bytes(self._value(wanted, item, "") for item in items)).decode("ascii")

    def _object(self, wanted: Type, value: dict[str, Any], path: str) -> Any:
        if wanted.kind == MAP:
            assert wanted.element is not None
            out_map = {key: self._value(wanted.element, item, f"{path}.{key}" if path else key) for key, item in sorted(value.items())}
            # Storage gives null bytes in a map back as empty ones.
            return {key: item or "" for key, item in out_map.items()} if wanted.element.kind == BYTES else out_map
        if wanted.kind != STRUCT:
            return self._mismatch("object", wanted)
        table = _table(self.version, wanted.name)
        out: dict[str, Any] = {}
        struct, depth = self._struct, len(self._fields)
        for key, item in sorted(value.items()):
            slot = table.get(key)
            here = f"{path}.{key}" if path else key
            if slot is None:
                if len(self.unknown) < MOST_STRICT_ERRORS:
                    self.unknown[here] = None
                continue
            self._struct = struct_name(wanted.name)
            self._fields += [*slot.embedded, key]
            if item is None and slot.pointer:
                pass
            else:
                read = self._value(slot.type, item, here)
                if not read and unset_when_empty(slot):
                    read = None
                if not omitted(slot, read):
                    out[key] = read
            self._struct = struct
            del self._fields[depth:]
        fill(self.version, wanted.name, out)
        return out

    def _union(self, name: str, value: Any) -> Any:
        """The types of CRD schemas that are one thing or another. What is inside is read without strictness."""
        inner = StrictDecoder(self.version)
        if isinstance(value, dict):
            return inner.nested(SCHEMA_PROPS, value)
        if name == "apiextensions/v1.JSONSchemaPropsOrBool":
            if isinstance(value, bool):
                return value
            raise RefusalError("boolean or JSON schema expected")
        if isinstance(value, list):
            found = inner.nested(SCHEMA_LIST if name == "apiextensions/v1.JSONSchemaPropsOrArray" else TEXT_LIST, value)
            return found or None
        return None

    def nested(self, wanted: Type, value: Any) -> Any:
        """As `decode`, for a decoding inside another: a type error says where, and is placed by the outer one."""
        try:
            out = self._value(wanted, value, "")
        except MismatchError as error:
            raise MismatchError(error.value, error.go, self._struct + "." + ".".join([*self._fields, error.inner]).rstrip(".")) from None
        if self._first_error is not None:
            match = re.fullmatch(r"json: cannot unmarshal (.+?) into Go struct field (\S+) of type (.+)", self._first_error, re.DOTALL)
            if match is None:
                raise RefusalError(self._first_error)
            raise MismatchError(match[1], match[3], match[2])
        return out


def omitted(slot: Slot, value: Any) -> bool:
    """Whether a field that was sent is left out all the same."""
    if slot.pointer:
        return False
    if slot.zero and slot.type.kind in (STRUCT, OPAQUE_TYPE):
        return not value
    return slot.omit and not value and slot.type.kind not in (STRUCT, OPAQUE_TYPE)


def unset_when_empty(slot: Slot) -> bool:
    """Whether an empty value comes back as null: storage knows no empty lists and maps."""
    return not slot.pointer and not slot.omit and slot.type.kind in (LIST, MAP)


def fill(version: str, name: str, out: dict[str, Any]) -> None:
    """Add what Go prints of a struct though nobody sent it."""
    for slot in _standing(version, name):
        if slot.json not in out:
            out[slot.json] = None if slot.pointer else zero(version, slot.type)


@cache
def _table(version: str, name: str) -> dict[str, Slot]:
    """The fields of a struct by their JSON names."""
    return {slot.json: slot for slot in slots(version, name)}


@cache
def _standing(version: str, name: str) -> tuple[Slot, ...]:
    """The fields of a struct that are printed even when they were never set."""
    return tuple(slot for slot in slots(version, name) if stands(slot))


def stands(slot: Slot) -> bool:
    """Whether a field is printed even when it was never set."""
    if slot.zero:
        return False
    return not slot.omit or (not slot.pointer and slot.type.kind in (STRUCT, OPAQUE_TYPE))


def zero(version: str, wanted: Type) -> Any:
    """What Go prints for an unset value: `""`, 0, false, null, or a struct of such."""
    if wanted.pointer:
        return None
    kind = wanted.kind
    if kind == STRUCT:
        out: dict[str, Any] = {}
        fill(version, wanted.name, out)
        return out
    if kind == OPAQUE_TYPE:
        return ZERO.get(wanted.name)
    return {STRING: "", BOOL: False, INT: 0, FLOAT: 0}.get(kind)


def base64_decode(text: str) -> tuple[bytes, int | None]:
    """What base64 stands for, and the byte at which Go gives up (None: it does not).   Upstream: base64.StdEncoding."""
    data = text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(_WHITE.sub("", text), validate=True), _fault(data)
    except (binascii.Error, ValueError):
        return b"", _fault(data) or 0


_ALPHABET = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


def _fault(data: bytes) -> int | None:
    """The input byte that Go's decoder names, walking quantum by quantum; None where all is well."""
    at, size = 0, len(data)
    while at < size:
        filled = 0
        while filled < 4:
            if at == size:
                return None if filled == 0 else at - filled
            byte = data[at]
            at += 1
            if byte in _ALPHABET:
                filled += 1
                continue
            if byte in b"\r\n":
                continue
            if byte != ord("="):
                return at - 1
            if filled < 2:
                return at - 1
            if filled == 2:
                while at < size and data[at] in b"\r\n":
                    at += 1
                if at == size:
                    return size
                if data[at] != ord("="):
                    return at - 1
                at += 1
            while at < size and data[at] in b"\r\n":
                at += 1
            return at if at < size else None
    return None


def unknown_fields(paths: dict[str, None] | tuple[str, ...]) -> str:
    """The strict decoder's refusal of unknown fields.   Upstream: runtime.strictDecodingError."""
    return "strict decoding error: " + ", ".join(f"unknown field {go_quote(path)}" for path in paths)
