"""Objects seen through a merge schema: checking, the fields they state, comparing, merging, taking out.

Upstream: vendor/sigs.k8s.io/structured-merge-diff/typed. `ABSENT` is nothing at all, None is JSON's null.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from kplan.api.gotext import go_quote, go_value
from kplan.apiserver.merge.fieldset import FieldSet, Path, element_text, field_element, key_element, value_element
from kplan.schema import ListType, MapType, Node


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Any = _Absent()
"""No value, where None would be null."""


class KeyError_(ValueError):  # noqa: N801, N818
    """A list item that cannot be told apart from others; the text is upstream's."""


class Fault(NamedTuple):
    """What is wrong at a place."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class Comparison(NamedTuple):
    """The fields in which two objects differ."""

    removed: FieldSet
    modified: FieldSet
    added: FieldSet

    def without(self, fields: FieldSet) -> Comparison:
        """The same, some fields (and all below) left out of account."""
        return Comparison(*(part.without_trees(fields) for part in self))


class _Shape(NamedTuple):
    """What of a node applies to a value."""

    scalar: str
    list: ListType | None
    map: MapType | None


def _shape(node: Node, value: Any) -> _Shape:
    """The part of a node that fits a value; all of it where none does (null, nothing, something wrong)."""
    if isinstance(value, dict):
        if node.map is not None:
            return _Shape("", None, node.map)
    elif isinstance(value, list):
        if node.list is not None:
            return _Shape("", node.list, None)
    elif value is not ABSENT and value is not None and node.scalar:
        return _Shape(node.scalar, None, None)
    return _Shape(node.scalar, node.list, node.map)


def item_element(kind: ListType, item: Any) -> str:
    """The path element of an item of a set or keyed list; raises KeyError_."""
    if kind.keys:
        if item is None:
            raise KeyError_("associative list with keys may not have a null element")
        if not isinstance(item, dict):
            raise KeyError_("associative list with keys may not have non-map elements")
        keys = {key: item[key] if key in item else kind.defaults[key] for key in kind.keys if key in item or key in kind.defaults}
        if not keys:
            names = " ".join(go_quote(key) for key in kind.keys)
            raise KeyError_(
                f"associative list with keys has an element that omits all key fields [{names}] (and doesn't have default values for any key fields)"
            )
        return key_element(keys)
    if isinstance(item, dict):
        raise KeyError_("associative list without keys has an element that's a map type")
    if isinstance(item, list):
        raise KeyError_("not supported: associative list with lists as elements")
    if item is None:
        raise KeyError_("associative list without keys has an element that's an explicit null")
    return value_element(item)


def equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same; 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(equal(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


# -- checking


def faults(node: Node, value: Any, path: str = "", duplicates: bool = False) -> Iterator[Fault]:
    """What keeps a value from being of a type. `duplicates`: items of sets and keyed lists may repeat."""
    fits = _shape(node, value)
    if fits.map is not None:
        if value is not None and not isinstance(value, dict):
            yield Fault(path, f"expected map, got &{{{go_text(value)}}}")
        elif value:
            yield from _map_faults(node, fits.map, value, path, duplicates)
    elif fits.scalar:
        if message := _scalar_fault(fits.scalar, value):
            yield Fault(path, message)
    elif fits.list is not None:
        if value is not None and not isinstance(value, list):
            yield Fault(path, f"expected list, got &{{{go_text(value)}}}")
        elif value:
            yield from _list_faults(fits.list, value, path, duplicates)


def _map_faults(node: Node, kind: MapType, value: dict[str, Any], path: str, duplicates: bool) -> Iterator[Fault]:
    for key, item in sorted(value.items()):
        inner = node.field(key)
        if inner is None:
            yield Fault(f"{path}.{key}", "field not declared in schema")
            return
        yield from faults(inner, item, f"{path}.{key}", duplicates)


def _list_faults(kind: ListType, value: list[Any], path: str, duplicates: bool) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, item in enumerate(value):
        here = f"[{index}]"
        if kind.kind != "atomic":
            try:
                element = item_element(kind, item)
            except KeyError_ as error:
                yield Fault(path, f"element {index}: {error}")
                return
            here = element_text(element)
            if element in seen and not duplicates:
                yield Fault(path, f"duplicate entries for key {here}")
            seen.add(element)
        yield from faults(kind.items(), item, path + here, duplicates)


def _scalar_fault(scalar: str, value: Any) -> str:
    """Why a value is not such a scalar; null always is."""
    if value is None or value is ABSENT:
        return ""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if scalar == "numeric":
        return "" if is_number else f"expected numeric (int or float), got {_go_type(value)}"
    if scalar == "string":
        return "" if isinstance(value, str) else f"expected string, got &value.valueUnstructured{{Value:{_go_syntax(value)}}}"
    if scalar == "boolean":
        return "" if isinstance(value, bool) else f"expected boolean, got &{{{go_text(value)}}}"
    return f"expected any scalar, got &{{{go_text(value)}}}" if isinstance(value, dict | list) else ""


def go_text(value: Any) -> str:
    """`%v` of unstructured JSON."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{go_text(item)}" for key, item in sorted(value.items())) + "]"
    if isinstance(value, list):
        return "[" + " ".join(go_text(item) for item in value) + "]"
    return "<nil>" if value is None else go_value(value)


