"""How fields merge: what server-side apply and strategic merge patch must know of each, walkable and lazy.

A `Node` is a place in an object's tree. It says what may stand there (a scalar, a list, a map, or several of these where the
type is open), how a list's items are told apart, whether a list or map is one value, and what a strategic merge patch does
to it. `merge_schema` builds nodes from the published schemas; others (custom resources) build their own from these classes.
Upstream: vendor/k8s.io/kube-openapi/pkg/schemaconv, and the struct tags patchStrategy and patchMergeKey.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from kplan.schema.bundle import CURRENT, definitions, referenced
from kplan.schema.resources import lookup
from kplan.schema.shapes import INT, STRING, type_name
from kplan.schema.structs import root, slots

ATOMIC, SET, MAP, GRANULAR = "atomic", "set", "map", "granular"

_KEY_DEFAULTS = {"protocol": "TCP"}
"""Defaults that the published schemas state of list keys (ports of containers and services), beside the zero of a field that is always sent."""


@dataclass(frozen=True, slots=True)
class ListType:
    """A list. `kind` is atomic, set or map; `defaults` are what a missing key counts as."""

    kind: str
    keys: tuple[str, ...]
    items: Callable[[], Node]
    defaults: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MapType:
    """A map or struct. `kind` is atomic or granular; `fields` are the named ones, `other` the type of all others (None: there are none)."""

    kind: str
    fields: dict[str, Callable[[], Node]]
    other: Callable[[], Node] | None


@dataclass(frozen=True, slots=True)
class Node:
    """A place in an object. `scalar` is numeric, string, boolean, untyped, or empty where no scalar may stand.

    `strategy` is of strategic merge patch: any of merge, replace, retainKeys; `merge_key` the key of a merged list.
    """

    scalar: str = ""
    list: ListType | None = None
    map: MapType | None = None
    strategy: frozenset[str] = frozenset()
    merge_key: str = ""
    deduced: bool = False

    def field(self, name: str) -> Node | None:
        """The node of a named field, or of any key of a map; None where there can be none."""
        if self.map is None:
            return None
        make = self.map.fields.get(name) or self.map.other
        return make() if make else None

    @property
    def items(self) -> Node:
        """The node of a list's items."""
        assert self.list is not None
        return self.list.items()


def _untyped() -> Node:
    return UNTYPED


def _deduced() -> Node:
    return DEDUCED


UNTYPED = Node("untyped", ListType(ATOMIC, (), _untyped), MapType(ATOMIC, {}, _untyped))
"""Anything, as one value."""

DEDUCED = Node("untyped", ListType(ATOMIC, (), _untyped), MapType(GRANULAR, {}, _deduced), deduced=True)
"""Anything: maps merge key by key, the rest is one value. What custom resources without a schema are."""


@cache
def merge_schema(api_version: str, kind: str, version: str = CURRENT) -> Node:
    """The root node of a built-in kind; KeyError where the version has none such."""
    info = lookup(version, api_version, kind)
    if info is None:
        raise KeyError(f"{api_version} {kind}")
    return _definition(version, info.definition)


@cache
def _definition(version: str, name: str) -> Node:
    """The node of a definition."""
    if name.endswith((".resource.Quantity", ".intstr.IntOrString")):
        return Node("untyped")
    if name.endswith(".runtime.RawExtension"):
        return UNTYPED
    return schema_node(definitions(version)[name], _resolver(version))


def _resolver(version: str) -> Callable[[dict[str, Any]], Callable[[], Node]]:
    """How the schemas of a version are turned into nodes, each when first asked for."""

    def resolve(schema: dict[str, Any]) -> Callable[[], Node]:
        return _Lazy(lambda: _node_of(version, schema))

    return resolve


class _Lazy:
    """A node made once, when it is first needed."""

    __slots__ = ("_make", "_node")

    def __init__(self, make: Callable[[], Node]) -> None:
        self._make = make
        self._node: Node | None = None

    def __call__(self) -> Node:
        if self._node is None:
            self._node = self._make()
        return self._node


def _node_of(version: str, schema: dict[str, Any]) -> Node:
    """The node of a property: its definition's, with what the property itself says."""
    name = referenced(schema)
    if not name:
        return schema_node(schema, _resolver(version), _key_defaults(version, schema))
    node = _definition(version, name)
    return _with(node, schema, MapType(_map_kind(schema), node.map.fields, node.map.other) if node.map and "x-kubernetes-map-type" in schema else node.map)


def _with(node: Node, schema: dict[str, Any], kind: MapType | None) -> Node:
    """A node under the directives of strategic merge patch that a schema states."""
    return Node(node.scalar, node.list, kind, *_strategic(schema), deduced=node.deduced)


def _strategic(schema: dict[str, Any]) -> tuple[frozenset[str], str]:
    """What a schema says of strategic merge patch."""
    text = schema.get("x-kubernetes-patch-strategy") or ""
    return frozenset(text.split(",")) if text else frozenset(), schema.get("x-kubernetes-patch-merge-key") or ""


