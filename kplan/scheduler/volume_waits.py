"""A pod waits for its volumes: are they bound where it is to go, and which writes can help a pod that storage keeps out.

Upstream: pkg/scheduler/framework/plugins/volumebinding/binder.go (checkBindings), and the queueing hints (isSchedulableAfter..) of VolumeBinding,
VolumeZone, VolumeRestrictions and NodeVolumeLimits.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.api.nodeselectors import matches_selector
from kplan.api.objects import Object, annotations_of, labels_of
from kplan.api.quantity import value_of
from kplan.api.reader import Entry, Reader
from kplan.scheduler.cluster_state import ATTACHMENT, CLAIM, CSI_CAPACITY, CSI_DRIVER, CSI_NODE, STORAGE_CLASS, VOLUME
from kplan.scheduler.csi_migration import MIGRATED_PLUGINS, TOPOLOGY_LABELS
from kplan.scheduler.volumes import SELECTED_NODE, is_bound

BINDING, ZONE, RESTRICTIONS, LIMITS = "VolumeBinding", "VolumeZone", "VolumeRestrictions", "NodeVolumeLimits"
POLL, TIMEOUT = 1.0, 600.0  # seconds
TOO_LONG = "context deadline exceeded"
NONE: frozenset[str] = frozenset()


class BindingError(Exception):
    """The volumes of a pod cannot be bound on its node any more: it must be scheduled anew."""


def waits_for_volumes(updates: Iterable[tuple[str, Object]]) -> bool:
    """Whether a decision is one about claims or volumes."""
    return any(kind in (CLAIM, VOLUME) for kind, _ in updates)


def volumes_bound(updates: Iterable[tuple[str, Object]], node_name: str, reader: Reader) -> bool:
    """Whether all that was decided about claims and volumes has come true."""
    node = reader.get("Node", "", node_name)
    if node is None:
        raise BindingError(f'failed to get node "{node_name}": node "{node_name}" not found')
    bound = True
    for kind, decided in updates:
        name = decided["metadata"]["name"]
        if kind == VOLUME:
            bound = _volume_bound(name, node, reader) and bound
        elif kind == CLAIM:
            bound = _claim_bound(decided["metadata"]["namespace"], name, node, reader) and bound
    return bound


def _volume_bound(name: str, node: Object, reader: Reader) -> bool:
    volume = reader.get(VOLUME, "", name)
    if volume is None:
        raise BindingError(f'failed to check binding: could not find v1.PersistentVolume "{name}"')
    _check_reach(volume, node)
    ref = volume["spec"].get("claimRef") or {}
    if not ref.get("uid"):
        raise BindingError(f'ClaimRef got reset for pv "{name}"')
    claim = reader.get(CLAIM, ref["namespace"], ref["name"])
    if claim is None:
        raise BindingError(f'failed to check binding: could not find v1.PersistentVolumeClaim "{ref["namespace"]}/{ref["name"]}"')
    return is_bound(claim)


def _claim_bound(namespace: str, name: str, node: Object, reader: Reader) -> bool:
    claim = reader.get(CLAIM, namespace, name)
    if claim is None:
        raise BindingError(f'failed to check provisioning pvc: could not find v1.PersistentVolumeClaim "{namespace}/{name}"')
    if annotations_of(claim).get(SELECTED_NODE) != node["metadata"]["name"]:
        lost = f'provisioning failed for PVC "{name}"' if annotations_of(claim) else f'selectedNode annotation reset for PVC "{name}"'
        raise BindingError(lost)
    if claim["spec"].get("volumeName"):
        volume = reader.get(VOLUME, "", claim["spec"]["volumeName"])
        if volume is None:
            return False
        _check_reach(volume, node)
    return is_bound(claim)


def _check_reach(volume: Object, node: Object) -> None:
    required = (volume["spec"].get("nodeAffinity") or {}).get("required")
    if required is not None and not matches_selector(required, labels_of(node), node["metadata"]["name"]):
        mine, its = volume["metadata"]["name"], node["metadata"]["name"]
        raise BindingError(f'pv "{mine}" node affinity doesn\'t match node "{its}": no matching NodeSelectorTerms')


def helped(entry: Entry) -> frozenset[str]:
    """The storage plugins whose verdict a write can change; of a claim, for the pods that use it."""
    old, new = entry.old, entry.new
    if new is None:
        return frozenset({LIMITS}) if entry.kind == ATTACHMENT else NONE
    added = old is None
    if entry.kind == CLAIM:
        return frozenset({BINDING, ZONE, RESTRICTIONS, LIMITS}) if added else frozenset({BINDING, ZONE})
    if entry.kind == VOLUME:
        return frozenset({BINDING, ZONE}) if old is None or _topology(old) != _topology(new) else frozenset({BINDING})
    if entry.kind == STORAGE_CLASS:
        return _class_helps(old, new)
    if entry.kind == CSI_NODE:
        return _csi_node_helps(old, new)
    if entry.kind == CSI_DRIVER and old is not None:
        return frozenset({BINDING}) if old["spec"].get("storageCapacity") and not new["spec"].get("storageCapacity") else NONE
    if entry.kind == CSI_CAPACITY:
        return frozenset({BINDING}) if old is None or _limit(new) > _limit(old) else NONE
    return NONE


def _topology(volume: Object) -> dict[str, str]:
    return {k: v for k, v in labels_of(volume).items() if k in TOPOLOGY_LABELS}


def _class_helps(old: Object | None, new: Object) -> frozenset[str]:
    if old is None:
        return frozenset({BINDING, ZONE}) if new.get("volumeBindingMode") == "WaitForFirstConsumer" else frozenset({BINDING})
    return frozenset({BINDING}) if old.get("allowedTopologies") != new.get("allowedTopologies") else NONE


def _csi_node_helps(old: Object | None, new: Object) -> frozenset[str]:
    if old is None:
        return frozenset({BINDING, LIMITS})
    before = _driver_limits(old)
    more = any(count > before.get(name, 0) for name, count in _driver_limits(new).items())
    migrated = annotations_of(old).get(MIGRATED_PLUGINS) != annotations_of(new).get(MIGRATED_PLUGINS)
    return frozenset({p for p, helps in ((LIMITS, more), (BINDING, migrated)) if helps})


def _driver_limits(node: Object) -> dict[str, int]:
    return {d["name"]: (d.get("allocatable") or {}).get("count") or 0 for d in (node.get("spec") or {}).get("drivers") or ()}


def _limit(capacity: Object) -> int:
    """The size that one volume may have; -1 where nothing is said."""
    found = capacity.get("maximumVolumeSize") or capacity.get("capacity")
    return -1 if found is None else value_of(found)
