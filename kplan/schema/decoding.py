"""Decoding: a JSON value becomes an object of a kind, as a round trip through the API's Go structs leaves it.

`decode` hands back a private tree: unknown fields dropped; null and what is empty and `omitempty` gone; what Go prints without
being told there (`status: {}`, `resources: {}`, `rules: null`, which an empty list becomes too, as it does in storage);
quantities, times and bytes in canonical form. Ordinary documents are read by closures compiled once per struct; whatever those
cannot take at once (an error, an unknown field, a null in a list) is read again by the exact decoder, `kplan.schema.strict`,
which also finds the words.
Upstream: staging/src/k8s.io/apimachinery/pkg/runtime/serializer/json.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from kplan.api.gotext import go_quote
from kplan.api.objects import Object, copy_tree
from kplan.schema.bundle import CURRENT
from kplan.schema.opaque import SIMPLE, MismatchError, RefusalError
from kplan.schema.resources import lookup
from kplan.schema.shapes import ANY, BOOL, BYTES, INT, LIST, MAP, OPAQUE_TYPE, STRING, STRUCT, Type
from kplan.schema.strict import DecodeError, StrictDecoder, stands, unknown_fields, unset_when_empty, zero
from kplan.schema.structs import root, slots

Reader = Callable[[Any], Any]

_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Decoded:
    """What decoding made of a value. `error` is the decoder's (None: accepted); `unknown` are fields it does not know.

    `object` is there also when only unknown fields stand in the way; None after any other error.
    """

    object: Object | None
    error: str | None = None
    unknown: tuple[str, ...] = ()


class _IrregularError(Exception):
    """Something that the compiled readers leave to the exact decoder."""


def decode(obj: Object, api_version: str, kind: str, version: str = CURRENT, strict: bool = True) -> Decoded:
    """A JSON object as a kind of a Kubernetes version. `strict`: unknown fields are an error.

    KeyError where the version has no such kind (ask `lookup`).
    """
    info = lookup(version, api_version, kind)
    if info is None:
        raise KeyError(f"{api_version} {kind}")
    return decode_as(root(version, info.definition), obj, version, strict)


def decode_type(name: str, value: Any, version: str = CURRENT, strict: bool = True) -> Decoded:
    """A JSON value as a struct, by its id: `decode_type("meta/v1.ObjectMeta", …)` for what custom resources carry."""
    return decode_as(Type(STRUCT, f"{name.partition('/')[2] or name}", name), value, version, strict)


def decode_as(wanted: Type, value: Any, version: str, strict: bool) -> Decoded:
    """A JSON value as a type."""
    try:
        return Decoded(_struct_reader(version, wanted.name)(value))
    except (_IrregularError, MismatchError, RefusalError):
        pass
    exact = StrictDecoder(version)
    try:
        found = exact.decode(wanted, value)
    except DecodeError as error:
        return Decoded(None, str(error), tuple(exact.unknown))
    unknown = tuple(exact.unknown)
    return Decoded(found, unknown_fields(unknown) if strict and unknown else None, unknown)


def type_and_version(obj: Object) -> tuple[str, str]:
    """`apiVersion` and `kind` of a request's body; raises DecodeError.   Upstream: SimpleMetaFactory.Interpret."""
    found = []
    for name in ("apiVersion", "kind"):
        value = obj.get(name)
        if value is not None and not isinstance(value, str):
            text = StrictDecoder(CURRENT)
            try:
                text.decode(Type(STRUCT, "", "meta/v1.TypeMeta"), {k: v for k, v in obj.items() if k in ("apiVersion", "kind")})
            except DecodeError as error:
                words = str(error).replace("TypeMeta.", ".", 1)
                raise DecodeError(f"couldn't get version/kind; json parse error: {words}") from None
        found.append(value or "")
    if found[0].count("/") > 1:
        raise DecodeError(f"unexpected GroupVersion string: {found[0]}")
    return found[0], found[1]


def cannot_be_handled(api_version: str, kind: str, error: str) -> str:
    """The server's refusal of a body that does not decode.   Upstream: transformDecodeError."""
    return f"{kind} in version {go_quote(api_version.rpartition('/')[2])} cannot be handled as a {kind}: {error}"


