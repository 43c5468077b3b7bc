"""Attributes and capacities of a device: their values, and what a request may take of a shared capacity.

Upstream: validateDeviceAttribute and validateRequestPolicy in pkg/apis/resource/validation/validation.go.
"""

from __future__ import annotations

import re
from itertools import pairwise

from kplan.api.field import FieldErrors, forbidden, invalid, required, too_long
from kplan.api.objects import Object
from kplan.api.quantity import Quantity, parse
from kplan.kinds.devices import validate_set
from kplan.kinds.internalform import internal

MAX_VALUE_BYTES = 64
MAX_OPTIONS = 10
LIST_VALUES = ("bools", "ints", "strings", "versions")
_SEMVER = re.compile(
    r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
    r"(-(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*)?"
    r"(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?"
)
_VALUES = ("int", "bool", "string", "version", *LIST_VALUES)


def validate_attribute(attribute: Object, path: str) -> FieldErrors:
    """One value, of one type."""
    if (text := attribute.get("string")) is not None:
        yield from _validate_string(text, f"{path}.string")
    if (text := attribute.get("version")) is not None:
        yield from _validate_version(text, f"{path}.version")
    for field in LIST_VALUES:
        values = attribute.get(field)
        if values == []:
            yield invalid(f"{path}.{field}", values, "must not be empty if specified")
        for index, value in enumerate(values or ()):
            if field == "strings":
                yield from _validate_string(value, f"{path}.strings[{index}]")
            elif field == "versions":
                yield from _validate_version(value, f"{path}.versions[{index}]")
    given = sum(attribute.get(field) is not None for field in _VALUES)
    if given != 1:
        yield invalid(path, internal("DeviceAttribute", attribute) if given else "", "exactly one value must be specified")


def attribute_values(attributes: dict[str, Object]) -> int:
    """How many values attributes have, each item of a list counted."""
    return sum(sum(len(a.get(field) or ()) for field in LIST_VALUES) or 1 for a in attributes.values())


def _validate_string(text: str, path: str) -> FieldErrors:
    if len(text.encode()) > MAX_VALUE_BYTES:
        yield too_long(path, MAX_VALUE_BYTES)


def _validate_version(text: str, path: str) -> FieldErrors:
    if not _SEMVER.fullmatch(text):
        yield invalid(path, text, "must be a string compatible with semver.org spec 2.0.0")
    yield from _validate_string(text, path)


def validate_own_capacity(capacity: Object, path: str) -> FieldErrors:
    """A capacity of a device that one claim takes whole."""
    if capacity.get("requestPolicy") is not None:
        yield forbidden(f"{path}.requestPolicy", "allowMultipleAllocations must be true")


def validate_shared_capacity(capacity: Object, path: str) -> FieldErrors:
    """A capacity of a device that several claims share."""
    policy = capacity.get("requestPolicy")
    if policy is None:
        return
    path = f"{path}.requestPolicy"
    most, values, bounds = parse(capacity.get("value") or "0"), policy.get("validValues") or [], policy.get("validRange")
    if values and bounds is not None:
        yield forbidden(path, 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time')
        return
    default = policy.get("default")
    if values:
        if default is None:
            yield required(f"{path}.default", "required when validValues is defined")
        else:
            yield from _validate_options(parse(default), most, [parse(v) for v in values], f"{path}.validValues")
    elif bounds is not None:
        if default is None:
            yield required(f"{path}.default", "required when validRange is defined")
        else:
            yield from _validate_range(parse(default), most, bounds, f"{path}.validRange")


def _validate_options(default: Quantity, most: Quantity, options: list[Quantity], path: str) -> FieldErrors:
    for index, (one, other) in enumerate(pairwise(options)):
        if one > other:
            yield invalid(f"{path}[{index + 1}]", str(other), "values must be sorted in ascending order")
    yield from validate_set(options, MAX_OPTIONS, lambda option, where: _validate_option(option, most, where), lambda q: str(q.value()), path)
    if len(options) > MAX_OPTIONS or default not in options:  # too many are not looked into
        yield invalid(path, str(default), "default value is not valid according to the requestPolicy")


def _validate_option(option: Quantity, most: Quantity, path: str) -> FieldErrors:
    if option > most:
        yield invalid(path, str(option), f"option is larger than capacity value: {most}")


def _validate_range(default: Quantity, most: Quantity, bounds: Object, path: str) -> FieldErrors:
    if bounds.get("min") is None:
        yield required(f"{path}.min", "required when validRange is defined")
        return
    low = parse(bounds["min"])
    high = None if bounds.get("max") is None else parse(bounds["max"])
    step = None if bounds.get("step") is None else parse(bounds["step"])
    if low > most:
        yield invalid(f"{path}.min", str(low), f"min is larger than capacity value: {most}")
    if default < low:
        yield invalid(f"{path}.min", str(default), f"default is less than min: {low}")
    if high is not None:
        if low > high:
            yield invalid(f"{path}.max", str(low), f"min is larger than max: {high}")
        if high > most:
            yield invalid(f"{path}.max", str(high), f"max is larger than capacity value: {most}")
        if default > high:
            yield invalid(f"{path}.max", str(default), f"default is more than max: {high}")
    if step is not None:
        if (first := low + step) > most:
            yield invalid(f"{path}.step", str(step), f"one step {first} is larger than capacity value: {most}")
        yield from _validate_step(default, low, step, f"{path}.step")
        if high is not None:
            yield from _validate_step(high, low, step, f"{path}.step")


def _validate_step(value: Quantity, low: Quantity, step: Quantity, path: str) -> FieldErrors:
    # A step of zero makes the server divide by zero; it is let through here.
    if step.value() and (value.value() - low.value()) % step.value():
        yield invalid(path, str(value), f"value is not a multiple of a given step ({step}) from ({low})")
