"""From a checked tree to a value: each node becomes a Python function of the variables.

Errors are exceptions; `&&`, `||` and loops absorb them where upstream does. What is spent is counted on a meter, which stands among the
variables under the empty name. Upstream: cel-go interpreter/{planner,interpretable,attributes}.go.
"""

from __future__ import annotations

from typing import Any

from kplan.cel import spending
from kplan.cel.activation import METER, LazyObject, Meter, Scope, field_of, optional_field_of
from kplan.cel.ast import Call, Comprehension, CreateList, CreateMap, CreateStruct, Ident, Literal, Node, Select, children
from kplan.cel.declare import Overload
from kplan.cel.errors import CancelledError, EvaluationError
from kplan.cel.library.operators import index, index_optional
from kplan.cel.library.regexes import RegexError, compiled
from kplan.cel.steps import Step, alternative, attempt, conditional, indexed, logic, not_strictly_false
from kplan.cel.typenames import TYPE_VALUES
from kplan.cel.values import Optional, Struct, readable, type_of

PLANNING_LIMIT = 10**9
GO_TYPES = {
    **{name: f"types.{name.capitalize()}" for name in ("bool", "bytes", "double", "int", "string", "uint")},
    "null_type": "types.Null",
    "google.protobuf.Duration": "types.Duration",
    "google.protobuf.Timestamp": "types.Timestamp",
    "optional_type": "*types.Optional",
}
"""What Go prints for values that nothing can loop over."""


CONVERSIONS = frozenset({"bool", "bytes", "double", "dyn", "duration", "int", "string", "timestamp", "type", "uint"})
PATTERNS = frozenset({"matches", "find", "findAll"})


def plan(node: Node, functions: dict[str, list[Overload]]) -> Step:
    """The function of a node; raises EvaluationError where a constant in it has no value."""
    constant = _constant(node, functions)
    if constant is not None:
        value = constant[0]
        return lambda _scope: value
    match node:
        case Ident():
            return _ident(node.name, functions)
        case Select():
            return _ident(node.qualified, functions) if node.qualified else _select(node, functions)
        case Call():
            return _call(node, functions)
        case CreateList():
            return _list(node, functions)
        case CreateMap():
            return _map(node, functions)
        case CreateStruct():
            return _struct(node, functions)
        case Comprehension():
            return _comprehension(node, functions)
    raise TypeError(node)


def _constant(node: Node, functions: dict[str, list[Overload]]) -> tuple[Any] | None:
    """The value of what is worked out once: constants, lists and maps of constants, types' names, conversions of constants."""
    match node:
        case Literal():
            return (node.value,)
        case Ident(name=name) if name in TYPE_VALUES and node.type is not None and node.type.kind == "type":
            return (TYPE_VALUES[name],)
        case Select(qualified=name) if name in TYPE_VALUES:
            return (TYPE_VALUES[name],)
        case CreateList() if all(_constant(one, functions) is not None for one in node.elements):
            return (_list(node, functions)(_unmetered()),)
        case CreateMap() if all(_constant(one, functions) is not None for one in children(node)):
            return (_map(node, functions)(_unmetered()),)
        case Call(target=None, args=[argument]) if node.function in CONVERSIONS and _constant(argument, functions) is not None:
            return (_call(node, functions)(_unmetered()),)
    return None


def _unmetered() -> Scope:
    return {METER: Meter(PLANNING_LIMIT)}


def _ident(name: str, functions: dict[str, list[Overload]]) -> Step:
    def ident(scope: Scope) -> Any:
        scope[METER].add(1)
        try:
            value = scope[name]
        except KeyError:
            raise EvaluationError(f"no such attribute(s): {name}") from None
        return readable(value)

    return ident


def _select(node: Select, functions: dict[str, list[Overload]]) -> Step:
    operand, field = plan(node.operand, functions), node.field

    def select(scope: Scope) -> Any:
        value = operand(scope)
        scope[METER].add(1)
        return field_of(value, field)

    def test(scope: Scope) -> bool:
        value = operand(scope)
        if isinstance(value, Optional):
            value = value.value
        return isinstance(value, dict | LazyObject) and field in value

    return test if node.test else select


def _call(node: Call, functions: dict[str, list[Overload]]) -> Step:
    steps = [plan(arg, functions) for arg in node.args]
    match node.function:
        case "_&&_":
            return logic(steps[0], steps[1], False)
        case "_||_":
            return logic(steps[0], steps[1], True)
        case "_?_:_":
            return conditional(*steps)
        case "@not_strictly_false":
            return not_strictly_false(steps[0])
        case "_[_]":
            return indexed(steps[0], steps[1], index)
        case "_[?_]":
            return indexed(steps[0], steps[1], index_optional)
        case "_?._":
            return indexed(steps[0], steps[1], optional_field_of)
    if node.target is not None:
        target = plan(node.target, functions)
        if node.function in ("or", "orValue"):
            return alternative(target, steps[0], node.function == "orValue")
        steps.insert(0, target)
    return _applied(node, steps, functions)


