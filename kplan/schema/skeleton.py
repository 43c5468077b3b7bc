"""What no stored object lacks: a struct that is no pointer is always there in Go, however empty.

A server never shows a Node without `spec`, nor a Deployment without `spec.template.spec`. `completed` gives them to objects that come from elsewhere;
only these three (`spec`, `template`, `jobTemplate`) are filled in, and no defaults.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from kplan.api.objects import Object
from kplan.schema.bundle import CURRENT
from kplan.schema.resources import lookup
from kplan.schema.shapes import STRUCT, has_shape
from kplan.schema.structs import root, slots

NESTED = frozenset({"spec", "template", "jobTemplate"})

Skeleton = dict[str, Any]  # field -> what is in it, in turn


def completed(obj: Object, version: str = CURRENT) -> Object:
    """The object with its structs; itself where it lacks none, or is of a kind that is not built in."""
    found = _skeleton(version, obj["apiVersion"], obj["kind"])
    return _filled(obj, found) if found else obj


def _filled(value: Object, skeleton: Skeleton) -> Object:
    for key, inner in skeleton.items():
        held = value.get(key)
        if held is None:
            value = {**value, key: _filled({}, inner)}
        elif inner and isinstance(held, dict) and (filled := _filled(held, inner)) is not held:
            value = {**value, key: filled}
    return value


@cache
def _skeleton(version: str, api_version: str, kind: str) -> Skeleton:
    info = lookup(version, api_version, kind)
    return _structs(version, root(version, info.definition).name) if info is not None else {}


def _structs(version: str, name: str) -> Skeleton:
    if not has_shape(name):
        return {}
    fields = [s for s in slots(version, name) if s.json in NESTED and s.type.kind == STRUCT and not s.pointer and not s.zero]
    return {slot.json: _structs(version, slot.type.name) for slot in fields}
