"""Where in a document each field stands: its tree of keys and values with lines and columns, made only when asked for.

A value that came by an alias stands at the alias, what is inside it where it was written; so do keys that came by a merge.
Left out: columns after something that `events.settled` rewrote, on that line, may be a few characters off.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import yaml

from kplan.manifests import events as dialect
from kplan.manifests.errors import YamlError
from kplan.manifests.scalars import MERGE_TAG, key, plain, tagged

_SEGMENT = re.compile(r"\.?([^.\[\]]+)|\[((?:[^\[\]]|\[[^\]]*\])*)\]")
_PLAIN_NAME = re.compile(r"[\w-]+")
_JSON_SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


class Place(NamedTuple):
    """A line and column of a document's text, from 1."""

    line: int
    column: int


@dataclass(slots=True)
class Node:
    """A value: where it starts, and its fields (each with the place of its key) or its items."""

    place: Place
    fields: dict[str, tuple[Place, Node]] | None = None
    items: list[Node] | None = None


@dataclass(slots=True)
class Tree:
    """A document's root, and the keys that it has twice: path, first place, second place."""

    root: Node
    duplicates: list[tuple[str, Place, Place]] = field(default_factory=list)


@lru_cache(maxsize=4)
def tree(text: str, until: str | None = None) -> Tree | None:
    """The tree of a text's first document; None where it is empty or broken. It may end once it has a field `until` of the root (empty: none)."""
    text = text.removeprefix("\ufeff")
    if text.lstrip().startswith("{"):
        text = _JSON_SURROGATE.sub(r"\\uFFFD", text)
        try:
            return _composed(dialect.unchecked(text), until)
        except (yaml.YAMLError, YamlError, UnicodeDecodeError):
            pass
    try:
        if not dialect.long_tags(text):
            return _composed(dialect.events(text), until)
    except (yaml.YAMLError, YamlError, UnicodeDecodeError):
        pass
    try:
        return _composed(dialect.events(dialect.settled(text)), until)
    except (yaml.YAMLError, YamlError, UnicodeDecodeError):
        return None


class _Level:
    """A collection that is being read: its node, and the key that waits for a value."""

    __slots__ = ("explicit", "key", "key_place", "node")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.key: str | None = None
        self.key_place = node.place
        self.explicit: dict[str, Place] = {}


def _composed(get: Callable[[], Any], until: str | None = None) -> Tree | None:
    get()
    if get().__class__ is yaml.StreamEndEvent:
        return None
    top = _Level(Node(Place(1, 1), items=[]))
    levels, anchors, scalars = [top], dict[str, Node](), dict[str, str]()
    found = Tree(top.node)
    while until is None or not _reached(levels, until):
        event = get()
        kind = event.__class__
        place = Place(event.start_mark.line + 1, event.start_mark.column + 1)
        level = levels[-1]
        if kind is dialect.MAPPING or kind is dialect.SEQUENCE:
            node = Node(place, {}) if kind is dialect.MAPPING else Node(place, items=[])
            _attach(level, node)
            levels.append(_Level(node))
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            done = levels.pop()
            if levels[-1].key == "<<" and levels[-1].node.fields is not None:
                _merge(levels[-1], done.node)
            elif levels[-1].node.fields is not None:
                levels[-1].key = None
            continue
        elif kind is yaml.DocumentEndEvent:
            break
        elif level.node.fields is not None and level.key is None:
            name = scalars.get(event.anchor, "") if kind is dialect.ALIAS else _name(event)
            if kind is dialect.SCALAR and event.anchor:
                scalars[event.anchor] = name
            level.key, level.key_place = name, place
            if name != "<<" and name in level.explicit:
                found.duplicates.append((_path(levels), level.explicit[name], place))
            level.explicit[name] = place
            continue
        elif kind is dialect.ALIAS:
            target = anchors.get(event.anchor, Node(place))
            node = Node(place, target.fields, target.items)
            if level.key == "<<":
                _merge(level, node)
            else:
                _attach(level, node)
                level.key = None
        else:
            node = Node(place)
            if event.anchor:
                scalars[event.anchor] = _name(event)
            _attach(level, node)
            level.key = None
        if kind is not dialect.ALIAS and event.anchor:
            anchors[event.anchor] = node
    assert top.node.items
    found.root = top.node.items[0]
    return found


def _reached(levels: list[_Level], until: str) -> bool:
    """Whether a field of the root is complete."""
    if len(levels) != 2 or levels[1].key is not None:
        return False
    return not until or until in (levels[1].node.fields or ())


def _attach(level: _Level, node: Node) -> None:
    if level.node.items is not None:
        level.node.items.append(node)
    elif level.node.fields is not None and level.key not in (None, "<<"):
        level.node.fields[level.key or ""] = (level.key_place, node)


def _merge(level: _Level, node: Node) -> None:
    assert level.node.fields is not None
    for source in reversed(node.items) if node.items is not None else (node,):
        level.node.fields.update(source.fields or {})
    level.key = None


def _name(event: Any) -> str:
    """The key that a scalar event reads as."""
    value = dialect.original(event.value)
    if event.tag is None:
        return value if not event.implicit[0] or value == "<<" else key(plain(value))
    return "<<" if event.tag in ("!", MERGE_TAG) and value == "<<" else key(tagged(event.tag, value))


def _path(levels: list[_Level]) -> str:
    path = ""
    for level in levels[1:]:
        path += f"[{len(level.node.items) - 1}]" if level.node.items is not None else segment(level.key or "")
    return path.removeprefix(".")


def segment(name: str) -> str:
    """A field's name as the continuation of a path: `.name`, or `[na.me]` where dots would mislead."""
    return f".{name}" if _PLAIN_NAME.fullmatch(name) else f"[{name}]"


def segments(path: str) -> list[str]:
    """The names and numbers that a path is made of."""
    return [found[1] if found[1] is not None else found[2] for found in _SEGMENT.finditer(path)]


def find(root: Node, path: str, of_key: bool = False) -> Place:
    """Where the value at a path stands, or its key; where there is none, the key (or item) of its nearest parent."""
    names = segments(path)
    node, key_place, start = root, root.place, 0
    while start < len(names):
        inner = _inner(node, names, start)
        if inner is None:
            return key_place
        key_place, node, start = inner
    return key_place if of_key else node.place


def _inner(node: Node, names: list[str], start: int) -> tuple[Place, Node, int] | None:
    """One step down a path; a name with dots in it may have been taken for several."""
    if node.items is not None:
        number = int(names[start]) if names[start].isascii() and names[start].isdigit() else len(node.items)
        return (node.items[number].place, node.items[number], start + 1) if number < len(node.items) else None
    for end in range(start + 1, len(names) + 1) if node.fields else ():
        found = (node.fields or {}).get(".".join(names[start:end]))
        if found:
            return (*found, end)
    return None
