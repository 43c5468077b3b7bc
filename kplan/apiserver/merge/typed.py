"""Objects seen through a merge schema: which type a value has, whether it is of it, the fields that it states.

Upstream: vendor/sigs.k8s.io/structured-merge-diff/typed. `ABSENT` is nothing at all, None is JSON's null.
"""

from __future__ import annotations

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


class NoElementError(ValueError):
    """A list item that cannot be told apart from others; the text is upstream's."""


class Fault(NamedTuple):
    """What is wrong at a place."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class Fit(NamedTuple):
    """What of a node applies to a value: one of the three, or all that the node allows."""

    scalar: str
    list: ListType | None
    map: MapType | None


def fit(node: Node, value: Any) -> Fit:
    """The part of a node that fits a value; all of it where none does (null, nothing, something wrong)."""
    if isinstance(value, dict):
        if node.map is not None:
            return Fit("", None, node.map)
    elif isinstance(value, list):
        if node.list is not None:
            return Fit("", node.list, None)
    elif value is not ABSENT and value is not None and node.scalar:
        return Fit(node.scalar, None, None)
    return Fit(node.scalar, node.list, node.map)


def item_element(kind: ListType, item: Any) -> str:
    """The path element of an item of a set or keyed list; raises NoElementError."""
    if kind.keys:
        if item is None:
            raise NoElementError("associative list with keys may not have a null element")
        if not isinstance(item, dict):
            raise NoElementError("associative list with keys may not have non-map elements")
        keys = {key: item[key] if key in item else kind.defaults[key] for key in kind.keys if key in item or key in kind.defaults}
        if not keys:
            names = " ".join(go_quote(key) for key in kind.keys)
            raise NoElementError(
                f"associative list with keys has an element that omits all key fields [{names}] (and doesn't have default values for any key fields)"
            )
        return key_element(keys)
    if isinstance(item, dict):
        raise NoElementError("associative list without keys has an element that's a map type")
    if isinstance(item, list):
        raise NoElementError("not supported: associative list with lists as elements")
    if item is None:
        raise NoElementError("associative list without keys has an element that's an explicit null")
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
    fits = fit(node, value)
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
            except NoElementError as error:
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
    fits = fit(node, value)
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
