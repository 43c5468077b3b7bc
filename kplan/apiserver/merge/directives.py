"""What the two sides of strategic merge patch share: directives, errors, and how lists of items are put in order.

Upstream: apimachinery/pkg/util/strategicpatch and mergepatch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from kplan.api.status import Status, StatusError
from kplan.apiserver.merge.typed import go_text
from kplan.schema import DEDUCED, Node

MARKER, RETAIN_KEYS = "$patch", "$retainKeys"
DELETE_FROM, SET_ORDER = "$deleteFromPrimitiveList", "$setElementOrder"

BAD_PRIMITIVE_LIST = "invalid patch format of primitive list"
BAD_RETAIN_KEYS = "invalid patch format of retainKeys"
BAD_ELEMENT_ORDER = "invalid patch format of setElementOrder list"
LISTS_OF_LISTS = "lists of lists are not supported"

Items = list[Any]


def refuse(message: str) -> NoReturn:
    """The server's answer to a strategic merge patch that makes no sense.   Upstream: interpretStrategicMergePatchError."""
    if message in (BAD_PRIMITIVE_LIST, BAD_RETAIN_KEYS, BAD_ELEMENT_ORDER):
        raise StatusError(Status(400, "BadRequest", message))
    if message == LISTS_OF_LISTS:
        raise StatusError(Status(422, "Invalid", message))
    raise StatusError(Status(500, "", message))


def child(node: Node, key: str) -> Node:
    """The node of a key; where the schema does not know it, one without directives."""
    return node.field(key) or DEDUCED


def list_child(node: Node, key: str) -> tuple[Node, Node]:
    """The node of a list and that of its items."""
    found = child(node, key)
    return found, found.items if found.list is not None else DEDUCED


def merges(node: Node) -> bool:
    """Whether the lists at a node merge."""
    return "merge" in node.strategy


def kind_of(value: Any) -> str:
    """Go's type of a decoded JSON value, as messages name it."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, dict):
        return "map[string]interface {}"
    if isinstance(value, list):
        return "[]interface {}"
    if isinstance(value, str):
        return "string"
    return "<nil>" if value is None else "number"


def wrong_type(wanted: str, value: Any) -> NoReturn:
    """A value of another type than it must be."""
    actual = kind_of(value)
    refuse(f"expected a {wanted}, but received a {'int64' if isinstance(value, int) and actual == 'number' else 'float64' if actual == 'number' else actual}")


def key_of(item: Any, merge_key: str) -> Any:
    """The merge key's value of an item."""
    if not isinstance(item, dict):
        wrong_type("map[string]interface {}", item)
    if merge_key not in item:
        refuse(f"map: {go_text(item)} does not contain declared merge key: {merge_key}")
    return item[merge_key]


def element_kind(*lists: Items) -> str:
    """`map` or `scalar`, for lists whose items are all of one type."""
    kinds = [kind_of(item) for items in lists for item in items]
    if not kinds:
        refuse("no elements in any of the given slices")
    if kinds[0] == "[]interface {}":
        refuse(LISTS_OF_LISTS)
    if len(set(kinds)) > 1:
        refuse(f"list element types are not identical: [{' '.join(go_text(items) for items in lists)}]")
    return "map" if kinds[0] == "map[string]interface {}" else "scalar"


def find(items: Items, merge_key: str, value: Any) -> int:
    """Where the item with this merge key is; -1 where it is not."""
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            refuse(f"value for key {index} is not a map")
        if merge_key in item and item[merge_key] == value:
            return index
    return -1


def position(order: Items, item: Any, merge_key: str) -> int:
    """Where an item, or the one with its merge key, is in a list; -1 where it is not."""
    if not merge_key:
        return order.index(item) if item in order else -1
    value = item.get(merge_key) if isinstance(item, dict) else None
    return next((index for index, other in enumerate(order) if isinstance(other, dict) and other.get(merge_key) == value), -1)


def in_order_of(items: Items, order: Items, merge_key: str) -> Items:
    """Items sorted as a list has them, deletions last.   Upstream: normalizeSliceOrder.

    Items that the list lacks count as smaller than anything, which the insertion below repeats faithfully.
    """
    deletions: Items = []
    if merge_key:
        for item in (*items, *order):
            key_of(item, merge_key)
        deletions = [item for item in items if item.get(MARKER) == "delete"]
        items = [item for item in items if item.get(MARKER) != "delete"]
    else:
        items = list(items)
    for end in range(1, len(items)):
        at = end
        while at > 0 and _smaller(items[at], items[at - 1], order, merge_key):
            items[at - 1], items[at] = items[at], items[at - 1]
            at -= 1
    return items + deletions


def _smaller(one: Any, other: Any, order: Items, merge_key: str) -> bool:
    first, second = position(order, one, merge_key), position(order, other, merge_key)
    return first < second if first >= 0 and second >= 0 else True


def woven(patched: Items, server_only: Items, patch_order: Items, server_order: Items, merge_key: str) -> Items:
    """Items of the patch in its order and those only the server has in theirs.   Upstream: normalizeElementOrder."""
    right = in_order_of(patched, patch_order, merge_key)
    left = in_order_of(server_only, server_order, merge_key)
    out: Items = []
    i = j = 0
    while i < len(left) and j < len(right):
        first, second = position(server_order, left[i], merge_key), position(server_order, right[j], merge_key)
        if 0 <= first < second:
            out.append(left[i])
            i += 1
        else:
            out.append(right[j])
            j += 1
    return out + right[j:] + left[i:]


def parted(items: Items, by: Items, merge_key: str) -> tuple[Items, Items]:
    """The items that a list has and those it has not."""
    if merge_key:
        present = [find(by, merge_key, key_of(item, merge_key)) >= 0 for item in items]
    else:
        present = [item in by for item in items]
    return [item for item, there in zip(items, present, strict=True) if there], [item for item, there in zip(items, present, strict=True) if not there]


def sorted_by(items: Items, text: Callable[[Any], str]) -> Items:
    """Items by a text of theirs; those of equal text come out in reverse, as upstream's comparison has it."""
    backwards = items[::-1]
    return sorted(backwards, key=text)


def without_repeats(items: Items) -> Items:
    """Each scalar once; the place of one that repeats is taken by the last.   Upstream: deduplicateScalars."""
    out = list(items)
    i = 0
    while i < len(out) - 1:
        j = i + 1
        while j < len(out):
            if out[i] == out[j]:
                out[j] = out[-1]
                out.pop()
            else:
                j += 1
        i += 1
    return out
