"""Merging: server-side apply, the three kinds of patch, kubectl's client-side apply. Pure functions, no store."""

from __future__ import annotations

from typing import Any

from kplan.api.objects import Object
from kplan.api.status import bad_request
from kplan.apiserver.merge import managed, unstructured
from kplan.apiserver.merge.jsonpatch import json_patch, merge_patch
from kplan.apiserver.merge.lastapplied import last_applied, three_way, three_way_patch, with_last_applied
from kplan.apiserver.merge.managed import update as update_managed
from kplan.apiserver.merge.strategic import apply_patch
from kplan.apiserver.merge.structured import LAST_APPLIED, apply
from kplan.schema import CURRENT, Node
from kplan.schema.opaque import json_word


def strategic(live: Object, patch: Any, node: Node, version: str = CURRENT) -> Object:
    """A live object after a strategic merge patch from a request; raises a StatusError for what cannot be read back."""
    if not isinstance(patch, dict):
        raise bad_request(f"json: cannot unmarshal {json_word(patch)} into Go value of type map[string]interface {{}}")
    changed = apply_patch(live, patch, node)
    unstructured.check(changed, patch, version)
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
    "unstructured",
    "update_managed",
    "with_last_applied",
]
