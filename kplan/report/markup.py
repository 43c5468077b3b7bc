"""HTML that cannot be ill-formed: elements are made by a function, and text is escaped unless it is markup already."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;"}
VOID = frozenset({"br", "hr", "input", "link", "meta", "path", "rect", "circle", "line", "use", "wbr"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def escaped(text: str) -> Markup:
    """Plain text as HTML; characters that XML does not have become a visible mark."""
    return Markup(_ILLEGAL.sub("\ufffd", text).translate(_ESCAPES))


def element(name: str, *content: str, **attributes: str | int | bool | None) -> Markup:
    """An element. An attribute's trailing `_` is dropped and `_` becomes `-`; None and False leave it out, True is the bare attribute."""
    parts = [f"<{name}"]
    for key, value in attributes.items():
        if value is not None and value is not False:
            key = key.rstrip("_").replace("_", "-")
            parts.append(f' {key}="{key if value is True else escaped(str(value))}"')
    if name in VOID and not content:
        return Markup("".join(parts) + "/>")
    parts.append(">")
    parts += [c if isinstance(c, Markup) else escaped(c) for c in content]
    parts.append(f"</{name}>")
    return Markup("".join(parts))


def joined(parts: Iterable[str], between: str = "") -> Markup:
    """Parts one after the other."""
    return Markup(between.join(p if isinstance(p, Markup) else escaped(p) for p in parts))
