"""Quantities and versions.   Upstream: apiserver/pkg/cel/library/{quantity,semverlib}.go."""

from __future__ import annotations

import re

from kplan.api import quantity as quantities
from kplan.cel.declare import NAMED, overload
from kplan.cel.errors import EvaluationError
from kplan.cel.values import MAX_INT, MAX_UINT, MIN_INT, Opaque

_DIGITS = re.compile(r"[0-9]+\Z", re.ASCII)
_ALPHANUMERIC = re.compile(r"[0-9A-Za-z-]+\Z", re.ASCII)


class Quantity(Opaque):
    """An amount."""

    __slots__ = ("amount",)
    cel_type = NAMED["Quantity"]

    def __init__(self, amount: quantities.Quantity) -> None:
        self.amount = amount

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and self.amount == other.amount

    def __hash__(self) -> int:
        return hash(self.amount)

    def __str__(self) -> str:
        return str(self.amount)


def _whole(amount: quantities.Quantity) -> int | None:
    if amount.big or (amount.scale < 0 and amount.number):
        shifted, rest = divmod(amount.number, int(10 ** max(-amount.scale, 0)))
        return None if amount.big or rest else shifted
    value: int = amount.number * 10 ** max(amount.scale, 0)
    return value if MIN_INT <= value <= MAX_INT else None


@overload("quantity(string) -> Quantity")
def quantity(text: str) -> Quantity:
    """Read a quantity."""
    try:
        return Quantity(quantities.parse(text))
    except quantities.QuantityError as error:
        raise EvaluationError(str(error)) from None


@overload("isQuantity(string) -> bool")
def is_quantity(text: str) -> bool:
    """Whether a text is a quantity."""
    try:
        quantities.parse(text)
    except quantities.QuantityError:
        return False
    return True


@overload("sign(Quantity) -> int")
def sign(value: Quantity) -> int:
    """-1, 0 or 1."""
    return value.amount.sign


@overload("Quantity.isGreaterThan(Quantity) -> bool")
def is_greater_than(value: Quantity, other: Quantity) -> bool:
    """More."""
    return value.amount > other.amount


@overload("Quantity.isLessThan(Quantity) -> bool")
def is_less_than(value: Quantity, other: Quantity) -> bool:
    """Less."""
    return value.amount < other.amount


@overload("Quantity.compareTo(Quantity) -> int")
def compare_to(value: Quantity, other: Quantity) -> int:
    """-1, 0 or 1."""
    return value.amount.compare(other.amount)


@overload("Quantity.asApproximateFloat() -> double")
def as_approximate_float(value: Quantity) -> float:
    """A floating-point number close by."""
    amount = value.amount
    return float(amount.number * 10**amount.scale) if amount.scale >= 0 else amount.number / 10**-amount.scale


@overload("Quantity.asInteger() -> int")
def as_integer(value: Quantity) -> int:
    """The whole number; an error where it is none."""
    found = _whole(value.amount)
    if found is None:
        raise EvaluationError("cannot convert value to integer")
    return found


@overload("Quantity.isInteger() -> bool")
def is_integer(value: Quantity) -> bool:
    """Whether it is a whole number."""
    return _whole(value.amount) is not None


@overload("Quantity.add(Quantity) -> Quantity", "Quantity.add(int) -> Quantity")
def add(value: Quantity, other: Quantity | int) -> Quantity:
    """Sum."""
    return Quantity(value.amount + (quantities.Quantity(other) if isinstance(other, int) else other.amount))


@overload("Quantity.sub(Quantity) -> Quantity", "Quantity.sub(int) -> Quantity")
def sub(value: Quantity, other: Quantity | int) -> Quantity:
    """Difference."""
    return Quantity(value.amount - (quantities.Quantity(other) if isinstance(other, int) else other.amount))


class Semver(Opaque):
    """A semantic version. `release`: what stands after `-`; `build`, after `+`, does not count in comparisons."""

    __slots__ = ("build", "numbers", "release")
    cel_type = NAMED["Semver"]

    def __init__(self, numbers: tuple[int, int, int], release: tuple[str, ...], build: tuple[str, ...]) -> None:
        self.numbers, self.release, self.build = numbers, release, build

    def compare(self, other: Semver) -> int:
        """-1, 0 or 1."""
        if self.numbers != other.numbers:
            return 1 if self.numbers > other.numbers else -1
        if bool(self.release) != bool(other.release):
            return -1 if self.release else 1
        mine, theirs = (tuple((not _DIGITS.match(p), int(p) if _DIGITS.match(p) else 0, p) for p in v.release) for v in (self, other))
        return (mine > theirs) - (mine < theirs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Semver) and self.compare(other) == 0

    def __hash__(self) -> int:
        return hash((self.numbers, self.release))


