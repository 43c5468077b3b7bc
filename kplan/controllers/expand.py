"""Claims that ask for more than they have: somebody outside expands them.

Upstream: pkg/controller/volume/expand/expand_controller.go. None of the plugins that are left expands volumes, so this controller says who is waited
for. Leaves out flexVolumes, which kubelets expand.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.api.objects import Object, annotations_of
from kplan.api.quantity import compare
from kplan.api.reader import Entry, Reader
from kplan.apiserver.client import Client
from kplan.apiserver.loops import RETRY, Controller, Key, Watch
from kplan.controllers.volumebinding import PRE_RESIZE_CAPACITY, annotated
from kplan.controllers.volumematching import request_of
from kplan.controllers.volumeplugins import DRIVERS, migrated_plugin, source_of

RESIZER = "volume.kubernetes.io/storage-resizer"


def _grown(entry: Entry, reader: Reader) -> Iterable[Key]:
    """A bound claim that is new, or that asks for or has more than before."""
    old, new = entry.old, entry.new
    if new is None or (new.get("status") or {}).get("phase") != "Bound":
        return ()
    if old is not None and compare(request_of(new), request_of(old)) <= 0 and compare(_held(new), _held(old)) <= 0:
        return ()
    return ((new["metadata"]["namespace"], new["metadata"]["name"]),)


class PersistentVolumeExpander(Controller):
    """Keys: (namespace, name) of claims."""

    name = "persistentvolume-expander-controller"
    watches = (Watch("PersistentVolumeClaim", _grown),)

    def sync(self, key: Key, api: Client) -> float | None:
        """Say who has to expand the volume."""
        claim = api.get("PersistentVolumeClaim", *key)
        if claim is None:
            return None
        volume = api.get("PersistentVolume", "", claim["spec"].get("volumeName") or "")
        ref = (volume["spec"].get("claimRef") or {}) if volume is not None else {}
        if volume is None or ref.get("namespace") != key[0] or ref.get("uid") != claim["metadata"]["uid"]:
            return RETRY
        if compare(request_of(claim), _held(claim)) <= 0 and PRE_RESIZE_CAPACITY not in annotations_of(volume):
            return None
        plugin = migrated_plugin(volume)
        if plugin:
            return self._hand_over(api, claim, plugin)
        if source_of(volume) != "flexVolume":
            api.event(claim, "Normal", "ExternalExpanding", "waiting for an external controller to expand this PVC")
        return None

    def _hand_over(self, api: Client, claim: Object, plugin: str) -> float | None:
        """A CSI driver's resizer does it."""
        api.event(claim, "Normal", "ExternalExpanding", f"CSI migration enabled for {plugin}; waiting for external resizer to expand the pvc")
        driver = DRIVERS[plugin]
        if annotations_of(claim).get(RESIZER) == driver:
            return None
        return None if api.write(annotated(claim, **{RESIZER: driver})).accepted else RETRY


def _held(claim: Object) -> str:
    """How much storage a claim has."""
    return str(((claim.get("status") or {}).get("capacity") or {}).get("storage") or "0")
