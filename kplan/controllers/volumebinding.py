"""Writing the bond between a claim and a volume, on both sides.

Upstream: pkg/controller/volume/persistentvolume/pv_controller.go (bind, unbindVolume, updateClaimStatus, updateVolumePhase and what they call).
"""

from __future__ import annotations

from kplan.api.objects import Object, annotations_of, replace, without
from kplan.api.quantity import QuantityError, canonical, compare
from kplan.apiserver.client import Client
from kplan.apiserver.response import Response
from kplan.controllers.volumematching import is_for

BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
MIGRATED_TO = "pv.kubernetes.io/migrated-to"
PRE_RESIZE_CAPACITY = "volume.alpha.kubernetes.io/pre-resize-capacity"


class RefusedError(Exception):
    """The door refused a write; the key is tried again later."""


def written(answer: Response) -> Object:
    """The object as it stands after a write."""
    if not answer.accepted or answer.object is None:
        raise RefusedError(answer.message)
    return answer.object


def annotated(obj: Object, **notes: str) -> Object:
    """The object with annotations, whose names come as `{name: value}`."""
    return replace(obj, ("metadata", "annotations"), {**annotations_of(obj), **notes})


def bind(api: Client, volume: Object, claim: Object) -> None:
    """Save the bond in the volume, then in the claim; what is there already is left."""
    volume = bind_volume(api, volume, claim)
    volume = set_volume_phase(api, volume, "Bound")
    claim = _bind_claim(api, claim, volume)
    set_claim_status(api, claim, "Bound", volume)


def bind_volume(api: Client, volume: Object, claim: Object) -> Object:
    """Reserve a volume for a claim, uid and all.   Upstream: GetBindVolumeToClaim."""
    ref, meta = volume["spec"].get("claimRef") or {}, claim["metadata"]
    new = volume
    if (ref.get("namespace"), ref.get("name"), ref.get("uid")) != (meta["namespace"], meta["name"], meta["uid"]):
        new = replace(new, ("spec", "claimRef"), reference_to(claim))
    if not is_for(volume, claim) and BOUND_BY_CONTROLLER not in annotations_of(volume):
        new = annotated(new, **{BOUND_BY_CONTROLLER: "yes"})
    return volume if new is volume else written(api.write(new))


def reference_to(claim: Object) -> Object:
    """What a volume says of its claim."""
    meta = claim["metadata"]
    return {
        "kind": "PersistentVolumeClaim",
        "namespace": meta["namespace"],
        "name": meta["name"],
        "uid": meta["uid"],
        "apiVersion": "v1",
        "resourceVersion": meta["resourceVersion"],
    }


def unbind(api: Client, volume: Object) -> None:
    """Take a reservation back; one that the user made stays, without the claim's uid."""
    notes = annotations_of(volume)
    if BOUND_BY_CONTROLLER in notes:
        new = without(without(volume, ("spec", "claimRef")), ("metadata", "annotations", BOUND_BY_CONTROLLER))
        if not annotations_of(new):
            new = without(new, ("metadata", "annotations"))
    else:
        new = without(volume, ("spec", "claimRef", "uid"))
    set_volume_phase(api, written(api.write(new)), "Available")


def set_volume_phase(api: Client, volume: Object, phase: str, message: str = "") -> Object:
    """Save a volume's phase, with the time of the change."""
    status = volume.get("status") or {}
    if status.get("phase") == phase:
        return volume
    told = {k: v for k, v in status.items() if k != "message"}
    if message:
        told["message"] = message
    return written(api.write_status(volume, {**told, "phase": phase, "lastPhaseTransitionTime": api.now_text}))


def _bind_claim(api: Client, claim: Object, volume: Object) -> Object:
    name, new, notes = volume["metadata"]["name"], claim, annotations_of(claim)
    if claim["spec"].get("volumeName") != name:
        new = replace(new, ("spec", "volumeName"), name)
        if BOUND_BY_CONTROLLER not in notes:
            new = annotated(new, **{BOUND_BY_CONTROLLER: "yes"})
    if BIND_COMPLETED not in notes:
        new = annotated(new, **{BIND_COMPLETED: "yes"})
    return claim if new is claim else written(api.write(new))


def set_claim_status(api: Client, claim: Object, phase: str, volume: Object | None = None) -> Object:
    """Save a claim's phase, and of its volume what a claim's status shows."""
    old = claim.get("status") or {}
    if volume is None:
        new = {k: v for k, v in old.items() if k not in ("accessModes", "capacity", "currentVolumeAttributesClassName")}
    else:
        new = {**old, "accessModes": volume["spec"].get("accessModes") or []}
        if old.get("phase") != phase:
            new.update(_capacity(old, volume))
        attributes = volume["spec"].get("volumeAttributesClassName")
        if old.get("phase") == "Pending" and phase == "Bound" and attributes is not None:
            new["currentVolumeAttributesClassName"] = attributes
    new["phase"] = phase
    return claim if new == old else written(api.write_status(claim, new))


def _capacity(status: Object, volume: Object) -> Object:
    """The capacity that a claim shows when it becomes bound: that from before a resize whose file system still has to grow."""
    offered = (volume["spec"].get("capacity") or {}).get("storage")
    if offered is None:
        raise RefusedError(f'PersistentVolume "{volume["metadata"]["name"]}" is without a storage capacity')
    before = annotations_of(volume).get(PRE_RESIZE_CAPACITY)
    held = status.get("capacity") or {}
    if before is not None:
        try:
            return {"capacity": {**held, "storage": canonical(before)}}
        except QuantityError:
            return {"capacity": {**held, "storage": offered}}
    if "storage" in held and compare(held["storage"], offered) == 0:
        return {}
    return {"capacity": volume["spec"]["capacity"]}
