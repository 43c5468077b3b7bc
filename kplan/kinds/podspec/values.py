"""Small checks that pod fields share.

Upstream: the ValidateDNS1123Label family, ValidateNonnegativeField and path checks of pkg/apis/core/validation/validation.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kplan.api import names
from kplan.api.field import FieldError, FieldErrors, invalid

FILE_MODE = "must be a number between 0 and 0777 (octal), both inclusive"
MAX_INT32 = 2**31 - 1


def each(path: str, value: str, messages: Iterable[str]) -> FieldErrors:
    """An Invalid error for each message of a name rule."""
    for message in messages:
        yield invalid(path, value, message)


def validate_dns1123_label(value: str, path: str) -> FieldErrors:
    """A DNS label."""
    return each(path, value, names.is_dns1123_label(value))


def validate_dns1123_subdomain(value: str, path: str) -> FieldErrors:
    """A DNS subdomain."""
    return each(path, value, names.is_dns1123_subdomain(value))


def validate_qualified_name(value: str, path: str) -> FieldErrors:
    """A qualified name, `[prefix/]name`."""
    return each(path, value, names.is_qualified_name(value))


def validate_object_name(value: str, path: str) -> FieldErrors:
    """The name of an object whose kind asks for a DNS subdomain."""
    return each(path, value, names.name_is_dns_subdomain(value, False))


def validate_nonnegative_field(value: int, path: str) -> FieldErrors:
    """Zero or more."""
    if value < 0:
        yield invalid(path, value, "must be greater than or equal to 0")


def validate_positive_field(value: int, path: str) -> FieldErrors:
    """One or more."""
    if value <= 0:
        yield invalid(path, value, "must be greater than zero")


def validate_file_mode(mode: int | None, path: str) -> FieldErrors:
    """Permission bits of a file; None where unset."""
    if mode is not None and not 0 <= mode <= 0o777:
        yield invalid(path, mode, FILE_MODE)


def validate_path_no_backsteps(target: str, path: str) -> FieldErrors:
    """A path without a `..` element."""
    if ".." in target and ".." in target.split("/"):
        yield invalid(path, target, "must not contain '..'")


def validate_local_descending_path(target: str, path: str) -> FieldErrors:
    """A relative path without a `..` element."""
    if target.startswith("/"):
        yield invalid(path, target, "must be a relative path")
    yield from validate_path_no_backsteps(target, path)


def validate_local_non_reserved_path(target: str, path: str) -> FieldErrors:
    """A relative path without a `..` element whose first element does not begin with `..`."""
    yield from validate_local_descending_path(target, path)
    if target.startswith("..") and not target.startswith("../"):
        yield invalid(path, target, "must not start with '..'")


def any_errors(errors: Iterable[FieldError]) -> bool:
    """Whether a validator finds anything."""
    return next(iter(errors), None) is not None


Validator = Callable[[dict[str, Any], str], Iterable[FieldError]]
