"""URLs.   Upstream: apiserver/pkg/cel/library/urls.go; absolute URLs and paths, as url.ParseRequestURI reads them."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlsplit

from kplan.api.gotext import go_quote
from kplan.cel.declare import NAMED, overload
from kplan.cel.errors import EvaluationError
from kplan.cel.values import Opaque

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*\Z")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class URL(Opaque):
    """A parsed URL."""

    __slots__ = ("host", "path", "query", "scheme")
    cel_type = NAMED["URL"]

    def __init__(self, scheme: str, host: str, path: str, query: str) -> None:
        self.scheme, self.host, self.path, self.query = scheme, host, path, query

    def __eq__(self, other: object) -> bool:
        return isinstance(other, URL) and all(getattr(self, name) == getattr(other, name) for name in URL.__slots__)

    def __hash__(self) -> int:
        return hash((self.scheme, self.host, self.path, self.query))


def request_uri_error(text: str) -> str:
    """What is wrong with a URL that must be absolute; empty where nothing is.   Upstream: url.ParseRequestURI."""
    start = f"parse {go_quote(text)}: "
    if _CONTROL.search(text):
        return start + "net/url: invalid control character in URL"
    if not text:
        return start + "empty url"
    scheme, colon, rest = text.partition(":")
    first = re.search(r"[^A-Za-z0-9+.-]", text)
    if first is not None and first.group() == ":" and text.startswith(":"):
        return start + "missing protocol scheme"
    if not (colon and _SCHEME.match(scheme)):
        rest = text
    if not rest.startswith("/"):
        return start + "invalid URI for request"
    bad = _BAD_ESCAPE.search(rest.partition("?")[0])
    if bad is not None:
        return start + f"invalid URL escape {go_quote(bad.group())}"
    if rest.startswith("//"):
        host = re.split(r"[/?]", rest[2:], maxsplit=1)[0].rpartition("@")[2]
        if " " in host:
            return start + 'invalid character " " in host name'
        port = host.rpartition("]")[2].partition(":")
        if port[1] and port[2] and not port[2].isdigit():
            return start + f"invalid port {go_quote(':' + port[2])} after host"
    return ""


@overload("url(string) -> URL")
def url(text: str) -> URL:
    """Read a URL."""
    error = request_uri_error(text)
    if error:
        raise EvaluationError(f"URL parse error during conversion from string: {error}")
    parts = urlsplit(text.replace("#", "%23"))
    host = parts.netloc.rpartition("@")[2]
    path = quote(parts.path.replace("%23", "#"), safe="/%:@!$&'()*+,;=~-._")
    return URL(parts.scheme, host, path, parts.query)


@overload("isURL(string) -> bool")
def is_url(text: str) -> bool:
    """Whether a text reads as a URL."""
    return not request_uri_error(text)


@overload("URL.getScheme() -> string")
def get_scheme(value: URL) -> str:
    """`https`."""
    return value.scheme


@overload("URL.getHost() -> string")
def get_host(value: URL) -> str:
    """Host and port."""
    return value.host


def _split_port(host: str) -> tuple[str, str]:
    name, colon, port = host.rpartition(":")
    if colon and (port.isdigit() or not port) and not (host.startswith("[") and "]" not in name):
        return name.strip("[]"), port
    return host.strip("[]"), ""


@overload("URL.getHostname() -> string")
def get_hostname(value: URL) -> str:
    """The host alone."""
    return _split_port(value.host)[0]


@overload("URL.getPort() -> string")
def get_port(value: URL) -> str:
    """The port alone."""
    return _split_port(value.host)[1]


@overload("URL.getEscapedPath() -> string")
def get_escaped_path(value: URL) -> str:
    """The path, escaped."""
    return value.path


@overload("URL.getQuery() -> map(string, list(string))")
def get_query(value: URL) -> dict[str, list[str]]:
    """The query's parameters."""
    found: dict[str, list[str]] = {}
    for key, one in parse_qsl(value.query, keep_blank_values=True):
        found.setdefault(key, []).append(one)
    return found
