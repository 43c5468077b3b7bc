"""Types that read their JSON by themselves: quantities, int-or-string, times, raw JSON, the unions of CRD schemas.

Each reads one JSON value (None: null) and returns what the API prints for it. What it refuses it raises: a `MismatchError` is
placed by the decoder (`... into Go struct field X.y of type int32`), a `RefusalError` is the whole message.
Upstream: the UnmarshalJSON and MarshalJSON methods of resource.Quantity, intstr.IntOrString, metav1.{Time, MicroTime, Duration,
FieldsV1}, runtime.RawExtension and apiextensions/v1/marshal.go.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from kplan.api.objects import copy_tree
from kplan.api.quantity import QuantityError, canonical
from kplan.api.times import TimeError
from kplan.schema import gotime

_INT32 = range(-(2**31), 2**31)


class MismatchError(Exception):
    """JSON of one type (`bool`, `number 1.5`) met a Go type; `inner` is where, inside the value."""

    def __init__(self, value: str, go: str, inner: str = "") -> None:
        super().__init__(value, go, inner)
        self.value, self.go, self.inner = value, go, inner


class RefusalError(Exception):
    """A value that its type refuses in words of its own."""


def json_word(value: Any) -> str:
    """What the decoder calls a JSON value."""
    if isinstance(value, str):
        return "string"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else "number"


def number_text(value: float) -> str:
    """A number as it stands in the JSON text of a request."""
    return json.dumps(value)


@lru_cache(maxsize=16384)
def _quantity_text(text: str) -> str:
    """The canonical text of a quantity given as a JSON string."""
    return canonical(text if text.isprintable() and '"' not in text and "\\" not in text else json.dumps(text)[1:-1])


def quantity(value: Any) -> str:
    """resource.Quantity: a text or a number."""
    try:
        if type(value) is str:
            return _quantity_text(value)
        if value is None:
            return "0"
        return canonical(json.dumps(value))
    except QuantityError as error:
        raise RefusalError(str(error)) from None


def int_or_string(value: Any) -> int | str:
    """intstr.IntOrString: a text, or an integer of 32 bits."""
    if type(value) is str:
        return value
    if type(value) is int and value in _INT32:
        return value
    if value is None:
        return 0
    word = json_word(value)
    raise MismatchError(f"number {number_text(value)}" if word == "number" else word, "int32")


def time(value: Any) -> str | None:
    """metav1.Time."""
    return _timed(value, gotime.time_text)


def micro_time(value: Any) -> str | None:
    """metav1.MicroTime."""
    return _timed(value, gotime.micro_time_text)


def duration(value: Any) -> str:
    """metav1.Duration. Of the API's opaque types it alone refuses null, as an empty text."""
    return _timed("" if value is None else value, gotime.duration_text) or "0s"


def _timed(value: Any, read: Callable[[str], str | None]) -> str | None:
    """A text read by Go's time package."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise MismatchError(json_word(value), "string")
    try:
        return read(value)
    except TimeError as error:
        raise RefusalError(str(error)) from None


def raw(value: Any) -> Any:
    """runtime.RawExtension, metav1.FieldsV1, apiextensions' JSON: any JSON, as it is."""
    return copy_tree(value)


SIMPLE: dict[str, Callable[[Any], Any]] = {
    "resource.Quantity": quantity,
    "intstr.IntOrString": int_or_string,
    "runtime.RawExtension": raw,
    "meta/v1.Time": time,
    "meta/v1.MicroTime": micro_time,
    "meta/v1.Duration": duration,
    "meta/v1.FieldsV1": raw,
    "apiextensions/v1.JSON": raw,
}
"""Opaque types that need no decoder; the unions of CRD schemas do (`kplan.schema.strict`)."""

ZERO: dict[str, Any] = {
    "resource.Quantity": "0",
    "intstr.IntOrString": 0,
    "meta/v1.Duration": "0s",
    "apiextensions/v1.JSONSchemaPropsOrBool": False,
}
"""What the unset value of an opaque type is printed as; null where it is not listed."""
