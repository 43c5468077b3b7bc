"""Volumes stay in their zone and region.   Upstream: pkg/scheduler/framework/plugins/volumezone."""

from __future__ import annotations

from typing import Any

from kplan.scheduler.cluster_state import STORAGE_CLASS, VOLUME, ClusterState
from kplan.scheduler.columns import Nodes
from kplan.scheduler.csi_migration import BETA_REGION, BETA_ZONE, DELIMITER, REGION, TOPOLOGY_LABELS, ZONE
from kplan.scheduler.framework import Check, ClusterPlugin, Reject, Rejected, Rejects
from kplan.scheduler.podinfo import PodInfo
from kplan.scheduler.volumes import claim_or_reject, class_name

GA = {BETA_ZONE: ZONE, BETA_REGION: REGION}


class VolumeZone(ClusterPlugin):
    """By the zone and region labels of bound PersistentVolumes."""

    name = "VolumeZone"

    def prepare(self, pod: PodInfo, cluster: ClusterState) -> Check | None:
        """The labels of the volumes behind the pod's claims."""
        wanted: list[tuple[str, frozenset[str]]] = []
        for name in pod.cls.claim_names:
            if not name:
                raise Rejected("PersistentVolumeClaim had no name")
            claim = claim_or_reject(pod, name, cluster)
            volume_name = claim["spec"].get("volumeName")
            if not volume_name:
                storage_class = class_name(claim)
                if not storage_class:
                    raise Rejected("PersistentVolumeClaim had no pv name and storageClass name")
                found = cluster.get(STORAGE_CLASS, "", storage_class)
                if found is None:
                    raise Rejected(f'storageclass.storage.k8s.io "{storage_class}" not found')
                if found.get("volumeBindingMode") == "WaitForFirstConsumer":
                    continue
                raise Rejected("PersistentVolume had no name")
            volume = cluster.get(VOLUME, "", volume_name)
            if volume is None:
                raise Rejected(f'persistentvolume "{volume_name}" not found')
            labels = volume["metadata"].get("labels") or {}
            zones = ((key, [z.strip() for z in labels[key].split(DELIMITER)]) for key in TOPOLOGY_LABELS if key in labels)
            wanted += ((key, frozenset(names)) for key, names in zones if all(names))
        return ZoneCheck(wanted) if wanted else None


class ZoneCheck(Check):
    """The labels that a node must share. Nodes without any zone or region label take every volume."""

    name = VolumeZone.name

    def __init__(self, wanted: list[tuple[str, frozenset[str]]]) -> None:
        self.wanted = wanted

    def filter(self, nodes: Nodes) -> Rejects:
        """Nodes of another zone or region."""
        labelled: Any = nodes.no
        for key in TOPOLOGY_LABELS:
            labelled = labelled | (nodes.label(key).codes >= 0)
        astray: Any = nodes.no
        for key, names in self.wanted:
            column = nodes.label(key)
            here = column.among(names)
            if key in GA:
                missing = column.codes < 0
                here = here | (missing & nodes.label(GA[key]).among(names))
            astray = astray | (here ^ True)
        yield Reject("node(s) had no available volume zone", labelled & astray, resolvable=False)
