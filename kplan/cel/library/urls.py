"""URLs.   Upstream: apiserver/pkg/cel/library/urls.go; absolute URLs and paths, as url.ParseRequestURI reads them."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlsplit

from kplan.api.gotext import go_quote
from kplan.api.urls import request_uri_error
from kplan.cel.declare import NAMED, overload
from kplan.cel.errors import EvaluationError
from kplan.cel.values import Opaque


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


def url_error(text: str) -> str:
    """What is wrong with a URL that must be absolute; empty where nothing is.   Upstream: url.ParseRequestURI."""
    error = request_uri_error(text)
    return f"parse {go_quote(text)}: {error}" if error else ""


@overload("url(string) -> URL")
def url(text: str) -> URL:
    """Read a URL."""
    error = url_error(text)
    if error:
        raise EvaluationError(f"URL parse error during conversion from string: {error}")
    parts = urlsplit(text.replace("#", "%23"))
    host = parts.netloc.rpartition("@")[2]
    path = quote(parts.path.replace("%23", "#"), safe="/%:@!$&'()*+,;=~-._")
    return URL(parts.scheme, host, path, parts.query)


@overload("isURL(string) -> bool")
def is_url(text: str) -> bool:
    """Whether a text reads as a URL."""
    return not url_error(text)


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
