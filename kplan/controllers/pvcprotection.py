"""A claim that is deleted while a pod uses it stays until the pod is gone.

Upstream: pkg/controller/volume/pvcprotection/pvc_protection_controller.go. Leaves out the condition Unused, which is off by default
(PersistentVolumeClaimUnusedSinceTime).
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.api.objects import Object
from kplan.api.podvolumes import claims_of, is_made_for, is_terminated
from kplan.api.reader import Entry, Reader
from kplan.apiserver.client import Client
from kplan.apiserver.loops import RETRY, Controller, Key, Watch, itself
from kplan.controllers.pvprotection import has_finalizer, with_finalizer, without_finalizer

FINALIZER = "kubernetes.io/pvc-protection"


def _claims_set_free(entry: Entry, reader: Reader) -> Iterable[Key]:
    """The claims of a pod that may not hold them any more."""
    pod = entry.object
    if entry.new is not None and pod["spec"].get("nodeName") and not is_terminated(pod):
        return ()
    namespace = pod["metadata"]["namespace"]
    return [(namespace, claim) for claim, _ in claims_of(pod)]


class PersistentVolumeClaimProtectionController(Controller):
    """Keys: (namespace, name) of claims."""

    name = "persistentvolumeclaim-protection-controller"
    watches = (Watch("PersistentVolumeClaim", itself), Watch("Pod", _claims_set_free))

    def sync(self, key: Key, api: Client) -> float | None:
        """Take the finalizer off a deleted claim that no pod uses; put it on one that lacks it."""
        claim = api.get("PersistentVolumeClaim", *key)
        if claim is None:
            return None
        deleted = "deletionTimestamp" in claim["metadata"]
        if deleted != has_finalizer(claim, FINALIZER) or (deleted and any(_uses(pod, claim) for pod in api.using_claim(*key))):
            return None
        changed = without_finalizer(claim, FINALIZER) if deleted else with_finalizer(claim, FINALIZER)
        return None if api.write(changed).accepted else RETRY


def _uses(pod: Object, claim: Object) -> bool:
    """Whether a pod on a node, ended or not, keeps a claim; a pod that its kubelet is done with does not keep its ephemeral ones."""
    if not pod["spec"].get("nodeName"):
        return False
    name = claim["metadata"]["name"]
    return any(
        used == name and (not ephemeral or (not _shut_down(pod) and is_made_for(claim, pod)))
        for used, ephemeral in claims_of(pod)
    )  # fmt: skip


def _shut_down(pod: Object) -> bool:
    """Whether the kubelet is done with a pod, or it was deleted by force."""
    meta = pod["metadata"]
    return "deletionTimestamp" in meta and meta.get("deletionGracePeriodSeconds") == 0
