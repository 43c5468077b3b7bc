"""PATCH in its four kinds, and kubectl's client-side apply.

Upstream: apiserver/pkg/endpoints/handlers/patch.go and kubectl/pkg/cmd/apply. The merging itself is in
`kplan.apiserver.merge`; here it meets the store and the life of a write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplan import schema
from kplan.api import status
from kplan.api.objects import Object, annotations_of
from kplan.api.ref import Ref
from kplan.apiserver import merge, writes
from kplan.apiserver.registry import Served
from kplan.apiserver.writes import Call

if TYPE_CHECKING:
    from kplan.apiserver.door import Door

NOT_STRATEGIC = (
    "the body of the request was in an unknown format - accepted media types include: "
    "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
)
NAMELESS = "name must be provided"


def apply(door: Door, obj: Object, call: Call, *, force: bool) -> Object:
    """Server-side apply: create what is absent, else merge by field ownership."""
    served = writes.resolve(door, obj)
    kind = served.kind
    namespace = writes.request_namespace(kind, obj, call.namespace)
    name = _name(obj)
    live = door.store.get(kind.group_kind, namespace, name)
    id = (kind.group_kind, namespace, name)
    applied = {**obj, "metadata": {**obj["metadata"], "namespace": namespace}} if kind.namespaced else obj
    before = writes.versioned(served, {**live, "metadata": {**live["metadata"], "managedFields": door.ownership.of(id)}}) if live else None
    node = door.merge_schema(served)
    reset = served.custom.reset_fields(call.subresource) if served.custom else None
    merged, entries = merge.apply(before, applied, call.manager, force, node, door.store.clock.text(), call.subresource, door.store.version, reset)
    if live is None:
        new = writes.create(door, served, _unborn(kind.resource, name, merged), call, strict=False)
    else:
        new = writes.update(door, served, merged, live, call, strict=False, own=False)
    if not call.dry_run and door.store.get(*id) is not None:
        door.ownership.set(id, entries)
    return new


def _unborn(resource: str, name: str, merged: Object) -> Object:
    """What is applied and absent must not state a uid; a resourceVersion, which a creation must not state, is passed over."""
    meta = merged["metadata"]
    if meta.get("uid"):
        raise status.conflict(resource, name, f"uid mismatch: the provided object specified uid {meta['uid']}, and no existing object was found")
    return {**merged, "metadata": {k: v for k, v in meta.items() if k != "resourceVersion"}}


def patch(door: Door, served: Served, ref: Ref, body: Any, how: str, call: Call) -> Object:
    """A strategic, merge or json patch."""
    kind = served.kind
    live = door.store.get(kind.group_kind, ref.namespace, ref.name)
    if live is None:
        raise status.not_found(kind.resource, ref.name)
    if how == "strategic" and served.custom is not None:
        raise status.StatusError(status.Status(415, "UnsupportedMediaType", NOT_STRATEGIC))
    if how == "json":
        changed = merge.json_patch(live, body)
    elif how == "merge":
        changed = merge.merge_patch(live, body)
    else:
        changed = merge.strategic(live, body, door.merge_schema(served))
    return writes.update(door, served, changed, live, call, strict=False)


def kubectl_apply(door: Door, obj: Object, call: Call) -> Object:
    """`kubectl apply`: the manifest is remembered in an annotation; what it no longer states is taken away."""
    served = writes.resolve(door, obj)
    kind = served.kind
    namespace = writes.request_namespace(kind, obj, call.namespace)
    if kind.namespaced and isinstance(obj.get("metadata"), dict):
        obj = {**obj, "metadata": {**obj["metadata"], "namespace": namespace}}
    live = door.store.get(kind.group_kind, namespace, _name(obj))
    manifest = merge.with_last_applied(obj)
    if live is None:
        return writes.create(door, served, manifest, call)
    seen = writes.versioned(served, live)
    changed = merge.three_way(seen, manifest, door.merge_schema(served), custom=door.registry.is_custom(kind.group_kind))
    if changed == seen:
        return live
    return writes.update(door, served, changed, live, call, strict=False)


def has_last_applied(live: Object) -> bool:
    """Whether a stored object was applied by kubectl's client side."""
    return merge.LAST_APPLIED in annotations_of(live)


def _name(obj: Object) -> str:
    meta = obj.get("metadata")
    name = meta.get("name") if isinstance(meta, dict) else None
    if not isinstance(name, str) or not name:
        raise status.bad_request(NAMELESS)
    return name


__all__ = ["apply", "has_last_applied", "kubectl_apply", "patch", "schema"]
