"""Integers or texts: `maxSurge: 1`, `maxSurge: 25%`, `port: http`.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/intstr/intstr.go. In JSON form: an int or a str.
"""

from __future__ import annotations

import math
import re

from kplan.api.gotext import go_quote

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)

IntOrString = int | str


class IntOrStringError(ValueError):
    """A text that should be a percentage and is not."""


def scaled_value(value: IntOrString, total: int, round_up: bool) -> int:
    """A count as it is, a percentage of `total` rounded as asked; raises IntOrStringError.

    Upstream: GetScaledValueFromIntOrPercent.
    """
    if isinstance(value, int):
        return value
    percent = percent_of(value)
    # Upstream rounds a float64 product, which is exact for all counts and percentages that occur.
    scaled = float(percent) * float(total) / 100
    return math.ceil(scaled) if round_up else math.floor(scaled)


def percent_of(value: str) -> int:
    """The number before the percent sign; raises IntOrStringError."""
    if not value.endswith("%"):
        raise IntOrStringError("invalid value for IntOrString: invalid type: string is not a percentage")
    number = value.removesuffix("%")
    if not _INTEGER.fullmatch(number):
        why = f"strconv.Atoi: parsing {go_quote(number)}: invalid syntax"
        raise IntOrStringError(f"invalid value for IntOrString: invalid value {go_quote(value)}: {why}")
    if not -(2**63) <= int(number) < 2**63:
        why = f"strconv.Atoi: parsing {go_quote(number)}: value out of range"
        raise IntOrStringError(f"invalid value for IntOrString: invalid value {go_quote(value)}: {why}")
    return int(number)


def int_value(value: IntOrString) -> int:
    """The number, also of a numeric text; 0 for other texts.   Upstream: IntOrString.IntValue."""
    if isinstance(value, int):
        return value
    return int(value) if _INTEGER.fullmatch(value) else 0


def parse(text: str) -> IntOrString:
    """A number where the text is an int32, else the text.   Upstream: intstr.Parse."""
    return int(text) if _INTEGER.fullmatch(text) and -(2**31) <= int(text) < 2**31 else text
