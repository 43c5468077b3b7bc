"""How large what an expression handles can get, as far as a schema or the expression itself says.   Upstream: cel-go checker/cost.go."""

from __future__ import annotations

from typing import NamedTuple

from kplan.cel.ast import CreateList, CreateMap, Ident, Literal, Node
from kplan.cel.calls import Argument
from kplan.cel.estimates import ONE, UNKNOWN, Range, fixed
from kplan.cel.macros import RESULT
from kplan.cel.schemas import Declared
from kplan.cel.types import Type

Path = tuple[str, ...]
_SCALARS = frozenset({"bool", "double", "duration", "int", "timestamp", "uint"})


class Entries(NamedTuple):
    """How large keys and values of a list or map are."""

    kind: str
    key: Range
    value: Range

    def union(self, other: Entries) -> Entries:
        """What covers both."""
        return Entries(self.kind, self.key.union(other.key), self.value.union(other.value))


class Local(NamedTuple):
    """A variable of a loop."""

    path: Path
    size: Range | None
    entries: Entries | None


class KnownSizes:
    """Sizes and paths of the nodes seen so far, by identity, and the variables of loops."""

    def __init__(self, root: Declared) -> None:
        self.root = root
        self.paths: dict[int, Path] = {}
        self.sizes: dict[int, Range] = {}
        self.entries: dict[int, Entries] = {}
        self.locals: dict[str, list[Local]] = {}

    def declared_size(self, path: Path | None) -> Range | None:
        """What the schema says of what stands at a path."""
        if not path:
            return None
        here = self.root
        for step in path[1:]:
            if step in ("@items", "@values"):
                found = here.element
            elif step == "@keys":
                found = here.key
            else:
                found = here.fields.get(step)
            if found is None:
                return None
            here = found
        return Range(0, here.most)

    def size_of(self, argument: Argument) -> Range:
        """The size of an argument, as far as known."""
        return argument.size or self.declared_size(argument.path) or UNKNOWN

    def local(self, node: Node) -> Local | None:
        """The loop's variable that a node names."""
        held = self.locals.get(node.name) if isinstance(node, Ident) else None
        return held[-1] if held else None

    def path(self, node: Node) -> Path:
        """Where in the schema a node comes from; empty: from nowhere."""
        local = self.local(node)
        return local.path if local is not None else self.paths.get(id(node), ())

    def size(self, node: Node) -> Range | None:
        """The size of a node, if known."""
        if id(node) in self.sizes:
            return self.sizes[id(node)]
        found = _literal_size(node)
        if found is not None:
            return found
        found = self.declared_size(self.path(node))
        if found is not None:
            self.sizes[id(node)] = found
            return found
        if _is_scalar(type_of_node(node)):
            return ONE
        local = self.local(node)
        return local.size if local is not None else None

    def size_or_unknown(self, node: Node) -> Range:
        """The size of a node."""
        return self.size(node) or UNKNOWN

    def entry_sizes(self, node: Node) -> Entries | None:
        """The sizes of what is in a node, if known."""
        found = self.entries.get(id(node))
        if found is None and (local := self.local(node)) is not None:
            found = local.entries
        return found

    def argument(self, node: Node) -> Argument:
        """A node as the argument of a call."""
        path: Path | None = self.path(node)
        if path and path[0] in (RESULT, "__result__"):
            path = None
        return Argument(type_of_node(node), node, path, self.size(node))

    def push(self, name: str, path: Path, size: Range | None, entries: Entries | None) -> None:
        """A loop begins."""
        self.locals.setdefault(name, []).append(Local(path, size, entries))

    def pop(self, name: str) -> None:
        """A loop ends."""
        self.locals[name].pop()

    def note_size(self, node: Node, size: Range | None) -> None:
        """Remember a size."""
        if size is not None:
            self.sizes[id(node)] = size

    def copy_sizes(self, to: Node, source: Node) -> None:
        """A node is as large as another."""
        self.note_size(to, self.size(source))
        entries = self.entry_sizes(source)
        if entries is not None:
            self.entries[id(to)] = entries


def type_of_node(node: Node) -> Type:
    """The type that the checker gave a node."""
    assert node.type is not None
    return node.type


def _is_scalar(t: Type) -> bool:
    return t.kind in _SCALARS or (t.kind == "opaque" and t.name == "optional_type" and _is_scalar(t.params[0]))


def _literal_size(node: Node) -> Range | None:
    match node:
        case Literal():
            return fixed(len(node.value)) if isinstance(node.value, str | bytes) else ONE
        case CreateList():
            return fixed(len(node.elements))
        case CreateMap():
            return fixed(len(node.entries))
    return None
