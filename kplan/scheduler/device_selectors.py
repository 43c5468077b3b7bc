"""CEL selectors of devices: does a device have what a DeviceClass or a claim asks?

Upstream: staging/src/k8s.io/dynamic-resource-allocation/cel. `device` has driver, allowMultipleAllocations, attributes and capacity; the
latter two by domain, which is the driver's for names without one. Left out: lists as attributes (DRAListTypeAttributes, alpha).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kplan.api.objects import Object
from kplan.api.quantity import parse_json
from kplan.cel import EvaluationError, check_device_selector
from kplan.cel.library.quantities import Quantity, parse_semver
from kplan.cel.policies import compile_for, device_environment
from kplan.cel.values import Defaulted, type_of
from kplan.scheduler.device_pools import attribute_value

NOT_BOOL = {
    "int": "unsupported type conversion from 'int' to bool",
    "string": "unsupported native conversion from string to 'bool'",
    "kubernetes.Semver": "type conversion error from 'Semver' to 'bool'",
}
"""What is said of an attribute that is no answer, by its type."""


class SelectorError(ValueError):
    """An expression that cannot be read, or that fails on a device."""


def device_matches(expression: str, driver: str, device: Object) -> bool:
    """Whether a device satisfies a selector; raises SelectorError."""
    program = compile_for(device_environment(), expression, ())
    if isinstance(program, str) or (wrong := check_device_selector(expression)):
        raise SelectorError(f"CEL compile error: {program if isinstance(program, str) else wrong}")
    variables = {"device": {
        "driver": driver,
        "allowMultipleAllocations": bool(device.get("allowMultipleAllocations")),
        "attributes": _by_domain(driver, device.get("attributes") or {}, _attribute),
        "capacity": _by_domain(driver, device.get("capacity") or {}, lambda c: Quantity(parse_json(c["value"]))),
    }}  # fmt: skip
    try:
        found = program.evaluate(variables)
    except EvaluationError as error:
        raise SelectorError(f"CEL runtime error: {error}") from error
    if not isinstance(found, bool):
        kind = type_of(found).name
        why = NOT_BOOL.get(kind, f"type conversion error from '{kind}' to 'bool'")
        raise SelectorError(f"CEL runtime error: CEL result of type {kind} could not be converted to bool: {why}")
    return found


def _attribute(attribute: Object) -> Any:
    if "version" not in attribute:
        return attribute_value(attribute)
    try:
        return parse_semver(attribute["version"])
    except EvaluationError as error:
        raise EvaluationError(f"parse semantic version: {error}") from None


def _by_domain(driver: str, values: Mapping[str, Any], read: Callable[[Any], Any]) -> Defaulted:
    found = Defaulted()
    for name, value in values.items():
        domain, separator, identifier = name.partition("/")
        if not separator:
            domain, identifier = driver, name
        try:
            found.setdefault(domain, {})[identifier] = read(value)
        except EvaluationError as error:
            raise SelectorError(f"CEL runtime error: attribute {name}: {error}") from error
    return found
