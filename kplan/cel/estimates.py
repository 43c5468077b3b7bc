"""Ranges of sizes and of costs, which never exceed what 64 bits hold.   Upstream: cel-go checker/cost.go (SizeEstimate, CostEstimate)."""

from __future__ import annotations

import math
from typing import NamedTuple

MOST = 2**64 - 1


def times_factor(number: int, factor: float) -> int:
    """A number times a factor, rounded up."""
    value = float(number)
    if value > 0 and factor > 0 and value > MOST / factor:
        return MOST
    up = math.ceil(value * factor)
    return MOST if up >= 2**64 else up


class Range(NamedTuple):
    """From the least to the most."""

    least: int
    most: int

    def plus(self, other: Range) -> Range:
        """Sum."""
        return Range(min(self.least + other.least, MOST), min(self.most + other.most, MOST))

    def times(self, other: Range) -> Range:
        """Product."""
        return Range(min(self.least * other.least, MOST), min(self.most * other.most, MOST))

    def scaled(self, factor: float) -> Range:
        """Times a factor."""
        return Range(times_factor(self.least, factor), times_factor(self.most, factor))

    def union(self, other: Range) -> Range:
        """What covers both."""
        return Range(min(self.least, other.least), max(self.most, other.most))


def fixed(number: int) -> Range:
    """Exactly so much."""
    return Range(number, number)


NOTHING, ONE, UNKNOWN = fixed(0), fixed(1), Range(0, MOST)
EMPTY = Range(MOST, 0)
"""What a union starts with."""
