"""Deletion: grace periods, finalizers, propagation.

Upstream: registry/rest/delete.go, registry/generic/registry/store.go and registry/core/namespace/storage. Whatever has finalizers or
grace left is only marked; kubelets and controllers end it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from kplan.admission import Request
from kplan.api import status
from kplan.api.objects import Object
from kplan.apiserver import custom
from kplan.apiserver.registry import Served
from kplan.apiserver.writes import Call

if TYPE_CHECKING:
    from kplan.apiserver.door import Door

ORPHAN = "orphan"
FOREGROUND = "foregroundDeletion"
ENDED = ("Succeeded", "Failed")


def delete(
    door: Door, served: Served, namespace: str, name: str, call: Call, *, propagation: str | None = None, grace: int | None = None
) -> Object:
    """Delete or mark; returns the object as it stands (its last state if it is gone)."""
    kind = served.kind
    old = door.store.get(kind.group_kind, namespace, name)
    if old is None:
        raise status.not_found(kind.resource, name)
    request = Request(
        operation="DELETE",
        kind=kind,
        namespace=namespace or (name if kind.kind == "Namespace" else ""),
        name=name,
        object=None,
        old=old,
        user=call.user,
        dry_run=call.dry_run,
        warnings=call.warnings,
    )
    for plugin in door.plugins:
        plugin.admit(request, door.store)
    for plugin in door.plugins:
        plugin.validate(request, door.store)
    meta = dict(old["metadata"])
    _finalizers(meta, propagation)
    if kind.group_kind == custom.DEFINITION and "deletionTimestamp" not in meta:
        new = custom.terminating({**old, "metadata": {**meta, "deletionGracePeriodSeconds": 0}}, door.store.clock.text())
        return new if call.dry_run else door.commit(kind, new, old, request, None)
    if kind.group_kind == "Namespace":
        return _delete_namespace(door, served, old, meta, request)
    if kind.group_kind == "Pod":
        period = _grace(old, meta, grace)
        if period is None:  # already on its way, and not sooner
            return door.commit(kind, {**old, "metadata": meta}, old, request, None) if not call.dry_run else old
        if period > 0 or meta.get("finalizers"):
            _mark(door, old, meta, period)
            return door.commit(kind, {**old, "metadata": meta}, old, request, None) if not call.dry_run else old
    elif meta.get("finalizers"):
        _mark(door, old, meta, 0)
        return door.commit(kind, {**old, "metadata": meta}, old, request, None) if not call.dry_run else old
    return old if call.dry_run else door.erase(kind, namespace, name, request)


def _finalizers(meta: Object, propagation: str | None) -> None:
    """The garbage collector's finalizers that a propagation policy asks for."""
    if propagation is None:
        return
    kept = [f for f in meta.get("finalizers") or () if f not in (ORPHAN, FOREGROUND)]
    if propagation == "Orphan":
        kept.append(ORPHAN)
    elif propagation == "Foreground":
        kept.append(FOREGROUND)
    if kept:
        meta["finalizers"] = kept
    else:
        meta.pop("finalizers", None)


def _grace(pod: Object, meta: Object, asked: int | None) -> int | None:
    """Seconds of grace that a pod gets; None where it is terminating already and nothing gets shorter."""
    spec = pod.get("spec") or {}
    if "deletionTimestamp" in meta:
        held = meta.get("deletionGracePeriodSeconds") or 0
        if held == 0:
            return 0
        if asked is None or asked >= held:
            return None
        return max(asked, 0)
    period = asked if asked is not None else spec.get("terminationGracePeriodSeconds") or 0
    if not spec.get("nodeName") or (pod.get("status") or {}).get("phase") in ENDED:
        period = 0
    return 1 if period < 0 else period


def _mark(door: Door, old: Object, meta: Object, period: int) -> None:
    """Set deletionTimestamp and grace; the first mark counts as a generation."""
    if "deletionTimestamp" not in meta:
        meta["deletionTimestamp"] = (door.store.clock.now + timedelta(seconds=period)).strftime("%Y-%m-%dT%H:%M:%SZ")
        if meta.get("generation"):
            meta["generation"] += 1
    meta["deletionGracePeriodSeconds"] = period


def _delete_namespace(door: Door, served: Served, old: Object, meta: Object, request: Request) -> Object:
    """A namespace is marked Terminating; the namespace controller empties and finalizes it."""
    if "deletionTimestamp" not in meta:
        meta["deletionTimestamp"] = door.store.clock.text()
    new = {**old, "metadata": meta, "status": {**(old.get("status") or {}), "phase": "Terminating"}}
    if not (old.get("spec") or {}).get("finalizers") and not meta.get("finalizers"):
        return old if request.dry_run else door.erase(served.kind, "", old["metadata"]["name"], request)
    return new if request.dry_run else door.commit(served.kind, new, old, request, None)


def gone(new: Object, old: Object) -> bool:
    """Whether an update takes away the last thing that holds a marked object.   Upstream: ShouldDeleteDuringUpdate."""
    if new["metadata"].get("finalizers") or "deletionTimestamp" not in old["metadata"]:
        return False
    if new["kind"] == "Namespace":
        return not (new.get("spec") or {}).get("finalizers")
    return not old["metadata"].get("deletionGracePeriodSeconds")
