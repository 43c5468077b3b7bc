"""What names, labels, keys and ports may look like, in the API server's words.

Upstream: apimachinery's pkg/util/validation/validation.go, pkg/api/validate/content and pkg/api/validation/generic.go.
Functions named `is_…` give the list of what is wrong with a value: empty where nothing is. Those that take a
field path yield field errors (addresses: `kplan.api.addresses`). Upstream has two generations of length errors: "characters" in the older one, "bytes" in
the newer one (label keys and values, and `short_name`, `long_name` of declarative validation).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from kplan.api.field import FieldErrors, invalid, required

NameRule = Callable[[str, bool], list[str]]

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_LABEL_WITH_UNDERSCORE = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SUBDOMAIN_WITH_UNDERSCORE = rf"{_LABEL_WITH_UNDERSCORE}(\.{_LABEL_WITH_UNDERSCORE})*"
_LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_WILDCARD = rf"\*\.{_SUBDOMAIN}"
_KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = f"({_KEY})?"
_C_IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*"
_ENV = "[-._a-zA-Z][-._a-zA-Z0-9]*"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"
_HEADER = "[-A-Za-z0-9]+"
_PERCENT = "[0-9]+%"
_HTTP_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"

_LABEL_RE, _SUBDOMAIN_RE, _SUBDOMAIN_WITH_UNDERSCORE_RE, _LABEL_1035_RE, _WILDCARD_RE, _KEY_RE, _VALUE_RE = (
    re.compile(pattern) for pattern in (_LABEL, _SUBDOMAIN, _SUBDOMAIN_WITH_UNDERSCORE, _LABEL_1035, _WILDCARD, _KEY, _VALUE)
)
_CASELESS_RE = re.compile(_SUBDOMAIN, re.IGNORECASE | re.ASCII)
_C_IDENTIFIER_RE, _ENV_RE, _CONFIG_KEY_RE, _HEADER_RE, _PERCENT_RE, _HTTP_PATH_RE = (
    re.compile(pattern) for pattern in (_C_IDENTIFIER, _ENV, _CONFIG_KEY, _HEADER, _PERCENT, _HTTP_PATH)
)
_INTEGER_RE = re.compile("0|-?[1-9][0-9]*")
_PORT_NAME_RE = re.compile("[-a-z0-9]+")
_PORT_LETTER_RE = re.compile("[a-z]")
_UUID_RE = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def regex_error(message: str, pattern: str, *examples: str) -> str:
    """The text of a failed pattern.   Upstream: validation.RegexError."""
    if not examples:
        return f"{message} (regex used for validation is '{pattern}')"
    shown = " or ".join(f"'{example}', " for example in examples)
    return f"{message} (e.g. {shown}regex used for validation is '{pattern}')"


_LABEL_ERROR = regex_error(
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
    _LABEL,
    "my-name",
    "123-abc",
)
_SUBDOMAIN_ERROR = regex_error(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    _SUBDOMAIN,
    "example.com",
)
_CASELESS_ERROR = regex_error(
    "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    _SUBDOMAIN,
    "Example.com",
)
_SUBDOMAIN_WITH_UNDERSCORE_ERROR = regex_error(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', "
    "and must start and end with an alphanumeric character",
    _SUBDOMAIN_WITH_UNDERSCORE,
    "example.com",
)
_LABEL_1035_ERROR = regex_error(
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character",
    _LABEL_1035,
    "my-name",
    "abc-123",
)
_WILDCARD_ERROR = regex_error(
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case "
    "alphanumeric characters, '-' or '.' and end with an alphanumeric character",
    _WILDCARD,
    "*.example.com",
)
_KEY_ERROR = regex_error(
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    _KEY,
    "MyName",
    "my.name",
    "123-abc",
)
_VALUE_ERROR = regex_error(
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with an alphanumeric character",
    _VALUE,
    "MyValue",
    "my_value",
    "12345",
)
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
_CONFIG_KEY_ERROR = regex_error(
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'", _CONFIG_KEY, "key.name", "KEY_NAME", "key-name"
)
_HEADER_ERROR = regex_error("a valid HTTP header must consist of alphanumeric characters or '-'", _HEADER, "X-Header-Name")
_PERCENT_ERROR = regex_error("a valid percent string must be a numeric string followed by an ending '%'", _PERCENT, "1%", "93%")


def size(value: str) -> int:
    """Length in bytes, as Go counts."""
    return len(value) if value.isascii() else len(value.encode())


def max_len_error(maximum: int, unit: str = "characters") -> str:
    """The text of a value that is too long."""
    return f"must be no more than {maximum} {unit}"


def _check(value: str, pattern: re.Pattern[str], error: str, maximum: int = 0, unit: str = "characters") -> list[str]:
    errors = [max_len_error(maximum, unit)] if maximum and size(value) > maximum else []
    if not pattern.fullmatch(value):
        errors.append(error)
    return errors


def _label(value: str, unit: str) -> list[str]:
    dotted = not _LABEL_RE.fullmatch(value) and _SUBDOMAIN_RE.fullmatch(value)
    return _check(value, _LABEL_RE, "must not contain dots" if dotted else _LABEL_ERROR, 63, unit)


def is_dns1123_label(value: str) -> list[str]:
    """A DNS label (RFC 1123) of at most 63 characters."""
    return _label(value, "characters")


def is_dns1123_subdomain(value: str) -> list[str]:
    """A DNS name (RFC 1123) of at most 253 characters."""
    return _check(value, _SUBDOMAIN_RE, _SUBDOMAIN_ERROR, 253)


def short_name(value: str) -> list[str]:
    """`is_dns1123_label` as declarative validation words it (`format=k8s-short-name`)."""
    return _label(value, "bytes")


def long_name(value: str) -> list[str]:
    """`is_dns1123_subdomain` as declarative validation words it (`format=k8s-long-name`)."""
    return _check(value, _SUBDOMAIN_RE, _SUBDOMAIN_ERROR, 253, "bytes")


def long_name_caseless(value: str) -> list[str]:
    """A DNS name of any case (`format=k8s-long-name-caseless`)."""
    return _check(value, _CASELESS_RE, _CASELESS_ERROR, 253, "bytes")


def is_dns1123_subdomain_with_underscore(value: str) -> list[str]:
    """A DNS name that may have underscores."""
    return _check(value, _SUBDOMAIN_WITH_UNDERSCORE_RE, _SUBDOMAIN_WITH_UNDERSCORE_ERROR, 253)


def is_dns1035_label(value: str) -> list[str]:
    """A DNS label (RFC 1035): starts with a letter."""
    return _check(value, _LABEL_1035_RE, _LABEL_1035_ERROR, 63)


def is_wildcard_dns1123_subdomain(value: str) -> list[str]:
    """`*.` and a DNS name."""
    return _check(value, _WILDCARD_RE, _WILDCARD_ERROR, 253)


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
    return _check(value, _VALUE_RE, _VALUE_ERROR, 63, "bytes")


is_valid_label_value = is_label_value


def is_c_identifier(value: str) -> list[str]:
    """An identifier in C."""
    return _check(value, _C_IDENTIFIER_RE, _C_IDENTIFIER_ERROR)


def _dots(value: str) -> list[str]:
    if value in (".", ".."):
        return [f"must not be '{value}'"]
    return ["must not start with '..'"] if value.startswith("..") else []


def is_env_var_name(value: str) -> list[str]:
    """The name of an environment variable, the strict rule."""
    return _check(value, _ENV_RE, _ENV_ERROR) + _dots(value)


def is_relaxed_env_var_name(value: str) -> list[str]:
    """The name of an environment variable, as servers since 1.34 take it: printable ASCII without `=`."""
    if not value:
        return ["environment variable name must be non-empty"]
    if all(" " <= char <= "~" and char != "=" for char in value):
        return []
    return ["a valid environment variable name must consist only of printable ASCII characters other than '='"]


def is_config_map_key(value: str) -> list[str]:
    """A key of a ConfigMap or Secret."""
    return _check(value, _CONFIG_KEY_RE, _CONFIG_KEY_ERROR, 253) + _dots(value)


def is_http_header_name(value: str) -> list[str]:
    """The name of a HTTP header field."""
    return _check(value, _HEADER_RE, _HEADER_ERROR)


def is_valid_percent(value: str) -> list[str]:
    """Digits and a percent sign."""
    return _check(value, _PERCENT_RE, _PERCENT_ERROR)


def inclusive_range_error(low: int, high: int) -> str:
    """The text of a number out of range."""
    return f"must be between {low} and {high}, inclusive"


def is_in_range(value: int, low: int, high: int) -> list[str]:
    """A number in an inclusive range."""
    return [] if low <= value <= high else [inclusive_range_error(low, high)]


def is_valid_port_num(port: int) -> list[str]:
    """1 to 65535."""
    return is_in_range(port, 1, 65535)


def is_valid_user_id(uid: int) -> list[str]:
    """0 to 2**31-1."""
    return is_in_range(uid, 0, 2**31 - 1)


is_valid_group_id = is_valid_user_id


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


def is_path_segment_prefix(name: str) -> list[str]:
    """May stand at the start of a part of a URL path."""
    return [f"may not contain '{illegal}'" for illegal in ("/", "%") if illegal in name]


def is_path_segment_name(name: str) -> list[str]:
    """May be a part of a URL path."""
    return [f"may not be '{name}'"] if name in (".", "..") else is_path_segment_prefix(name)


def is_uuid(value: str) -> list[str]:
    """A UUID in lower case (`format=k8s-uuid`)."""
    return [] if _UUID_RE.fullmatch(value) else ["must be a lowercase UUID in 8-4-4-4-12 format"]


def is_decimal_integer(value: str) -> list[str]:
    """An integer as a human writes it."""
    if not value:
        return ["must be non-empty"]
    return [] if _INTEGER_RE.fullmatch(value) else ["must be a valid decimal integer in canonical form"]


def is_fully_qualified_name(path: str, name: str) -> FieldErrors:
    """A DNS name of at least three parts."""
    if not name:
        yield required(path)
    elif errors := is_dns1123_subdomain(name):
        yield invalid(path, name, ",".join(errors))
    elif name.count(".") < 2:
        yield invalid(path, name, "should be a domain with at least three segments separated by dots")


def is_fully_qualified_domain_name(path: str, name: str) -> FieldErrors:
    """A DNS name of at least two parts; a dot at its end does not count."""
    if not name:
        yield required(path)
        return
    name = name.removesuffix(".")
    if errors := is_dns1123_subdomain(name):
        yield invalid(path, name, ",".join(errors))
    elif "." not in name:
        yield invalid(path, name, "should be a domain with at least two segments separated by dots")
    else:
        for label in name.split("."):
            if errors := is_dns1123_label(label):
                yield invalid(path, label, ",".join(errors))
                return


def is_domain_prefixed_path(path: str, value: str) -> FieldErrors:
    """A DNS name, `/` and a HTTP path."""
    if not value:
        yield required(path)
        return
    host, _, rest = value.partition("/")
    if not host or not rest:
        yield invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')
        return
    for error in is_dns1123_subdomain(host):
        yield invalid(path, host, error)
    if not _HTTP_PATH_RE.fullmatch(rest):
        yield invalid(path, rest, regex_error("Invalid path", _HTTP_PATH))


def is_domain_prefixed_key(path: str, key: str) -> FieldErrors:
    """A label key that has a prefix."""
    if not key:
        yield required(path)
    elif errors := is_label_key(key):
        for error in errors:
            yield invalid(path, key, error)
    elif "/" not in key:
        yield invalid(path, key, 'must be a domain-prefixed key (such as "acme.io/foo")')


def mask_trailing_dash(name: str) -> str:
    """A `generateName` as if its end were a name's end.   Upstream: maskTrailingDash."""
    return f"{name[:-2]}a" if len(name) > 1 and name.endswith("-") else name


