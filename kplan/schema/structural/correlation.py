"""Which part of an old object a part of a new one stands for: what ratcheting and `oldSelf` compare.

Upstream: staging/src/k8s.io/apiserver/pkg/cel/common/{equality,maplist}.go. Maps correlate by key, lists of type map by their map
keys; items of other lists have no counterpart.
"""

from __future__ import annotations

from typing import Any

SCALARS = (bool, int, float, str)


class Correlated:
    """A new value beside its old one, under the schema that both have."""

    __slots__ = ("_equal", "_items", "new", "old", "schema")

    def __init__(self, new: Any, old: Any, schema: dict[str, Any]) -> None:
        self.new, self.old, self.schema = new, old, schema
        self._equal: bool | None = None
        self._items: dict[Any, Any] | None = None

    def key(self, field: str) -> Correlated | None:
        """What stands under a key on both sides, where the schema knows it."""
        if not isinstance(self.new, dict) or not isinstance(self.old, dict) or field not in self.new or field not in self.old:
            return None
        schema = (self.schema.get("properties") or {}).get(field)
        if schema is None:
            more = self.schema.get("additionalProperties")
            if not isinstance(more, dict):
                return None
            schema = more
        return Correlated(self.new[field], self.old[field], schema)

    def index(self, index: int) -> Correlated | None:
        """The item of a list and the old item with the same map keys."""
        items = self.schema.get("items")
        if items is None or not isinstance(self.new, list) or not isinstance(self.old, list):
            return None
        if self._items is None:
            self._items = items_by_key(self.schema, self.old)
        found = self._items.get(map_key(self.schema, self.new[index]))
        return None if found is None else Correlated(self.new[index], found, items)

    @property
    def equal(self) -> bool:
        """Nothing changed (items of lists of type map in whatever order)."""
        if self._equal is None:
            self._equal = self._compare()
        return self._equal

    def _compare(self) -> bool:
        new, old = self.new, self.old
        if new is None or old is None:
            return new is None and old is None
        if isinstance(new, list) and isinstance(old, list):
            if len(new) != len(old):
                return False
            if self.schema.get("x-kubernetes-list-type") != "map":
                return same_json(new, old)
            pairs = [self.index(i) for i in range(len(new))]
            return all(pair is not None and pair.equal for pair in pairs)
        if isinstance(new, dict) and isinstance(old, dict):
            if len(new) != len(old):
                return False
            return all(child is not None and child.equal for child in map(self.key, new))
        return same_json(new, old)


def map_key(schema: dict[str, Any], item: Any) -> tuple[Any, ...] | None:
    """The values of a list's map keys in an item, with their types; None where one is missing or no scalar."""
    if not isinstance(item, dict):
        return None
    values = [item.get(key) for key in schema.get("x-kubernetes-list-map-keys") or ()]
    if not values or not all(isinstance(v, SCALARS) for v in values):
        return None
    return tuple((type(v), v) for v in values)


def items_by_key(schema: dict[str, Any], items: list[Any] | None) -> dict[Any, Any]:
    """The items of a list of type map by their keys, of equal ones the first; nothing for other lists."""
    if schema.get("type") != "array" or schema.get("x-kubernetes-list-type") != "map":
        return {}
    found: dict[Any, Any] = {}
    for item in items or ():
        key = map_key(schema, item)
        if key is not None:
            found.setdefault(key, item)
    return found


def same_json(a: Any, b: Any) -> bool:
    """Equal as Go's DeepEqual has it of decoded JSON: 1 is neither 1.0 nor true."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same_json(v, b[k]) for k, v in a.items())
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same_json, a, b))
    return bool(a == b)
