"""Which volume suits a claim.

Upstream: pkg/controller/volume/persistentvolume/index.go, component-helpers/storage/volume/pv_helpers.go.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from kplan.api.objects import Object, annotations_of, labels_of
from kplan.api.quantity import compare, value_of
from kplan.api.reader import Entry, Reader
from kplan.api.selectors import selector

VOLUME = "PersistentVolume"
CLASS = "StorageClass.storage.k8s.io"
BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
ACCESS_MODES = ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod")


def class_of(obj: Object) -> str:
    """The storage class of a claim or volume, the beta annotation first; empty where it has none."""
    beta = annotations_of(obj).get(BETA_CLASS)
    return (obj["spec"].get("storageClassName") or "") if beta is None else beta


def request_of(claim: Object) -> str:
    """How much storage a claim asks for."""
    return str(((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage") or "0")


def capacity_of(volume: Object) -> str:
    """How much storage a volume has."""
    return str((volume["spec"].get("capacity") or {}).get("storage") or "0")


def waits_for_consumer(claim: Object, reader: Reader) -> bool:
    """Whether a claim is bound when a pod needs it.   Upstream: IsDelayBindingMode."""
    name = class_of(claim)
    found = reader.get(CLASS, "", name) if name else None
    return found is not None and found.get("volumeBindingMode") == "WaitForFirstConsumer"


def is_for(volume: Object, claim: Object) -> bool:
    """Whether a volume is reserved for, or bound to, a claim.   Upstream: IsVolumeBoundToClaim."""
    ref, meta = volume["spec"].get("claimRef"), claim["metadata"]
    if ref is None or ref.get("name") != meta["name"] or ref.get("namespace") != meta["namespace"]:
        return False
    return not ref.get("uid") or ref["uid"] == meta["uid"]


def same_mode(claim: Object, volume: Object) -> bool:
    """Whether both are file systems, or both block devices."""
    return bool((claim["spec"].get("volumeMode") or "Filesystem") == (volume["spec"].get("volumeMode") or "Filesystem"))


def mismatch(volume: Object, claim: Object) -> str:
    """Why a volume that a claim names cannot be bound to it; empty where it can.   Upstream: checkVolumeSatisfyClaim."""
    if "deletionTimestamp" in volume["metadata"]:
        return f'the volume is marked for deletion "{volume["metadata"]["name"]}"'
    if value_of(capacity_of(volume)) < value_of(request_of(claim)):
        return "requested PV is too small"
    if class_of(volume) != class_of(claim):
        return "storageClassName does not match"
    if _attributes(volume) != _attributes(claim):
        return "volumeAttributesClassName does not match"
    if not same_mode(claim, volume):
        return "incompatible volumeMode"
    return "" if set(claim["spec"].get("accessModes") or ()) <= set(volume["spec"].get("accessModes") or ()) else "incompatible accessMode"


class VolumeIndex:
    """The volumes that a claim can get: those reserved for it, and the free ones of its class. Follows the watch log."""

    def __init__(self) -> None:
        self._reserved: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._free: dict[str, set[str]] = defaultdict(set)

    def observe(self, entry: Entry) -> None:
        """Follow one write of a volume."""
        for obj, add in ((entry.old, False), (entry.new, True)):
            if obj is not None:
                ref = obj["spec"].get("claimRef")
                names = self._free[class_of(obj)] if ref is None else self._reserved[ref.get("namespace") or "", ref.get("name") or ""]
                (names.add if add else names.discard)(obj["metadata"]["name"])

    def find(self, claim: Object, delayed: bool, reader: Reader) -> Object | None:
        """The volume for a claim: the one reserved for it, else the smallest that has least to spare in access modes.

        `delayed`: the scheduler chooses among the free ones.   Upstream: findByClaim, FindMatchingVolume.
        """
        meta, asked = claim["metadata"], frozenset(claim["spec"].get("accessModes") or ())
        names = self._reserved.get((meta["namespace"], meta["name"]), set()) | (set() if delayed else self._free.get(class_of(claim), set()))
        by_modes: dict[tuple[str, ...], list[Object]] = defaultdict(list)
        for name in sorted(names):
            volume = reader.get(VOLUME, "", name)
            if volume is not None:
                offered = frozenset(volume["spec"].get("accessModes") or ())
                if asked <= offered:
                    by_modes[tuple(m for m in ACCESS_MODES if m in offered)].append(volume)
        for modes in sorted(by_modes, key=len):
            found = _best(claim, by_modes[modes])
            if found is not None:
                return found
        return None


def _best(claim: Object, volumes: Iterable[Object]) -> Object | None:
    spec, asked, name = claim["spec"], request_of(claim), class_of(claim)
    selects = selector(spec["selector"]) if spec.get("selector") is not None else None
    best: Object | None = None
    for volume in volumes:
        reserved = volume["spec"].get("claimRef") is not None
        if reserved and not is_for(volume, claim):
            continue
        if compare(capacity_of(volume), asked) < 0 or not same_mode(claim, volume) or _attributes(claim) != _attributes(volume):
            continue
        if "deletionTimestamp" in volume["metadata"]:
            continue
        if reserved:
            return volume
        if (volume.get("status") or {}).get("phase") != "Available" or class_of(volume) != name:
            continue
        if selects is not None and not selects(labels_of(volume)):
            continue
        if best is None or compare(capacity_of(best), capacity_of(volume)) > 0:
            best = volume
    return best


def _attributes(obj: Object) -> str:
    return obj["spec"].get("volumeAttributesClassName") or ""


__all__ = ["CLASS", "VOLUME", "VolumeIndex", "capacity_of", "class_of", "is_for", "mismatch", "request_of", "same_mode", "waits_for_consumer"]
