"""Notes on claims and volumes of plugins that CSI drivers took over from, and the finalizer of what a plugin still deletes.

Upstream: pkg/controller/volume/persistentvolume/pv_controller_base.go (updateMigrationAnnotations, modifyDeletionFinalizers, setClaimProvisioner).
"""

from __future__ import annotations

from kplan.api.objects import Object, annotations_of, replace, without
from kplan.apiserver.client import Client
from kplan.controllers.volumebinding import MIGRATED_TO, PROVISIONED_BY, annotated, written
from kplan.controllers.volumeplugins import DRIVERS, PREFIX
from kplan.controllers.volumereclaim import IN_TREE_FINALIZER

PROVISIONER, BETA_PROVISIONER = "volume.kubernetes.io/storage-provisioner", "volume.beta.kubernetes.io/storage-provisioner"
EXTERNAL_FINALIZER = "external-provisioner.volume.kubernetes.io/finalizer"


def migrated_claim(api: Client, claim: Object) -> Object:
    """The claim, with a note of the driver where a plugin that is no more should provision it."""
    notes = annotations_of(claim)
    new = _noted(claim, notes.get(PROVISIONER, notes.get(BETA_PROVISIONER)))
    return claim if new is claim else written(api.write(new))


def migrated_volume(api: Client, volume: Object) -> Object:
    """The volume, with a note of the driver that took over, and with the finalizer that it should have."""
    provisioner = annotations_of(volume).get(PROVISIONED_BY)
    if provisioner is None:
        return volume
    new, held = _noted(volume, provisioner), volume["metadata"].get("finalizers") or []
    wanted = _finalizers(volume, provisioner, held)
    if wanted != held:
        path = ("metadata", "finalizers")
        new = replace(new, path, wanted) if wanted else without(new, path)
    return volume if new is volume else written(api.write(new))


def announced(api: Client, claim: Object, provisioner: str) -> Object:
    """The claim, with a note of who shall provision it."""
    if annotations_of(claim).get(PROVISIONER) == provisioner:
        return claim
    return written(api.write(_noted(annotated(claim, **{BETA_PROVISIONER: provisioner, PROVISIONER: provisioner}), provisioner)))


def _noted(obj: Object, provisioner: str | None) -> Object:
    if provisioner is None:
        return obj
    held, driver = annotations_of(obj).get(MIGRATED_TO, ""), DRIVERS.get(provisioner, "")
    if held == driver:
        return obj
    return annotated(obj, **{MIGRATED_TO: driver}) if driver else without(obj, ("metadata", "annotations", MIGRATED_TO))


def _finalizers(volume: Object, provisioner: str, held: list[str]) -> list[str]:
    """What a plugin must delete keeps a finalizer of the binder; what a driver deletes has its own."""
    if provisioner in DRIVERS:
        return [f for f in held if f != IN_TREE_FINALIZER]
    if not provisioner.startswith(PREFIX):
        return held
    policy = volume["spec"].get("persistentVolumeReclaimPolicy")
    kept = [f for f in held if f != EXTERNAL_FINALIZER]
    if policy == "Delete":
        return kept if IN_TREE_FINALIZER in kept else [*kept, IN_TREE_FINALIZER]
    return [f for f in kept if f != IN_TREE_FINALIZER] if policy in ("Retain", "Recycle") else kept
