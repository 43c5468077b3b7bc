"""Sets of fields, as managedFields has them.

A path element is kept in its serialised form: `f:name` a field, `k:{"name":"a"}` an item of a list by its keys, `v:"a"` an item
of a set, `i:0` one by its index. Upstream: vendor/sigs.k8s.io/structured-merge-diff/fieldpath.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from kplan.api.gotext import go_json, go_quote, go_value
from kplan.schema import Node

Path = tuple[str, ...]


def field_element(name: str) -> str:
    """The element of a field."""
    return "f:" + name


def key_element(keys: dict[str, Any]) -> str:
    """The element of a list item that its keys tell apart."""
    return "k:" + go_json(keys)


def value_element(value: Any) -> str:
    """The element of a set's item."""
    return "v:" + go_json(value)


@lru_cache(maxsize=4096)
def _rank(element: str) -> tuple[Any, ...]:
    """Where an element stands among its siblings."""
    kind, text = element[0], element[2:]
    if kind == "f":
        return (0, text)
    if kind == "k":
        return (1, tuple((name, _value_rank(value)) for name, value in sorted(json.loads(text).items())))
    return (2, _value_rank(json.loads(text))) if kind == "v" else (3, int(text))


def _value_rank(value: Any) -> tuple[int, Any]:
    """Numbers before texts before truth values.   Upstream: value.Compare."""
    if isinstance(value, bool):
        return (2, value)
    if isinstance(value, int | float):
        return (0, value)
    return (1, value) if isinstance(value, str) else (3, go_json(value))


def path_text(path: Iterable[str]) -> str:
    """A path as messages have it: `.spec.containers[name="a"].args`."""
    return "".join(element_text(element) for element in path)


def element_text(element: str) -> str:
    """One element as messages have it."""
    kind, text = element[0], element[2:]
    if kind == "f":
        return "." + text
    if kind == "k":
        return "[" + ",".join(f"{name}={_scalar_text(value)}" for name, value in sorted(json.loads(text).items())) + "]"
    return f"[={_scalar_text(json.loads(text))}]" if kind == "v" else f"[{text}]"


def _scalar_text(value: Any) -> str:
    if isinstance(value, str):
        return go_quote(value)
    return "null" if value is None else go_value(value)


class FieldSet:
    """A set of paths, as a tree. A member's children are not members by that."""

    __slots__ = ("children", "members")

    def __init__(self, members: set[str] | None = None, children: dict[str, FieldSet] | None = None) -> None:
        self.members = members if members is not None else set()
        self.children = children if children is not None else {}

    @classmethod
    def of(cls, *paths: Path) -> FieldSet:
        """The set of these paths."""
        out = cls()
        for path in paths:
            out.insert(path)
        return out

    @classmethod
    def parse(cls, fields: dict[str, Any]) -> FieldSet:
        """From the JSON of `fieldsV1`."""
        out = cls()
        for element, inner in fields.items():
            if element == ".":
                continue
            if not inner or "." in inner:
                out.members.add(element)
            if inner:
                child = cls.parse(inner)
                if not child.empty:
                    out.children[element] = child
        return out

    def dump(self) -> dict[str, Any]:
        """As the JSON of `fieldsV1`."""
        out: dict[str, Any] = {}
        for element in sorted({*self.members, *self.children}, key=_rank):
            child = self.children.get(element)
            inner = child.dump() if child else {}
            out[element] = {".": {}, **inner} if inner and element in self.members else inner
            if not inner and element not in self.members:
                del out[element]
        return out

    @property
    def empty(self) -> bool:
        """Whether there is no member, here or deeper."""
        return not self.members and all(child.empty for child in self.children.values())

    def insert(self, path: Path) -> None:
        """Add a path; the empty one stands for the object itself, which nobody owns."""
        here = self
        for element in path[:-1]:
            here = here.descend(element)
        if path:
            here.members.add(path[-1])

    def descend(self, element: str) -> FieldSet:
        """The child at an element, made where there is none."""
        child = self.children.get(element)
        if child is None:
            child = self.children[element] = FieldSet()
        return child

    def has(self, path: Path) -> bool:
        """Whether a path is a member."""
        here = self
        for element in path[:-1]:
            child = here.children.get(element)
            if child is None:
                return False
            here = child
        return bool(path) and path[-1] in here.members

    def below(self, element: str) -> FieldSet:
        """The paths under an element, without it."""
        return self.children.get(element) or FieldSet()

    def paths(self, prefix: Path = ()) -> Iterator[Path]:
        """Every member, those of one place before those below."""
        for element in sorted(self.members, key=_rank):
            yield (*prefix, element)
        for element in sorted(self.children, key=_rank):
            yield from self.children[element].paths((*prefix, element))

    def __or__(self, other: FieldSet) -> FieldSet:
        children = dict(self.children)
        for element, child in other.children.items():
            children[element] = children[element] | child if element in children else child
        return FieldSet(self.members | other.members, children)

    def __and__(self, other: FieldSet) -> FieldSet:
        both = {element: self.children[element] & child for element, child in other.children.items() if element in self.children}
        return FieldSet(self.members & other.members, {element: child for element, child in both.items() if not child.empty})

    def __sub__(self, other: FieldSet) -> FieldSet:
        children: dict[str, FieldSet] = {}
        for element, child in self.children.items():
            left = child - other.children[element] if element in other.children else child
            if not left.empty:
                children[element] = left
        return FieldSet(self.members - other.members, children)

    def without_trees(self, other: FieldSet) -> FieldSet:
        """This set without the members of another and all that lies below those."""
        children: dict[str, FieldSet] = {}
        for element, child in self.children.items():
            if element in other.members:
                continue
            left = child.without_trees(other.children[element]) if element in other.children else child
            if not left.empty:
                children[element] = left
        return FieldSet(self.members - other.members, children)

    def with_named(self, node: Node | None) -> FieldSet:
        """This set and the named fields on the way to its members, which field sets usually leave out.

        Upstream: Set.EnsureNamedFieldsAreMembers.
        """
        members = set(self.members)
        children: dict[str, FieldSet] = {}
        for element, child in self.children.items():
            inner: Node | None = None
            if node is not None:
                if element[0] == "f" and node.map is not None:
                    if element[2:] in node.map.fields:
                        members.add(element)
                    inner = node.field(element[2:])
                elif element[0] == "k" and node.list is not None:
                    inner = node.items
            children[element] = child.with_named(inner)
        return FieldSet(members, children)
