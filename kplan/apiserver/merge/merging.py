"""Merging objects of a type, and taking fields and items out of them.

Upstream: vendor/sigs.k8s.io/structured-merge-diff/typed/merge.go and remove.go.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from kplan.apiserver.merge.fieldset import FieldSet, field_element
from kplan.apiserver.merge.typed import ABSENT, Fit, fit, item_element
from kplan.schema import ListType, Node


def merge(node: Node, live: Any, applied: Any) -> Any:
    """What is live with what is applied over it; nothing goes away.   Upstream: TypedValue.Merge.

    Items that both have stand in the order of what is applied, others keep their places.
    """
    if live is ABSENT:
        return applied
    was, now = fit(node, live), fit(node, applied)
    return _merge_as(node, was if applied is ABSENT else now, live, applied)


def _merge_as(node: Node, fits: Fit, live: Any, applied: Any) -> Any:
    if fits.map is not None:
        left, right = live if isinstance(live, dict) else {}, applied if isinstance(applied, dict) else {}
        if fits.map.kind != "atomic" and (left or right):
            out = {}
            for key in (*left, *(key for key in right if key not in left)):
                inner = node.field(key)
                merged = merge(inner, left.get(key, ABSENT), right.get(key, ABSENT)) if inner is not None else right.get(key, left.get(key))
                if merged is not ABSENT:
                    out[key] = merged
            return out or ABSENT
    elif not fits.scalar and fits.list is not None:
        first, second = live if isinstance(live, list) else [], applied if isinstance(applied, list) else []
        if fits.list.kind != "atomic" and (first or second):
            return _merge_items(fits.list, first, second) or ABSENT
    return live if applied is ABSENT else applied


def _merge_items(kind: ListType, live: list[Any], applied: list[Any]) -> list[Any]:
    """The items of both lists, in the order that upstream gives them."""
    left, right = [item_element(kind, item) for item in live], [item_element(kind, item) for item in applied]
    known: dict[str, Any] = {}
    for element, item in zip(left, live, strict=True):
        known[element] = None if element in known else item
    wanted = dict(zip(right, applied, strict=True))
    shared = deque(element for element in right if element in known)
    awaited = shared.popleft() if shared else None
    done: set[str] = set()
    out: list[Any] = []

    def take(one: Any, other: Any) -> None:
        merged = merge(kind.items(), one, other)
        if merged is not ABSENT:
            out.append(merged)

    i = j = 0
    while i < len(left) or j < len(right):
        if i < len(left) and j < len(right):
            element = left[i]
            if element == right[j]:
                done.add(element)
                take(known[element], wanted[element])
                i, j = i + 1, j + 1
                awaited = shared.popleft() if shared else None
                continue
            if element in wanted and awaited is not None and awaited != element:
                i += 1
                continue
        if i < len(left):
            element = left[i]
            if element not in wanted:
                take(live[i], ABSENT)
                i += 1
                continue
            if element in done:
                i += 1
        if j < len(right):
            element = right[j]
            done.add(element)
            take(known.get(element, ABSENT), wanted[element])
            j += 1
            if awaited == element:
                awaited = shared.popleft() if shared else None
    return out


def remove(node: Node, value: Any, items: FieldSet) -> Any:
    """A value without these fields and list items; null where nothing is left.   Upstream: TypedValue.RemoveItems."""
    fits = fit(node, value)
    if fits.map is not None:
        if not isinstance(value, dict) or not value or fits.map.kind == "atomic":
            return None
        kept: dict[str, Any] = {}
        touched = False
        for key, item in value.items():
            element = field_element(key)
            if element in items.members:
                continue
            below = items.below(element)
            inner = node.field(key)
            if not below.empty and inner is not None:
                touched = True
                kept[key] = _hollow(item, remove(inner, item, below))
            else:
                kept[key] = item
        return kept if kept or touched else None
    if fits.scalar:
        return value
    if fits.list is None or not isinstance(value, list) or not value or fits.list.kind == "atomic":
        return None
    return _remove_items(fits.list, value, items)


def _remove_items(kind: ListType, value: list[Any], items: FieldSet) -> Any:
    left: list[Any] = []
    touched = False
    for item in value:
        element = item_element(kind, item)
        if element in items.members:
            continue
        below = items.below(element)
        if below.empty:
            left.append(item)
        else:
            touched = True
            left.append(_hollow(item, remove(kind.items(), item, below)))
    return left if left or touched else None


def _hollow(before: Any, after: Any) -> Any:
    """A container that lost all it held stays as an empty one."""
    if after is not None:
        return after
    return {} if isinstance(before, dict) else [] if isinstance(before, list) else None
