"""Names of certificate signers: `example.com/signer`.

Upstream: ValidateSignerName in pkg/apis/core/validation/names.go.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors, invalid, required, too_long
from kplan.api.gotext import go_quote
from kplan.api.names import is_dns1123_label, is_dns1123_subdomain

MAX_DOMAIN = 253
MAX_PATH = 253 + 63 + 1
MAX_NAME = MAX_DOMAIN + MAX_PATH + 1


def validate_signer_name(name: str, path: str) -> FieldErrors:
    """A domain of two parts at least, a slash, and a path of DNS names."""
    if not name:
        yield required(path)
        return
    domain, slash, rest = name.partition("/")
    if not slash or "/" in rest:
        yield invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")
        return
    if len(domain.encode()) > MAX_DOMAIN:
        yield too_long(path, MAX_DOMAIN)
    labels = domain.split(".")
    for label in labels:
        if wrong := is_dns1123_label(label):
            for message in wrong:
                yield invalid(path, domain, f"validating label {go_quote(label)}: {message}")
            break
    if len(labels) < 2:
        yield invalid(path, domain, "should be a domain with at least two segments separated by dots")
    for label in rest.split("."):
        if wrong := is_dns1123_subdomain(label):
            for message in wrong:
                yield invalid(path, rest, f"validating label {go_quote(label)}: {message}")
            break
    if len(name.encode()) > MAX_NAME:
        yield too_long(path, MAX_NAME)
