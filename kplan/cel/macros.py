"""Macros: calls that unfold to other expressions before anything is checked.

Upstream: cel-go parser/macro.go, cel/{macro,library}.go, ext/{bindings,comprehensions}.go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kplan.cel.ast import Call, Comprehension, CreateList, CreateMap, Entry, Ident, Literal, Node, Select

RESULT = "@result"
_RESULTS = (RESULT, "__result__")


class MacroError(Exception):
    """Arguments that a macro cannot take; `offset` is where, -1: at the call."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset


Macro = Callable[[int, Any, list[Node]], Node | None]
Macros = dict[tuple[str, int, bool], Macro]


def _result(offset: int) -> Node:
    return Ident(offset, RESULT)


def _loop(offset: int, range_: Node, variables: tuple[str, str], init: Node, condition: Node, step: Node, result: Node) -> Node:
    return Comprehension(offset, range_, variables[0], variables[1], RESULT, init, condition, step, result)


def _variable(node: Node, message: str) -> str:
    """The name of a loop's one variable."""
    if not isinstance(node, Ident):
        raise MacroError(node.offset, message)
    if node.name in _RESULTS:
        raise MacroError(node.offset, "iteration variable overwrites accumulator variable")
    return node.name


def _two_variables(args: list[Node]) -> tuple[str, str]:
    """The names of a loop's two variables."""
    names = []
    for node in args[:2]:
        if not isinstance(node, Ident):
            raise MacroError(node.offset, "argument must be a simple name")
        names.append(node.name)
    if names[0] == names[1]:
        raise MacroError(args[1].offset, f"duplicate variable name: {names[0]}")
    for node, name in zip(args, names, strict=False):
        if name in _RESULTS:
            raise MacroError(node.offset, "iteration variable overwrites accumulator variable")
    return names[0], names[1]


def has(offset: int, _target: Any, args: list[Node]) -> Node:
    """Whether there is a field."""
    field = args[0]
    if not isinstance(field, Select) or field.test:
        raise MacroError(field.offset, "invalid argument to has() macro")
    return Select(offset, field.operand, field.field, test=True)


def _all(offset: int, target: Node, variables: tuple[str, str], predicate: Node) -> Node:
    condition = Call(offset, "@not_strictly_false", [_result(offset)])
    step = Call(offset, "_&&_", [_result(offset), predicate])
    return _loop(offset, target, variables, Literal(offset, True), condition, step, _result(offset))


def _exists(offset: int, target: Node, variables: tuple[str, str], predicate: Node) -> Node:
    condition = Call(offset, "@not_strictly_false", [Call(offset, "!_", [_result(offset)])])
    step = Call(offset, "_||_", [_result(offset), predicate])
    return _loop(offset, target, variables, Literal(offset, False), condition, step, _result(offset))


def _exists_one(offset: int, target: Node, variables: tuple[str, str], predicate: Node) -> Node:
    more = Call(offset, "_+_", [_result(offset), Literal(offset, 1)])
    step = Call(offset, "_?_:_", [predicate, more, _result(offset)])
    result = Call(offset, "_==_", [_result(offset), Literal(offset, 1)])
    return _loop(offset, target, variables, Literal(offset, 0), Literal(offset, True), step, result)


def _quantifier(build: Callable[[int, Node, tuple[str, str], Node], Node]) -> Macro:
    return lambda offset, target, args: build(offset, target, (_variable(args[0], "argument must be a simple name"), ""), args[1])


def _quantifier2(build: Callable[[int, Node, tuple[str, str], Node], Node]) -> Macro:
    return lambda offset, target, args: build(offset, target, _two_variables(args), args[2])


def _collect(offset: int, target: Node, variables: tuple[str, str], predicate: Node | None, value: Node) -> Node:
    step: Node = Call(offset, "_+_", [_result(offset), CreateList(offset, [value])])
    if predicate is not None:
        step = Call(offset, "_?_:_", [predicate, step, _result(offset)])
    return _loop(offset, target, variables, CreateList(offset, []), Literal(offset, True), step, _result(offset))


def map_(offset: int, target: Node, args: list[Node]) -> Node:
    """A list of what an expression makes of each item."""
    variable = _variable(args[0], "argument is not an identifier")
    return _collect(offset, target, (variable, ""), args[1] if len(args) == 3 else None, args[-1])


def filter_(offset: int, target: Node, args: list[Node]) -> Node:
    """A list of the items that a predicate holds for."""
    variable = _variable(args[0], "argument is not an identifier")
    return _collect(offset, target, (variable, ""), args[1], args[0])


