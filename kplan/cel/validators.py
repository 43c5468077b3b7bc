"""What is looked at once the types of an expression are right: constants that functions cannot read, lists and maps of mixed types, formats.

Upstream: cel-go cel/validator.go, ext/formatting.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kplan.cel.ast import Call, CreateList, CreateMap, Entry, Literal, Node, children
from kplan.cel.errors import Issue
from kplan.cel.library.conversions import parse_duration, parse_time
from kplan.cel.library.formatting import VERBS, FormatError, clauses
from kplan.cel.library.regexes import RegexError, compiled
from kplan.cel.types import Type, is_dyn, printed
from kplan.cel.values import FIRST_SECOND, LAST_SECOND


def _is_pattern(text: str) -> bool:
    try:
        compiled(text)
    except RegexError:
        return False
    return True


READABLE: dict[str, Callable[[str], object]] = {"duration": parse_duration, "timestamp": parse_time, "matches": _is_pattern}
"""Functions whose first argument, where it is a constant text, must be readable."""


def issues(tree: Node) -> list[Issue]:
    """All that is wrong, validator by validator."""
    nodes = list(_nodes(tree, False))
    found = [issue for name in READABLE for node, _formatted in nodes for issue in _unreadable(node, name)]
    found += [issue for node, formatted in nodes if isinstance(node, CreateList) and not formatted for issue in _mixed_list(node)]
    found += [issue for node, formatted in nodes if isinstance(node, CreateMap) and not formatted for issue in _mixed_map(node)]
    return found + [issue for node, _formatted in nodes for issue in _formats(node)]


def _nodes(node: Node, formatted: bool) -> Iterator[tuple[Node, bool]]:
    """All nodes, each with whether it stands in a call of format."""
    yield node, formatted
    inside = formatted or (isinstance(node, Call) and node.function == "format")
    for inner in children(node):
        yield from _nodes(inner, inside)


def _unreadable(node: Node, name: str) -> Iterator[Issue]:
    if not isinstance(node, Call) or node.function != name or not node.args or not isinstance(node.args[0], Literal):
        return
    value = node.args[0].value
    wrong = isinstance(value, str) and not READABLE[name](value)
    if name == "timestamp" and type(value) is int:
        wrong = not FIRST_SECOND <= value <= LAST_SECOND
    if wrong:
        yield Issue(node.args[0].offset, f"invalid {name} argument")


def _type(node: Node) -> Type:
    assert node.type is not None
    return node.type


def _unwrapped(node: Node, optional: bool) -> Type:
    found = _type(node)
    return found.params[0] if optional and found.params else found


def _mismatch(node: Node, expected: Type, found: Type) -> Issue:
    return Issue(node.offset, f"expected type '{printed(expected)}' but found '{printed(found)}'")


def _mixed_list(node: CreateList) -> Iterator[Issue]:
    first: Type | None = None
    for i, element in enumerate(node.elements):
        found = _unwrapped(element, i in node.optional)
        if first is None:
            first = found
        elif found != first:
            yield _mismatch(element, first, found)
            return


def _mixed_map(node: CreateMap) -> Iterator[Issue]:
    first: Entry | None = None
    for entry in node.entries:
        if first is None:
            first = entry
            continue
        for one, other, optional, first_optional in (
            (entry.key, first.key, False, False),
            (entry.value, first.value, entry.optional, first.optional),
        ):
            expected, found = _unwrapped(other, first_optional), _unwrapped(one, optional)
            if found != expected:
                yield _mismatch(one, expected, found)


def _formats(node: Node) -> Iterator[Issue]:
    """A constant format must fit the list of values that stands with it."""
    if not isinstance(node, Call) or node.function != "format" or len(node.args) != 1:
        return
    given = node.args[0]
    if not isinstance(node.target, Literal) or not isinstance(node.target.value, str) or not isinstance(given, CreateList):
        return
    used = 0
    try:
        for _start, _end, clause, _digits in clauses(node.target.value, len(given.elements)):
            if clause is None:
                continue
            wrong = _unfit(given.elements[used], clause.takes, nested=clause is VERBS["s"])
            if wrong is not None:
                yield Issue(wrong.offset, f"error during formatting: {clause.refusal}, was given {_type(wrong).name}")
                return
            used += 1
    except FormatError as error:
        yield Issue(node.offset, str(error))
        return
    if len(given.elements) > used:
        yield Issue(node.offset, f"too many arguments supplied to string.format (expected {used}, got {len(given.elements)})")


def _unfit(node: Node, takes: frozenset[str], nested: bool) -> Node | None:
    """The node that a clause does not take; with `nested`, what is in lists and maps counts too."""
    if not is_dyn(_type(node)) and _type(node).name not in takes:
        return node
    inner = children(node) if nested and isinstance(node, CreateList | CreateMap) else []
    return next((wrong for one in inner if (wrong := _unfit(one, takes, nested)) is not None), None)
