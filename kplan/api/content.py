"""What follows from the content of a value alone, made once: the same definitions of custom kinds come again and again.

Schemas are told apart by everything that is in them, in its order. Telling takes some four milliseconds a megabyte.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Hashable
from hashlib import blake2b
from typing import Any, Generic, TypeVar

T = TypeVar("T")
_PLAIN = 2  # the last format of marshal that writes equal values alike, whoever else refers to them


class Remembered(Generic[T]):
    """The results of a function by the content of a value and whatever else it depends on; of more than `most`, the oldest go."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._held: dict[tuple[bytes, Hashable], T] = {}

    def get(self, value: Any, other: Hashable, make: Callable[[], T]) -> T:
        """What is held, or else is made now."""
        try:
            key = (blake2b(marshal.dumps(value, _PLAIN), digest_size=16).digest(), other)
        except ValueError:  # too deep, or with something in it that is no JSON
            return make()
        if key not in self._held:
            made = make()
            if len(self._held) >= self.most:
                del self._held[next(iter(self._held))]
            self._held[key] = made
        return self._held[key]


__all__ = ["Remembered"]
