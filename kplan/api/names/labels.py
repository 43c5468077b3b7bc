"""Keys and values of labels; the keys are those of annotations, taints and resources too.

Upstream: apimachinery's pkg/api/validate/content and pkg/util/validation/validation.go.
"""

from __future__ import annotations

import re
from functools import lru_cache

from kplan.api.field import FieldErrors, invalid, required
from kplan.api.names.dns import long_name
from kplan.api.names.words import check, max_len_error, regex_error, size

_KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = f"({_KEY})?"
_KEY_RE = re.compile(_KEY)
_VALUE_RE = re.compile(_VALUE)

_KEY_ERROR = regex_error(
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    _KEY,
    "MyName",
    "my.name",
    "123-abc",
)
_VALUE_ERROR = regex_error(
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    _VALUE,
    "MyValue",
    "my_value",
    "12345",
)


@lru_cache(maxsize=8192)
def _label_key(value: str) -> tuple[str, ...]:
    parts = value.split("/")
    if len(parts) > 2:
        return (f"a valid label key {_KEY_ERROR} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",)
    name, errors = parts[-1], []
    if len(parts) == 2:
        errors += [f"prefix part {e}" for e in long_name(parts[0])] if parts[0] else ["prefix part must be non-empty"]
    if not name:
        errors.append("name part must be non-empty")
    elif size(name) > 63:
        errors.append(f"name part {max_len_error(63, 'bytes')}")
    if not _KEY_RE.fullmatch(name):
        errors.append(f"name part {_KEY_ERROR}")
    return tuple(errors)


def is_label_key(value: str) -> list[str]:
    """A label key: an optional DNS name and `/`, then a name."""
    return list(_label_key(value))


is_qualified_name = is_label_key


def is_label_value(value: str) -> list[str]:
    """A label value, which may be empty."""
    if len(value) <= 63 and _VALUE_RE.fullmatch(value):
        return []
    return check(value, _VALUE_RE, _VALUE_ERROR, 63, "bytes")


def is_domain_prefixed_key(path: str, key: str) -> FieldErrors:
    """A label key that has a prefix."""
    if not key:
        yield required(path)
    elif errors := is_label_key(key):
        for error in errors:
            yield invalid(path, key, error)
    elif "/" not in key:
        yield invalid(path, key, 'must be a domain-prefixed key (such as "acme.io/foo")')
