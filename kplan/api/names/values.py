"""Names and numbers inside of objects: environment variables, keys of ConfigMaps, header fields, ports, user ids, percents, UUIDs.

Upstream: apimachinery's pkg/util/validation/validation.go and pkg/api/validate/content.
"""

from __future__ import annotations

import re

from kplan.api.names.words import check, inclusive_range_error, max_len_error, regex_error, size

_C_IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*"
_ENV = "[-._a-zA-Z][-._a-zA-Z0-9]*"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"
_HEADER = "[-A-Za-z0-9]+"
_PERCENT = "[0-9]+%"
_C_IDENTIFIER_RE = re.compile(_C_IDENTIFIER)
_ENV_RE = re.compile(_ENV)
_CONFIG_KEY_RE = re.compile(_CONFIG_KEY)
_HEADER_RE = re.compile(_HEADER)
_PERCENT_RE = re.compile(_PERCENT)
_INTEGER_RE = re.compile("0|-?[1-9][0-9]*")
_PORT_NAME_RE = re.compile("[-a-z0-9]+")
_PORT_LETTER_RE = re.compile("[a-z]")
_UUID_RE = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

_C_IDENTIFIER_ERROR = regex_error(
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
    _C_IDENTIFIER,
    "my_name",
    "MY_NAME",
    "MyName",
)
_ENV_ERROR = regex_error(
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit",
    _ENV,
    "my.env-name",
    "MY_ENV.NAME",
    "MyEnvName1",
)
_CONFIG_KEY_ERROR = regex_error("a valid config key must consist of alphanumeric characters, '-', '_' or '.'", _CONFIG_KEY, "key.name", "KEY_NAME", "key-name")
_HEADER_ERROR = regex_error("a valid HTTP header must consist of alphanumeric characters or '-'", _HEADER, "X-Header-Name")
_PERCENT_ERROR = regex_error("a valid percent string must be a numeric string followed by an ending '%'", _PERCENT, "1%", "93%")


def is_c_identifier(value: str) -> list[str]:
    """An identifier in C."""
    return check(value, _C_IDENTIFIER_RE, _C_IDENTIFIER_ERROR)


def _dots(value: str) -> list[str]:
    if value in (".", ".."):
        return [f"must not be '{value}'"]
    return ["must not start with '..'"] if value.startswith("..") else []


def is_env_var_name(value: str) -> list[str]:
    """The name of an environment variable, the strict rule."""
    return check(value, _ENV_RE, _ENV_ERROR) + _dots(value)


def is_relaxed_env_var_name(value: str) -> list[str]:
    """The name of an environment variable, as servers since 1.34 take it: printable ASCII without `=`."""
    if not value:
        return ["environment variable name must be non-empty"]
    if all(" " <= char <= "~" and char != "=" for char in value):
        return []
    return ["a valid environment variable name must consist only of printable ASCII characters other than '='"]


def is_config_map_key(value: str) -> list[str]:
    """A key of a ConfigMap or Secret."""
    return check(value, _CONFIG_KEY_RE, _CONFIG_KEY_ERROR, 253) + _dots(value)


def is_http_header_name(value: str) -> list[str]:
    """The name of a HTTP header field."""
    return check(value, _HEADER_RE, _HEADER_ERROR)


def is_valid_percent(value: str) -> list[str]:
    """Digits and a percent sign."""
    return check(value, _PERCENT_RE, _PERCENT_ERROR)


def is_in_range(value: int, low: int, high: int) -> list[str]:
    """A number in an inclusive range."""
    return [] if low <= value <= high else [inclusive_range_error(low, high)]


def is_valid_port_num(port: int) -> list[str]:
    """1 to 65535."""
    return is_in_range(port, 1, 65535)


def is_valid_user_id(uid: int) -> list[str]:
    """0 to 2**31-1."""
    return is_in_range(uid, 0, 2**31 - 1)


def is_valid_port_name(port: str) -> list[str]:
    """An IANA service name: at most 15 lower-case letters, digits, hyphens."""
    errors = [max_len_error(15)] if size(port) > 15 else []
    if not _PORT_NAME_RE.fullmatch(port):
        errors.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not _PORT_LETTER_RE.search(port):
        errors.append("must contain at least one letter (a-z)")
    if "--" in port:
        errors.append("must not contain consecutive hyphens")
    if port.startswith("-") or port.endswith("-"):
        errors.append("must not begin or end with a hyphen")
    return errors


def is_uuid(value: str) -> list[str]:
    """A UUID in lower case (`format=k8s-uuid`)."""
    return [] if _UUID_RE.fullmatch(value) else ["must be a lowercase UUID in 8-4-4-4-12 format"]


def is_decimal_integer(value: str) -> list[str]:
    """An integer as a human writes it."""
    if not value:
        return ["must be non-empty"]
    return [] if _INTEGER_RE.fullmatch(value) else ["must be a valid decimal integer in canonical form"]
