"""Volumes of in-tree plugins as the CSI drivers that took over see them.

Upstream: staging/src/k8s.io/csi-translation-lib. Only what scheduling reads: driver, volume handle, node affinity.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from kplan.api.objects import Object

ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"
BETA_ZONE, BETA_REGION = "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region"
TOPOLOGY_LABELS = (BETA_ZONE, BETA_REGION, ZONE, REGION)
MIGRATED_PLUGINS = "storage.alpha.kubernetes.io/migrated-plugins"
DELIMITER = "__"


class InTree(NamedTuple):
    """One in-tree plugin: its own name, the driver, the driver's topology label, the volume's id from source and labels."""

    plugin: str
    driver: str
    topology_key: str
    handle: Callable[[Object, Object], str]


def _ebs_handle(source: Object, labels: Object) -> str:
    volume = source.get("volumeID") or ""
    return str(volume.rpartition("/")[2] if volume.startswith("aws://") else volume)


def _gce_handle(source: Object, labels: Object) -> str:
    name, text = source.get("pdName") or "", labels.get(BETA_ZONE) or labels.get(ZONE) or ""
    zones = text.split(DELIMITER)
    if len(zones) > 1:
        return f"projects/UNSPECIFIED/regions/{zones[0].rpartition('-')[0]}/disks/{name}"
    return f"projects/UNSPECIFIED/zones/{zones[0] or 'UNSPECIFIED'}/disks/{name}"


def _volume_id(source: Object, labels: Object) -> str:
    return str(source.get("volumeID") or "")


IN_TREE = {
    "awsElasticBlockStore": InTree("kubernetes.io/aws-ebs", "ebs.csi.aws.com", "topology.ebs.csi.aws.com/zone", _ebs_handle),
    "gcePersistentDisk": InTree("kubernetes.io/gce-pd", "pd.csi.storage.gke.io", "topology.gke.io/zone", _gce_handle),
    "azureDisk": InTree("kubernetes.io/azure-disk", "disk.csi.azure.com", "", lambda source, _: source.get("diskURI") or ""),
    "cinder": InTree("kubernetes.io/cinder", "cinder.csi.openstack.org", "topology.cinder.csi.openstack.org/zone", _volume_id),
    "portworxVolume": InTree("kubernetes.io/portworx-volume", "pxd.portworx.com", "", _volume_id),
}
"""By the field of a volume source; the plugins whose migration is on."""

DRIVERS = {p.plugin: p.driver for p in IN_TREE.values()}
"""The driver behind a provisioner of an in-tree name."""


def in_tree(source: Object) -> tuple[str, InTree] | None:
    """The in-tree plugin of a volume or of a volume's spec."""
    return next(((field, plugin) for field, plugin in IN_TREE.items() if source.get(field) is not None), None)


def is_migrated(plugin: str, csi_node: Object | None) -> bool:
    """Whether a node's CSINode says that a plugin's driver has taken over there."""
    if csi_node is None:
        return False
    return plugin in ((csi_node["metadata"].get("annotations") or {}).get(MIGRATED_PLUGINS) or "").split(",")


def csi_source(source: Object, labels: Object) -> tuple[str, str] | None:
    """Driver and handle of a volume source, by itself or by the driver that took over."""
    csi = source.get("csi")
    if csi is not None and "driver" in csi and "volumeHandle" in csi:
        return csi["driver"], csi["volumeHandle"]
    found = in_tree(source)
    return None if found is None else (found[1].driver, found[1].handle(source[found[0]], labels))


def translated_affinity(volume: Object, plugin: InTree) -> Object | None:
    """The node affinity of a PersistentVolume in the driver's own topology label."""
    spec, labels = volume["spec"], volume["metadata"].get("labels") or {}
    affinity = spec.get("nodeAffinity")
    if not plugin.topology_key or not (affinity or labels):
        return affinity  # type: ignore[no-any-return]
    terms = ((affinity or {}).get("required") or {}).get("nodeSelectorTerms") or []
    keys = {e["key"] for t in terms for e in t.get("matchExpressions") or ()}
    zone = next((k for k in (ZONE, BETA_ZONE) if k in keys), None) or next((k for k in (ZONE, BETA_ZONE) if k in labels), ZONE)
    renamed = {BETA_REGION: REGION} if zone == BETA_ZONE else {}
    extra: list[Object] = []
    if zone in keys:
        renamed[zone] = plugin.topology_key
    elif zone in labels:
        zones = sorted({z.strip() for z in labels[zone].split(DELIMITER)} - {""})
        extra = [{"key": plugin.topology_key, "operator": "In", "values": zones}] if zones else []
    if not terms and not extra:
        return affinity  # type: ignore[no-any-return]
    return {"required": {"nodeSelectorTerms": [
        {**t, "matchExpressions": [{**e, "key": renamed.get(e["key"], e["key"])} for e in t.get("matchExpressions") or ()] + extra} for t in terms or [{}]
    ]}}  # fmt: skip
