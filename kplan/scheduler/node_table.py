"""The nodes as a table: one row a node in name order, one column a fact; kept current pod by pod.

Upstream: pkg/scheduler/framework/types.go (NodeInfo) and backend/cache. Amounts are int64 (millicores, bytes), labels, taints
and features are dictionary-encoded. Nodes that come or go make a new table; a pod that lands changes one row of this one.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import numpy as np

from kplan.api.objects import Object
from kplan.scheduler import requests as ask
from kplan.scheduler.columns import Bools, Column, Ints
from kplan.scheduler.node_rows import AMOUNTS, Row, Slice, clashes
from kplan.scheduler.podinfo import PodClass, PodInfo
from kplan.scheduler.selectors import Selector


class NodeTable:
    """All nodes. What plugins read of it is `kplan.scheduler.columns.Nodes`."""

    def __init__(self, nodes: Sequence[Object], image_order: Iterable[Object] | None = None) -> None:
        """`nodes` in name order; `image_order`: as they became known, for the size of an image is what the first said."""
        self.objects = list(nodes)
        self.names: list[str] = [n["metadata"]["name"] for n in nodes]
        self.row_of = {name: row for row, name in enumerate(self.names)}
        self.size = size = len(self.names)
        self.row = np.arange(size)
        self.yes: Bools = np.ones(size, dtype=np.bool_)
        self.no: Bools = np.zeros(size, dtype=np.bool_)
        self.zero: Ints = np.zeros(size, dtype=np.int64)
        self.name = Column(np.arange(size, dtype=np.int32), self.names, self.row_of)
        self.version = 0
        self.delegated: frozenset[str] = frozenset()
        """Extended resources that a device class stands behind, on nodes that have none themselves."""
        self._image_order = nodes if image_order is None else image_order
        self._labels: dict[str, Column] = {}
        self._images: dict[str, Ints] | None = None
        self.amounts = np.zeros((len(AMOUNTS), size), dtype=np.int64)
        (self.cpu, self.memory, self.ephemeral_storage, self.max_pods, self.used_cpu, self.used_memory, self.used_ephemeral_storage, self.pod_count,
         self.nonzero_cpu, self.nonzero_memory, self.cpu_divisor, self.memory_divisor, self.measured, self.balanced) = self.amounts  # fmt: skip
        self._read_nodes()
        self._used: dict[str, Ints] = {}
        self.pods: list[dict[str, PodInfo]] = [{} for _ in range(size)]
        self.placed: dict[PodClass, dict[int, int]] = {}
        """How many pods of each class are on each row."""
        self.placed_with_affinity: dict[PodClass, None] = {}
        self._placed_by_label: dict[tuple[str, str], dict[PodClass, None]] = {}
        self._ports: dict[tuple[str, int], dict[int, list[str]]] = {}
        self._groups: dict[str, dict[int, dict[str, PodInfo]]] = {"disks": {}, "claims": {}}
        self.claim_users: dict[str, int] = {}
        """How many volumes of pods on nodes name a claim, by "namespace/name"."""
        self.log: list[tuple[int, PodInfo, int]] = []

    # ------------------------------------------------------------------------------------------------ what plugins read

    def label(self, key: str) -> Column:
        """The values of one label."""
        found = self._labels.get(key)
        if found is None:
            found = self._labels[key] = Column.of((n["metadata"].get("labels") or {}).get(key) for n in self.objects)
        return found

    def allocatable(self, resource: str) -> Any:
        """What the nodes have of a scalar resource."""
        return self._allocatable.get(resource, self.zero)

    def used(self, resource: str) -> Any:
        """What pods have asked of a scalar resource."""
        return self._used.get(resource, self.zero)

    def image(self, name: str) -> Any:
        """An image's size times the share of nodes that have it, where it is there."""
        if self._images is None:
            self._images = self._read_images()
        return self._images.get(name, self.zero)

    def port_taken(self, protocol: str, address: str, port: int) -> Any:
        """Whether a host port conflicts with one in use."""
        found = self.no
        users = self._ports.get((protocol, port))
        if users:
            found = found.copy()
            found[[row for row, addresses in users.items() if clashes(address, addresses)]] = True
        return found

    def where_pods(self, wanted: Callable[[PodInfo], bool], group: str) -> Any:
        """Where a pod of a group satisfies a condition."""
        rows = [row for row, pods in self._groups[group].items() if any(map(wanted, pods.values()))]
        if not rows:
            return self.no
        found = self.no.copy()
        found[rows] = True
        return found

    def map_nodes(self, function: Callable[[int, Object], Any]) -> Any:
        """A function of row and Node object for each row."""
        return np.array([function(row, node) for row, node in enumerate(self.objects)])

    def placed_like(self, selector: Selector) -> Iterable[PodClass]:
        """The classes of pods on nodes that a selector may select: all it does, by its rarest label."""
        found: Collection[PodClass] = self.placed
        for requirement in selector.requirements:
            if requirement.operator == "In":
                groups = [self._placed_by_label.get((requirement.key, value), {}) for value in requirement.values]
                if sum(map(len, groups)) < len(found):
                    found = [cls for group in groups for cls in group]
        return () if selector.nothing else found

    # ------------------------------------------------------------------------------------------------ parts of the table

    def take(self, rows: Ints) -> Slice:
        """Some rows."""
        return Slice(self, rows)

    def at(self, row: int) -> Row:
        """One row, as it is."""
        return Row(self, row)

    def pods_with(self, row: int, group: str) -> dict[str, PodInfo]:
        """The pods of a group on one node."""
        return self._groups[group].get(row) or {}

    def ports_at(self, protocol: str, port: int, row: int) -> list[str]:
        """The addresses on which a port is taken on one node."""
        return self._ports.get((protocol, port), {}).get(row) or []

    # ------------------------------------------------------------------------------------------------ keeping it current

    def add(self, pod: PodInfo, row: int, sign: int = 1) -> None:
        """A pod lands on a node, or (sign -1) leaves it."""
        cls = pod.cls
        usage = cls.usage
        self.used_cpu[row] += sign * usage.cpu
        self.used_memory[row] += sign * usage.memory
        self.nonzero_cpu[row] += sign * usage.nonzero_cpu
        self.nonzero_memory[row] += sign * usage.nonzero_memory
        self.pod_count[row] += sign
        if usage.ephemeral_storage:
            self.used_ephemeral_storage[row] += sign * usage.ephemeral_storage
        for name, amount in usage.scalars:
            column = self._used.get(name)
            if column is None:
                column = self._used[name] = self.zero.copy()
            column[row] += sign * amount
        rows = self.placed.get(cls)
        if rows is None:
            rows = self.placed[cls] = {}
            self._index(cls)
        count = rows.get(row, 0) + sign
        if count:
            rows[row] = count
        else:
            del rows[row]
            if not rows:
                del self.placed[cls]
                self._unindex(cls)
        if sign > 0:
            self.pods[row][pod.key] = pod
        else:
            del self.pods[row][pod.key]
        if cls.host_ports:
            self._count_ports(cls, row, sign)
        if cls.volumes:
            self._count_volumes(pod, row, sign)
        self.log.append((row, pod, sign))

    def update_node(self, node: Object) -> bool:
        """A node changed; whether in anything that matters here."""
        row = self.row_of[node["metadata"]["name"]]
        before = self.objects[row]
        if node_facts(before) == node_facts(node):
            self.objects[row] = node
            return False
        self.objects[row] = node
        self._labels.clear()
        self._images = None
        self._read_nodes()
        self.version += 1
        return True

    def _read_nodes(self) -> None:
        status = [n.get("status") or {} for n in self.objects]
        have = [s.get("allocatable") or {} for s in status]

        def amounts(name: str, rounded: Callable[[int], int]) -> Ints:
            return np.array([rounded(ask.billionths(h[name])) if name in h else 0 for h in have], dtype=np.int64)

        self.cpu[:] = amounts(ask.CPU, ask.milli)
        self.memory[:] = amounts(ask.MEMORY, ask.whole)
        self.ephemeral_storage[:] = amounts(ask.EPHEMERAL_STORAGE, ask.whole)
        self.max_pods[:] = amounts(ask.PODS, ask.whole)
        self.cpu_divisor[:] = np.maximum(self.cpu, 1)
        self.memory_divisor[:] = np.maximum(self.memory, 1)
        self.balanced[:] = (self.cpu > 0) & (self.memory > 0)
        self.measured[:] = 1 + self.balanced
        scalars = sorted({name for h in have for name in h if ask.is_scalar(name)})
        self._allocatable = {name: amounts(name, ask.whole) for name in scalars}
        specs = [n.get("spec") or {} for n in self.objects]
        self.unschedulable = np.array([bool(s.get("unschedulable")) for s in specs], dtype=np.bool_)
        self.taints = Column.of(tuple((t["key"], t.get("value") or "", t["effect"]) for t in s.get("taints") or ()) for s in specs)
        self.features = Column.of(tuple(s.get("declaredFeatures") or ()) for s in status)

    def _read_images(self) -> dict[str, Ints]:
        sizes: dict[str, int] = {}
        rows: dict[str, list[int]] = {}
        for node in self._image_order:
            row = self.row_of.get(node["metadata"]["name"])
            if row is None:
                continue
            for image in (self.objects[row].get("status") or {}).get("images") or ():
                for name in image.get("names") or ():
                    sizes.setdefault(name, image.get("sizeBytes") or 0)
                    rows.setdefault(name, []).append(row)
        found = {}
        for name, where in rows.items():
            column = self.zero.copy()
            column[where] = int(float(sizes[name]) * (len(set(where)) / self.size))
            found[name] = column
        return found

    def _index(self, cls: PodClass) -> None:
        for pair in cls.labels.items():
            self._placed_by_label.setdefault(pair, {})[cls] = None
        if cls.has_affinity:
            self.placed_with_affinity[cls] = None

    def _unindex(self, cls: PodClass) -> None:
        for pair in cls.labels.items():
            group = self._placed_by_label[pair]
            del group[cls]
            if not group:
                del self._placed_by_label[pair]
        self.placed_with_affinity.pop(cls, None)

    def _count_ports(self, cls: PodClass, row: int, sign: int) -> None:
        for protocol, address, port in cls.host_ports:
            addresses = self._ports.setdefault((protocol, port), {}).setdefault(row, [])
            if sign > 0:
                addresses.append(address)
            else:
                addresses.remove(address)

    def _count_volumes(self, pod: PodInfo, row: int, sign: int) -> None:
        for group, belongs in (("disks", bool(pod.cls.disks)), ("claims", pod.cls.has_claims)):
            if belongs:
                pods = self._groups[group].setdefault(row, {})
                if sign > 0:
                    pods[pod.key] = pod
                else:
                    del pods[pod.key]
        for name in pod.cls.claim_names:
            key = f"{pod.cls.namespace}/{name}"
            self.claim_users[key] = self.claim_users.get(key, 0) + sign


def node_facts(node: Object) -> bytes:
    """All of a node that any plugin reads."""
    meta, spec, status = node["metadata"], node.get("spec") or {}, node.get("status") or {}
    facts = (meta.get("labels"), spec.get("taints"), spec.get("unschedulable"), status.get("allocatable"), status.get("images"),
             status.get("declaredFeatures"))  # fmt: skip
    return marshal.dumps(facts, 2)
