"""What becomes of a volume whose claim is gone: kept, deleted, or wiped for the next.

Upstream: pkg/controller/volume/persistentvolume/pv_controller.go (reclaimVolume and the operations that it starts),
pkg/volume/util/recyclerclient. Leaves out the back-off between attempts at what fails for good.
"""

from __future__ import annotations

from kplan.api.objects import Object, annotations_of, replace, without
from kplan.api.podvolumes import is_terminated
from kplan.api.quantity import value_of
from kplan.apiserver.client import Client
from kplan.controllers.volumebinding import MIGRATED_TO, PROVISIONED_BY, set_volume_phase, unbind, written
from kplan.controllers.volumeplugins import RECYCLABLE, PluginError, deletable, delete_host_path, source_of

IN_TREE_FINALIZER = "kubernetes.io/pv-controller"
RECYCLER = "recycler-for-"
NAMESPACE = "default"
SECONDS_PER_GI, LEAST_SECONDS = 30, {"hostPath": 60, "nfs": 300}  # that a recycler pod is given
IMAGE = "registry.k8s.io/build-image/debian-base:bookworm-v1.0.6"
SCRUB = 'test -e /scrub && find /scrub -mindepth 1 -delete && test -z "$(ls -A /scrub)" || exit 1'


class Reclaimer:
    """The reclaim policies at work. It remembers which recycler pods are its own, and what it has said about them."""

    def __init__(self) -> None:
        self._recycling: dict[str, tuple[str, int]] = {}  # volume -> uid of its pod, number of events read

    def reclaim(self, api: Client, volume: Object) -> None:
        """Do what the policy of a released volume says."""
        if annotations_of(volume).get(MIGRATED_TO):
            return
        policy = volume["spec"].get("persistentVolumeReclaimPolicy")
        if policy == "Delete":
            self._delete(api, volume)
        elif policy == "Recycle":
            self._recycle(api, volume)
        elif policy != "Retain":
            _fail(api, volume, "VolumeUnknownReclaimPolicy", "Volume has unrecognized PersistentVolumeReclaimPolicy")

    # -- Delete

    def _delete(self, api: Client, volume: Object) -> None:
        notes = annotations_of(volume)
        try:
            plugin = deletable(volume, notes.get(PROVISIONED_BY, ""), MIGRATED_TO in notes)
            if plugin:
                delete_host_path(volume)
        except PluginError as error:
            _fail(api, volume, "VolumeFailedDelete", str(error))
            return
        if not plugin:
            return
        finalizers = volume["metadata"].get("finalizers") or []
        if IN_TREE_FINALIZER in finalizers:
            kept = [f for f in finalizers if f != IN_TREE_FINALIZER]
            path = ("metadata", "finalizers")
            volume = written(api.write(replace(volume, path, kept) if kept else without(volume, path)))
        if "deletionTimestamp" not in volume["metadata"]:
            api.delete(volume)

    # -- Recycle

    def recycling(self, volume: str) -> bool:
        """Whether a recycler pod is at work on a volume."""
        return volume in self._recycling

    def _recycle(self, api: Client, volume: Object) -> None:
        name, ref = volume["metadata"]["name"], volume["spec"]["claimRef"]
        if name in self._recycling:
            self.follow(api, volume)
            return
        pods = [p for p in api.using_claim(ref["namespace"], ref["name"]) if not is_terminated(p)]
        if pods and api.get("PersistentVolumeClaim", ref["namespace"], ref["name"]) is None:
            names = ",".join(f"{p['metadata']['namespace']}/{p['metadata']['name']}" for p in pods)
            api.event(volume, "Normal", "VolumeFailedRecycle", f"Volume is used by pods: {names}")
            return
        if source_of(volume) not in RECYCLABLE:
            _fail(api, volume, "VolumeFailedRecycle", "No recycler plugin found for the volume!")
            return
        old = api.get("Pod", NAMESPACE, RECYCLER + name)
        if old is not None:
            api.delete(old)
            _fail(api, volume, "VolumeFailedRecycle", "Recycle failed: old recycler pod found, will retry later")
            return
        read = len(api.door.events)
        answer = api.create(_recycler(volume))
        if not answer.accepted or answer.object is None:
            _fail(api, volume, "VolumeFailedRecycle", f"Recycle failed: unexpected error creating recycler pod:  {answer.message}")
            return
        self._recycling[name] = (answer.object["metadata"]["uid"], read)

    def follow(self, api: Client, volume: Object) -> None:
        """Say of the volume what was said of its recycler pod; when the pod has ended, so has the recycling."""
        name = volume["metadata"]["name"]
        uid, read = self._recycling[name]
        for event in api.door.events[read:]:
            if event["involvedObject"]["name"] == RECYCLER + name and event["involvedObject"].get("namespace") == NAMESPACE:
                api.event(volume, event["type"], "RecyclerPod", f"Recycler pod: {event['message']}")
        self._recycling[name] = (uid, len(api.door.events))
        pod = api.get("Pod", NAMESPACE, RECYCLER + name)
        status = (pod.get("status") or {}) if pod is not None and pod["metadata"]["uid"] == uid else None
        why = ""
        if pod is None or status is None:
            why = "recycler pod was deleted"
        elif status.get("phase") == "Failed":
            why = status.get("message") or "pod failed, pod.Status.Message unknown"
        elif status.get("phase") != "Succeeded":
            return
        del self._recycling[name]
        if pod is not None and status is not None:
            api.delete(pod)
        if why:
            _fail(api, volume, "VolumeFailedRecycle", f"Recycle failed: failed to recycle volume: {why}")
            return
        api.event(volume, "Normal", "VolumeRecycled", "Volume recycled")
        unbind(api, volume)


def _fail(api: Client, volume: Object, reason: str, message: str) -> None:
    """Mark a volume as failed and say why, once."""
    if (volume.get("status") or {}).get("phase") != "Failed":
        api.event(set_volume_phase(api, volume, "Failed", message), "Warning", reason, message)


def _recycler(volume: Object) -> Object:
    """The pod that wipes a volume."""
    spec, source = volume["spec"], source_of(volume)
    where = {k: spec[source][k] for k in ("server", "path") if k in spec[source]}
    gigabytes = value_of((spec.get("capacity") or {}).get("storage") or "0") // 2**30
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": RECYCLER + volume["metadata"]["name"], "namespace": NAMESPACE},
        "spec": {
            "activeDeadlineSeconds": max(gigabytes * SECONDS_PER_GI, LEAST_SECONDS[source]),
            "restartPolicy": "Never",
            "volumes": [{"name": "vol", source: where}],
            "containers": [
                {
                    "name": "pv-recycler",
                    "image": IMAGE,
                    "command": ["/bin/sh"],
                    "args": ["-c", SCRUB],
                    "volumeMounts": [{"name": "vol", "mountPath": "/scrub"}],
                }
            ],
        },
    }
