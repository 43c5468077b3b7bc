"""In which fields two objects of a type differ.

Upstream: vendor/sigs.k8s.io/structured-merge-diff/typed/compare.go.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from kplan.apiserver.merge.fieldset import FieldSet, Path, field_element
from kplan.apiserver.merge.typed import ABSENT, Fit, NoElementError, equal, fit, item_element
from kplan.schema import ListType, Node


class Comparison(NamedTuple):
    """The fields in which two objects differ."""

    removed: FieldSet
    modified: FieldSet
    added: FieldSet

    def without(self, fields: FieldSet) -> Comparison:
        """The same, some fields (and all below) left out of account."""
        return Comparison(*(part.without_trees(fields) for part in self))


def compare(node: Node, old: Any, new: Any) -> Comparison:
    """In which fields two objects of a type differ.   Upstream: TypedValue.Compare."""
    out = Comparison(FieldSet(), FieldSet(), FieldSet())
    _compare(node, old, new, (), out)
    return out


def _compare(node: Node, old: Any, new: Any, path: Path, out: Comparison) -> None:
    was, now = fit(node, old), fit(node, new)
    if new is ABSENT:
        leaf = _compare_as(node, was, old, new, path, out)
    elif old is ABSENT or was == now:
        leaf = _compare_as(node, now, old, new, path, out)
    else:
        _compare_as(node, was, old, new, path, out)
        leaf = _compare_as(node, now, old, new, path, out)
    if not leaf:
        if old is ABSENT:
            out.added.insert(path)
        elif new is ABSENT:
            out.removed.insert(path)


def _compare_as(node: Node, fits: Fit, old: Any, new: Any, path: Path, out: Comparison) -> bool:
    """Compare as one of the things that a node may be; True where it is one value."""
    if fits.map is not None:
        left, right = old if isinstance(old, dict) else {}, new if isinstance(new, dict) else {}
        if fits.map.kind != "atomic" and (left or right):
            for key in (*left, *(key for key in right if key not in left)):
                inner = node.field(key)
                if inner is not None:
                    _compare(inner, left.get(key, ABSENT), right.get(key, ABSENT), (*path, field_element(key)), out)
            return False
    elif not fits.scalar and fits.list is not None:
        first, second = old if isinstance(old, list) else [], new if isinstance(new, list) else []
        if fits.list.kind != "atomic" and (first or second):
            _compare_items(fits.list, first, second, path, out)
            return False
    if old is ABSENT:
        out.added.insert(path)
    elif new is ABSENT:
        out.removed.insert(path)
    elif not equal(old, new):
        out.modified.insert(path)
    return True


def _grouped(kind: ListType, items: list[Any]) -> dict[str, list[Any]]:
    """Items by their element; those that have none are passed over."""
    out: dict[str, list[Any]] = {}
    for item in items:
        try:
            out.setdefault(item_element(kind, item), []).append(item)
        except NoElementError:
            continue
    return out


def _compare_items(kind: ListType, old: list[Any], new: list[Any], path: Path, out: Comparison) -> None:
    left, right = _grouped(kind, old), _grouped(kind, new)
    for element in (*left, *(element for element in right if element not in left)):
        was, now = left.get(element, []), right.get(element, [])
        here = (*path, element)
        if len(was) <= 1 and len(now) <= 1:
            _compare(kind.items(), was[0] if was else ABSENT, now[0] if now else ABSENT, here, out)
        elif len(was) >= 2 and len(now) >= 2:
            if not equal(was, now):
                out.modified.insert(here)
        elif len(was) >= 2:
            if now:
                _compare(kind.items(), ABSENT, now[0], here, out)
            out.removed.insert(here)
        else:
            if was:
                _compare(kind.items(), was[0], ABSENT, here, out)
            out.added.insert(here)
