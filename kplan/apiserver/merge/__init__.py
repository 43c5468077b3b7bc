"""Merging: server-side apply, the three kinds of patch, kubectl's client-side apply. Pure functions, no store.

The patches here are those of requests: what comes out of them must be readable as an object of its kind, or they are refused.
"""

from __future__ import annotations

from typing import Any

from kplan.api.objects import LAST_APPLIED, Object
from kplan.api.status import bad_request
from kplan.apiserver.merge import jsonpatch, managed, unstructured
from kplan.apiserver.merge.lastapplied import last_applied, three_way, three_way_patch, with_last_applied
from kplan.apiserver.merge.managed import update as update_managed
from kplan.apiserver.merge.strategic import apply_patch
from kplan.apiserver.merge.structured import apply
from kplan.schema import CURRENT, Node
from kplan.schema.opaque import json_word


def strategic(live: Object, patch: Any, node: Node, version: str = CURRENT, strict: bool = False) -> Object:
    """A live object after a strategic merge patch. `strict`: fields that the kind does not have are an error."""
    if not isinstance(patch, dict):
        raise bad_request(f"json: cannot unmarshal {json_word(patch)} into Go value of type map[string]interface {{}}")
    changed = apply_patch(live, patch, node)
    unstructured.check(changed, patch, version, strict)
    return changed


def merge_patch(live: Object, patch: Any, version: str = CURRENT, strict: bool = False) -> Object:
    """A live object after a JSON merge patch (RFC 7386)."""
    changed = jsonpatch.merge_patch(live, patch)
    unstructured.check_json(changed, version, strict)
    return changed


def json_patch(live: Object, operations: Any, version: str = CURRENT, strict: bool = False) -> Object:
    """A live object after a JSON patch (RFC 6902)."""
    changed = jsonpatch.json_patch(live, operations)
    unstructured.check_json(changed, version, strict, jsonpatch.unknown_fields(operations))
    return changed


__all__ = [
    "LAST_APPLIED",
    "apply",
    "json_patch",
    "last_applied",
    "managed",
    "merge_patch",
    "strategic",
    "three_way",
    "three_way_patch",
    "update_managed",
    "with_last_applied",
]
