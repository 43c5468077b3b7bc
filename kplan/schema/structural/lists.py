"""Lists that are sets or maps: no item, and no keys, twice.

Upstream: apiextensions-apiserver/pkg/apiserver/schema/listtype/validation.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kplan.api.field import FieldErrors, duplicate, invalid
from kplan.api.gotext import go_json
from kplan.schema.structural.numbers import printed
from kplan.schema.structural.paths import NIL, child, item, key
from kplan.schema.structural.structure import Structure


def validate_lists(value: Any, structure: Structure, path: str = NIL) -> FieldErrors:
    """What is there twice, each once, at its second place."""
    if not structure.lists:
        return
    if isinstance(value, dict):
        for name in sorted(value):
            known = structure.properties.get(name)
            if known is not None:
                yield from validate_lists(value[name], known, child(path, name))
            elif structure.additional is not None:
                yield from validate_lists(value[name], structure.additional, key(path, name))
    elif isinstance(value, list):
        yield from _validate_list(value, structure, path)
        if structure.items is not None:
            for index, one in enumerate(value):
                yield from validate_lists(one, structure.items, item(path, index))


def _validate_list(value: list[Any], structure: Structure, path: str) -> FieldErrors:
    kind = structure.schema.get("x-kubernetes-list-type")
    if kind == "set":
        for index in _repeated(value):
            yield duplicate(item(path, index), printed(value[index]))
    elif kind == "map":
        for index, one in enumerate(value):
            if one is not None and not isinstance(one, dict):
                yield invalid(item(path, index), printed(one), "must be an object for an array of list-type map")
                return
        names = structure.schema.get("x-kubernetes-list-map-keys") or ()
        keys = [{name: one[name] for name in names if name in one} if one is not None else {} for one in value]
        for index in _repeated(keys):
            yield duplicate(item(path, index), keys[index])


def _repeated(values: Iterable[Any]) -> list[int]:
    """Where a value stands for the second time."""
    times: dict[Any, int] = {}
    found = []
    for index, value in enumerate(values):
        identity = go_json(value) if isinstance(value, dict | list) else (type(value), value)
        times[identity] = times.get(identity, 0) + 1
        if times[identity] == 2:
            found.append(index)
    return found
