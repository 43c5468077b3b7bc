"""Types of all parts of an expression, and what does not fit.

Upstream: cel-go checker/{checker,errors}.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplan.cel import types, validators
from kplan.cel.ast import Call, Comprehension, CreateList, CreateMap, CreateStruct, Entry, Ident, Literal, Node, Select, children, qualified_name
from kplan.cel.declare import Overload
from kplan.cel.errors import CompileError, Issue
from kplan.cel.types import BOOL, DYN, ERROR, INT, Type, is_dyn, optional_of, printed, substitute, unwrap_optional
from kplan.cel.values import type_of

if TYPE_CHECKING:
    from kplan.cel.environment import Environment

_NO_LIST = "expression of type '{}' cannot be range of a comprehension (must be list, map, or dynamic)"


def check(source: str, tree: Node, environment: Environment) -> None:
    """Set the type of each node; raises CompileError."""
    checker = _Checker(environment)
    checker.check(tree)
    if checker.issues:
        raise CompileError(source, checker.issues)
    todo = [tree]
    while todo:
        node = todo.pop()
        if node.type is not None:
            node.type = substitute(checker.mapping, node.type, to_dyn=True)
        todo += children(node)
    issues = validators.issues(tree)
    if issues:
        raise CompileError(source, issues)


class _Checker:
    """One check: what type parameters stand for so far, what is wrong so far, and the variables of loops."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.mapping: types.Mapping = {}
        self.issues: list[Issue] = []
        self.scopes: list[dict[str, Type]] = []
        self.free = 0

    def report(self, node: Node | Entry, message: str) -> None:
        self.issues.append(Issue(node.offset, message))

    def assignable(self, first: tuple[Type, ...], second: tuple[Type, ...]) -> bool:
        found = types.assignable(self.mapping, first, second)
        if found is not None:
            self.mapping = found
        return found is not None

    def new_variable(self) -> Type:
        self.free += 1
        return types.parameter(f"_var{self.free - 1}")

    def lookup(self, name: str) -> Type | None:
        bare = name.removeprefix(".")
        for scope in reversed(self.scopes):
            if bare in scope and bare == name:
                return scope[bare]
        return self.environment.variable(bare)

    def undeclared(self, node: Node, name: str) -> None:
        self.report(node, f"undeclared reference to '{name}' (in container '')")

    def mismatch(self, node: Node, expected: Type, found: Type) -> None:
        self.report(node, f"expected type '{printed(expected)}' but found '{printed(found)}'")

    def check(self, node: Node) -> Type:
        """The type of a node, which is noted in it."""
        match node:
            case Literal():
                found = type_of(node.value)
            case Ident():
                found = self.ident(node)
            case Select():
                found = self.select(node)
            case Call():
                found = self.call(node)
            case CreateList():
                found = self.list_type(node)
            case CreateMap():
                found = self.map_type(node)
            case CreateStruct():
                found = self.struct(node)
            case Comprehension():
                found = self.comprehension(node)
            case _:
                found = ERROR
        node.type = found
        return found

    def ident(self, node: Ident) -> Type:
        found = self.lookup(node.name)
        if found is None:
            self.undeclared(node, node.name)
            return ERROR
        node.name = node.name.removeprefix(".")
        return found

    def select(self, node: Select) -> Type:
        name = qualified_name(node)
        found = self.lookup(name) if name else None
        if found is not None:
            node.qualified = name.removeprefix(".")
            return found
        result = self.field(node, node.operand, node.field, optional=False)
        return BOOL if node.test else substitute(self.mapping, result)

    def field(self, node: Node, operand: Node, field: str, optional: bool) -> Type:
        target, was_optional = unwrap_optional(substitute(self.mapping, self.check(operand)))
        result = ERROR
        if target.kind == "map":
            result = target.params[1]
        elif target.kind == "struct":
            result = self.field_type(node, target.name, field)
        elif target.kind == "param":
            self.assignable((DYN,), (target,))
            result = DYN
        else:
            if not types.is_dyn_or_error(target):
                self.report(node, f"type '{printed(target)}' does not support field selection")
            result = DYN
        return optional_of(result) if was_optional or optional else result

    def field_type(self, node: Node | Entry, type_name: str, field: str) -> Type:
        found = self.environment.field(type_name, field)
        if found is None:
            self.report(node, f"undefined field '{field}'")
            return ERROR
        return found

    def call(self, node: Call) -> Type:
        if node.function == "_?._":
            return substitute(self.mapping, self.field(node, node.args[0], str(getattr(node.args[1], "value", "")), optional=True))
        arguments = [self.check(arg) for arg in node.args]
        name = node.function
        if node.target is not None:
            prefix = qualified_name(node.target)
            if prefix and f"{prefix}.{name}".removeprefix(".") in self.environment.functions:
                node.function = f"{prefix}.{name}".removeprefix(".")
                node.target = None
                return self.resolve(node, self.environment.functions[node.function], arguments)
            arguments.insert(0, self.check(node.target))
        overloads = self.environment.functions.get(name.removeprefix("."))
        if overloads is None:
            self.undeclared(node, name)
            return ERROR
        node.function = name.removeprefix(".")
        return self.resolve(node, overloads, arguments)

    def resolve(self, node: Call, overloads: list[Overload], arguments: list[Type]) -> Type:
        """The result of a call by all overloads that fit; types that differ give dyn."""
        if node.function in ("_&&_", "_||_"):
            return self.logic(node, arguments)
        result: Type | None = None
        matched = []
        given = tuple(arguments)
        for one in overloads:
            if one.member != (node.target is not None):
                continue
            args, outcome = one.args, one.result
            if one.params:
                fresh = {param: self.new_variable() for param in one.params}
                args = tuple(substitute(fresh, arg) for arg in args)
                outcome = substitute(fresh, outcome)
            if not self.assignable(given, args):
                continue
            matched.append(one)
            outcome = substitute(self.mapping, outcome)
            if result is None:
                result = outcome
            elif not is_dyn(result) and outcome != result:
                result = DYN
        node.matched = tuple(matched)
        if result is None:
            shown = [printed(substitute(self.mapping, arg, to_dyn=True)) for arg in arguments]
            signature = f"{shown[0]}.({', '.join(shown[1:])})" if node.target is not None else f"({', '.join(shown)})"
            self.report(node, f"found no matching overload for '{node.function}' applied to '{signature}'")
            return ERROR
        return result

    def logic(self, node: Call, arguments: list[Type]) -> Type:
        wrong = False
        for arg, found in zip(node.args, arguments, strict=True):
            if not self.assignable((found,), (BOOL,)):
                self.mismatch(arg, BOOL, found)
                wrong = True
        return ERROR if wrong else BOOL

    def join(self, before: Type | None, found: Type) -> Type:
        """What covers both; types that differ are for the validators to refuse."""
        if before is None:
            return found
        if self.assignable((before,), (found,)):
            return types.most_general(before, found)
        return DYN

    def unwrapped(self, node: Node, optional: bool, found: Type) -> Type:
        """The type of an item, entry or field that may be optional."""
        if not optional:
            return found
        inner, was_optional = unwrap_optional(found)
        if not was_optional and not is_dyn(inner):
            self.mismatch(node, optional_of(inner), inner)
        return inner

    def list_type(self, node: CreateList) -> Type:
        item: Type | None = None
        for i, element in enumerate(node.elements):
            item = self.join(item, self.unwrapped(element, i in node.optional, self.check(element)))
        return types.list_of(item or self.new_variable())

    def map_type(self, node: CreateMap) -> Type:
        key: Type | None = None
        value: Type | None = None
        for entry in node.entries:
            key = self.join(key, self.check(entry.key))
            value = self.join(value, self.unwrapped(entry.value, entry.optional, self.check(entry.value)))
        return types.map_of(key or self.new_variable(), value or self.new_variable())

    def struct(self, node: CreateStruct) -> Type:
        found = self.lookup(node.type_name)
        if found is None:
            self.undeclared(node, node.type_name)
            return ERROR
        node.type_name = node.type_name.removeprefix(".")
        result = ERROR
        if found.kind != "type":
            self.report(node, f"'{found.name}' is not a type")
        elif found.params and found.params[0].kind == "struct":
            result = found.params[0]
        else:
            self.report(node, f"'{found.params[0].name if found.params else 'type'}' is not a message type")
        node.type = result
        for field in node.fields:
            given = self.check(field.value)
            declared = self.field_type(field, result.name, field.key) if result is not ERROR else ERROR
            given = self.unwrapped(field.value, field.optional, given)
            if not self.assignable((declared,), (given,)):
                self.report(field, f"expected type of field '{field.key}' is '{printed(declared)}' but provided type is '{printed(given)}'")
        return result

    def comprehension(self, node: Comprehension) -> Type:
        ranged = self.check(node.range)
        folded = self.check(node.init)
        ranged = substitute(self.mapping, ranged)
        self.scopes.append({node.accumulator: folded})
        first, second = self.loop_types(node, ranged)
        scope = {node.variable: first}
        if node.variable2:
            scope[node.variable2] = second
        self.scopes.append(scope)
        for part, expected in ((node.condition, BOOL), (node.step, folded)):
            found = self.check(part)
            if not self.assignable((expected,), (found,)):
                self.mismatch(part, expected, found)
        self.scopes.pop()
        result = self.check(node.result)
        self.scopes.pop()
        return substitute(self.mapping, result)

    def loop_types(self, node: Comprehension, ranged: Type) -> tuple[Type, Type]:
        """The types of a loop's variables."""
        if ranged.kind == "list":
            return (INT, ranged.params[0]) if node.variable2 else (ranged.params[0], DYN)
        if ranged.kind == "map":
            return ranged.params[0], ranged.params[1]
        if ranged.kind in ("dyn", "error", "param"):
            self.assignable((DYN,), (ranged,))
            return DYN, DYN
        self.report(node.range, _NO_LIST.format(printed(ranged)))
        return ERROR, ERROR
