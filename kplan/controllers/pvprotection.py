"""A volume that is deleted while a claim is bound to it stays until the claim is gone.

Upstream: pkg/controller/volume/pvprotection/pv_protection_controller.go.
"""

from __future__ import annotations

from kplan.api.objects import Object, replace, without
from kplan.apiserver.client import Client
from kplan.apiserver.loops import RETRY, Controller, Key, Watch, itself

FINALIZER = "kubernetes.io/pv-protection"


class PersistentVolumeProtectionController(Controller):
    """Keys: ("", name) of volumes."""

    name = "persistentvolume-protection-controller"
    watches = (Watch("PersistentVolume", itself),)

    def sync(self, key: Key, api: Client) -> float | None:
        """Take the finalizer off a deleted volume that no claim is bound to; put it on one that lacks it."""
        volume = api.get("PersistentVolume", *key)
        if volume is None:
            return None
        deleted = "deletionTimestamp" in volume["metadata"]
        if deleted == has_finalizer(volume, FINALIZER) and (not deleted or (volume.get("status") or {}).get("phase") != "Bound"):
            changed = without_finalizer(volume, FINALIZER) if deleted else with_finalizer(volume, FINALIZER)
            return None if api.write(changed).accepted else RETRY
        return None


def has_finalizer(obj: Object, finalizer: str) -> bool:
    """Whether an object has a finalizer."""
    return finalizer in (obj["metadata"].get("finalizers") or ())


def with_finalizer(obj: Object, finalizer: str) -> Object:
    """The object with one finalizer more."""
    return replace(obj, ("metadata", "finalizers"), [*(obj["metadata"].get("finalizers") or ()), finalizer])


def without_finalizer(obj: Object, finalizer: str) -> Object:
    """The object without a finalizer."""
    kept = [f for f in obj["metadata"].get("finalizers") or () if f != finalizer]
    return replace(obj, ("metadata", "finalizers"), kept) if kept else without(obj, ("metadata", "finalizers"))