def _applied(node: Call, steps: list[Step], functions: dict[str, list[Overload]]) -> Step:
    if node.function in PATTERNS:
        _check_pattern(node)
    member, count, name = node.target is not None, len(steps), node.function
    fitting = [one for one in node.matched or functions[name] if one.member == member and len(one.args) == count and one.call is not None]
    expense = spending.expense(name, node.matched)
    if name == "@in" and len(node.matched) == 1 and node.matched[0].args[1].kind == "list" and _is_set(node.args[1], functions):
        expense = spending.NOTHING
    first = fitting[0]
    if first.checks is None:
        only = first.call
        assert only is not None

        def singleton(scope: Scope) -> Any:
            values = [step(scope) for step in steps]
            result = only(*values)
            scope[METER].add(1 if expense is None else expense(values, result))
            return result

        return singleton

    def dispatched(scope: Scope) -> Any:
        values = [step(scope) for step in steps]
        for one in fitting:
            if all(check is None or check(value) for check, value in zip(one.checks or (), values, strict=True)):
                assert one.call is not None
                result = one.call(*values)
                scope[METER].add(1 if expense is None else expense(values, result))
                return result
        raise EvaluationError(f"no such overload: {name}({', '.join(type_of(value).name for value in values)})")

    return dispatched


def _check_pattern(node: Call) -> None:
    """A constant pattern is read once and for all."""
    position = 1 if node.target is None else 0
    if len(node.args) > position and isinstance(node.args[position], Literal):
        pattern = getattr(node.args[position], "value", None)
        if isinstance(pattern, str):
            try:
                compiled(pattern)
            except RegexError as error:
                raise EvaluationError(str(error)) from None


def _is_set(node: Node, functions: dict[str, list[Overload]]) -> bool:
    """Whether membership in a list is looked up at no cost: all items are constants that can be keys."""
    constant = _constant(node, functions)
    return constant is not None and all(isinstance(item, bool | int | float | str) for item in constant[0])


def _list(node: CreateList, functions: dict[str, list[Overload]]) -> Step:
    steps = [(plan(one, functions), i in node.optional) for i, one in enumerate(node.elements)]

    def create(scope: Scope) -> list[Any]:
        out = []
        for step, optional in steps:
            value = step(scope)
            if optional:
                if not isinstance(value, Optional):
                    raise EvaluationError(f"cannot initialize optional list element from non-optional value {value}")
                if value.present:
                    out.append(value.value)
            else:
                out.append(value)
        scope[METER].add(10)
        return out

    return create


def _map(node: CreateMap, functions: dict[str, list[Overload]]) -> Step:
    steps = [(plan(entry.key, functions), plan(entry.value, functions), entry.optional) for entry in node.entries]

    def create(scope: Scope) -> dict[Any, Any]:
        out: dict[Any, Any] = {}
        for key_step, step, optional in steps:
            key, value = key_step(scope), step(scope)
            if not isinstance(key, bool | int | float | str):
                raise EvaluationError(f"unsupported key type: {type_of(key).name}")
            if optional:
                if not isinstance(value, Optional):
                    raise EvaluationError(f"cannot initialize optional entry '{key}' from non-optional value {value}")
                if not value.present:
                    out.pop(key, None)
                    continue
                value = value.value
            out[key] = value
        scope[METER].add(30)
        return out

    return create


def _struct(node: CreateStruct, functions: dict[str, list[Overload]]) -> Step:
    steps = [(field.key, plan(field.value, functions), field.optional) for field in node.fields]
    name = node.type_name

    def create(scope: Scope) -> Struct:
        out = Struct()
        out.type_name = name
        for field, step, optional in steps:
            value = step(scope)
            if optional:
                if not isinstance(value, Optional):
                    raise EvaluationError(f"cannot initialize optional entry '{field}' from non-optional value {value}")
                if not value.present:
                    continue
                value = value.value
            out[field] = value
        scope[METER].add(40)
        return out

    return create


def _comprehension(node: Comprehension, functions: dict[str, list[Overload]]) -> Step:
    ranged, init = plan(node.range, functions), plan(node.init, functions)
    condition, step, result = (plan(part, functions) for part in (node.condition, node.step, node.result))
    first, second, accumulator = node.variable, node.variable2, node.accumulator

    def fold(scope: Scope) -> Any:
        values = ranged(scope)
        inner = dict(scope)
        inner[accumulator] = attempt(init, scope)
        if not isinstance(values, list | dict):
            kind = GO_TYPES.get(type_of(values).name, "types.Object")
            raise EvaluationError(f"unsupported comprehension range type: {kind}" if second else f"got '{kind}', expected iterable type")
        for key, value in enumerate(values) if isinstance(values, list) else values.items():
            if second:
                inner[first], inner[second] = key, value
            else:
                inner[first] = value if isinstance(values, list) else key
            try:
                if condition(inner) is not True:
                    break
            except CancelledError:
                raise
            except EvaluationError:
                pass
            inner[accumulator] = attempt(step, inner)
        inner.pop(first, None)
        if first in scope:
            inner[first] = scope[first]
        return result(inner)

    return fold
