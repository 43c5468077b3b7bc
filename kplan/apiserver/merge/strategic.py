"""Strategic merge patch: the patches that know the API's lists.

Upstream: apimachinery/pkg/util/strategicpatch/patch.go. Nothing handed in is changed. A patch is applied to an object, or (`combine`)
to another patch, whose directives are then kept.
"""

from __future__ import annotations

from typing import Any

from kplan.api.objects import Object
from kplan.apiserver.merge.directives import (
    BAD_ELEMENT_ORDER,
    BAD_PRIMITIVE_LIST,
    BAD_RETAIN_KEYS,
    DELETE_FROM,
    MARKER,
    RETAIN_KEYS,
    SET_ORDER,
    Items,
    child,
    element_kind,
    find,
    key_of,
    kind_of,
    list_child,
    merges,
    parted,
    refuse,
    without_repeats,
    woven,
    wrong_type,
)
from kplan.apiserver.merge.typed import go_text
from kplan.schema import Node


def apply_patch(obj: Object, patch: Object, node: Node) -> Object:
    """An object after a strategic merge patch; raises a StatusError for a patch that makes no sense."""
    return _merge(obj, patch, node, False)


def combine(first: Object, second: Object, node: Node) -> Object:
    """One patch that does what both do."""
    return _merge(first, second, node, True)


def _merge(original: Object, patch: Object, node: Node, combining: bool) -> Object:
    if MARKER in patch:
        return _marked(patch)
    out, patch = _retain_keys(original, dict(patch), combining)
    out, patch = _ordered_lists(out, patch, node, combining)
    for key, value in patch.items():
        name, deletes = key, False
        if key.startswith(DELETE_FROM):
            if combining:
                out[key] = value
                continue
            name, deletes = _directed(key, DELETE_FROM, BAD_PRIMITIVE_LIST), True
        if value is None:
            out.pop(name, None)
            if not combining:
                continue
        if name not in out or kind_of(out[name]) != kind_of(value):
            if not deletes:
                _put(out, name, value, combining)
        elif isinstance(value, dict):
            inner = child(node, name)
            out[name] = value if "replace" in inner.strategy else _merge(out[name], value, inner, combining)
        elif isinstance(value, list):
            out[name] = _merge_list(out[name], value, *list_child(node, name), combining, deletes)
        else:
            out[name] = value
    return out


def _marked(patch: Object) -> Object:
    """A map with a directive of its own."""
    if patch[MARKER] == "replace":
        return {key: value for key, value in patch.items() if key != MARKER}
    if patch[MARKER] == "delete":
        return {}
    return refuse(f"unknown patch type: {go_text(patch[MARKER])} in map: {go_text(patch)}")


def _put(out: Object, key: str, value: Any, combining: bool) -> None:
    """Set what was not there, or was something else: directives have nothing to act on and go."""
    cleaned = _without_directives(value if combining else _without_nulls(value))
    if cleaned is _DROPPED:
        out.pop(key, None)
    else:
        out[key] = cleaned


_DROPPED: Any = object()


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _without_directives(value: Any) -> Any:
    if isinstance(value, dict):
        if MARKER in value:
            return _DROPPED
        cleaned = {key: _without_directives(item) for key, item in value.items()}
        return {key: item for key, item in cleaned.items() if item is not _DROPPED}
    if isinstance(value, list):
        return [item for item in map(_without_directives, value) if item is not _DROPPED]
    return value


def _directed(key: str, prefix: str, complaint: str) -> str:
    """The field that a directive is about: `$setElementOrder/ports` -> `ports`."""
    found, slash, name = key.partition("/")
    if not slash or found != prefix:
        refuse(complaint)
    return name


