"""The simulated storage driver `sim.kplan.dev/disk`: makes volumes for claims that ask for it, deletes those released.

Stands for a CSI driver with its external-provisioner, and for every driver that a cluster says is installed: one with a CSIDriver object, as
states of real clusters have them. It does not expand volumes. Other provisioners do not exist, unless they are `assumed`, as where manifests are
planned that come without their cluster; what is `kubernetes.io/…` is never assumed: it is static, or built in and switched off.
"""

from __future__ import annotations

from collections.abc import Collection

from kplan.api.objects import Object, annotations_of
from kplan.api.reader import Reader
from kplan.apiserver.client import Client
from kplan.apiserver.loops import Controller, Key, Watch, itself

DRIVER = "sim.kplan.dev/disk"
PROVISIONER_NOTES = ("volume.kubernetes.io/storage-provisioner", "volume.beta.kubernetes.io/storage-provisioner")
SELECTED_NODE = "volume.kubernetes.io/selected-node"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
ZONE = "topology.kubernetes.io/zone"
CLASS = "StorageClass.storage.k8s.io"
BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
BUILT_IN = "kubernetes.io/"


class Provisioner(Controller):
    """Keys: (namespace, name) of claims, ("", name) of volumes. `assumed`: provisioners of which nothing tells are there too."""

    name = "sim-provisioner"
    watches = (Watch("PersistentVolumeClaim", itself), Watch("PersistentVolume", itself))

    def __init__(self, *, assumed: bool = False) -> None:
        self._assumed = assumed

    def sync(self, key: Key, api: Client) -> float | None:
        """Make the volume of a claim, or delete a released one."""
        namespace, name = key
        if namespace:
            self._provision(namespace, name, api)
        else:
            self._delete(name, api)
        return None

    def _provision(self, namespace: str, name: str, api: Client) -> None:
        claim = api.get("PersistentVolumeClaim", namespace, name)
        if claim is None or claim["spec"].get("volumeName") or "deletionTimestamp" in claim["metadata"]:
            return
        notes = annotations_of(claim)
        driver = next((notes[n] for n in PROVISIONER_NOTES if notes.get(n)), "")
        if not self._serves(driver, api):
            return
        storage_class = api.get(CLASS, "", notes.get(BETA_CLASS, claim["spec"].get("storageClassName") or ""))
        if storage_class is None:
            return
        node = notes.get(SELECTED_NODE)
        if storage_class.get("volumeBindingMode") == "WaitForFirstConsumer" and not node:
            return
        volume_name = f"pvc-{claim['metadata']['uid']}"
        if api.get("PersistentVolume", "", volume_name) is None:
            api.create(self._volume(volume_name, claim, storage_class, driver, node, api))

    def _volume(self, name: str, claim: Object, storage_class: Object, driver: str, node: str | None, api: Client) -> Object:
        spec, meta = claim["spec"], claim["metadata"]
        plain = driver == DRIVER or "/" in driver  # no name of a CSI driver: such provisioners make what they will
        volume: Object = {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "accessModes": list(spec["accessModes"]),
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
            "storageClassName": storage_class["metadata"]["name"],
            **({"hostPath": {"path": "/sim/disk"}} if plain else {"csi": {"driver": driver, "volumeHandle": name}}),
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": meta["namespace"],
                "name": meta["name"],
                "uid": meta["uid"],
                "resourceVersion": meta["resourceVersion"],
            },
        }
        if spec.get("volumeMode"):
            volume["volumeMode"] = spec["volumeMode"]
        if storage_class.get("mountOptions"):
            volume["mountOptions"] = list(storage_class["mountOptions"])
        terms = self._terms(storage_class, node, api)
        if terms:
            volume["nodeAffinity"] = {"required": {"nodeSelectorTerms": terms}}
        return {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": name, "annotations": {PROVISIONED_BY: driver}},
            "spec": volume,
        }

    def _terms(self, storage_class: Object, node: str | None, api: Client) -> list[Object]:
        """Where the volume can be reached: the zone of the selected node, else what the class allows."""
        if node:
            found = api.get("Node", "", node)
            zone = (found["metadata"].get("labels") or {}).get(ZONE) if found else None
            return [{"matchExpressions": [{"key": ZONE, "operator": "In", "values": [zone]}]}] if zone else []
        return [
            {"matchExpressions": [{"key": e["key"], "operator": "In", "values": list(e["values"])} for e in term["matchLabelExpressions"]]}
            for term in storage_class.get("allowedTopologies") or ()
        ]

    def _delete(self, name: str, api: Client) -> None:
        volume = api.get("PersistentVolume", "", name)
        if volume is None or not self._serves(annotations_of(volume).get(PROVISIONED_BY, ""), api):
            return
        released = (volume.get("status") or {}).get("phase") == "Released"
        if released and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete" and "deletionTimestamp" not in volume["metadata"]:
            api.delete(volume)


    def _serves(self, driver: str, api: Client) -> bool:
        return bool(driver) and (installed(driver, api) or (self._assumed and not driver.startswith(BUILT_IN)))


def installed(driver: str, reader: Reader) -> bool:
    """Whether a driver is the simulated one, or has a CSIDriver object."""
    return driver == DRIVER or reader.get("CSIDriver.storage.k8s.io", "", driver) is not None


def assumed(reader: Reader, known: Collection[str]) -> list[str]:
    """The provisioners of volumes, but for those `known` by name, of which nothing says that they are installed."""
    made = [annotations_of(v).get(PROVISIONED_BY, "") for v in reader.list("PersistentVolume") if v["metadata"]["name"] not in known]
    return sorted({driver for driver in made if driver and not installed(driver, reader)})
