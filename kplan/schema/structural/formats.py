"""Formats of texts: which a server knows, and what they take.

Upstream: vendor/k8s.io/kube-openapi/pkg/validation/strfmt, its govalidator, and
apiextensions-apiserver/pkg/apiserver/validation/formats.go. Leaves out groups and comments in e-mail addresses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from kplan.api import regexp
from kplan.api.addresses import parse_cidr, parse_ip
from kplan.api.times import TimeError, parse_duration
from kplan.api.urls import request_uri_error

_ATEXT = r"[^\x00-\x20\"(),.:;<>@\[\\\]\x7f]+"  # stated by what it is not: ranges up to the last character take long to compile
_DOT_ATOM = rf"{_ATEXT}(?:\.{_ATEXT})*"
_QUOTED = r'"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[^\x00-\x08\x0a-\x1f\x7f])*"'
_ADDRESS = rf"(?:{_DOT_ATOM}|{_QUOTED})@(?:{_DOT_ATOM}|\[[^\[\]\\]*\])"
_EMAIL = re.compile(rf"[ \t]*(?:{_ADDRESS}|(?:(?:{_ATEXT}|\.|{_QUOTED})[ \t]*)*<{_ADDRESS}>)[ \t]*")
_UUID = "[0-9a-f]{8}-?[0-9a-f]{4}-?%s-?%s-?[0-9a-f]{12}"
_HEX = "[0-9a-f]"
_DATE = re.compile("([0-9]{4})-([0-9]{2})-([0-9]{2})")
_CLOCK = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))")
_AMOUNT = re.compile(r"([0-9]+)[\t\n\f\r ]*([A-Za-zµ]+)")
_UNITS = (
    ("ns", "nano"),
    ("us", "µs", "micro"),
    ("ms", "milli"),
    ("s", "sec"),
    ("m", "min"),
    ("h", "hr", "hour"),
    ("d", "day"),
    ("w", "wk", "week"),
)
_MAC = re.compile(r"(?:[0-9a-f]{2}([:-]))(?:[0-9a-f]{2}\1)*[0-9a-f]{2}|[0-9a-f]{4}(?:\.[0-9a-f]{4})+", re.IGNORECASE)
_CARD = re.compile(
    r"4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35[0-9]{3})[0-9]{11}"
)
_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_HOSTNAME = (
    r"^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|"
    r"([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$"
)
_ASCII_HOSTNAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*\.[a-zA-Z]{2,63}")


def _like(pattern: str, flags: int = 0) -> Callable[[str], bool]:
    compiled = re.compile(pattern, flags)
    return lambda text: compiled.fullmatch(text) is not None


def _uuid(third: str, fourth: str) -> Callable[[str], bool]:
    return _like(_UUID % (third, fourth), re.IGNORECASE | re.ASCII)


def is_date(text: str) -> bool:
    """`2006-01-02`."""
    found = _DATE.fullmatch(text)
    if found is None:
        return False
    year, month, day = map(int, found.groups())
    try:
        date(year or 2000, month, day)
    except ValueError:
        return False
    return True


def _is_date_time(text: str) -> bool:
    parts = text.lower().split("t")
    if len(text.encode()) < 4 or len(parts) < 2 or not is_date(parts[0]):
        return False
    found = _CLOCK.fullmatch(parts[1])
    return found is not None and found[1] <= "23" and found[2] <= "59" and found[3] <= "59"


def _is_duration(text: str) -> bool:
    """Go's durations, or amounts with units spelled out anywhere in the text."""
    try:
        parse_duration(text)
    except TimeError:
        pass
    else:
        return True
    known = False
    for amount, unit in _AMOUNT.findall(text):
        if int(amount) >= 2**63:
            return False
        name = unit.lower()
        known = known or any(name in variants or name.startswith(variants[-1]) for variants in _UNITS)
    return known


def _is_hostname(text: str) -> bool:
    if len(text.encode()) > 255 or any(len(part.encode()) > 63 for part in text.split(".")):
        return False
    return _ASCII_HOSTNAME.fullmatch(text) is not None or regexp.compile(_HOSTNAME).search(text) is not None


