"""URLs as Go's net/url parses them, as far as rules look at them.

Upstream: net/url.Parse and ParseRequestURI. Leaves out the zone of an IPv6 host.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from kplan.api.gotext import go_quote

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_PORT = re.compile(r"(:[0-9]*)?\Z")
_USERINFO = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*\Z")
_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2}).{0,2}", re.DOTALL)
_LOW_ESCAPE = re.compile(r"%(?!25)[0-7][0-9a-fA-F]")
_BAD_HOST_CHAR = re.compile(r"[\x00-\x20#/?@\\^`{|}\x7f]")


class Url(NamedTuple):
    """The parts; `user` is None where there is no `@`. `error` is what Parse says, and then the rest is empty."""

    scheme: str = ""
    user: str | None = None
    host: str = ""
    query: str = ""
    fragment: str = ""
    error: str = ""


def parse_url(text: str) -> Url:
    """Read a URL."""
    error, url = _parse(text)
    return Url(error=f"parse {go_quote(text)}: {error}") if error else url


def _parse(text: str) -> tuple[str, Url]:
    rest, _, fragment = text.partition("#")
    if any(char < " " or char == "\x7f" for char in rest):
        return "net/url: invalid control character in URL", Url()
    if rest.startswith(":"):
        return "missing protocol scheme", Url()
    found = _SCHEME.match(rest)
    scheme = found[0][:-1].lower() if found else ""
    rest, _, query = rest[found.end() if found else 0 :].partition("?")
    if not rest.startswith("/"):
        if scheme:
            return "", Url(scheme, None, "", query, fragment)
        if ":" in rest.partition("/")[0]:
            return "first path segment in URL cannot contain colon", Url()
    user, host = None, ""
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        info, at, host = authority.rpartition("@")
        error = _host_error(host)
        if not error and at and not _USERINFO.match(info):
            error = "net/url: invalid userinfo"
        if error:
            return error, Url()
        user = info if at else None
    for part in (rest, fragment):
        escape = _BAD_ESCAPE.search(part)
        if escape:
            return f"invalid URL escape {go_quote(escape[0])}", Url()
    return "", Url(scheme, user, host, query, fragment)


def request_uri_error(text: str) -> str:
    """What ParseRequestURI says of a text: an absolute URL or an absolute path is fine, and `#` means nothing; empty where it is one."""
    if any(char < " " or char == "\x7f" for char in text):
        return "net/url: invalid control character in URL"
    if not text:
        return "empty url"
    if text == "*":
        return ""
    if text.startswith(":"):
        return "missing protocol scheme"
    found = _SCHEME.match(text)
    rest = text[found.end() if found else 0 :].partition("?")[0]
    if not rest.startswith("/"):
        return "" if found else "invalid URI for request"
    if found and rest.startswith("//"):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        info, at, host = authority.rpartition("@")
        if error := _host_error(host):
            return error
        if at and not _USERINFO.match(info):
            return "net/url: invalid userinfo"
    escape = _BAD_ESCAPE.search(rest)
    return f"invalid URL escape {go_quote(escape[0])}" if escape else ""


def _host_error(host: str) -> str:
    if host.startswith("["):
        end = host.rfind("]")
        if end < 0:
            return "missing ']' in host"
        port = host[end + 1 :]
    else:
        colon = host.rfind(":")
        port = host[colon:] if colon >= 0 else ""
    if not _PORT.match(port):
        return f"invalid port {go_quote(port)} after host"
    escape = _BAD_ESCAPE.search(host) or _LOW_ESCAPE.search(host)
    if escape:
        return f"invalid URL escape {go_quote(escape[0])}"
    bad = _BAD_HOST_CHAR.search(host)
    return f"invalid character {go_quote(bad[0])} in host name" if bad else ""
