"""Quantities: `100m`, `1.5Gi`, `1e3`, exact and in the API server's canonical text.

Upstream: staging/src/k8s.io/apimachinery/pkg/api/resource/{quantity,amount,suffix}.go. A quantity is `number * 10**scale`
with the notation it came in; what Go keeps in 64 bits wraps round here too where upstream lets it (`milli_value`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

DECIMAL_SI = "DecimalSI"
BINARY_SI = "BinarySI"
DECIMAL_EXPONENT = "DecimalExponent"

FORMAT_ERROR = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
NUMBER_ERROR = "unable to parse numeric part of quantity"
SUFFIX_ERROR = "unable to parse quantity's suffix"

_SCAN = re.compile(r"(?P<value>(?P<sign>[+-]?)0*(?P<num>[0-9]*)(?:\.(?P<denom>[0-9]*))?)(?P<suffix>[eEinumkKMGTP]*[-+]?[0-9]*)", re.ASCII)
_ZERO = re.compile(r"[+-]?0*", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)", re.ASCII)
_EXPONENT = re.compile(r"[eE][+-]?[0-9]+", re.ASCII)
_DECIMAL_SUFFIXES = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY_SUFFIXES = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL_NAMES = {exponent: suffix for suffix, exponent in _DECIMAL_SUFFIXES.items()}
_BINARY_NAMES = {exponent: suffix for suffix, exponent in _BINARY_SUFFIXES.items()}
_MAX = 2**63 - 1
_NANO = -9


class QuantityError(ValueError):
    """A text that is no quantity; the text of the error is the server's."""


