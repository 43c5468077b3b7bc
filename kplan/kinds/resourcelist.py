"""ResourceLists (`requests`, `limits`, `capacity`): their defaulting, and when two of them are equal.

Upstream: SetDefaults_ResourceList in pkg/apis/core/v1/defaults.go; quantities in apimachinery's Semantic.DeepEqual.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors, Printed, invalid
from kplan.api.gotext import go_json
from kplan.api.quantity import Quantity, parse

_MILLI = -3


def default_resource_list(resources: dict[str, str] | None) -> None:
    """Round what is finer than a thousandth up, in place."""
    if resources:
        for name, text in resources.items():
            amount = parse(text)
            if amount.scale < _MILLI:
                step = 10 ** (_MILLI - amount.scale)
                if amount.number % step:
                    resources[name] = str(Quantity(amount.sign * -(-abs(amount.number) // step), _MILLI, amount.format, "", amount.big))


def same_resource_list(new: dict[str, str] | None, old: dict[str, str] | None) -> bool:
    """Equal amounts under equal names, whatever their notation; absent is empty."""
    if (new or None) == (old or None):
        return True
    new, old = new or {}, old or {}
    return new.keys() == old.keys() and all(parse(new[name]) == parse(old[name]) for name in new)


def validate_basic_resource(text: str, path: str) -> FieldErrors:
    """An amount is not negative.   Upstream: validateBasicResource."""
    value = parse(text).value()
    if value < 0:
        yield invalid(path, value, "must be a valid resource quantity")


def validate_positive_quantity(text: str, path: str) -> FieldErrors:
    """An amount is above zero.   Upstream: ValidatePositiveQuantityValue."""
    if parse(text).sign <= 0:
        yield invalid(path, text, "must be greater than zero")


def validate_nonnegative_quantity(text: str, path: str) -> FieldErrors:
    """An amount is zero or above.   Upstream: ValidateNonnegativeQuantity."""
    if parse(text).sign < 0:
        yield invalid(path, text, "must be greater than or equal to 0")


def validate_integer_quantity(text: str, path: str) -> FieldErrors:
    """An amount is whole.   Upstream: the integer resources of ValidateResourceQuantityValue."""
    if parse(text).milli_value() % 1000:
        yield invalid(path, Printed(go_json(text)), "must be an integer")


def fractional_bytes(text: str) -> bool:
    """Whether an amount of bytes is not whole (in the server's 64-bit thousandths)."""
    return parse(text).milli_value() % 1000 != 0