def _retain_keys(original: Object, patch: Object, combining: bool) -> tuple[Object, Object]:
    """Keep only the keys that `$retainKeys` lists."""
    out = dict(original)
    if RETAIN_KEYS not in patch:
        return out, patch
    keys = patch.pop(RETAIN_KEYS)
    if combining:
        if RETAIN_KEYS in out and out[RETAIN_KEYS] != keys:
            refuse(f"{go_text(out[RETAIN_KEYS])} and {go_text(keys)} are not deep equal: this may happen when calculating the 3-way diff patch")
        out[RETAIN_KEYS] = keys
        return out, patch
    if not isinstance(keys, list):
        refuse(BAD_RETAIN_KEYS)
    if any(value is not None and not key.startswith((DELETE_FROM, SET_ORDER)) and key not in keys for key, value in patch.items()):
        refuse(BAD_RETAIN_KEYS)
    return {key: value for key, value in out.items() if key in keys}, patch


def _ordered_lists(out: Object, patch: Object, node: Node, combining: bool) -> tuple[Object, Object]:
    """Merge the lists that `$setElementOrder` speaks of."""
    for key in [key for key in patch if key.startswith(SET_ORDER)]:
        order = patch.pop(key)
        if combining:
            if key in out and out[key] != order:
                refuse(BAD_ELEMENT_ORDER)
            out[key] = order
        if not isinstance(order, list):
            wrong_type("[]interface {}", order)
        name = _directed(key, SET_ORDER, BAD_ELEMENT_ORDER)
        live, wanted = out.get(name), patch.get(name)
        for found in (live if name in out else [], wanted if name in patch else []):
            if not isinstance(found, list):
                wrong_type("[]interface {}", found)
        place, items = list_child(node, name)
        _check_order(wanted or [], order, place.merge_key)
        if name in out and name in patch:
            merged = _merge_list(live or [], wanted or [], place, items, combining, False)
        elif name in out:
            merged = live or []
        elif name in patch:
            merged = _without_directives(wanted)
        else:
            continue
        element_kind(live or [], wanted or [])
        ours, theirs = parted(merged, order, place.merge_key)
        out[name] = woven(ours, theirs, order, live or [], place.merge_key)
        patch.pop(name, None)
    return out, patch


def _check_order(items: Items, order: Items, merge_key: str) -> None:
    """The items of a patch must stand in the order that it wants."""
    if not items or not order:
        return
    left = [item for item in items if not (isinstance(item, dict) and MARKER in item)]
    at = 0
    for wanted in order:
        if at < len(left) and (key_of(left[at], merge_key) == key_of(wanted, merge_key) if merge_key else left[at] == wanted):
            at += 1
    if at < len(left):
        refuse(f"The order in patch list:\n{go_text(items)}\n doesn't match {SET_ORDER} list:\n{go_text(order)}\n")


def _merge_list(original: Items, patch: Items, place: Node, items: Node, combining: bool, deletes: bool) -> Items:
    """A list after a patch: merged or replaced, as the field wants it."""
    if not merges(place) and not deletes:
        return patch
    if not original and not patch:
        return original
    if element_kind(original, patch) == "scalar":
        if deletes and not combining:
            return [item for item in original if item not in patch]
        ours, theirs = parted(without_repeats(original + patch), patch, "")
        return woven(ours, theirs, patch, original, "")
    merge_key = place.merge_key
    if not merge_key:
        refuse("cannot merge lists without merge key for map")
    original, patch = _special_items(original, patch, merge_key)
    merged = list(original)
    for item in patch:
        at = find(merged, merge_key, key_of(item, merge_key))
        if at >= 0:
            merged[at] = _merge(merged[at], item, items, combining)
        else:
            merged.append(item)
    ours, theirs = parted(merged, patch, merge_key)
    return woven(ours, theirs, patch, original, merge_key)


def _special_items(original: Items, patch: Items, merge_key: str) -> tuple[Items, Items]:
    """Carry out the directives among a patch's items."""
    plain: Items = []
    replaced = False
    for item in patch:
        how = item.get(MARKER)
        if MARKER not in item:
            plain.append(item)
        elif how == "delete":
            value = key_of(item, merge_key)
            original = [other for other in original if not (isinstance(other, dict) and merge_key in other and other[merge_key] == value)]
        elif how == "replace":
            replaced = True
        elif how == "merge":
            refuse("merging lists cannot yet be specified in the patch")
        else:
            refuse(f"unknown patch type: {go_text(how)} in map: {go_text(item)}")
    return (plain, []) if replaced else (original, plain)