def parse_semver(text: str) -> Semver:
    """Read a version.   Upstream: blang/semver Parse."""
    if not text:
        raise EvaluationError("Version string empty")
    parts = text.split(".", 2)
    if len(parts) != 3:
        raise EvaluationError("No Major.Minor.Patch elements found")
    numbers = [_number(part, name) for part, name in zip(parts, ("major", "minor"), strict=False)]
    patch, plus, build = parts[2].partition("+")
    patch, dash, release = patch.partition("-")
    numbers.append(_number(patch, "patch"))
    releases = release.split(".") if dash else []
    for one in releases:
        if not one:
            raise EvaluationError("Prerelease is empty")
        if not _ALPHANUMERIC.match(one):
            raise EvaluationError(f'Invalid character(s) found in prerelease "{one}"')
        if _DIGITS.match(one) and len(one) > 1 and one[0] == "0":
            raise EvaluationError(f'Numeric PreRelease version must not contain leading zeroes "{one}"')
    builds = build.split(".") if plus else []
    for one in builds:
        if not one:
            raise EvaluationError("Build meta data is empty")
        if not _ALPHANUMERIC.match(one):
            raise EvaluationError(f'Invalid character(s) found in build meta data "{one}"')
    return Semver((numbers[0], numbers[1], numbers[2]), tuple(releases), tuple(builds))


def _number(text: str, name: str) -> int:
    if not _DIGITS.match(text):
        if not text:
            raise EvaluationError('strconv.ParseUint: parsing "": invalid syntax')
        raise EvaluationError(f'Invalid character(s) found in {name} number "{text}"')
    if len(text) > 1 and text[0] == "0":
        raise EvaluationError(f'{name.capitalize()} number must not contain leading zeroes "{text}"')
    if int(text) > MAX_UINT:
        raise EvaluationError(f'strconv.ParseUint: parsing "{text}": value out of range')
    return int(text)


def _normalized(text: str) -> str:
    parts = text.removeprefix("v").split(".", 2)
    for i, part in enumerate(parts):
        if len(part) > 1:
            bare = part.lstrip("0")
            parts[i] = bare if bare and bare[0] in "0123456789" else f"0{bare}"
    if len(parts) < 3:
        if set(parts[-1]) & set("+-"):
            raise EvaluationError("short version cannot contain PreRelease/Build meta data")
        parts += ["0"] * (3 - len(parts))
    return ".".join(parts)


@overload("semver(string) -> Semver", "semver(string, bool) -> Semver")
def semver(text: str, normalize: bool = False) -> Semver:
    """Read a version; `normalize` forgives a leading v, leading zeros and missing parts."""
    return parse_semver(_normalized(text) if normalize else text)


@overload("isSemver(string) -> bool", "isSemver(string, bool) -> bool")
def is_semver(text: str, normalize: bool = False) -> bool:
    """Whether a text is a version."""
    try:
        semver(text, normalize)
    except EvaluationError:
        return False
    return True


@overload("Semver.isGreaterThan(Semver) -> bool")
def semver_is_greater_than(value: Semver, other: Semver) -> bool:
    """Later."""
    return value.compare(other) > 0


@overload("Semver.isLessThan(Semver) -> bool")
def semver_is_less_than(value: Semver, other: Semver) -> bool:
    """Earlier."""
    return value.compare(other) < 0


@overload("Semver.compareTo(Semver) -> int")
def semver_compare_to(value: Semver, other: Semver) -> int:
    """-1, 0 or 1."""
    return value.compare(other)


@overload("Semver.major() -> int")
def major(value: Semver) -> int:
    """The first number."""
    return value.numbers[0]


@overload("Semver.minor() -> int")
def minor(value: Semver) -> int:
    """The second number."""
    return value.numbers[1]


@overload("Semver.patch() -> int")
def patch(value: Semver) -> int:
    """The third number."""
    return value.numbers[2]