@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """An amount as Go holds it.

    `number * 10**scale` in the notation `format`; `text` is the text that Go remembers from parsing (empty: it prints the
    canonical one); `big`: kept as an arbitrary-precision decimal, because it did not fit into 64 bits.
    """

    number: int
    scale: int = 0
    format: str = DECIMAL_SI
    text: str = ""
    big: bool = False

    @property
    def sign(self) -> int:
        """-1, 0 or 1."""
        return (self.number > 0) - (self.number < 0)

    def value(self) -> int:
        """The whole number, rounded away from zero, as int64.   Upstream: Quantity.Value."""
        return self.scaled(0)

    def milli_value(self) -> int:
        """Thousandths, rounded away from zero, as int64; wraps round beyond.   Upstream: Quantity.MilliValue."""
        return self.scaled(-3)

    def scaled(self, scale: int) -> int:
        """The amount in units of `10**scale`.   Upstream: Quantity.ScaledValue."""
        return _scale_decimal(self.number, self.scale - scale) if self.big else _scale_int64(self.number, self.scale - scale)

    def compare(self, other: Quantity) -> int:
        """-1, 0 or 1, exactly."""
        if self.scale == other.scale:
            mine, theirs = self.number, other.number
        else:
            low = min(self.scale, other.scale)
            mine, theirs = self.number * 10 ** (self.scale - low), other.number * 10 ** (other.scale - low)
        return (mine > theirs) - (mine < theirs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and self.compare(other) == 0

    def __hash__(self) -> int:
        number, scale = _without_tens(self.number, self.scale)
        return hash((number, scale))

    def __lt__(self, other: Quantity) -> bool:
        return self.compare(other) < 0

    def __le__(self, other: Quantity) -> bool:
        return self.compare(other) <= 0

    def __gt__(self, other: Quantity) -> bool:
        return self.compare(other) > 0

    def __ge__(self, other: Quantity) -> bool:
        return self.compare(other) >= 0

    def __add__(self, other: Quantity) -> Quantity:
        """The sum, in the notation of the first that is not zero.   Upstream: Quantity.Add."""
        notation = self.format if self.number else other.format
        if not (self.big or other.big):
            if other.number == 0:
                return Quantity(self.number, self.scale, notation)
            if self.number == 0:
                return Quantity(other.number, other.scale, notation)
        low = min(self.scale, other.scale)
        number = self.number * 10 ** (self.scale - low) + other.number * 10 ** (other.scale - low)
        return Quantity(number, low, notation, "", self.big or other.big or abs(number) > _MAX)

    def __sub__(self, other: Quantity) -> Quantity:
        """The difference.   Upstream: Quantity.Sub."""
        return self + -other

    def __mul__(self, times: int) -> Quantity:
        """So many of it.   Upstream: Quantity.Mul."""
        number = self.number * times
        return Quantity(number, self.scale, self.format, "", self.big or abs(number) > _MAX)

    def __neg__(self) -> Quantity:
        return Quantity(-self.number, self.scale, self.format, "", self.big)

    def __str__(self) -> str:
        return self.text or _canonical(self)


ZERO = Quantity(0)


@lru_cache(maxsize=16384)
def parse(text: str) -> Quantity:
    """Read a quantity as it stands; raises QuantityError.   Upstream: resource.ParseQuantity."""
    if not text:
        raise QuantityError(FORMAT_ERROR)
    if text == "0":
        return Quantity(0, 0, DECIMAL_SI, "0")
    if _ZERO.fullmatch(text):
        return Quantity(0)
    found = _SCAN.fullmatch(text)
    if found is None:
        raise QuantityError(FORMAT_ERROR)
    num, denom, suffix = found["num"] or "0", found["denom"] or "", found["suffix"]
    binary, exponent, notation = _read_suffix(suffix)
    quick = _parse_int64(text, found["sign"] == "-", num, denom, binary, exponent, notation)
    if quick is not None:
        return quick
    value = found["value"]
    if not _DECIMAL.fullmatch(value):
        raise QuantityError(NUMBER_ERROR)
    return _parse_decimal(value, binary, exponent, notation)


def canonical(text: str | int | float) -> str:
    """The text under which the API server stores a quantity given as JSON; raises QuantityError."""
    return str(parse_json(text))


def parse_json(text: str | int | float) -> Quantity:
    """A quantity from a JSON text or number (blanks around it do not count).   Upstream: Quantity.UnmarshalJSON."""
    if isinstance(text, str):
        return parse(text.strip(" "))
    return parse(repr(text) if isinstance(text, float) and not text.is_integer() else str(int(text)))


@lru_cache(maxsize=16384)
def value_of(text: str | int) -> int:
    """Whole units of a quantity, rounded up: bytes of memory, a count."""
    return parse_json(text).value()


@lru_cache(maxsize=16384)
def milli_of(text: str | int) -> int:
    """Thousandths of a quantity, rounded up: millicores of CPU."""
    return parse_json(text).milli_value()


def from_milli(milli: int, notation: str = DECIMAL_SI) -> Quantity:
    """A quantity of so many thousandths.   Upstream: resource.NewMilliQuantity."""
    return Quantity(milli, -3, notation)


def compare(one: str | int, other: str | int) -> int:
    """-1, 0 or 1: how two quantities in JSON form compare."""
    return parse_json(one).compare(parse_json(other))


def _read_suffix(suffix: str) -> tuple[bool, int, str]:
    if suffix in _DECIMAL_SUFFIXES:
        return False, _DECIMAL_SUFFIXES[suffix], DECIMAL_SI
    if suffix in _BINARY_SUFFIXES:
        return True, _BINARY_SUFFIXES[suffix], BINARY_SI
    if _EXPONENT.fullmatch(suffix) and -(2**63) <= int(suffix[1:]) <= _MAX:
        return False, (int(suffix[1:]) + 2**31) % 2**32 - 2**31, DECIMAL_EXPONENT
    raise QuantityError(SUFFIX_ERROR)


def _parse_int64(text: str, negative: bool, num: str, denom: str, binary: bool, exponent: int, notation: str) -> Quantity | None:
    """What fits into 64 bits by upstream's rough estimate; it keeps the text where that is canonical."""
    if binary:
        if denom or 15 - len(num) - exponent * 3 // 10 - 1 < 0:
            return None
        number, scale = int(num) << exponent, 0
        keep = int(num) & 7 != 0
    else:
        scale = exponent - len(denom)
        if len(num) + len(denom) > 18 or scale < _NANO:
            return None
        digits = num + denom
        number = int(digits)
        keep = scale % 3 == 0 and not digits.endswith("000") and digits[0] != "0"
    return Quantity(-number if negative else number, scale, notation, text if keep else "")


def _parse_decimal(value: str, binary: bool, exponent: int, notation: str) -> Quantity:
    """What needs arbitrary precision: at least a billionth, at most 2**63-1 in binary notation."""
    whole, _, fraction = value.lstrip("+-").partition(".")
    number, scale = int((whole + fraction) or "0"), -len(fraction)
    if binary:
        number <<= exponent
    else:
        scale += exponent
    if number:
        number, scale = _round_up(number, scale, _NANO), _NANO
    if notation == BINARY_SI:
        one = 10**-scale
        if number > _MAX * one:
            number, scale = _MAX, 0
        elif 0 < number < one:
            notation = DECIMAL_SI
    return Quantity(-number if value[0] == "-" else number, scale, notation, "", True)


def _round_up(number: int, scale: int, to: int) -> int:
    """`number * 10**scale` in units of `10**to`, rounded away from zero; `number` is not negative."""
    if scale >= to:
        return int(number * 10 ** (scale - to))
    return int(-(-number // 10 ** (to - scale)))


def _wrap(number: int) -> int:
    return (number + 2**63) % 2**64 - 2**63


def _scale_int64(number: int, shift: int) -> int:
    if shift >= 0:
        scaled: int = number * 10 ** min(shift, 40)
        if -(2**63) <= scaled <= _MAX:
            return scaled
        return _wrap(scaled) if shift in (1, 2, 3, 6, 9) else 0
    rounded = _round_up(abs(number), 0, min(-shift, 40))
    return rounded if number > 0 else -rounded


def _scale_decimal(number: int, shift: int) -> int:
    if shift >= 0:
        factor: int = 10**shift if shift < 19 else -(2**63)
        return _wrap(_wrap(number) * factor)
    divisor: int = 10**-shift
    if number < _MAX and -shift < 19:
        number = _wrap(number)
        quotient = abs(number) // divisor * (1 if number >= 0 else -1)
        return quotient + (quotient * divisor != number)
    quotient, rest = divmod(number, divisor)
    return _wrap(quotient) + (rest != 0)


def _without_tens(number: int, scale: int) -> tuple[int, int]:
    if number == 0:
        return 0, 0
    while number % 10 == 0:
        number //= 10
        scale += 1
    return number, scale


@lru_cache(maxsize=16384)
def _canonical_of(number: int, scale: int, notation: str) -> str:
    if number == 0:
        return "0"
    if notation == BINARY_SI:
        low = number * 10**scale if scale >= 0 else None
        if low is None and number % 10**-scale == 0:
            low = number // 10**-scale
        if low is not None and not -1024 < low < 1024:
            exponent = 0
            while low % 1024 == 0:
                low //= 1024
                exponent += 10
            return f"{low}{_BINARY_NAMES.get(exponent, '')}"
        notation = DECIMAL_SI
    number, scale = _without_tens(number, scale)
    number, scale = number * 10 ** (scale % 3), scale - scale % 3
    if notation == DECIMAL_SI:
        return f"{number}{_DECIMAL_NAMES.get(scale, '')}"
    return f"{number}e{scale}" if scale else str(number)


def _canonical(quantity: Quantity) -> str:
    """Upstream: Quantity.CanonicalizeBytes."""
    return _canonical_of(quantity.number, quantity.scale, quantity.format)
