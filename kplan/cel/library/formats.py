"""Named formats, and keys of JSON patches.   Upstream: apiserver/pkg/cel/library/{format,jsonpatch}.go."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable

from kplan.api import names
from kplan.cel.declare import NAMED, overload
from kplan.cel.library.conversions import parse_time
from kplan.cel.library.urls import url_error
from kplan.cel.values import NONE, Opaque, Optional

_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\Z", re.IGNORECASE)


class Format(Opaque):
    """What texts of a kind look like: `errors` says what is wrong with one; `regex_size` is what checking it costs."""

    __slots__ = ("errors", "name", "regex_size")
    cel_type = NAMED["Format"]

    def __init__(self, name: str, errors: Callable[[str], list[str]], regex_size: int) -> None:
        self.name, self.errors, self.regex_size = name, errors, regex_size


def _uri(text: str) -> list[str]:
    error = url_error(text)
    return [error] if error else []


def _byte(text: str) -> list[str]:
    try:
        base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        return ["invalid base64"]
    return [] if text else ["invalid base64"]


def _date(text: str) -> list[str]:
    return [] if len(text) == 10 and parse_time(f"{text}T00:00:00Z") else ["invalid date"]


def _datetime(text: str) -> list[str]:
    return [] if parse_time(text.replace("t", "T").replace("z", "Z")) else ["invalid datetime"]


FORMATS = {
    "dns1123Label": Format("DNS1123Label", lambda text: names.name_is_dns_label(text, False), 30),
    "dns1123Subdomain": Format("DNS1123Subdomain", lambda text: names.name_is_dns_subdomain(text, False), 60),
    "dns1035Label": Format("DNS1035Label", lambda text: names.name_is_dns1035_label(text, False), 30),
    "qualifiedName": Format("QualifiedName", names.is_qualified_name, 60),
    "dns1123LabelPrefix": Format("DNS1123LabelPrefix", lambda text: names.name_is_dns_label(text, True), 30),
    "dns1123SubdomainPrefix": Format("DNS1123SubdomainPrefix", lambda text: names.name_is_dns_subdomain(text, True), 60),
    "dns1035LabelPrefix": Format("DNS1035LabelPrefix", lambda text: names.name_is_dns1035_label(text, True), 30),
    "labelValue": Format("LabelValue", names.is_label_value, 40),
    "uri": Format("URI", _uri, 1103),
    "uuid": Format("uuid", lambda text: [] if _UUID.match(text) else ["does not match the UUID format"], 80),
    "byte": Format("byte", _byte, 84),
    "date": Format("date", _date, 155),
    "datetime": Format("datetime", _datetime, 155),
}


def _constant(name: str) -> Callable[[], Format]:
    @overload(f"format.{name}() -> Format")
    def constant() -> Format:
        return FORMATS[name]

    return constant


(
    dns1123_label,
    dns1123_subdomain,
    dns1035_label,
    qualified_name,
    dns1123_label_prefix,
    dns1123_subdomain_prefix,
    dns1035_label_prefix,
    label_value,
    uri,
    uuid,
    byte,
    date,
    datetime,
) = (_constant(name) for name in FORMATS)


@overload("format.named(string) -> optional(Format)")
def named(name: str) -> Optional:
    """A format by its name."""
    return Optional(FORMATS[name], True) if name in FORMATS else NONE


@overload("Format.validate(string) -> optional(list(string))")
def validate(form: Format, text: str) -> Optional:
    """What is wrong with a text; none where nothing is."""
    errors = form.errors(text)
    return Optional(errors, True) if errors else NONE


@overload("jsonpatch.escapeKey(string) -> string")
def escape_key(key: str) -> str:
    """A key as it stands in the path of a JSON patch."""
    return key.replace("~", "~0").replace("/", "~1")
