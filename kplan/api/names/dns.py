"""DNS labels and names, and what is made of them.

Upstream: apimachinery's pkg/util/validation/validation.go and pkg/api/validate/content.
"""

from __future__ import annotations

import re

from kplan.api.field import FieldErrors, invalid, required
from kplan.api.names.words import check, regex_error

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_LABEL_WITH_UNDERSCORE = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SUBDOMAIN_WITH_UNDERSCORE = rf"{_LABEL_WITH_UNDERSCORE}(\.{_LABEL_WITH_UNDERSCORE})*"
_LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_WILDCARD = rf"\*\.{_SUBDOMAIN}"
_HTTP_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"

_LABEL_RE = re.compile(_LABEL)
_SUBDOMAIN_RE = re.compile(_SUBDOMAIN)
_SUBDOMAIN_WITH_UNDERSCORE_RE = re.compile(_SUBDOMAIN_WITH_UNDERSCORE)
_LABEL_1035_RE = re.compile(_LABEL_1035)
_WILDCARD_RE = re.compile(_WILDCARD)
_HTTP_PATH_RE = re.compile(_HTTP_PATH)
_CASELESS_RE = re.compile(_SUBDOMAIN, re.IGNORECASE | re.ASCII)

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
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
    _SUBDOMAIN_WITH_UNDERSCORE,
    "example.com",
)
_LABEL_1035_ERROR = regex_error(
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
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


def _label(value: str, unit: str) -> list[str]:
    dotted = not _LABEL_RE.fullmatch(value) and _SUBDOMAIN_RE.fullmatch(value)
    return check(value, _LABEL_RE, "must not contain dots" if dotted else _LABEL_ERROR, 63, unit)


def is_dns1123_label(value: str) -> list[str]:
    """A DNS label (RFC 1123) of at most 63 characters."""
    return _label(value, "characters")


def is_dns1123_subdomain(value: str) -> list[str]:
    """A DNS name (RFC 1123) of at most 253 characters."""
    return check(value, _SUBDOMAIN_RE, _SUBDOMAIN_ERROR, 253)


def short_name(value: str) -> list[str]:
    """`is_dns1123_label` as declarative validation words it (`format=k8s-short-name`)."""
    return _label(value, "bytes")


def long_name(value: str) -> list[str]:
    """`is_dns1123_subdomain` as declarative validation words it (`format=k8s-long-name`)."""
    return check(value, _SUBDOMAIN_RE, _SUBDOMAIN_ERROR, 253, "bytes")


def long_name_caseless(value: str) -> list[str]:
    """A DNS name of any case (`format=k8s-long-name-caseless`)."""
    return check(value, _CASELESS_RE, _CASELESS_ERROR, 253, "bytes")


def is_dns1123_subdomain_with_underscore(value: str) -> list[str]:
    """A DNS name that may have underscores."""
    return check(value, _SUBDOMAIN_WITH_UNDERSCORE_RE, _SUBDOMAIN_WITH_UNDERSCORE_ERROR, 253)


def is_dns1035_label(value: str) -> list[str]:
    """A DNS label (RFC 1035): starts with a letter."""
    return check(value, _LABEL_1035_RE, _LABEL_1035_ERROR, 63)


def is_wildcard_dns1123_subdomain(value: str) -> list[str]:
    """`*.` and a DNS name."""
    return check(value, _WILDCARD_RE, _WILDCARD_ERROR, 253)


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
