"""Names of properties as identifiers of expressions: `__dot__`, `__namespace__` and the like.   Upstream: apiserver/pkg/cel/escaping.go."""

from __future__ import annotations

import re

from kplan.cel.lexer import RESERVED

_SPECIAL = re.compile(r"__|[-./]")
_ALLOWED = re.compile(r"[A-Za-z_./-][A-Za-z0-9_./-]*\Z")
_ESCAPES = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}


def escape(name: str) -> str | None:
    """The identifier of a property; None where there can be none."""
    if name in RESERVED:
        return f"__{name}__"
    if not _ALLOWED.match(name):
        return None
    return _SPECIAL.sub(lambda found: _ESCAPES[found.group()], name)
