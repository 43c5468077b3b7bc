"""How many volumes of a CSI driver a node takes.   Upstream: pkg/scheduler/framework/plugins/nodevolumelimits/csi.go."""

from __future__ import annotations

from typing import Any

import numpy as np

from kplan.api.objects import Object
from kplan.scheduler.cluster_state import ATTACHMENT, CLAIM, CSI_NODE, STORAGE_CLASS, VOLUME, ClusterState
from kplan.scheduler.columns import Ints, Nodes
from kplan.scheduler.csi_migration import DRIVERS, csi_source, in_tree
from kplan.scheduler.framework import Check, ClusterPlugin, Reject, Rejects
from kplan.scheduler.node_rows import Row
from kplan.scheduler.node_table import NodeTable
from kplan.scheduler.podinfo import PodInfo
from kplan.scheduler.volumes import claims_of, class_name

Volume = tuple[str, str]
"""Driver and handle."""

NO_LIMIT = 2**31


class NodeVolumeLimits(ClusterPlugin):
    """`allocatable.count` of the node's CSINode against the distinct volumes of its pods and attachments."""

    name = "NodeVolumeLimits"

    def __init__(self) -> None:
        self._attached: Attached | None = None

    def prepare(self, pod: PodInfo, cluster: ClusterState) -> Check | None:
        """Nothing to do without volumes of a CSI driver, or without limits."""
        if not pod.cls.has_claims:
            return None
        attached = self._attached
        if attached is None or attached.table is not cluster.table or attached.version != cluster.objects_version:
            attached = self._attached = Attached(cluster)
        attached.follow()
        wanted = attached.volumes_of(pod)
        return LimitsCheck(attached, wanted) if any(v[0] in attached.limits for v in wanted) else None


class Attached:
    """Which volumes are on which node, and how many each may have; kept current by the table's log."""

    def __init__(self, cluster: ClusterState) -> None:
        self.cluster = cluster
        self.table: NodeTable = cluster.table
        self.version = cluster.objects_version
        self.limits: dict[str, Ints] = {}
        self.counts: dict[str, Ints] = {}
        self.uses: dict[Volume, dict[int, int]] = {}
        self._of_pod: dict[str, frozenset[Volume]] = {}
        self._seen = 0
        row_of = self.table.row_of
        for node in cluster.list(CSI_NODE):
            row = row_of.get(node["metadata"]["name"])
            for driver in (node.get("spec") or {}).get("drivers") or () if row is not None else ():
                count = (driver.get("allocatable") or {}).get("count")
                if count is not None:
                    self.limits.setdefault(driver["name"], np.full(self.table.size, NO_LIMIT, dtype=np.int64))[row] = count
        self.attachments: dict[int, set[Volume]] = {}
        for attachment in cluster.list(ATTACHMENT) if self.limits else ():
            self._attach(attachment["spec"])
        for row, volumes in self.attachments.items():
            for volume in volumes:
                self._count(volume[0])[row] += 1

    def _attach(self, spec: Object) -> None:
        row = self.table.row_of.get(spec.get("nodeName") or "")
        name = (spec.get("source") or {}).get("persistentVolumeName")
        volume = self.cluster.get(VOLUME, "", name) if name else None
        csi = volume["spec"].get("csi") if volume else None
        if row is not None and csi is not None and spec.get("attacher"):
            self.attachments.setdefault(row, set()).add((spec["attacher"], csi["volumeHandle"]))

    def _count(self, driver: str) -> Ints:
        found = self.counts.get(driver)
        if found is None:
            found = self.counts[driver] = self.table.zero.copy()
        return found

    def follow(self) -> None:
        """Catch up with the pods that have come and gone."""
        log = self.table.log
        for row, pod, sign in log[self._seen :] if self.limits else ():
            if pod.cls.has_claims:
                for volume in self.volumes_of(pod):
                    self._use(volume, row, sign)
                if sign < 0:
                    self._of_pod.pop(pod.key, None)
        self._seen = len(log)

    def _use(self, volume: Volume, row: int, sign: int) -> None:
        rows = self.uses.setdefault(volume, {})
        before = rows.get(row, 0)
        rows[row] = before + sign
        if (before > 0) != (before + sign > 0) and volume not in self.attachments.get(row, ()):
            self._count(volume[0])[row] += sign
        if not rows[row]:
            del rows[row]

    def volumes_of(self, pod: PodInfo) -> frozenset[Volume]:
        """A pod's distinct volumes of CSI drivers, in-tree ones that a driver serves included."""
        found = self._of_pod.get(pod.key)
        if found is None:
            found = frozenset(self._find(pod))
            if pod.node:
                self._of_pod[pod.key] = found
        return found

    def _find(self, pod: PodInfo) -> Any:
        for name, _ in claims_of(pod):
            claim = self.cluster.get(CLAIM, pod.cls.namespace, name)
            found = self._volume_of(claim) if claim is not None else None
            if found is not None:
                yield found
        for volume in pod.cls.volumes:
            if in_tree(volume) is not None:
                found = csi_source({k: v for k, v in volume.items() if k != "csi"}, {})
                if found is not None:
                    yield found

    def _volume_of(self, claim: Object) -> Volume | None:
        name = claim["spec"].get("volumeName")
        volume = self.cluster.get(VOLUME, "", name) if name else None
        if volume is not None:
            return csi_source(volume["spec"], volume["metadata"].get("labels") or {})
        storage_class = self.cluster.get(STORAGE_CLASS, "", class_name(claim))
        if storage_class is None:
            return None
        provisioner = storage_class.get("provisioner") or ""
        meta = claim["metadata"]
        return (DRIVERS.get(provisioner, provisioner), f"unbound-{meta.get('namespace') or 'default'}/{meta['name']}") if provisioner else None


class LimitsCheck(Check):
    """The volumes that one pod would add."""

    name = NodeVolumeLimits.name

    def __init__(self, attached: Attached, wanted: frozenset[Volume]) -> None:
        self.attached = attached
        self.wanted = wanted

    def filter(self, nodes: Nodes) -> Rejects:
        """Nodes that would have more volumes of a driver than they take."""
        over: Any = nodes.no
        for driver in sorted({d for d, _ in self.wanted if d in self.attached.limits}):
            limit = self.attached.limits[driver]
            if isinstance(nodes, Row):
                over = over | self._exceeds(nodes, driver, int(limit[nodes.row]))
                continue
            new = self.attached.table.zero.copy()
            for volume in self.wanted:
                if volume[0] == driver:
                    new += 1
                    for row in self.attached.uses.get(volume) or ():
                        new[row] -= 1
            used = self.attached.counts.get(driver)
            excess = (((0 if used is None else used) + new > limit) & (new > 0))[nodes.row]
            over = over | excess
        yield Reject("node(s) exceed max volume count", over)

    def _exceeds(self, row: Row, driver: str, limit: int) -> bool:
        there = self.attached.table.pods_with(row.row, "claims")
        pods = [p for key, p in there.items() if key not in row.removed] + list(row.added.values())
        in_use = {v for p in pods for v in self.attached.volumes_of(p) if v[0] == driver}
        new = sum(v[0] == driver and v not in in_use for v in self.wanted)
        others = {v for v in self.attached.attachments.get(row.row, ()) if v[0] == driver}
        return new > 0 and len(in_use | others) + new > limit
