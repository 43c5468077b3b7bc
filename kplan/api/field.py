"""Field errors: what validation finds wrong, in the API server's words.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/validation/field/errors.go. Validators yield these and never raise.
Field paths are plain strings in upstream's spelling (`spec.ports[0].name`, `metadata.labels[a.b/c]`), built with
f-strings: it is what is printed, and it costs nothing while an object is accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from kplan.api.gotext import go_json, go_quote, go_value

NOT_FOUND = "FieldValueNotFound"
REQUIRED = "FieldValueRequired"
DUPLICATE = "FieldValueDuplicate"
INVALID = "FieldValueInvalid"
NOT_SUPPORTED = "FieldValueNotSupported"
FORBIDDEN = "FieldValueForbidden"
TOO_LONG = "FieldValueTooLong"
TOO_SHORT = "FieldValueTooShort"
TOO_MANY = "FieldValueTooMany"
TOO_FEW = "FieldValueTooFew"
INTERNAL = "InternalError"
TYPE_INVALID = "FieldValueTypeInvalid"

TITLES = {
    NOT_FOUND: "Not found",
    REQUIRED: "Required value",
    DUPLICATE: "Duplicate value",
    INVALID: "Invalid value",
    NOT_SUPPORTED: "Unsupported value",
    FORBIDDEN: "Forbidden",
    TOO_LONG: "Too long",
    TOO_SHORT: "Too short",
    TOO_MANY: "Too many",
    TOO_FEW: "Too few",
    INTERNAL: "Internal error",
    TYPE_INVALID: "Invalid value",
}
WITHOUT_VALUE = frozenset({REQUIRED, FORBIDDEN, TOO_LONG, TOO_SHORT, INTERNAL})


class Printed(str):
    """A bad value that already has the text the server prints (Go structs without JSON tags, omitted values)."""


class FieldError(NamedTuple):
    """One error. `reason` is the cause's reason (a constant above), `value` the bad value as JSON or `Printed`."""

    reason: str
    field: str
    value: Any
    detail: str

    @property
    def message(self) -> str:
        """What stands behind the field in the server's message.   Upstream: Error.ErrorBody."""
        text = TITLES[self.reason]
        if self.reason not in WITHOUT_VALUE:
            value = self.value
            if isinstance(value, Printed):
                text += f": {value}" if value else ""
            elif isinstance(value, str):
                text += f": {go_quote(value)}"
            elif isinstance(value, bool | int | float):
                text += f": {go_value(value)}"
            else:
                text += f": {go_json(value)}"
        return f"{text}: {self.detail}" if self.detail else text

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


FieldErrors = Iterator[FieldError]


def required(path: str, detail: str = "") -> FieldError:
    """A value is missing."""
    return FieldError(REQUIRED, path, None, detail)


def invalid(path: str, value: Any, detail: str = "") -> FieldError:
    """A value is there and wrong."""
    return FieldError(INVALID, path, value, detail)


def type_invalid(path: str, value: Any, detail: str = "") -> FieldError:
    """A value has the wrong type (custom resources)."""
    return FieldError(TYPE_INVALID, path, value, detail)


def duplicate(path: str, value: Any) -> FieldError:
    """A value must be unique and is not."""
    return FieldError(DUPLICATE, path, value, "")


def not_found(path: str, value: Any) -> FieldError:
    """What a value names is not there."""
    return FieldError(NOT_FOUND, path, value, "")


def forbidden(path: str, detail: str = "") -> FieldError:
    """A value may not be set here."""
    return FieldError(FORBIDDEN, path, None, detail)


def not_supported(path: str, value: Any, supported: Iterable[str]) -> FieldError:
    """A value is none of an enumeration. Order of `supported` is printed as given (upstream sorts sets before)."""
    names = ", ".join(go_quote(s) for s in supported)
    return FieldError(NOT_SUPPORTED, path, value, f"supported values: {names}" if names else "")


def internal_error(path: str, detail: str) -> FieldError:
    """Something about a value could not be found out."""
    return FieldError(INTERNAL, path, None, detail)


def too_long(path: str, maximum: int) -> FieldError:
    """A text has more than `maximum` bytes."""
    return FieldError(TOO_LONG, path, None, f"may not be more than {maximum} bytes" if maximum >= 0 else "value is too long")


def too_many(path: str, actual: int, maximum: int) -> FieldError:
    """A list has more than `maximum` items."""
    items = "item" if maximum == 1 else "items"
    return FieldError(TOO_MANY, path, actual, f"must have at most {maximum} {items}" if maximum >= 0 else "has too many items")


def too_few(path: str, actual: int, minimum: int) -> FieldError:
    """A list has fewer than `minimum` items."""
    items = "item" if minimum == 1 else "items"
    return FieldError(TOO_FEW, path, actual, f"must have at least {minimum} {items}")


def aggregate(errors: Iterable[FieldError]) -> str:
    """Several errors in one text, each once.   Upstream: ErrorList.ToAggregate and aggregate.Error."""
    texts = list(dict.fromkeys(str(e) for e in errors))
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
