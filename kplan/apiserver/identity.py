"""Uids and generated names: random in a cluster, here a function of what is named and how often.

Upstream: apiserver/pkg/storage/names/generate.go (five characters of its alphabet) and google/uuid. Names and uids
depend on kind, namespace and name alone and on how many such objects came before, so the order of unrelated objects does not change them.
"""

from __future__ import annotations

import hashlib
from collections import Counter

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
MAX_NAME = 63
SUFFIX = 5


class Identity:
    """Hands out uids and name suffixes. `dry` peeks at the next without using it up."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def uid(self, kind: str, namespace: str, name: str, *, dry: bool = False) -> str:
        """A version-4-shaped UUID."""
        digest = self._next(f"uid {kind} {namespace} {name}", dry).hex()
        return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"

    def name(self, kind: str, namespace: str, base: str, *, dry: bool = False) -> str:
        """`base` and five characters; a longer base is cut so that the whole has at most 63."""
        digest = self._next(f"name {kind} {namespace} {base}", dry)
        return base[: MAX_NAME - SUFFIX] + "".join(ALPHABET[b % len(ALPHABET)] for b in digest[:SUFFIX])

    def _next(self, key: str, dry: bool) -> bytes:
        count = self._seen[key] + 1
        if not dry:
            self._seen[key] = count
        return hashlib.sha256(f"{key} {count}".encode()).digest()
