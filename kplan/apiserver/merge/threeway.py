"""The patch that kubectl makes of three objects: as last applied, as wanted now, as it stands.

Upstream: strategicpatch.CreateThreeWayMergePatch (kinds with a published schema), jsonmergepatch.CreateThreeWayJSONMergePatch (others).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from kplan.api.objects import Object
from kplan.apiserver.merge.directives import (
    DELETE_FROM,
    MARKER,
    RETAIN_KEYS,
    SET_ORDER,
    Items,
    child,
    element_kind,
    in_order_of,
    key_of,
    kind_of,
    list_child,
    merges,
    sorted_by,
    without_repeats,
)
from kplan.apiserver.merge.strategic import combine
from kplan.apiserver.merge.typed import equal, go_text
from kplan.schema import Node


class _Want(NamedTuple):
    """Which differences count: what is new or changed, or what is gone. `retain`: list the keys that are to stay."""

    changes: bool
    deletions: bool
    retain: bool = False


def strategic_patch(last: Object, wanted: Object, live: Object, node: Node) -> Object:
    """A strategic merge patch: what `wanted` has otherwise than `live`, and what it lacks that `last` had."""
    changes = _diff(live, wanted, node, _Want(True, False))
    deletions = _diff(last, wanted, node, _Want(False, True))
    return combine(deletions, changes, node)


def _diff(original: Object, modified: Object, node: Node, want: _Want) -> Object:
    patch: Object = {}
    for key, value in modified.items():
        if key not in original:
            if want.changes:
                patch[key] = value
            continue
        before = original[key]
        if key == MARKER:
            if before != value:
                patch[key] = value
        elif kind_of(before) != kind_of(value):
            if want.changes:
                patch[key] = value
        elif isinstance(value, dict):
            _diff_map(key, before, value, node, want, patch)
        elif isinstance(value, list):
            _diff_list(key, before, value, node, want, patch)
        elif want.changes and not equal(before, value):
            patch[key] = value
    if want.deletions:
        patch.update({key: None for key in original if key not in modified})
    kept = sorted(key for key, value in modified.items() if value is not None) if want.retain else []
    if kept and (patch or any(value is not None and key not in modified for key, value in original.items())):
        patch[RETAIN_KEYS] = kept
    return patch


def _diff_map(key: str, before: Object, value: Object, node: Node, want: _Want, patch: Object) -> None:
    inner = child(node, key)
    if "replace" in inner.strategy:
        if want.changes:
            patch[key] = value
        return
    found = _diff(before, value, inner, want._replace(retain="retainKeys" in inner.strategy))
    if found:
        patch[key] = found


def _diff_list(key: str, before: Items, value: Items, node: Node, want: _Want, patch: Object) -> None:
    place, items = list_child(node, key)
    if not merges(place):
        if want.changes and not equal(before, value):
            patch[key] = value
        return
    added, deleted, order = _diff_lists(before, value, items, place.merge_key, want._replace(retain="retainKeys" in place.strategy))
    if added:
        patch[key] = added
    if deleted:
        patch[f"{DELETE_FROM}/{key}"] = deleted
    if order:
        patch[f"{SET_ORDER}/{key}"] = order


def _diff_lists(original: Items, modified: Items, items: Node, merge_key: str, want: _Want) -> tuple[Items, Items, Items]:
    """What is to be added or changed, taken from a list of scalars, and the order that is wanted."""
    if not original:
        return (modified if want.changes else []), [], []
    if element_kind(original, modified) == "scalar":
        added, deleted = _diff_scalars(original, modified, want)
        # Upstream has sorted the original in place by the time it compares.
        moved = (want.deletions and bool(deleted)) or (want.changes and not equal(sorted_by(original, go_text), modified))
        return in_order_of(added, modified, ""), deleted, modified if moved else []
    patch, deletions = _diff_items(original, modified, items, merge_key, want)
    patch = in_order_of(patch, modified, merge_key)
    same = len(original) == len(modified) and all(
        key_of(one, merge_key) == key_of(other, merge_key) for one, other in zip(original, modified, strict=True)
    )
    patch = patch + deletions
    if (want.changes and (patch or not same)) or (want.deletions and patch):
        return patch, [], [{merge_key: item[merge_key]} for item in modified]
    return patch, [], []


def _diff_scalars(original: Items, modified: Items, want: _Want) -> tuple[Items, Items]:
    left, right = sorted_by(original, go_text), sorted_by(modified, go_text)
    added: Items = []
    deleted: Items = []
    i = j = 0
    while i < len(left) or j < len(right):
        if i < len(left) and j < len(right) and go_text(left[i]) == go_text(right[j]):
            i, j = i + 1, j + 1
        elif i >= len(left) or (j < len(right) and go_text(left[i]) > go_text(right[j])):
            if want.changes:
                added.append(right[j])
            j += 1
        else:
            if want.deletions:
                deleted.append(left[i])
            i += 1
    return added, without_repeats(deleted)


def _diff_items(original: Items, modified: Items, items: Node, merge_key: str, want: _Want) -> tuple[Items, Items]:
    def text(item: Any) -> str:
        return go_text(key_of(item, merge_key))

    left, right = sorted_by(original, text), sorted_by(modified, text)
    patch: Items = []
    deletions: Items = []
    i = j = 0
    while i < len(left) or j < len(right):
        if i < len(left) and j < len(right) and text(left[i]) == text(right[j]):
            found = _diff(left[i], right[j], items, want)
            if found:
                patch.append({**found, merge_key: right[j][merge_key]})
            i, j = i + 1, j + 1
        elif i >= len(left) or (j < len(right) and text(left[i]) > text(right[j])):
            if want.changes:
                patch.append(right[j])
            j += 1
        else:
            if want.deletions:
                deletions.append({merge_key: left[i][merge_key], MARKER: "delete"})
            i += 1
    return patch, deletions


def json_merge_patch(last: Object, wanted: Object, live: Object) -> Object:
    """The same as a JSON merge patch, which knows no lists."""
    changes = _nulls(_merge_diff(live, wanted), keep=False)
    deletions = _nulls(_merge_diff(last, wanted), keep=True)
    return _overlaid(deletions, changes)


def _merge_diff(before: Object, after: Object) -> Object:
    """The JSON merge patch from one object to another."""
    out: Object = {}
    for key, value in after.items():
        if key not in before or kind_of(before[key]) != kind_of(value):
            out[key] = value
        elif isinstance(value, dict):
            if inner := _merge_diff(before[key], value):
                out[key] = inner
        elif not equal(before[key], value):
            out[key] = value
    return out | {key: None for key in before if key not in after}


def _nulls(patch: Object, *, keep: bool) -> Object:
    """A patch with nothing but its nulls, or without them; an empty map that is set counts as a value."""
    out: Object = {}
    for key, value in patch.items():
        if value is None:
            if keep:
                out[key] = None
        elif isinstance(value, dict) and value:
            if inner := _nulls(value, keep=keep):
                out[key] = inner
        elif not keep:
            out[key] = value
    return out


def _overlaid(first: Object, second: Object) -> Object:
    """Two merge patches made one after the other."""
    out = dict(first)
    for key, value in second.items():
        before = out.get(key)
        out[key] = _overlaid(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return out
