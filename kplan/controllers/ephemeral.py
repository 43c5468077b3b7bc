"""Claims for the generic ephemeral volumes of pods.

Upstream: pkg/controller/volume/ephemeral/controller.go. The claims go with their pods: the garbage collector sees to that.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.api.objects import Object
from kplan.api.podvolumes import claims_of, ephemeral_claim, is_made_for, not_made_for
from kplan.api.reader import Entry, Reader
from kplan.apiserver.client import Client
from kplan.apiserver.loops import RETRY, Controller, Key, Watch, owner_reference

DELAY = 0.01  # seconds that the scheduler, which sees a new pod at the same moment, is ahead


def _new_with_ephemeral(entry: Entry, reader: Reader) -> Iterable[Key]:
    """A new pod that has an ephemeral volume."""
    pod = entry.object
    if entry.action != "ADDED" or not any(ephemeral for _, ephemeral in claims_of(pod)):
        return ()
    return ((pod["metadata"]["namespace"], pod["metadata"]["name"]),)


class EphemeralVolumeController(Controller):
    """Keys: (namespace, name) of pods."""

    name = "ephemeral-volume-controller"

    def __init__(self) -> None:
        self._seen: set[Key] = set()
        self.watches = (Watch("Pod", _new_with_ephemeral), Watch("PersistentVolumeClaim", _pods_without))

    def sync(self, key: Key, api: Client) -> float | None:
        """Make the claims that are missing."""
        pod = api.get("Pod", *key)
        if pod is None or "deletionTimestamp" in pod["metadata"]:
            self._seen.discard(key)
            return None
        if key not in self._seen:
            self._seen.add(key)
            return DELAY
        self._seen.discard(key)
        for volume in pod["spec"].get("volumes") or ():
            why = self._make(api, pod, volume) if "ephemeral" in volume else ""
            if why:
                self._seen.add(key)
                api.event(pod, "Warning", "FailedBinding", f"ephemeral volume {volume['name']}: {why}")
                return RETRY
        return None

    def _make(self, api: Client, pod: Object, volume: Object) -> str:
        """Make the claim of a volume where it is not there; returns why it cannot be."""
        meta = pod["metadata"]
        name = ephemeral_claim(meta["name"], volume["name"])
        held = api.get("PersistentVolumeClaim", meta["namespace"], name)
        if held is not None:
            return "" if is_made_for(held, pod) else not_made_for(held, pod)
        template = volume["ephemeral"]["volumeClaimTemplate"]
        own = {k: dict(v) for k, v in (template.get("metadata") or {}).items() if k in ("labels", "annotations") and v}
        owned = {"name": name, "namespace": meta["namespace"], **own, "ownerReferences": [owner_reference(pod)]}
        answer = api.create({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": owned, "spec": template["spec"]})
        return "" if answer.accepted else f"create PVC {name}: {answer.message}"


def _pods_without(entry: Entry, reader: Reader) -> Iterable[Key]:
    """The pod whose ephemeral volume lost its claim."""
    if entry.action != "DELETED":
        return ()
    meta = entry.object["metadata"]
    owners = [o["name"] for o in meta.get("ownerReferences") or () if o["kind"] == "Pod"]
    return [(meta["namespace"], name) for name in owners]
