"""Disks that take one writer, claims that take one pod.   Upstream: pkg/scheduler/framework/plugins/volumerestrictions."""

from __future__ import annotations

from kplan.api.objects import Object
from kplan.scheduler.cluster_state import ClusterState
from kplan.scheduler.columns import Nodes
from kplan.scheduler.framework import Check, ClusterPlugin, Reject, Rejects
from kplan.scheduler.podinfo import PodClass, PodInfo
from kplan.scheduler.volumes import claim_or_reject

Disk = tuple[str, Object]


class VolumeRestrictions(ClusterPlugin):
    """GCE disks, EBS volumes, iSCSI targets, RBD images; claims with access mode ReadWriteOncePod."""

    name = "VolumeRestrictions"

    def prepare(self, pod: PodInfo, cluster: ClusterState) -> Check | None:
        """Nothing to do without such disks and while no other pod uses such a claim."""
        if not pod.cls.volumes:
            return None
        alone = set()
        for name in pod.cls.claim_names:
            claim = claim_or_reject(pod, name, cluster)
            if "ReadWriteOncePod" in (claim["spec"].get("accessModes") or ()):
                alone.add(name)
        users = sum(cluster.table.claim_users.get(f"{pod.cls.namespace}/{name}", 0) > 0 for name in alone)
        return RestrictionsCheck(pod.cls, alone, users) if pod.cls.disks or users else None


class RestrictionsCheck(Check):
    """One pod's disks and exclusive claims."""

    name = VolumeRestrictions.name

    def __init__(self, pod: PodClass, alone: set[str], users: int) -> None:
        self.pod = pod
        self.alone = alone
        self.users = users

    def filter(self, nodes: Nodes) -> Rejects:
        """Where a disk is in use; everywhere while a claim is."""
        in_use = nodes.no
        if self.pod.disks:
            in_use = nodes.where_pods(lambda p: any(conflict(d, other) for d in self.pod.disks for other in p.cls.disks), "disks")
            yield Reject("node(s) had no available disk", in_use)
        if self.users > 0:
            reason = "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"
            yield Reject(reason, nodes.yes & (in_use ^ True))

    def suppose(self, pod: PodInfo, row: int, sign: int) -> None:
        """Uses of the claims, by name alone as upstream has it."""
        self.users += sign * sum(name in self.alone for name in pod.cls.claim_names)


def conflict(mine: Disk, theirs: Disk) -> bool:
    """Whether two pods cannot have two disks on one node."""
    kind, disk = mine
    other_kind, other = theirs
    if kind != other_kind:
        return False
    if kind == "awsElasticBlockStore":
        return bool(disk.get("volumeID") == other.get("volumeID"))
    if disk.get("readOnly") and other.get("readOnly"):
        return False
    if kind == "gcePersistentDisk":
        return bool(disk.get("pdName") == other.get("pdName"))
    if kind == "iscsi":
        return bool(disk.get("iqn") == other.get("iqn"))
    return rbd_image(disk) == rbd_image(other) and not set(disk.get("monitors") or ()).isdisjoint(other.get("monitors") or ())


def rbd_image(disk: Object) -> tuple[str, str]:
    """Pool and image."""
    return disk.get("pool") or "rbd", disk.get("image") or ""