def transform_list(offset: int, target: Node, args: list[Node]) -> Node:
    """A list of what an expression makes of each index (or key) and value."""
    return _collect(offset, target, _two_variables(args), args[2] if len(args) == 4 else None, args[-1])


def _transform(offset: int, target: Node, args: list[Node], added: list[Node]) -> Node:
    variables = _two_variables(args)
    step: Node = Call(offset, "cel.@mapInsert", [_result(offset), *added])
    if len(args) == 4:
        step = Call(offset, "_?_:_", [args[2], step, _result(offset)])
    return _loop(offset, target, variables, CreateMap(offset, []), Literal(offset, True), step, _result(offset))


def transform_map(offset: int, target: Node, args: list[Node]) -> Node:
    """A map with the same keys and what an expression makes of their values."""
    _two_variables(args)
    return _transform(offset, target, args, [args[0], args[-1]])


def transform_map_entry(offset: int, target: Node, args: list[Node]) -> Node:
    """A map of the entries that an expression makes of each key and value."""
    return _transform(offset, target, args, [args[-1]])


def bind(offset: int, target: Node, args: list[Node]) -> Node | None:
    """`cel.bind(name, value, expression)`."""
    if not isinstance(target, Ident) or target.name != "cel":
        return None
    if not isinstance(args[0], Ident):
        raise MacroError(args[0].offset, "cel.bind() variable names must be simple identifiers")
    name = args[0].name
    return Comprehension(offset, CreateList(offset, []), "#unused", "", name, args[1], Literal(offset, False), Ident(offset, name), args[2])


def _optional(result: Callable[[int, Node], Node], name: str) -> Macro:
    """`opt.optMap(x, expression)`: what an expression makes of an optional's value, where it has one."""

    def expand(offset: int, target: Node, args: list[Node]) -> Node:
        if not isinstance(args[0], Ident):
            raise MacroError(args[0].offset, f"{name}() variable name must be a simple identifier")
        variable = args[0].name
        value = Call(offset, "value", [], target)
        mapped = Comprehension(offset, CreateList(offset, []), "#unused", "", variable, value, Literal(offset, False), Ident(offset, variable), args[1])
        has_value = Call(offset, "hasValue", [], target)
        return Call(offset, "_?_:_", [has_value, result(offset, mapped), Call(offset, "optional.none", [])])

    return expand


SORTED = "@__sortBy_input__"


def sort_by(offset: int, target: Node, args: list[Node]) -> Node:
    """A list in the order of what an expression makes of each item."""
    if isinstance(target, Literal | CreateMap):
        raise MacroError(target.offset, "sortBy can only be applied to a list, identifier, comprehension, call or select expression")
    keys = map_(offset, Ident(offset, SORTED), args)
    call = Call(offset, "@sortByAssociatedKeys", [keys], Ident(offset, SORTED))
    unused = CreateList(offset, [])
    return Comprehension(offset, unused, "#unused", "", SORTED, target, Literal(offset, False), Ident(offset, SORTED), call)


STANDARD: Macros = {
    ("has", 1, False): has,
    ("all", 2, True): _quantifier(_all),
    ("exists", 2, True): _quantifier(_exists),
    ("exists_one", 2, True): _quantifier(_exists_one),
    ("existsOne", 2, True): _quantifier(_exists_one),
    ("map", 2, True): map_,
    ("map", 3, True): map_,
    ("filter", 2, True): filter_,
}
OPTIONAL: Macros = {
    ("optMap", 2, True): _optional(lambda offset, mapped: Call(offset, "optional.of", [mapped]), "optMap"),
    ("optFlatMap", 2, True): _optional(lambda _offset, mapped: mapped, "optFlatMap"),
}
TWO_VARIABLES: Macros = {
    ("all", 3, True): _quantifier2(_all),
    ("exists", 3, True): _quantifier2(_exists),
    ("exists_one", 3, True): _quantifier2(_exists_one),
    ("existsOne", 3, True): _quantifier2(_exists_one),
    ("transformList", 3, True): transform_list,
    ("transformList", 4, True): transform_list,
    ("transformMap", 3, True): transform_map,
    ("transformMap", 4, True): transform_map,
    ("transformMapEntry", 3, True): transform_map_entry,
    ("transformMapEntry", 4, True): transform_map_entry,
}
BIND: Macros = {("bind", 3, True): bind}
LISTS: Macros = {("sortBy", 2, True): sort_by}
MACROS: Macros = {**STANDARD, **OPTIONAL, **TWO_VARIABLES, **LISTS, **BIND}


def entry(offset: int, key: Node, value: Node) -> Entry:
    """One entry of a map."""
    return Entry(offset, key, value, False)
