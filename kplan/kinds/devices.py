"""Rules that the kinds of dynamic resource allocation share: names, CEL selectors, opaque parameters, taints, sets and maps.

Upstream: pkg/apis/resource/validation/validation.go. Declarative validation only shadows these rules in 1.36.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from kplan.api.field import FieldErrors, duplicate, forbidden, invalid, not_supported, required, too_long, too_many
from kplan.api.names import is_c_identifier, is_dns1123_label, is_dns1123_subdomain, is_label_value
from kplan.api.objects import Object
from kplan.kinds.checks import typed
from kplan.kinds.metadata import validate_label_name
from kplan.kinds.podspec.volumesources import validate_csi_driver_name

MAX_EXPRESSION_BYTES = 10 * 1024
MAX_PARAMETERS_BYTES = 10 * 1024
MAX_POOL_NAME = 253
MAX_ID = 32
MAX_SELECTORS = 32
MAX_BINDING_CONDITIONS = 4
TOLERATION_OPERATORS = ("Equal", "Exists")
TAINT_EFFECTS = ("NoExecute", "NoSchedule", "None")
TOO_COMPLEX = "too complex, exceeds cost limit"

ItemRule = Callable[[Any, str], FieldErrors]


def validate_slice(items: Sequence[Any], maximum: int, rule: ItemRule, path: str) -> FieldErrors:
    """A list of at most `maximum` items (-1: any number); one too long is not looked into."""
    if 0 <= maximum < len(items):
        yield too_many(path, len(items), maximum)
        return
    for index, item in enumerate(items):
        yield from rule(item, f"{path}[{index}]")


def validate_set(items: Sequence[Any], maximum: int, rule: ItemRule, key: Callable[[Any], Any], path: str) -> FieldErrors:
    """Such a list without two items of the same key."""
    yield from validate_slice(items, maximum, rule, path)
    if 0 <= maximum < len(items):
        return
    seen: list[Any] = []
    for index, item in enumerate(items):
        if (found := key(item)) in seen:
            yield duplicate(f"{path}[{index}]", found)
        else:
            seen.append(found)


def validate_map(entries: Mapping[str, Any], maximum: int, shown: int, key_rule: ItemRule, rule: ItemRule, path: str) -> FieldErrors:
    """A map of at most `maximum` entries; keys are shown with `shown` bytes at most."""
    if 0 <= maximum < len(entries):
        yield too_many(path, len(entries), maximum)
        return
    for key in sorted(entries):
        yield from key_rule(key, path)
        yield from rule(entries[key], f"{path}[{_truncated(key, shown)}]")


def _truncated(text: str, maximum: int) -> str:
    maximum = max(maximum, 16)
    data = text.encode()
    if len(data) <= maximum:
        return text
    rest = maximum - 3
    return (data[: (rest + 1) // 2] + b"..." + data[len(data) - rest // 2 :]).decode(errors="replace")


def validate_short_name(name: str, path: str) -> FieldErrors:
    """A DNS label: names of devices, requests and counters."""
    for message in is_dns1123_label(name):
        yield invalid(path, name, message)


def validate_device_class_name(name: str, path: str) -> FieldErrors:
    """The DeviceClass that a request names."""
    if not name:
        yield required(path)
        return
    for message in is_dns1123_subdomain(name):
        yield invalid(path, name, message)


def validate_pool_name(name: str, path: str) -> FieldErrors:
    """DNS subdomains with slashes between."""
    if not name:
        yield required(path)
        return
    if len(name.encode()) > MAX_POOL_NAME:
        yield too_long(path, MAX_POOL_NAME)
    for part in name.split("/"):
        for message in is_dns1123_subdomain(part):
            yield invalid(path, part, message)


def validate_qualified_name(name: str, path: str) -> FieldErrors:
    """The name of an attribute or capacity: a C identifier, with the domain of a driver before it or not.

    Names of more than two parts pass, as upstream leaves them.
    """
    parts = name.split("/")
    if len(parts) == 1:
        yield from _validate_identifier(name, path)
    elif len(parts) == 2:
        if not parts[0]:
            yield invalid(path, "", "the domain must not be empty")
        else:
            yield from validate_csi_driver_name(parts[0], path)
        if not parts[1]:
            yield invalid(path, "", "the name must not be empty")
        else:
            yield from _validate_identifier(parts[1], path)


def validate_fully_qualified_name(name: str, path: str) -> FieldErrors:
    """Such a name with its domain."""
    yield from validate_qualified_name(name, path)
    if "/" not in name:
        yield invalid(path, typed(name), "a fully qualified name must be a domain and a name separated by a slash")


def _validate_identifier(name: str, path: str) -> FieldErrors:
    if len(name.encode()) > MAX_ID:
        yield too_long(path, MAX_ID)
    for message in is_c_identifier(name):
        yield invalid(path, name, message)


def _accept(_expression: str) -> str | None:
    return None


@cache
def _cel_checker() -> Callable[[str], str | None]:
    try:
        cel = importlib.import_module("kplan.cel")
    except ImportError:
        return _accept
    checker: Callable[[str], str | None] = getattr(cel, "check_device_selector", _accept)
    return checker


def check_cel(expression: str) -> str | None:
    """Why an expression is no device selector, in the server's words; None where it is one, or where no CEL is built in."""
    return _cel_checker()(expression)