def _is_mac(text: str) -> bool:
    return _MAC.fullmatch(text) is not None and len(re.sub("[:.-]", "", text)) in (12, 16, 40)


def _is_credit_card(text: str) -> bool:
    digits = re.sub("[^0-9]+", "", text)
    if not _CARD.fullmatch(digits):
        return False
    doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits))]
    return sum(n % 10 + 1 if n >= 10 else n for n in doubled) % 10 == 0


def _is_isbn10(text: str) -> bool:
    digits = re.sub(r"[\t\n\f\r -]+", "", text)
    if not re.fullmatch("[0-9]{9}X|[0-9]{10}", digits):
        return False
    return sum((i + 1) * (10 if d == "X" else int(d)) for i, d in enumerate(digits)) % 11 == 0


def _is_isbn13(text: str) -> bool:
    digits = re.sub(r"[\t\n\f\r -]+", "", text)
    if not re.fullmatch("[0-9]{13}", digits):
        return False
    total = sum(int(d) * (1, 3)[i % 2] for i, d in enumerate(digits[:12]))
    return int(digits[12]) == (10 - total % 10) % 10


_COLOUR = r"\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*"

FORMATS: dict[str, Callable[[str], bool]] = {
    "bsonobjectid": _like("[0-9a-fA-F]{24}"),
    "uri": lambda text: not request_uri_error(text),
    "email": lambda text: _EMAIL.fullmatch(text) is not None,
    "hostname": _is_hostname,
    "ipv4": lambda text: "." in text and parse_ip(text) is not None,
    "ipv6": lambda text: ":" in text and parse_ip(text) is not None,
    "cidr": lambda text: parse_cidr(text) is not None,
    "mac": _is_mac,
    "uuid": _uuid(_HEX + "{4}", _HEX + "{4}"),
    "uuid3": _uuid("3" + _HEX + "{3}", _HEX + "{4}"),
    "uuid4": _uuid("4" + _HEX + "{3}", "[89ab]" + _HEX + "{3}"),
    "uuid5": _uuid("5" + _HEX + "{3}", "[89ab]" + _HEX + "{3}"),
    "isbn": lambda text: _is_isbn10(text) or _is_isbn13(text),
    "isbn10": _is_isbn10,
    "isbn13": _is_isbn13,
    "creditcard": _is_credit_card,
    "ssn": lambda text: len(text.encode()) == 11 and re.fullmatch("[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}", text) is not None,
    "hexcolor": _like("#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})"),
    "rgbcolor": _like(rf"rgb\({_COLOUR},{_COLOUR},{_COLOUR}\)", re.ASCII),
    "byte": _like(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})"),
    "password": lambda _text: True,
    "date": is_date,
    "duration": _is_duration,
    "datetime": _is_date_time,
    "k8sshortname": lambda text: len(text) <= 63 and re.fullmatch(_LABEL, text) is not None,
    "k8slongname": lambda text: len(text) <= 253 and re.fullmatch(rf"{_LABEL}(\.{_LABEL})*", text) is not None,
}
"""By their names without dashes, as the registry of formats keeps them."""


def normal(form: str) -> str:
    """A format's name as it is looked up."""
    return form.replace("-", "")


def has_format(form: str) -> bool:
    """Whether there is a check for a format of texts."""
    return normal(form) in FORMATS


def is_recognized(kind: str, form: str) -> bool:
    """Whether a format means something for a type.   Upstream: GetUnrecognizedFormats."""
    if kind in ("", "string"):
        return has_format(form)
    return form in {"integer": ("int32", "int64"), "number": ("float", "double")}.get(kind, ())


def format_of(schema: dict[str, Any], stated: bool = False) -> str:
    """The format that a schema asks for; none where it means nothing for its type (unless asked for it as `stated`)."""
    form: str = schema.get("format") or ""
    if not form or stated:
        return form
    kind = "" if schema.get("x-kubernetes-int-or-string") else schema.get("type") or ""
    return form if is_recognized(kind, form) else ""