def schema_node(
    schema: dict[str, Any],
    resolve: Callable[[dict[str, Any]], Callable[[], Node]],
    defaults: dict[str, Any] | None = None,
    preserve: bool = False,
) -> Node:
    """The node of a schema without a reference; `resolve` makes those of the schemas inside.

    `defaults` are those of a list's keys; `preserve`: fields that are not named are kept (x-kubernetes-preserve-unknown-fields).
    """
    kind = schema.get("type")
    strategy, merge_key = _strategic(schema)
    as_list = _list(schema, resolve, defaults or {})
    if kind == "array":
        return Node("", as_list, None, strategy, merge_key)
    if kind == "object":
        return Node("", None, _map(schema, resolve, preserve), strategy, merge_key)
    if kind in ("integer", "number"):
        return Node("numeric", strategy=strategy)
    if kind == "boolean":
        return Node("boolean", strategy=strategy)
    if kind == "string":
        return Node("string" if schema.get("format") in (None, "byte") else "untyped", strategy=strategy)
    if kind is not None:
        return Node("untyped", strategy=strategy)
    return Node("untyped", as_list, _map(schema, resolve, preserve), strategy, merge_key)


def _list(schema: dict[str, Any], resolve: Callable[[dict[str, Any]], Callable[[], Node]], defaults: dict[str, Any]) -> ListType:
    items = resolve(schema["items"]) if schema.get("items") else _untyped
    kind = schema.get("x-kubernetes-list-type")
    if kind == MAP:
        return ListType(MAP, tuple(schema.get("x-kubernetes-list-map-keys") or ()), items, defaults)
    if kind in (SET, ATOMIC):
        return ListType(kind, (), items)
    if "merge" in _strategic(schema)[0]:
        key = schema.get("x-kubernetes-patch-merge-key")
        return ListType(MAP, (key,), items, defaults) if key else ListType(SET, (), items)
    return ListType(ATOMIC, (), items)


def _map(schema: dict[str, Any], resolve: Callable[[dict[str, Any]], Callable[[], Node]], preserve: bool) -> MapType:
    properties = schema.get("properties") or {}
    more = schema.get("additionalProperties")
    other: Callable[[], Node] | None
    if isinstance(more, dict):
        other = resolve(more) if more else _deduced
    elif more is None:
        other = _deduced if preserve or not properties else None
    else:
        other = _deduced if more else None
    return MapType(_map_kind(schema), {name: resolve(inner) for name, inner in properties.items()}, other)


def _map_kind(schema: dict[str, Any]) -> str:
    return ATOMIC if schema.get("x-kubernetes-map-type") == ATOMIC else GRANULAR


def _always_sent(version: str, name: str) -> dict[str, Any]:
    """The zero values of the scalar fields of a struct that are sent even when empty: the published schemas call these defaults."""
    known = type_name(name)
    if known is None or root(version, name).kind != "struct":
        return {}
    scalars = (slot for slot in slots(version, known) if slot.type.kind in (STRING, INT))
    return {slot.json: "" if slot.type.kind == STRING else 0 for slot in scalars if not (slot.omit or slot.pointer)}


def _key_defaults(version: str, schema: dict[str, Any]) -> dict[str, Any]:
    """What the missing keys of a list's items count as."""
    keys = schema.get("x-kubernetes-list-map-keys") or [schema.get("x-kubernetes-patch-merge-key")]
    name = referenced(schema.get("items") or {})
    if schema.get("type") != "array" or not name or keys == [None]:
        return {}
    sent = _always_sent(version, name) | (_KEY_DEFAULTS if name.endswith(("v1.ContainerPort", "v1.ServicePort")) else {})
    return {key: sent[key] for key in keys if key in sent}


# -- custom resources


def structural_node(schema: dict[str, Any], preserve: bool = False) -> Node:
    """The root node of a custom kind, from the structural schema of its version (`openAPIV3Schema`).

    `preserve`: the definition keeps unknown fields everywhere. Upstream: apiextensions-apiserver/pkg/controller/openapi/builder.
    """
    node = _structural(schema, preserve)
    return _as_resource(node)


def _structural(schema: dict[str, Any], preserve: bool) -> Node:
    """The node of a part of a structural schema; what keeps unknown fields does so for all below."""
    preserve = preserve or schema.get("x-kubernetes-preserve-unknown-fields") is True

    def resolve(inner: dict[str, Any]) -> Callable[[], Node]:
        return _Lazy(lambda: _structural(inner, preserve))

    if schema.get("x-kubernetes-int-or-string"):
        schema = {key: value for key, value in schema.items() if key != "type"}
    items = (schema.get("items") or {}).get("properties") or {}
    defaults = {key: items[key]["default"] for key in schema.get("x-kubernetes-list-map-keys") or () if "default" in items.get(key, {})}
    node = schema_node(schema, resolve, defaults, preserve)
    return _as_resource(node) if schema.get("x-kubernetes-embedded-resource") else node


def _as_resource(node: Node) -> Node:
    """A node with what every object has: apiVersion, kind, metadata."""
    known = node.map or MapType(GRANULAR, {}, _deduced)
    fields = {**known.fields, "apiVersion": _text, "kind": _text, "metadata": _metadata}
    return Node("", None, MapType(known.kind, fields, known.other))


def _text() -> Node:
    return Node("string")


def _metadata() -> Node:
    return _definition(CURRENT, "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")