def validate_selectors(selectors: Sequence[Object], path: str) -> FieldErrors:
    """CEL selectors of classes and requests."""
    return validate_slice(selectors, MAX_SELECTORS, _validate_selector, path)


def _validate_selector(selector: Object, path: str) -> FieldErrors:
    cel = selector.get("cel")
    if cel is None:
        yield required(f"{path}.cel")
        return
    expression = cel.get("expression") or ""
    if len(expression.encode()) > MAX_EXPRESSION_BYTES:
        yield too_long(f"{path}.cel.expression", MAX_EXPRESSION_BYTES)
    elif (error := check_cel(expression)) is not None:
        yield invalid(f"{path}.cel.expression", expression, error)
    elif importlib.import_module("kplan.cel").device_selector_is_too_complex(expression):
        yield forbidden(f"{path}.cel.expression", "too complex, exceeds cost limit")


def validate_device_configuration(config: Object, path: str, *, stored: bool = False) -> FieldErrors:
    """Configuration for a driver. `stored`: it stood there before, when it might be longer."""
    opaque = config.get("opaque")
    if opaque is None:
        yield required(f"{path}.opaque")
        return
    yield from validate_csi_driver_name(opaque.get("driver") or "", f"{path}.opaque.driver")
    yield from validate_raw_extension(opaque.get("parameters"), f"{path}.opaque.parameters", MAX_PARAMETERS_BYTES, stored=stored)


def validate_raw_extension(value: Any, path: str, maximum: int, *, stored: bool = False) -> FieldErrors:
    """A JSON object of at most so many bytes (counted without blanks)."""
    if value is None:
        yield required(path)
    elif not stored and len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()) > maximum:
        yield too_long(path, maximum)
    elif not isinstance(value, dict):
        yield invalid(path, "<value omitted>", "must be a valid JSON object")


def validate_device_taint(taint: Object, path: str) -> FieldErrors:
    """A taint of a device."""
    yield from validate_label_name(taint.get("key") or "", f"{path}.key")
    for message in is_label_value(taint.get("value") or ""):
        yield invalid(f"{path}.value", taint["value"], message)
    effect = taint.get("effect") or ""
    if not effect:
        yield required(f"{path}.effect")
    elif effect not in TAINT_EFFECTS:
        yield not_supported(f"{path}.effect", typed(effect), TAINT_EFFECTS)


def validate_device_toleration(toleration: Object, path: str) -> FieldErrors:
    """A toleration of a request."""
    key, value = toleration.get("key") or "", toleration.get("value") or ""
    operator, effect = toleration.get("operator") or "", toleration.get("effect") or ""
    if key:
        yield from validate_label_name(key, f"{path}.key")
    if operator == "Exists":
        if value:
            yield invalid(f"{path}.value", value, "must be empty for operator `Exists`")
    elif operator == "Equal":
        for message in is_label_value(value):
            yield invalid(f"{path}.value", value, message)
    elif not operator:
        yield required(f"{path}.operator")
    else:
        yield not_supported(f"{path}.operator", typed(operator), TOLERATION_OPERATORS)
    if effect and effect not in TAINT_EFFECTS:
        yield not_supported(f"{path}.effect", typed(effect), TAINT_EFFECTS)


def validate_binding_parameters(holder: Object, path: str) -> FieldErrors:
    """Binding conditions and binding failure conditions: both or none, without overlap."""
    conditions, failures = holder.get("bindingConditions") or [], holder.get("bindingFailureConditions") or []
    yield from validate_slice(conditions, MAX_BINDING_CONDITIONS, validate_label_name, f"{path}.bindingConditions")
    yield from validate_slice(failures, MAX_BINDING_CONDITIONS, validate_label_name, f"{path}.bindingFailureConditions")
    yield from _duplicates(conditions, f"{path}.bindingConditions")
    for index, condition in enumerate(failures):
        where = f"{path}.bindingFailureConditions[{index}]"
        if condition in failures[:index]:
            yield duplicate(where, condition)
        if condition in conditions:
            yield invalid(where, condition, "bindingFailureConditions must not overlap with bindingConditions")
    if failures and not conditions:
        yield invalid(f"{path}.bindingConditions", None, "bindingConditions are required to use bindingFailureConditions")
    if conditions and not failures:
        yield invalid(f"{path}.bindingFailureConditions", None, "bindingFailureConditions are required to use bindingConditions")


def _duplicates(items: Sequence[str], path: str) -> FieldErrors:
    for index, item in enumerate(items):
        if item in items[:index]:
            yield duplicate(f"{path}[{index}]", item)


def accept(_item: Any, _path: str) -> FieldErrors:
    """Any value will do."""
    yield from ()


def default_tolerations(tolerations: Iterable[Object]) -> None:
    """A toleration's operator, in place."""
    for toleration in tolerations:
        if not toleration.get("operator"):
            toleration["operator"] = "Equal"
