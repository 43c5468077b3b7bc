"""One YAML document as the JSON value that kubectl makes of it.

Upstream: the decoder of go.yaml.in/yaml/v2 into an interface, then convertToJSONableObject of sigs.k8s.io/yaml. Aliases
are copied, never shared; the bound on their expansion is go-yaml's. Of keys that read the same, the last wins.
"""

from __future__ import annotations

from typing import Any

import yaml

from kplan.manifests import events as dialect
from kplan.manifests.errors import YamlError
from kplan.manifests.scalars import MERGE_TAG, NUMBER_STARTS, WORD_STARTS, WORDS, json_number, key, number_value, plain, tagged

MAX_DEPTH = 10_000
_MERGE = object()
_NO_KEY = object()
_OPEN = object()


def construct(text: str, max_depth: int = MAX_DEPTH) -> tuple[Any, bool]:
    """The value of a text's first document (None for an empty one), and whether a key may be there twice.

    Raises YamlError, lines counting from 1.
    """
    try:
        if not dialect.long_tags(text):
            return _build(text, max_depth)
    except yaml.YAMLError:
        pass
    text = dialect.settled(text)
    try:
        return _build(text, max_depth)
    except yaml.YAMLError as error:
        raise dialect.translated(error, text) from None
    except UnicodeDecodeError:
        raise YamlError("invalid UTF-8 in a tag") from None


def _build(text: str, max_depth: int) -> tuple[Any, bool]:
    get = dialect.events(text)
    get()
    if get().__class__ is yaml.StreamEndEvent:
        return None, False
    scalar, mapping, sequence, alias = dialect.SCALAR, dialect.MAPPING, dialect.SEQUENCE, dialect.ALIAS
    container: Any = []
    waiting: Any = None  # a mapping's key that waits for its value; None in a sequence
    stack: list[tuple[Any, Any, str | None, int]] = []
    anchors: dict[str, Any] = {}
    count, aliased, repeated = 1, 0, False
    anchor: str | None
    try:
        while True:
            event = get()
            kind = event.__class__
            if kind is scalar:
                value = event.value
                count += 1
                if event.tag is None:
                    if event.implicit[0]:
                        first = value[:1]
                        if waiting is _NO_KEY:
                            if value == "<<":
                                waiting = _MERGE
                                count -= 1
                                if event.anchor is not None:
                                    anchors[event.anchor] = ("<<", 1)
                                continue
                            if first in WORD_STARTS or first in NUMBER_STARTS:
                                value = plain(value)
                        elif first in WORD_STARTS:
                            value = WORDS.get(value, value)
                        elif first in NUMBER_STARTS:
                            value = number_value(value)
                elif waiting is _NO_KEY and value == "<<" and event.tag in ("!", MERGE_TAG):
                    waiting = _MERGE
                    count -= 1
                    continue
                else:
                    value = tagged(event.tag, dialect.original(value))
                    if waiting is not _NO_KEY and (value.__class__ is float or value.__class__ is int):
                        value = json_number(value)
                if event.anchor is not None:
                    anchors[event.anchor] = (value, 1)
            elif kind is mapping or kind is sequence:
                count += 1
                if waiting is _NO_KEY:
                    raise YamlError(f"invalid map key: {'map' if kind is mapping else '[]interface {}'}")
                if len(stack) > max_depth:
                    raise YamlError(f"exceeded max depth of {max_depth}")
                anchor = event.anchor
                stack.append((container, waiting, anchor, count))
                if anchor is not None:
                    anchors[anchor] = _OPEN
                if kind is mapping:
                    container, waiting = {}, _NO_KEY
                else:
                    container, waiting = [], None
                continue
            elif kind is alias:
                name = event.anchor
                entry = anchors.get(name)
                if entry is None:
                    raise YamlError(f"unknown anchor '{name}' referenced")
                if entry is _OPEN:
                    raise YamlError(f"anchor '{name}' value contains itself")
                value, size = entry
                _check_aliases(aliased, count)
                count += 1 + size
                aliased += size
                _check_aliases(aliased, count)
                if value.__class__ is dict or value.__class__ is list:
                    if waiting is _NO_KEY:
                        raise YamlError(f"invalid map key: alias of '{name}'")
                    if waiting is _MERGE and value.__class__ is list:
                        raise YamlError("map merge requires map or sequence of maps as the value")
                    value = _copied(value)
                elif waiting is not _NO_KEY and (value.__class__ is float or value.__class__ is int):
                    value = json_number(value)
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                value = container
                container, waiting, anchor, start = stack.pop()
                if anchor is not None:
                    anchors[anchor] = (value, count - start + 1)
            else:  # the document's end
                break
            if waiting is None:
                container.append(value)
            elif waiting is _NO_KEY:
                waiting = value if value.__class__ is str else key(value)
                if waiting in container:
                    repeated = True
            elif waiting is _MERGE:
                _merge(container, value)
                waiting = _NO_KEY
            else:
                container[waiting] = value
                waiting = _NO_KEY
        _check_aliases(aliased, count)
    except YamlError as error:
        if error.line:
            raise
        raise YamlError(error.message, event.start_mark.line + 1, event.start_mark.column + 1) from None
    return _restored(container[0]) if dialect.rewritten(text) else container[0], repeated


def _merge(container: dict[str, Any], value: Any) -> None:
    """`<<`: earlier maps of a list win over later ones; a merge overrides the keys before it."""
    for source in reversed(value) if value.__class__ is list else (value,):
        if source.__class__ is not dict:
            raise YamlError("map merge requires map or sequence of maps as the value")
        container.update(source)


def _check_aliases(aliased: int, count: int) -> None:
    if aliased > 100 and count > 1000:
        allowed = 0.99 if count <= 400_000 else 0.10 if count >= 4_000_000 else 0.99 - 0.89 * ((count - 400_000) / 3_600_000)
        if aliased / count > allowed:
            raise YamlError("document contains excessive aliasing")


def _copied(value: Any) -> Any:
    """A deep copy, without recursion: documents nest deeper than Python does."""
    root: Any = value.copy()
    todo = [root]
    while todo:
        container = todo.pop()
        for place, inner in container.items() if container.__class__ is dict else enumerate(container):
            if inner.__class__ is dict or inner.__class__ is list:
                container[place] = inner.copy()
                todo.append(container[place])
    return root


def _restored(value: Any) -> Any:
    if isinstance(value, str):
        return dialect.original(value)
    if isinstance(value, list):
        return [_restored(inner) for inner in value]
    if isinstance(value, dict):
        return {dialect.original(name): _restored(inner) for name, inner in value.items()}
    return value
