"""`kubectl apply` from the client side: the annotation that remembers a manifest, and what three objects come to.

Upstream: kubectl/pkg/cmd/apply/patcher.go and kubectl/pkg/util/apply.go.
"""

from __future__ import annotations

import json
from typing import Any

from kplan.api.gotext import go_json
from kplan.api.objects import LAST_APPLIED, Object, annotations_of, replace
from kplan.apiserver.merge import unstructured
from kplan.apiserver.merge.jsonpatch import merge_patch
from kplan.apiserver.merge.strategic import apply_patch
from kplan.apiserver.merge.threeway import json_merge_patch, strategic_patch
from kplan.schema import CURRENT, Node


def with_last_applied(obj: Object) -> Object:
    """A manifest with itself in the annotation, as kubectl sends it."""
    meta = obj.get("metadata")
    if not isinstance(meta, dict):
        return obj
    found = meta.get("annotations")
    annotations = {k: v for k, v in found.items() if k != LAST_APPLIED} if isinstance(found, dict) else {}
    text = go_json(replace(obj, ("metadata", "annotations"), annotations)) + "\n"
    return replace(obj, ("metadata", "annotations"), {**annotations, LAST_APPLIED: text})


def last_applied(live: Object) -> Object:
    """The manifest that an object remembers; empty where it remembers none."""
    text = annotations_of(live).get(LAST_APPLIED)
    try:
        found: Any = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def three_way_patch(live: Object, manifest: Object, node: Node, *, custom: bool) -> Object:
    """The patch that `kubectl apply` sends; empty: it sends none and says `unchanged`."""
    last = last_applied(live)
    return json_merge_patch(last, manifest, live) if custom else strategic_patch(last, manifest, live, node)


def three_way(live: Object, manifest: Object, node: Node, *, custom: bool, version: str = CURRENT) -> Object:
    """An object after `kubectl apply` of a manifest (with its annotation); `live` itself where nothing is to change.

    `custom`: a kind without a published schema for strategic patches. Raises a StatusError for a patch that the server cannot read.
    """
    patch = three_way_patch(live, manifest, node, custom=custom)
    if not patch:
        return live
    if custom:
        return merge_patch(live, patch)
    changed = apply_patch(live, patch, node)
    unstructured.check(changed, patch, version)
    return changed