@cache
def _struct_reader(version: str, name: str) -> Reader:
    """The compiled reader of a struct."""
    table: dict[str, tuple[Reader | type, bool, bool]] = {}
    always: list[tuple[str, Any]] = []
    for slot in slots(version, name):
        wanted = slot.type
        keep = slot.pointer or not slot.omit or wanted.kind in (STRUCT, OPAQUE_TYPE)
        if slot.zero and not slot.pointer:
            keep = False
        direct = {STRING: str, BOOL: bool}.get(wanted.kind)
        reader = direct or _late(version, wanted)
        table[slot.json] = (_or_null(reader) if unset_when_empty(slot) else reader, direct is not None, keep)
        if stands(slot):
            unset = None if slot.pointer else zero(version, wanted) if wanted.kind != STRUCT else _Unset(version, wanted)
            always.append((slot.json, unset))
    known = table.get
    fixed = tuple((key, unset) for key, unset in always if not isinstance(unset, _Unset))
    made = tuple((key, unset.make) for key, unset in always if isinstance(unset, _Unset))

    def read(value: Any) -> Object:
        if type(value) is not dict:
            raise _IrregularError
        out: Object = {}
        for key, item in value.items():
            entry = known(key)
            if entry is None:
                raise _IrregularError
            reader, direct, keep = entry
            if direct:
                if type(item) is not reader:
                    if item is None:
                        continue
                    raise _IrregularError
            elif item is None:
                if reader is _DURATION:
                    raise _IrregularError
                continue
            else:
                item = reader(item)
            if keep or item:
                out[key] = item
        for key, unset in fixed:
            if key not in out:
                out[key] = unset
        for key, make in made:
            if key not in out:
                out[key] = make()
        return out

    return read


def _or_null(reader: Reader) -> Reader:
    """A reader of lists or maps whose empty value counts as never set."""

    def read(value: Any) -> Any:
        return reader(value) or None

    return read


class _Unset:
    """The value of a struct that was not sent, made anew each time it is needed."""

    __slots__ = ("make",)

    def __init__(self, version: str, wanted: Type) -> None:
        def make() -> Any:
            return zero(version, wanted)

        self.make = make


def _late(version: str, wanted: Type) -> Reader:
    """The reader of a type; of one with structs inside only once it is needed."""
    if not _has_struct(wanted):
        return _reader(version, wanted)
    ready: Reader | None = None

    def read(value: Any) -> Any:
        nonlocal ready
        if ready is None:
            ready = _reader(version, wanted)
        return ready(value)

    return read


def _has_struct(wanted: Type | None) -> bool:
    """Whether a type has structs in it."""
    return wanted is not None and (wanted.kind == STRUCT or _has_struct(wanted.element))


def _reader(version: str, wanted: Type) -> Reader:
    """The compiled reader of a type; it never gets null."""
    kind = wanted.kind
    if kind == STRUCT:
        return _struct_reader(version, wanted.name)
    if kind == LIST:
        assert wanted.element is not None
        return _list_reader(_reader(version, wanted.element), wanted.element)
    if kind == MAP:
        assert wanted.element is not None
        return _map_reader(_reader(version, wanted.element), wanted.element)
    if kind == INT:
        return _int_reader(wanted.low, wanted.high)
    if kind == OPAQUE_TYPE:
        return SIMPLE.get(wanted.name) or _union
    return {STRING: _string, BOOL: _bool, BYTES: _bytes, ANY: copy_tree}.get(kind, _float)


def _list_reader(inner: Reader, element: Type) -> Reader:
    """A list; nulls in it are the exact decoder's."""
    if element.kind == STRING:

        def read_texts(value: Any) -> list[str]:
            if type(value) is not list:
                raise _IrregularError
            for item in value:
                if type(item) is not str:
                    raise _IrregularError
            return value.copy()

        return read_texts

    def read(value: Any) -> list[Any]:
        if type(value) is not list or None in value:
            raise _IrregularError
        return [inner(item) for item in value]

    return read


def _map_reader(inner: Reader, element: Type) -> Reader:
    """A map; nulls in it are the exact decoder's."""
    if element.kind == STRING:

        def read_texts(value: Any) -> dict[str, str]:
            if type(value) is not dict:
                raise _IrregularError
            for item in value.values():
                if type(item) is not str:
                    raise _IrregularError
            return value.copy()

        return read_texts

    def read(value: Any) -> dict[str, Any]:
        if type(value) is not dict or None in value.values():
            raise _IrregularError
        return {key: inner(item) for key, item in value.items()}

    return read


def _int_reader(low: int, high: int) -> Reader:
    """An integer within Go's bounds."""

    def read(value: Any) -> int:
        if type(value) is int and low <= value <= high:
            return value
        raise _IrregularError

    return read


def _string(value: Any) -> str:
    if type(value) is str:
        return value
    raise _IrregularError


def _bool(value: Any) -> bool:
    if type(value) is bool:
        return value
    raise _IrregularError


def _float(value: Any) -> float:
    if type(value) is int or type(value) is float:
        return value
    raise _IrregularError


def _bytes(value: Any) -> str:
    if type(value) is str and _BASE64.fullmatch(value):
        return value if value[-1:] != "=" else base64.b64encode(base64.b64decode(value)).decode("ascii")
    raise _IrregularError


def _union(value: Any) -> Any:
    """The unions of CRD schemas are read without strictness inside: the exact decoder's."""
    raise _IrregularError


_DURATION = SIMPLE["meta/v1.Duration"]
