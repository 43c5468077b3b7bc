"""Claims get volumes: bound to one that suits, or announced to the provisioner of their class; what is given back is reclaimed.

Upstream: pkg/controller/volume/persistentvolume/pv_controller{,_base}.go. Like there, nothing is remembered between two looks: the state of
a claim and of its volume says what to do. Every 15 s it looks again at what is not settled. Leaves out the operations' back-off and metrics.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from kplan.admission.default_storage_class import default_class
from kplan.api.objects import Object, annotations_of, replace
from kplan.api.podvolumes import is_terminated
from kplan.api.reader import Entry, Reader
from kplan.apiserver.client import Client
from kplan.apiserver.loops import RETRY, Controller, Key, Watch
from kplan.controllers.volumebinding import (
    BIND_COMPLETED,
    BOUND_BY_CONTROLLER,
    PROVISIONED_BY,
    RefusedError,
    bind,
    set_claim_status,
    set_volume_phase,
    unbind,
    written,
)
from kplan.controllers.volumematching import BETA_CLASS, CLASS, VOLUME, VolumeIndex, class_of, is_for, mismatch, same_mode, waits_for_consumer
from kplan.controllers.volumemigration import announced, migrated_claim, migrated_volume
from kplan.controllers.volumeplugins import DRIVERS, HOST_PATH, PluginError, provisionable
from kplan.controllers.volumereclaim import RECYCLER, Reclaimer

CLAIM = "PersistentVolumeClaim"
RESYNC = 15.0  # seconds
SELECTED_NODE = "volume.kubernetes.io/selected-node"
GIVEN_BACK = ("Released", "Failed")


class PersistentVolumeBinder(Controller):
    """Keys: (namespace, name) of claims, ("", name) of volumes."""

    name = "persistentvolume-binder-controller"

    def __init__(self) -> None:
        self._volumes = VolumeIndex()
        self._reclaimer = Reclaimer()
        self._started: datetime | None = None
        self._unseen: set[Key] = set()  # new claims that were not looked at yet
        self.watches = (Watch(CLAIM, self._claim_and_lost_volume), Watch(VOLUME, self._volume_and_lost_claim), Watch("Pod", self._recycled_volume))

    def sync(self, key: Key, api: Client) -> float | None:
        """One claim or one volume."""
        namespace, name = key
        if self._started is None:
            self._started = api.now
        obj = api.get(CLAIM if namespace else VOLUME, namespace, name)
        if obj is None:
            return None
        try:
            settled = self._sync_claim(api, obj) if namespace else self._sync_volume(api, obj)
        except RefusedError:
            return RETRY
        finally:
            self._unseen.discard(key)
        return None if settled else RESYNC - (api.now - self._started).total_seconds() % RESYNC

    def _claim_and_lost_volume(self, entry: Entry, reader: Reader) -> Iterable[Key]:
        """The claim; also its volume, where the claim is gone."""
        meta, volume = entry.object["metadata"], entry.object["spec"].get("volumeName")
        key = (meta["namespace"], meta["name"])
        if entry.old is None:
            self._unseen.add(key)
        yield key
        if entry.new is None and volume:
            yield ("", volume)

    def _volume_and_lost_claim(self, entry: Entry, reader: Reader) -> Iterable[Key]:
        """The volume; also its claim, where the volume is gone or changed what the claim's status shows."""
        self._volumes.observe(entry)
        yield ("", entry.object["metadata"]["name"])
        ref, old = entry.object["spec"].get("claimRef"), entry.old
        if ref is not None and old is not None and (entry.new is None or old["spec"].get("accessModes") != entry.new["spec"].get("accessModes")):
            yield (ref.get("namespace") or "", ref.get("name") or "")

    def _recycled_volume(self, entry: Entry, reader: Reader) -> Iterable[Key]:
        """The volume that a recycler pod works on."""
        name: str = entry.object["metadata"]["name"]
        return (("", name.removeprefix(RECYCLER)),) if name.startswith(RECYCLER) and self._reclaimer.recycling(name.removeprefix(RECYCLER)) else ()

    # -- claims

    def _sync_claim(self, api: Client, claim: Object) -> bool:
        """Whether it is settled, so that nothing but a write to it or its volume can change it.   Upstream: syncClaim."""
        claim = migrated_claim(api, claim)
        if BIND_COMPLETED in annotations_of(claim):
            return self._sync_bound(api, claim)
        return self._sync_named(api, claim) if claim["spec"].get("volumeName") else self._sync_unbound(api, claim)

    def _sync_unbound(self, api: Client, claim: Object) -> bool:
        """A claim that takes any volume that suits."""
        delayed = waits_for_consumer(claim, api)
        volume = self._volumes.find(claim, delayed, api)
        if volume is not None:
            bind(api, volume, claim)
            return True
        if self._takes_default_class(api, claim):
            return True
        if delayed and SELECTED_NODE not in annotations_of(claim):
            meta = claim["metadata"]
            api.event(claim, "Normal", *_waiting(api, claim, first=(meta["namespace"], meta["name"]) in self._unseen))
        elif class_of(claim):
            self._provision(api, claim)
            return False
        else:
            api.event(claim, "Normal", "FailedBinding", "no persistent volumes available for this claim and no storage class is set")
        set_claim_status(api, claim, "Pending")
        return False

    def _sync_named(self, api: Client, claim: Object) -> bool:
        """A claim that wants one volume and no other."""
        volume = api.get(VOLUME, "", claim["spec"]["volumeName"])
        if volume is None:
            set_claim_status(api, claim, "Pending")
            return False
        if volume["spec"].get("claimRef") is None:
            why = mismatch(volume, claim)
            if why:
                api.event(claim, "Warning", "VolumeMismatch", f'Cannot bind to requested volume "{volume["metadata"]["name"]}": {why}')
                set_claim_status(api, claim, "Pending")
                return False
        elif not is_for(volume, claim):
            api.event(claim, "Warning", "FailedBinding", f'volume "{volume["metadata"]["name"]}" already bound to a different claim.')
            if BOUND_BY_CONTROLLER in annotations_of(claim):
                raise RefusedError("volume already claimed")
            set_claim_status(api, claim, "Pending")
            return False
        bind(api, volume, claim)
        return True

    def _sync_bound(self, api: Client, claim: Object) -> bool:
        """A claim that has been bound."""
        name = claim["spec"].get("volumeName")
        volume = api.get(VOLUME, "", name) if name else None
        if not name:
            self._lose(api, claim, "ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!")
        elif volume is None:
            self._lose(api, claim, "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!")
        elif (volume["spec"].get("claimRef") or {"uid": claim["metadata"]["uid"]}).get("uid") == claim["metadata"]["uid"]:
            bind(api, volume, claim)
            return True
        else:
            self._lose(api, claim, "ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly")
        return False

    def _lose(self, api: Client, claim: Object, reason: str, message: str) -> None:
        if (claim.get("status") or {}).get("phase") != "Lost":
            api.event(set_claim_status(api, claim, "Lost"), "Warning", reason, message)

    def _takes_default_class(self, api: Client, claim: Object) -> bool:
        """A claim that was made before there was a default class gets it now.   Upstream: assignDefaultStorageClass."""
        if BETA_CLASS in annotations_of(claim) or claim["spec"].get("storageClassName") is not None:
            return False
        found = default_class(api)
        if found is None:
            return False
        written(api.update(replace(claim, ("spec", "storageClassName"), found["metadata"]["name"])))
        return True

    def _provision(self, api: Client, claim: Object) -> None:
        """Tell the provisioner of the class; the one that is built in is switched off.   Upstream: provisionClaim."""
        name = class_of(claim)
        found = api.get(CLASS, "", name)
        if found is None:
            api.event(claim, "Warning", "ProvisioningFailed", f'storageclass.storage.k8s.io "{name}" not found')
            return
        named = found.get("provisioner") or ""
        try:
            plugin = provisionable(named)
        except PluginError as error:
            api.event(claim, "Warning", "ProvisioningFailed", str(error))
            return
        if plugin and claim["spec"].get("dataSource") is not None:
            why = f'plugin "{plugin}" is not a CSI plugin. Only CSI plugin can provision a claim with a datasource'
            api.event(claim, "Warning", "ProvisioningFailed", why)
            return
        provisioner = str(DRIVERS.get(named) or named)
        claim = announced(api, claim, provisioner)
        if not plugin:
            api.event(
                claim, "Normal", "ExternalProvisioning",
                f"Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system administrator. "
                "If volume creation is delayed, please verify that the provisioner is running and correctly registered.",
            )  # fmt: skip
        elif api.get(VOLUME, "", f"pvc-{claim['metadata']['uid']}") is None:
            options = found.get("mountOptions")
            api.event(
                claim, "Warning", "ProvisioningFailed",
                f'Mount options are not supported by the provisioner but StorageClass "{name}" has mount options [{" ".join(options)}]'
                if options else f'Failed to create provisioner: provisioning in volume plugin "{HOST_PATH}" is disabled',
            )  # fmt: skip

    # -- volumes

    def _sync_volume(self, api: Client, volume: Object) -> bool:
        """Whether it is settled.   Upstream: syncVolume."""
        volume = migrated_volume(api, volume)
        ref, name = volume["spec"].get("claimRef"), volume["metadata"]["name"]
        if ref is None or not ref.get("uid"):
            set_volume_phase(api, volume, "Available")
            return True
        claim = api.get(CLAIM, ref.get("namespace") or "", ref.get("name") or "")
        if claim is None or claim["metadata"]["uid"] != ref["uid"]:
            return self._give_back(api, volume)
        bound_to = claim["spec"].get("volumeName")
        if not bound_to:
            self._finish(api, volume, claim)
        elif bound_to == name:
            set_volume_phase(api, volume, "Bound")
        elif PROVISIONED_BY in annotations_of(volume) and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
            return self._give_back(api, volume)
        else:
            unbind(api, volume)
        return True

    def _finish(self, api: Client, volume: Object, claim: Object) -> None:
        """A volume that is bound to a claim that does not know it yet: the claim does the rest."""
        if same_mode(claim, volume):
            self._sync_claim(api, claim)
            return
        mine, its = volume["metadata"]["name"], claim["metadata"]["name"]
        ending = "due to incompatible volumeMode."
        api.event(volume, "Warning", "VolumeMismatch", f'Cannot bind PersistentVolume to requested PersistentVolumeClaim "{its}" {ending}')
        api.event(claim, "Warning", "VolumeMismatch", f'Cannot bind PersistentVolume "{mine}" to requested PersistentVolumeClaim {ending}')

    def _give_back(self, api: Client, volume: Object) -> bool:
        """A volume whose claim is gone, or went elsewhere."""
        if (volume.get("status") or {}).get("phase") not in GIVEN_BACK:
            volume = set_volume_phase(api, volume, "Released")
        self._reclaimer.reclaim(api, volume)
        return bool(volume["spec"].get("persistentVolumeReclaimPolicy") != "Recycle")


def _waiting(api: Client, claim: Object, first: bool) -> tuple[str, str]:
    """Reason and message for a claim that waits for a pod, or for its pods to be scheduled.

    `first`: it is new, and pods that were made after it (a StatefulSet makes both) have not been heard of yet.
    """
    made = int(claim["metadata"]["resourceVersion"])
    pods = [
        p["metadata"]["name"]
        for p in api.using_claim(claim["metadata"]["namespace"], claim["metadata"]["name"])
        if not p["spec"].get("nodeName") and not is_terminated(p) and not (first and int(p["metadata"]["resourceVersion"]) > made)
    ]
    if not pods:
        return "WaitForFirstConsumer", "waiting for first consumer to be created before binding"
    return "WaitForPodScheduled", f"waiting for {'pod' if len(pods) == 1 else 'pods'} {','.join(pods)} to be scheduled"
