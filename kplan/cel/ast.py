"""The syntax tree of an expression. Each node knows its place in the source (an offset) and, once checked, its type.

Upstream: cel-go common/ast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kplan.cel.types import Type


class Node:
    """An expression. `type` is set by the checker."""

    __slots__ = ("offset", "type")

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.type: Type | None = None


class Literal(Node):
    """A constant: None, bool, int, UInt, float, str or bytes."""

    __slots__ = ("value",)

    def __init__(self, offset: int, value: Any) -> None:
        super().__init__(offset)
        self.value = value


class Ident(Node):
    """A name. The checker writes the declared name into it."""

    __slots__ = ("name",)

    def __init__(self, offset: int, name: str) -> None:
        super().__init__(offset)
        self.name = name


class Select(Node):
    """A field of an operand; `test`: whether there is one (the has macro). `qualified`: the whole is one declared name."""

    __slots__ = ("field", "operand", "qualified", "test")

    def __init__(self, offset: int, operand: Node, field: str, test: bool = False) -> None:
        super().__init__(offset)
        self.operand = operand
        self.field = field
        self.test = test
        self.qualified = ""


class Call(Node):
    """A call of a function or operator. `matched` are the overloads that the checker found to fit."""

    __slots__ = ("args", "function", "matched", "target")

    def __init__(self, offset: int, function: str, args: list[Node], target: Node | None = None) -> None:
        super().__init__(offset)
        self.function = function
        self.args = args
        self.target = target
        self.matched: tuple[Any, ...] = ()


class CreateList(Node):
    """A list; `optional` are the indexes of `[?x]`."""

    __slots__ = ("elements", "optional")

    def __init__(self, offset: int, elements: list[Node], optional: frozenset[int] = frozenset()) -> None:
        super().__init__(offset)
        self.elements = elements
        self.optional = optional


class Entry:
    """One entry of a map (`key` is a Node) or one field of an object (`key` is its name)."""

    __slots__ = ("key", "offset", "optional", "value")

    def __init__(self, offset: int, key: Any, value: Node, optional: bool) -> None:
        self.offset = offset
        self.key = key
        self.value = value
        self.optional = optional


class CreateMap(Node):
    """A map."""

    __slots__ = ("entries",)

    def __init__(self, offset: int, entries: list[Entry]) -> None:
        super().__init__(offset)
        self.entries = entries


class CreateStruct(Node):
    """An object of a named type."""

    __slots__ = ("fields", "type_name")

    def __init__(self, offset: int, type_name: str, fields: list[Entry]) -> None:
        super().__init__(offset)
        self.type_name = type_name
        self.fields = fields


class Comprehension(Node):
    """What macros unfold to: a loop over `range` that folds into `accumulator`."""

    __slots__ = ("accumulator", "condition", "init", "range", "result", "step", "variable", "variable2")

    def __init__(
        self, offset: int, range_: Node, variable: str, variable2: str, accumulator: str, init: Node, condition: Node, step: Node, result: Node
    ) -> None:
        super().__init__(offset)
        self.range = range_
        self.variable = variable
        self.variable2 = variable2
        self.accumulator = accumulator
        self.init = init
        self.condition = condition
        self.step = step
        self.result = result


def children(node: Node) -> list[Node]:
    """The nodes right below one."""
    match node:
        case Select():
            return [node.operand]
        case Call():
            return ([node.target] if node.target is not None else []) + node.args
        case CreateList():
            return node.elements
        case CreateMap():
            return [inner for entry in node.entries for inner in (entry.key, entry.value)]
        case CreateStruct():
            return [entry.value for entry in node.fields]
        case Comprehension():
            return [node.range, node.init, node.condition, node.step, node.result]
    return []


def names(node: Node) -> set[str]:
    """All names of variables that an expression reads, those of its own loops included."""
    found = set()
    todo = [node]
    while todo:
        one = todo.pop()
        if isinstance(one, Ident):
            found.add(one.name)
        elif isinstance(one, Select) and one.qualified:
            found.add(one.qualified)
            continue
        todo += children(one)
    return found


def qualified_name(node: Node) -> str:
    """`a.b.c` of selections on a name; empty for anything else.   Upstream: containers.ToQualifiedName."""
    match node:
        case Ident():
            return node.name
        case Select(test=False):
            prefix = qualified_name(node.operand)
            return f"{prefix}.{node.field}" if prefix else ""
    return ""


def balanced(function: str, terms: list[Node], offsets: list[int], low: int, high: int) -> Node:
    """A chain of `&&` or `||` as a tree that is no deeper than it must be."""
    middle = (low + high + 1) // 2
    left = terms[middle] if middle == low else balanced(function, terms, offsets, low, middle - 1)
    right = terms[middle + 1] if middle == high else balanced(function, terms, offsets, middle + 1, high)
    return Call(offsets[middle], function, [left, right])