def name_is_dns_subdomain(name: str, prefix: bool) -> list[str]:
    """Name rule of most kinds: a DNS name."""
    return is_dns1123_subdomain(mask_trailing_dash(name) if prefix else name)


def name_is_dns_label(name: str, prefix: bool) -> list[str]:
    """Name rule of Namespaces: a DNS label."""
    return is_dns1123_label(mask_trailing_dash(name) if prefix else name)


def name_is_dns1035_label(name: str, prefix: bool) -> list[str]:
    """Name rule of few kinds: a DNS label that starts with a letter."""
    return is_dns1035_label(mask_trailing_dash(name) if prefix else name)


def name_is_path_segment(name: str, prefix: bool) -> list[str]:
    """Name rule of RBAC and of bindings: a part of a URL path."""
    return is_path_segment_prefix(name) if prefix else is_path_segment_name(name)


validate_namespace_name = name_is_dns_label
validate_service_account_name = name_is_dns_subdomain
validate_pod_name = name_is_dns_subdomain
validate_service_name = name_is_dns1035_label
validate_node_name = name_is_dns_subdomain
validate_secret_name = name_is_dns_subdomain
validate_config_map_name = name_is_dns_subdomain
validate_endpoints_name = name_is_dns_subdomain
validate_class_name = name_is_dns_subdomain
validate_priority_class_name = name_is_dns_subdomain
validate_resource_claim_name = name_is_dns_subdomain
validate_resource_claim_template_name = name_is_dns_subdomain
validate_persistent_volume_name = name_is_dns_subdomain
validate_limit_range_name = name_is_dns_subdomain
validate_resource_quota_name = name_is_dns_subdomain
validate_pod_group_name = name_is_dns_subdomain
