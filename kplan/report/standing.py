"""What has become of an object that changed, in a few words for behind its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from kplan.api.words import some
from kplan.diagnostics import Severity
from kplan.diff import DELETE, REPLACE, Change

if TYPE_CHECKING:
    from kplan.plan import Plan

_WITHIN = re.compile(r"\[[^\]]*\]")  # an item of a list, by index or by key


def standing(change: Change) -> str:
    """What has become of an object, in a few words behind its name."""
    obj = change.after
    if obj is None:
        return ""
    if change.action == DELETE:
        return leaving(obj)
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    kind = change.ref.kind
    if kind == "ReplicaSet" and change.cause is not None and change.before is not None:
        return _scaled(change.before, obj)
    if kind in ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"):
        return f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)} ready"
    if kind == "DaemonSet":
        return f"{status.get('numberReady', 0)}/{status.get('desiredNumberScheduled', 0)} ready"
    if kind == "Job":
        return f"{status.get('succeeded', 0)} succeeded"
    if kind == "Service":
        address = spec.get("clusterIP") or spec.get("externalName") or ""
        return f"{spec.get('type', 'ClusterIP')} {address}".rstrip()
    if kind == "PersistentVolumeClaim":
        return f"{status.get('phase', 'Pending')}"
    if kind == "HorizontalPodAutoscaler":
        return f"{spec.get('minReplicas', 1)} to {spec.get('maxReplicas')} replicas"
    return ""


def leaving(obj: Any) -> str:
    """Of an object that was deleted and is still there, what it waits for."""
    meta, spec = obj["metadata"], obj.get("spec") or {}
    holding = [*(meta.get("finalizers") or ()), *((spec.get("finalizers") or ()) if obj["kind"] == "Namespace" else ())]
    return f"Terminating: waits for {some(holding)}" if holding else "Terminating"


def forcing(change: Change, plan: Plan) -> frozenset[str]:
    """Of an object that would have to be replaced, the fields that make it so: those that the server refuses to change."""
    if change.action != REPLACE:
        return frozenset()
    refused = [_WITHIN.sub("", d.path) for d in plan.diagnostics if d.ref == change.ref and d.path and d.severity is Severity.ERROR]
    paths = {f.path: f"{_WITHIN.sub('', f.path)}." for f in change.fields}
    return frozenset(path for path, bare in paths.items() if any(bare.startswith(f"{r}.") for r in refused))


def _scaled(before: Any, after: Any) -> str:
    """What has become of a set that its Deployment had before."""
    old, new, ready = before["spec"].get("replicas", 1), after["spec"].get("replicas", 1), (after.get("status") or {}).get("readyReplicas", 0)
    if old == new:
        return f"{ready}/{new} ready" if new else "at 0"
    scaled = f"scaled {'up' if new > old else 'down'} to {new}"
    return scaled if ready == new else f"{scaled}, {ready} ready"
