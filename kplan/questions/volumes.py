"""What becomes of volumes through a change: made, grown, kept although nobody uses them, lost."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from kplan.api.objects import Object
from kplan.api.podvolumes import claims_of
from kplan.api.ref import Ref

State = Mapping[Ref, Object]
CLAIM = "PersistentVolumeClaim"
CREATED, GROWN, KEPT, RELEASED, LOST, EMPTIED = "created", "grown", "kept", "released", "lost", "emptied"


class VolumeChange(NamedTuple):
    """One claim, or the emptyDir volumes of a workload (`ref`). `action` is one of created, grown, kept, released, lost, emptied; `detail` says more."""

    ref: Ref
    action: str
    detail: str = ""


def volume_changes(before: State, after: State, restarts_of: Collection[Ref]) -> Iterator[VolumeChange]:
    """Claims in the order of refs, then emptyDirs of the workloads whose pods restart."""
    claims = sorted(r for r in {*before, *after} if r.group_kind == CLAIM and before.get(r) is not after.get(r))
    for ref in claims:
        yield from _claim(ref, before, after)
    changed = any(before[r] is not after.get(r) for r in before if r.group_kind == "Pod")
    if changed:
        used_before, used_after = _used(before), _used(after)
        yield from (VolumeChange(r, KEPT, "nobody uses it any more") for r in sorted(used_before - used_after) if r in after and r in before)
    for ref in sorted(restarts_of):
        names = _scratch(ref, before)
        if names:
            yield VolumeChange(ref, EMPTIED, f"emptyDir {', '.join(names)} of each pod that restarts")


def _claim(ref: Ref, before: State, after: State) -> Iterator[VolumeChange]:
    old, new = before.get(ref), after.get(ref)
    if old is not None and (new is None or new["metadata"]["uid"] != old["metadata"]["uid"]):
        yield _gone(ref, old, after)
    if new is not None and (old is None or new["metadata"]["uid"] != old["metadata"]["uid"]):
        volume = new["spec"].get("volumeName")
        size, kind = _size(new), new["spec"].get("storageClassName")
        words = [w for w in (size, f"of class {kind}" if kind else "", f"bound to {volume}" if volume else "not bound") if w]
        yield VolumeChange(ref, CREATED, ", ".join(words))
    elif old is not None and new is not None and "deletionTimestamp" in new["metadata"] and "deletionTimestamp" not in old["metadata"]:
        yield _leaving(ref, new, after)
    elif old is not None and new is not None and _size(old) != _size(new):
        yield VolumeChange(ref, GROWN, f"{_size(old)} → {_size(new)}")


def _gone(ref: Ref, old: Object, after: State) -> VolumeChange:
    """A claim is deleted: its volume decides about the data."""
    name = old["spec"].get("volumeName", "")
    if not name:
        return VolumeChange(ref, LOST, "it was not bound")
    volume = after.get(Ref("", "PersistentVolume", "", name))
    if volume is None:
        return VolumeChange(ref, LOST, f"with volume {name} and its data (reclaim policy Delete)")
    policy = volume["spec"].get("persistentVolumeReclaimPolicy", "Retain")
    return VolumeChange(ref, RELEASED, f"volume {name} stays with its data (reclaim policy {policy})")


def _leaving(ref: Ref, claim: Object, after: State) -> VolumeChange:
    """A claim is deleted while pods use it.   Upstream: pvc_protection_controller.go; new pods with it are not scheduled (volumebinding)."""
    users = sum(1 for r, p in after.items() if r.group_kind == "Pod" and r.namespace == ref.namespace and any(n == ref.name for n, _ in claims_of(p)))
    volume = after.get(Ref("", "PersistentVolume", "", claim["spec"].get("volumeName", "")))
    policy = volume["spec"].get("persistentVolumeReclaimPolicy", "Retain") if volume is not None else "Delete"
    until = f"once the last of its {users} pods ends" if users != 1 else "once its pod ends"
    data = f"volume {volume['metadata']['name']} and its data" if volume is not None else "its volume"
    if policy == "Delete":
        return VolumeChange(ref, LOST, f"{until}, with {data} (reclaim policy Delete); no new pod starts with it")
    return VolumeChange(ref, RELEASED, f"{until}; {data} stay (reclaim policy {policy}); no new pod starts with it")


def _size(claim: Object) -> str:
    return str(((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", ""))


def _used(state: State) -> set[Ref]:
    return {Ref("", CLAIM, r.namespace, name) for r, p in state.items() if r.group_kind == "Pod" for name, _ in claims_of(p)}


def _scratch(ref: Ref, state: State) -> list[str]:
    """The names of emptyDir volumes that hold something on the node's disk or in its memory."""
    obj = state.get(ref)
    template = obj if ref.kind == "Pod" else ((obj or {}).get("spec") or {}).get("template")
    return [v["name"] for v in ((template or {}).get("spec") or {}).get("volumes") or () if "emptyDir" in v]

