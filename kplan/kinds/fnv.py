"""Fowler-Noll-Vo sums of 32 bits, as names in a cluster end in them.   Upstream: Go's hash/fnv.

A pod template's dump has thousands of bytes, and byte by byte Python takes longer over them than over all else of a new ReplicaSet. So
the sum is taken in two steps of whole arrays. A byte changes only the lowest eight bits of the sum, by some difference; what they are
depends on nothing but themselves, each bit on those below it: eight passes tell them all. The sum is then the product of its start and a power
of the prime, and each difference times the power that it has been multiplied by since.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

PRIME, OFFSET = 16777619, 2166136261
MASK = 0xFFFFFFFF
SHORT = 512  # bytes, above which arrays are faster


def fnv1a(data: bytes) -> int:
    """FNV-1a: each byte is mixed in, then the sum multiplied."""
    return _one_by_one(data) if len(data) < SHORT else _at_once(data)


def fnv1(data: bytes) -> int:
    """FNV-1: the sum is multiplied, then each byte mixed in."""
    value = OFFSET
    for byte in data:
        value = value * PRIME & MASK ^ byte
    return value


def _one_by_one(data: bytes) -> int:
    value = OFFSET
    for byte in data:
        value = (value ^ byte) * PRIME & MASK
    return value


def _at_once(data: bytes) -> int:
    import numpy as np  # linting hashes nothing

    given = np.frombuffer(data, dtype=np.uint8)
    mixed = np.zeros_like(given)  # the sum's lowest byte after each byte is mixed in, the bits that are known so far
    for bit in (1 << k for k in range(8)):
        # An odd factor keeps a bit and adds what the bits below carry into it: the bit of the next sum.
        flips = ((mixed * np.uint8(PRIME & 0xFF)) ^ given) & np.uint8(bit)
        bits = np.bitwise_xor.accumulate(flips)
        bits[1:], bits[0] = bits[:-1].copy(), 0
        mixed |= bits ^ np.uint8(OFFSET & bit) ^ (given & np.uint8(bit))
    differences = mixed.astype(np.uint32) - (mixed ^ given)
    powers = _powers(-(-len(data) // SHORT))[-len(data) - 1 :]
    return (OFFSET * int(powers[0]) + int(np.dot(differences, powers[:-1]))) & MASK


@lru_cache(maxsize=64)
def _powers(blocks: int) -> Any:
    """The prime's powers modulo 2^32, the highest first, down to the first power and 1: enough for some blocks of SHORT bytes."""
    import numpy as np

    factors = np.full(blocks * SHORT + 1, PRIME, dtype=np.uint32)
    factors[0] = 1
    return np.multiply.accumulate(factors)[::-1].copy()
