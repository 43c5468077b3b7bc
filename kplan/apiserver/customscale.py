"""The scale subresource of custom resources: what stands at the paths that a definition names.

Upstream: apiextensions-apiserver/pkg/registry/customresource/validator.go (ValidateScaleSpec, ValidateScaleStatus), and the accessors
of apimachinery's unstructured helpers whose errors are quoted.
"""

from __future__ import annotations

from typing import Any

from kplan.api.field import FieldErrors, invalid
from kplan.api.gotext import go_float
from kplan.api.objects import Object

MAX_INT32 = 2**31 - 1


class AccessError(Exception):
    """What stands at a path is of another type."""


def spec_errors(obj: Object, scale: Object) -> FieldErrors:
    """The replicas that are wanted."""
    if scale:
        yield from _replicas(obj, scale["specReplicasPath"])


def status_errors(obj: Object, scale: Object) -> FieldErrors:
    """The replicas that there are, and the selector."""
    if not scale:
        return
    yield from _replicas(obj, scale["statusReplicasPath"])
    path = scale.get("labelSelectorPath")
    if path:
        try:
            value_at(obj, path, str, "string")
        except AccessError as error:
            yield invalid(path, "", str(error))


def _replicas(obj: Object, path: str) -> FieldErrors:
    try:
        count = value_at(obj, path, int, "int64") or 0
    except AccessError as error:
        yield invalid(path, 0, str(error))
        return
    if count < 0:
        yield invalid(path, count, "should be a non-negative integer")
    elif count > MAX_INT32:
        yield invalid(path, count, f"should be less than or equal to {MAX_INT32}")


def value_at(obj: Object, path: str, wanted: type, go: str) -> Any:
    """The value at a dotted path, None where there is none; AccessError where it is of another type."""
    value: Any = obj
    names = path.removeprefix(".").split(".")
    for index, name in enumerate(names):
        if value is None:
            return None
        if not isinstance(value, dict):
            here = ".".join(names[: index + 1])
            raise AccessError(f".{here} accessor error: {shown(value)} is of the type {go_type(value)}, expected map[string]interface{{}}")
        if name not in value:
            return None
        value = value[name]
    if type(value) is not wanted:
        raise AccessError(f".{'.'.join(names)} accessor error: {shown(value)} is of the type {go_type(value)}, expected {go}")
    return value


def go_type(value: Any) -> str:
    """`%T` of a decoded JSON value."""
    if value is None:
        return "<nil>"
    if isinstance(value, dict):
        return "map[string]interface {}"
    if isinstance(value, list):
        return "[]interface {}"
    return {bool: "bool", int: "int64", float: "float64"}.get(type(value), "string")


def shown(value: Any) -> str:
    """`%v` of a decoded JSON value."""
    if value is None:
        return "<nil>"
    if isinstance(value, dict):
        return "map[" + " ".join(f"{k}:{shown(value[k])}" for k in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(shown, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return go_float(value) if isinstance(value, float) else str(value)
