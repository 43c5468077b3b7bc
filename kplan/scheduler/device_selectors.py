"""CEL selectors of devices: the part of the language that DeviceClasses and claims use.

Upstream: staging/src/k8s.io/dynamic-resource-allocation/cel. `device` has driver, attributes and capacity by domain. Comparisons,
logic, membership, ternaries, `has`, `size`, string functions and `compareTo`; what else an expression may hold is an error, as
at run time upstream. Left out: macros over lists, semver, costs.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from kplan.api.objects import Object
from kplan.api.quantity import parse_json

_TOKEN = re.compile(r"""(?P<text>r?"(?:\\.|[^"\\])*"|r?'(?:\\.|[^'\\])*')|(?P<sign>&&|\|\||!=|!|\?|:)|(?P<word>\b(?:true|false|null|in)\b)""")
_WORDS = {"&&": " and ", "||": " or ", "!=": "!=", "!": " not ", "true": "True", "false": "False", "null": "None", "in": " in "}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}
_METHODS: dict[str, Callable[..., Any]] = {
    "startsWith": lambda s, x: s.startswith(x),
    "endsWith": lambda s, x: s.endswith(x),
    "contains": lambda s, x: x in s,
    "matches": lambda s, x: re.search(x, s) is not None,
    "lowerAscii": lambda s: s.lower(),
    "upperAscii": lambda s: s.upper(),
    "size": len,
    "compareTo": lambda a, b: a.compare(b),
    "isGreaterThan": lambda a, b: a > b,
    "isLessThan": lambda a, b: a < b,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {"quantity": parse_json, "size": len, "string": str, "int": int}


class SelectorError(ValueError):
    """An expression that cannot be read, or that fails on a device."""


class _Domains(dict[str, Any]):
    """Attributes by domain; a domain without any is empty, as upstream's map has it."""

    def __missing__(self, domain: str) -> dict[str, Any]:
        return {}


def device_matches(expression: str, driver: str, device: Object) -> bool:
    """Whether a device satisfies a selector; raises SelectorError."""
    variables = {"device": {
        "driver": driver,
        "attributes": _by_domain(driver, device.get("attributes") or {}, attribute_value),
        "capacity": _by_domain(driver, device.get("capacity") or {}, lambda c: parse_json(c["value"])),
        "allowMultipleAllocations": bool(device.get("allowMultipleAllocations")),
    }}  # fmt: skip
    try:
        found = _evaluate(_parse(expression), variables)
    except SelectorError:
        raise
    except Exception as error:
        raise SelectorError(f"no such key: {error.args[0]}" if isinstance(error, KeyError) else str(error)) from error
    if not isinstance(found, bool):
        raise SelectorError(f"unexpected return type {type(found).__name__}")
    return found


def attribute_value(attribute: Object) -> Any:
    """The value of a DeviceAttribute."""
    return next((attribute[kind] for kind in ("int", "bool", "string", "version") if kind in attribute), None)


def _by_domain(driver: str, values: Mapping[str, Any], read: Callable[[Any], Any]) -> _Domains:
    found = _Domains()
    for name, value in values.items():
        domain, _, identifier = name.rpartition("/")
        found.setdefault(domain or driver, {})[identifier] = read(value)
    return found


@lru_cache(maxsize=1024)
def _parse(expression: str) -> ast.expr:
    def translate(match: re.Match[str]) -> str:
        if match["text"] or match[0] in "?:":
            return match[0]
        return _WORDS[match[0]]

    text = _TOKEN.sub(translate, expression.replace("\n", " "))
    condition = re.fullmatch(r"([^?:]+)\?([^?:]+):([^?:]+)", text)
    if condition:
        text = f"({condition[2]}) if ({condition[1]}) else ({condition[3]})"
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise SelectorError(f"Syntax error: {error.msg}") from error


def _evaluate(node: ast.expr, variables: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return variables[node.id]
    if isinstance(node, ast.Attribute):
        return _evaluate(node.value, variables)[node.attr]
    if isinstance(node, ast.Subscript):
        return _evaluate(node.value, variables)[_evaluate(node.slice, variables)]
    if isinstance(node, ast.List):
        return [_evaluate(e, variables) for e in node.elts]
    if isinstance(node, ast.BoolOp):
        return _logic(node, variables)
    if isinstance(node, ast.UnaryOp):
        value = _evaluate(node.operand, variables)
        return (not value) if isinstance(node.op, ast.Not) else -value
    if isinstance(node, ast.IfExp):
        return _evaluate(node.body if _evaluate(node.test, variables) else node.orelse, variables)
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        return _ARITHMETIC[type(node.op)](_evaluate(node.left, variables), _evaluate(node.right, variables))
    if isinstance(node, ast.Compare):
        left = _evaluate(node.left, variables)
        for sign, right in zip(node.ops, node.comparators, strict=True):
            value = _evaluate(right, variables)
            if not _COMPARE[type(sign)](left, value):
                return False
            left = value
        return True
    if isinstance(node, ast.Call):
        return _call(node, variables)
    raise SelectorError(f"unsupported expression: {ast.unparse(node)}")


def _logic(node: ast.BoolOp, variables: Mapping[str, Any]) -> bool:
    """CEL's logic commutes: an error counts only where the other side does not decide."""
    decides = isinstance(node.op, ast.Or)
    failed: Exception | None = None
    for value in node.values:
        try:
            if bool(_evaluate(value, variables)) is decides:
                return decides
        except (KeyError, TypeError, SelectorError) as error:
            failed = error
    if failed is not None:
        raise failed
    return not decides


def _call(node: ast.Call, variables: Mapping[str, Any]) -> Any:
    if isinstance(node.func, ast.Name) and node.func.id == "has":
        field = node.args[0]
        if not isinstance(field, ast.Attribute):
            raise SelectorError("invalid argument to has() macro")
        return field.attr in _evaluate(field.value, variables)
    arguments = [_evaluate(a, variables) for a in node.args]
    if isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
        return _FUNCTIONS[node.func.id](*arguments)
    if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
        return _METHODS[node.func.attr](_evaluate(node.func.value, variables), *arguments)
    raise SelectorError(f"undeclared reference to {ast.unparse(node.func)!r}")