def _go_type(value: Any) -> str:
    """`%T` of unstructured JSON."""
    if isinstance(value, bool):
        return "bool"
    names = {str: "string", int: "int64", float: "float64", dict: "map[string]interface {}", list: "[]interface {}"}
    return names.get(type(value), "<nil>")


def _go_syntax(value: Any) -> str:
    """`%#v` of unstructured JSON."""
    if isinstance(value, dict):
        return "map[string]interface {}{" + ", ".join(f"{go_quote(key)}:{_go_syntax(item)}" for key, item in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[]interface {}{" + ", ".join(map(_go_syntax, value)) + "}"
    if value is None:
        return "interface {}(nil)"
    return go_quote(value) if isinstance(value, str) else go_value(value)


# -- the fields that an object states


def field_set(node: Node, value: Any) -> FieldSet:
    """Every leaf and list item that an object mentions.   Upstream: TypedValue.ToFieldSet."""
    out = FieldSet()
    _collect(node, value, out, ())
    return out


def _collect(node: Node, value: Any, out: FieldSet, path: Path) -> None:
    fits = _shape(node, value)
    if fits.map is not None:
        if fits.map.kind == "atomic":
            out.insert(path)
        elif isinstance(value, dict):
            for key, item in value.items():
                here = (*path, field_element(key))
                inner = node.field(key)
                if inner is not None:
                    _collect(inner, item, out, here)
                if item is None or item == {} or key not in fits.map.fields:
                    out.insert(here)
    elif fits.scalar:
        out.insert(path)
    elif fits.list is not None:
        if fits.list.kind == "atomic":
            out.insert(path)
        elif isinstance(value, list):
            _collect_items(fits.list, value, out, path)


def _collect_items(kind: ListType, value: list[Any], out: FieldSet, path: Path) -> None:
    elements = [item_element(kind, item) for item in value]
    repeated = {element for element in elements if elements.count(element) > 1} if len(set(elements)) < len(elements) else set()
    for element, item in zip(elements, value, strict=True):
        here = (*path, element)
        if element not in repeated:
            _collect(kind.items(), item, out, here)
        out.insert(here)


# -- comparing


def compare(node: Node, old: Any, new: Any) -> Comparison:
    """In which fields two objects of a type differ.   Upstream: TypedValue.Compare."""
    out = Comparison(FieldSet(), FieldSet(), FieldSet())
    _compare(node, old, new, (), out)
    return out


def _compare(node: Node, old: Any, new: Any, path: Path, out: Comparison) -> None:
    was, now = _shape(node, old), _shape(node, new)
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


def _compare_as(node: Node, fits: _Shape, old: Any, new: Any, path: Path, out: Comparison) -> bool:
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
        except KeyError_:
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


# -- merging


def merge(node: Node, live: Any, applied: Any) -> Any:
    """What is live with what is applied over it; nothing goes away.   Upstream: TypedValue.Merge.

    Items that both have stand in the order of what is applied, others keep their places.
    """
    was, now = _shape(node, live), _shape(node, applied)
    return _merge_as(node, was if applied is ABSENT else now, live, applied)


def _merge_as(node: Node, fits: _Shape, live: Any, applied: Any) -> Any:
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


# -- taking out


def remove(node: Node, value: Any, items: FieldSet) -> Any:
    """A value without these fields and list items; null where nothing is left.   Upstream: TypedValue.RemoveItems."""
    fits = _shape(node, value)
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
