"""Patterns of schemas, compiled once.

Upstream: regexp as kube-openapi's validators use it. A definition with a pattern that Go cannot read is refused, so those met here compile.
"""

from __future__ import annotations

from functools import lru_cache

from kplan.api import regexp


@lru_cache(maxsize=4096)
def pattern_error(pattern: str) -> str:
    """What Go says of a pattern that it cannot read; empty where it can."""
    try:
        regexp.compile(pattern)
    except regexp.RegexpError as error:
        return str(error)
    return ""


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern matches somewhere in a text."""
    return regexp.compile(pattern).search(text) is not None
