"""Reading a custom resource: unknown fields are found and dropped, nulls go, defaults come.

Upstream: apiextensions-apiserver/pkg/apiserver/schema/{pruning,defaulting}. Everything here changes the value in place, which is
private to the request. Fields are met in the order of their names; unknown ones are told sorted.
Leaves out that defaults inside embedded metadata are pruned by the server's own types.
"""

from __future__ import annotations

from typing import Any

from kplan.api.objects import copy_tree
from kplan.schema.structural.structure import ANYTHING, Structure

META = ("apiVersion", "kind", "metadata")


def prune(value: dict[str, Any], structure: Structure | None) -> list[str]:
    """Drop what the schema of a whole resource does not know; the paths of what was dropped, sorted."""
    unknown: list[str] = []
    if structure is not None and structure.preserve:
        _keep_unknown(value, structure, "", unknown, root=True)
    else:
        _prune_map(value, structure or ANYTHING, "", unknown, root=True)
    return sorted(unknown)


def prune_part(value: Any, structure: Structure) -> None:
    """The same for a part of a resource (a default)."""
    _prune(value, structure, "", [])


def _prune(value: Any, structure: Structure | None, path: str, unknown: list[str]) -> None:
    if isinstance(value, dict):
        if structure is not None and structure.preserve:
            _keep_unknown(value, structure, path, unknown)
        elif structure is None or structure is ANYTHING:
            unknown.extend(_join(path, name) for name in value)
            value.clear()
        else:
            _prune_map(value, structure, path, unknown)
    elif isinstance(value, list):
        if structure is not None and structure.preserve:
            _keep_unknown(value, structure, path, unknown)
            return
        for index, item in enumerate(value):
            if isinstance(item, dict | list):
                _prune(item, structure.items if structure is not None else None, f"{path}[{index}]", unknown)


def _prune_map(value: dict[str, Any], structure: Structure, path: str, unknown: list[str], *, root: bool = False) -> None:
    own = root or structure.embedded
    for name in list(value):
        if own and name in META:
            continue
        known = structure.properties.get(name) or structure.additional
        if known is None:
            if name not in META or path:
                unknown.append(_join(path, name))
            del value[name]
            continue
        inner = value[name]
        if isinstance(inner, dict | list):
            _prune(inner, known, _join(path, name), unknown)


def _keep_unknown(value: Any, structure: Structure, path: str, unknown: list[str], *, root: bool = False) -> None:
    """Where unknown fields are preserved, only what is under known ones is pruned."""
    if isinstance(value, dict):
        own = root or structure.embedded
        for name, inner in value.items():
            known = structure.properties.get(name) or structure.additional
            if known is not None and isinstance(inner, dict | list) and not (own and name in META):
                _prune(inner, known, _join(path, name), unknown)
    elif isinstance(value, list) and structure.items is not None:
        for index, item in enumerate(value):
            _keep_unknown(item, structure.items, f"{path}[{index}]", unknown)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def drop_nulls(value: Any, structure: Structure | None) -> None:
    """Drop nulls that are neither allowed nor stand for a default."""
    if isinstance(value, dict):
        for name in list(value):
            known = None if structure is None else structure.properties.get(name) or structure.additional
            inner = value[name]
            if inner is None:
                if known is not None and known is not ANYTHING and not known.nullable and known.default is None:
                    del value[name]
            elif isinstance(inner, dict | list) and known is not None:
                drop_nulls(inner, known)
    elif isinstance(value, list) and structure is not None and structure.items is not None:
        for item in value:
            drop_nulls(item, structure.items)


def default(value: Any, structure: Structure) -> None:
    """Fill in defaults, also those below what was filled in."""
    if not structure.defaults:
        return
    if isinstance(value, dict):
        for name, known in structure.properties.items():
            if known.default is not None and (name not in value or (value[name] is None and not known.nullable)):
                value[name] = copy_tree(known.default)
        more = structure.additional
        for name in value:
            inner = structure.properties.get(name)
            if inner is None and more is not None and more is not ANYTHING:
                if value[name] is None and not more.nullable:
                    value[name] = copy_tree(more.default)
                inner = more
            if inner is not None and inner.defaults:
                default(value[name], inner)
    elif isinstance(value, list) and structure.items is not None:
        for index, item in enumerate(value):
            if item is None and not structure.items.nullable:
                value[index] = copy_tree(structure.items.default)
            default(value[index], structure.items)
