"""What the scheduler knows of the cluster: the node table, pods on their way, and what it has assumed but nobody wrote yet.

Upstream: pkg/scheduler/backend/cache, and the assume caches of volumes and claims. It reads the store through a Reader once
and follows the watch log from then on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from kplan.api.objects import Object
from kplan.api.reader import Entry, Reader
from kplan.scheduler.columns import Bools
from kplan.scheduler.csi_migration import is_migrated
from kplan.scheduler.node_table import NodeTable
from kplan.scheduler.podinfo import PodInfo, PodReader, resize_state

POD = "Pod"
NODE = "Node"
NAMESPACE = "Namespace"
CLAIM = "PersistentVolumeClaim"
VOLUME = "PersistentVolume"
STORAGE_CLASS = "StorageClass.storage.k8s.io"
CSI_NODE = "CSINode.storage.k8s.io"
CSI_DRIVER = "CSIDriver.storage.k8s.io"
CSI_CAPACITY = "CSIStorageCapacity.storage.k8s.io"
ATTACHMENT = "VolumeAttachment.storage.k8s.io"
BUDGET = "PodDisruptionBudget.policy"
SERVICE = "Service"
REPLICA_SET = "ReplicaSet.apps"
STATEFUL_SET = "StatefulSet.apps"
REPLICATION_CONTROLLER = "ReplicationController"
DEVICE_CLASS = "DeviceClass.resource.k8s.io"
RESOURCE_SLICE = "ResourceSlice.resource.k8s.io"
RESOURCE_CLAIM = "ResourceClaim.resource.k8s.io"

READ = (
    POD, NODE, NAMESPACE, CLAIM, VOLUME, STORAGE_CLASS, CSI_NODE, CSI_DRIVER, CSI_CAPACITY, ATTACHMENT, BUDGET, SERVICE, REPLICA_SET, STATEFUL_SET,
    REPLICATION_CONTROLLER, DEVICE_CLASS, RESOURCE_SLICE, RESOURCE_CLAIM,
)  # fmt: skip
"""All kinds that scheduling depends on."""

FINISHED = ("Succeeded", "Failed")


class ClusterState:
    """Nodes with their pods, nominated pods, and every other object as the scheduler would find it."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.read = PodReader().read
        self.objects_version = 0
        """Counts the store's changes of what is neither a pod nor a node."""
        self.assumed_version = 0
        """Counts what was assumed, or taken back."""
        self.nominated: dict[str, dict[str, PodInfo]] = {}
        self._pods: dict[str, PodInfo] = {}
        self._assumed: dict[tuple[str, str, str], Object] = {}
        self._table: NodeTable | None = None
        self._migrated: dict[str, Bools] = {}
        self._migrated_as_of: tuple[NodeTable, int] | None = None
        self._services: dict[str, Sequence[Object]] = {}
        for pod in reader.list(POD):
            self._note(self.read(pod), pod)

    @property
    def table(self) -> NodeTable:
        """The nodes, made anew when one has come or gone."""
        if self._table is None:
            nodes = self.reader.list(NODE)
            table = self._table = NodeTable(nodes, sorted(nodes, key=_learnt))
            for pod in self._pods.values():
                row = table.row_of.get(pod.node)
                if row is not None:
                    table.add(pod, row)
            table.delegated = self._delegated()
        return self._table

    def _delegated(self) -> frozenset[str]:
        classes = self.reader.list(DEVICE_CLASS)
        named = {(c.get("spec") or {}).get("extendedResourceName") for c in classes}
        return frozenset(n for n in named if n) | {f"deviceclass.resource.kubernetes.io/{c['metadata']['name']}" for c in classes}

    # ------------------------------------------------------------------------------------------------ other objects

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """One object, as assumed where something was."""
        found = self._assumed.get((kind, namespace, name))
        return self.reader.get(kind, namespace, name) if found is None else found

    def list(self, kind: str, namespace: str | None = None) -> Iterator[Object]:
        """All objects of a kind, as assumed where something was."""
        for obj in self.reader.list(kind, namespace):
            if self._assumed:
                meta = obj["metadata"]
                obj = self._assumed.get((kind, meta.get("namespace") or "", meta["name"]), obj)
            yield obj

    def assume(self, kind: str, obj: Object) -> None:
        """Take a change for granted until the store says otherwise."""
        meta = obj["metadata"]
        self._assumed[kind, meta.get("namespace") or "", meta["name"]] = obj
        self.assumed_version += 1

    def forget(self, kind: str, obj: Object) -> None:
        """Take an assumption back."""
        meta = obj["metadata"]
        self._assumed.pop((kind, meta.get("namespace") or "", meta["name"]), None)
        self.assumed_version += 1

    def namespace_labels(self, namespace: str) -> dict[str, str]:
        """A namespace's labels; none where it is not there."""
        found = self.reader.get(NAMESPACE, "", namespace)
        return (found["metadata"].get("labels") or {}) if found else {}

    def services(self, namespace: str) -> Sequence[Object]:
        """The Services of a namespace that select pods."""
        found = self._services.get(namespace)
        if found is None:
            found = self._services[namespace] = [s for s in self.reader.list(SERVICE, namespace) if (s.get("spec") or {}).get("selector")]
        return found

    def migrated(self, plugin: str) -> Bools:
        """The rows of the nodes where a CSI driver has taken over from an in-tree plugin."""
        key = (self.table, self.objects_version)
        if self._migrated_as_of != key:
            self._migrated_as_of, self._migrated = key, {}
        found = self._migrated.get(plugin)
        if found is None:
            found = self._migrated[plugin] = self.table.no.copy()
            for node in self.list(CSI_NODE):
                row = self.table.row_of.get(node["metadata"]["name"])
                if row is not None:
                    found[row] = is_migrated(plugin, node)
        return found

    # ------------------------------------------------------------------------------------------------ pods

    def pod(self, key: str) -> PodInfo | None:
        """A pod that is on a node, by "namespace/name"."""
        return self._pods.get(key)

    def place(self, pod: PodInfo, node: str) -> None:
        """A pod lands on a node."""
        pod.node = node
        self.withdraw_nomination(pod)
        self._pods[pod.key] = pod
        if self._table is not None:
            row = self._table.row_of.get(node)
            if row is not None:
                self._table.add(pod, row)

    def remove(self, key: str) -> PodInfo | None:
        """A pod leaves its node."""
        pod = self._pods.pop(key, None)
        if pod is not None and self._table is not None:
            row = self._table.row_of.get(pod.node)
            if row is not None:
                self._table.add(pod, row, -1)
        return pod

    def nominate(self, pod: PodInfo, node: str) -> None:
        """A node is kept for a pod that waits for its victims to go."""
        self.withdraw_nomination(pod)
        pod.nominated = node
        self.nominated.setdefault(node, {})[pod.key] = pod

    def withdraw_nomination(self, pod: PodInfo) -> None:
        """The pod needs no node kept any more."""
        if self.nominated:
            for node, pods in tuple(self.nominated.items()):
                if pods.pop(pod.key, None) is not None and not pods:
                    del self.nominated[node]

    def rivals(self, node: str, pod: PodInfo) -> Sequence[PodInfo]:
        """The other pods nominated to a node that are no less important than this one."""
        pods = self.nominated.get(node)
        return [p for p in pods.values() if p.priority >= pod.priority and p.uid != pod.uid] if pods else []

    # ------------------------------------------------------------------------------------------------ the watch log

    def observe(self, entry: Entry) -> None:
        """Follow one write of the store."""
        if entry.kind == POD:
            self._observe_pod(entry)
        elif entry.kind == NODE:
            if entry.action != "MODIFIED" or entry.new is None:
                self._table = None
            elif self._table is not None:
                self._table.update_node(entry.new)
        elif entry.kind in READ:
            meta = entry.object["metadata"]
            self._assumed.pop((entry.kind, meta.get("namespace") or "", meta["name"]), None)
            if entry.kind == DEVICE_CLASS and self._table is not None:
                self._table.delegated = self._delegated()
                self._table.version += 1
            if entry.kind == SERVICE:
                self._services.pop(meta.get("namespace") or "", None)
            if not _same_selection(entry):
                self.objects_version += 1

    def _observe_pod(self, entry: Entry) -> None:
        new = entry.new if entry.action != "DELETED" else None
        if new is None:
            meta = entry.object["metadata"]
            key = f"{meta.get('namespace') or 'default'}/{meta['name']}"
            self.remove(key)
            for pods in tuple(self.nominated.values()):
                if key in pods:
                    self.withdraw_nomination(pods[key])
            return
        if entry.old is not None and self._told(entry.old, new):
            return
        pod = self.read(new)
        known = self._pods.get(pod.key)
        if known is not None:
            assumed = not pod.node and known.uid == pod.uid
            if assumed and (new.get("status") or {}).get("phase") not in FINISHED:
                return
            if known.node == pod.node and known.cls is pod.cls and (new.get("status") or {}).get("phase") not in FINISHED:
                known.pod, known.start, known.priority = new, pod.start, pod.priority
                return
            self.remove(pod.key)
        self._note(pod, new)

    def _told(self, old: Object, new: Object) -> bool:
        """Whether a pod on its node changed in nothing but what its kubelet tells: that is most of what is written about pods."""
        known = self._pods.get(f"{new['metadata'].get('namespace') or 'default'}/{new['metadata']['name']}")
        spec: Object = new.get("spec") or {}
        if known is None or known.pod is not old or spec is not old.get("spec") or not spec.get("nodeName") or "resourceClaims" in spec:
            return False
        before, now = old["metadata"], new["metadata"]
        if before.get("labels") != now.get("labels") or "deletionTimestamp" in now or before.get("ownerReferences") != now.get("ownerReferences"):
            return False
        status = new.get("status") or {}
        if status.get("phase") in FINISHED or resize_state(status) or resize_state(old.get("status") or {}):
            return False
        known.pod, known.start = new, status.get("startTime") or ""
        return True

    def _note(self, pod: PodInfo, obj: Object) -> None:
        if (obj.get("status") or {}).get("phase") in FINISHED:
            self.withdraw_nomination(pod)
        elif pod.node:
            self.place(pod, pod.node)
        elif pod.nominated:
            self.nominate(pod, pod.nominated)
        else:
            self.withdraw_nomination(pod)


def _learnt(node: Object) -> tuple[Any, ...]:
    meta = node["metadata"]
    version = meta.get("resourceVersion") or "0"
    return (meta.get("creationTimestamp") or "", int(version) if version.isdigit() else 0)


def _same_selection(entry: Entry) -> bool:
    """Whether a workload changed in nothing that a selector reads: their status changes with every pod."""
    if entry.kind not in (REPLICA_SET, STATEFUL_SET, REPLICATION_CONTROLLER) or entry.old is None or entry.new is None:
        return False
    return (entry.old.get("spec") or {}).get("selector") == (entry.new.get("spec") or {}).get("selector")
