"""Parts of the node table as plugins see them: some rows, or one, which may be supposed to hold other pods.

Upstream: NodeInfo.Snapshot, AddPod and RemovePod.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from kplan.api.objects import Object
from kplan.scheduler.columns import Column, Ints
from kplan.scheduler.podinfo import PodInfo

if TYPE_CHECKING:
    from kplan.scheduler.node_table import NodeTable

AMOUNTS = (
    "cpu", "memory", "ephemeral_storage", "max_pods",
    "used_cpu", "used_memory", "used_ephemeral_storage", "pod_count", "nonzero_cpu", "nonzero_memory",
    "cpu_divisor", "memory_divisor", "measured", "balanced",
)  # fmt: skip
"""The numbers of a node, in the order in which the table holds them."""


class Slice:
    """Some rows of the table, as plugins see them."""

    def __init__(self, table: NodeTable, rows: Ints) -> None:
        self.table = table
        self.row = rows
        size = len(rows)
        self.yes, self.no, self.zero = table.yes[:size], table.no[:size], table.zero[:size]
        self.delegated = table.delegated
        (self.cpu, self.memory, self.ephemeral_storage, self.max_pods, self.used_cpu, self.used_memory, self.used_ephemeral_storage, self.pod_count,
         self.nonzero_cpu, self.nonzero_memory, self.cpu_divisor, self.memory_divisor, self.measured, self.balanced) = table.amounts[:, rows]  # fmt: skip

    def __getattr__(self, name: str) -> Any:
        """Other columns are cut out when they are read first."""
        whole = getattr(self.table, name)
        found = whole.take(self.row) if isinstance(whole, Column) else whole[self.row]
        setattr(self, name, found)
        return found

    def label(self, key: str) -> Column:
        """The values of one label."""
        return self.table.label(key).take(self.row)

    def allocatable(self, resource: str) -> Any:
        """What the nodes have of a scalar resource."""
        return self.table.allocatable(resource)[self.row]

    def used(self, resource: str) -> Any:
        """What pods have asked of a scalar resource."""
        return self.table.used(resource)[self.row]

    def image(self, name: str) -> Any:
        """An image's weighed size."""
        return self.table.image(name)[self.row]

    def port_taken(self, protocol: str, address: str, port: int) -> Any:
        """Whether a host port conflicts with one in use."""
        return self.table.port_taken(protocol, address, port)[self.row]

    def where_pods(self, wanted: Callable[[PodInfo], bool], group: str) -> Any:
        """Where a pod of a group satisfies a condition."""
        return self.table.where_pods(wanted, group)[self.row]

    def map_nodes(self, function: Callable[[int, Object], Any]) -> Any:
        """A function of row and Node object for each row."""
        return np.array([function(row, self.table.objects[row]) for row in self.row.tolist()])


class Row:
    """One row of the table: numbers are ints, conditions bools. `add` asks: what if this pod were here, or were not?"""

    __slots__ = ("added", "removed", "row", "scalars", "table", *AMOUNTS)
    yes, no, zero = True, False, 0

    def __init__(self, table: NodeTable, row: int) -> None:
        self.table = table
        self.row = row
        (self.cpu, self.memory, self.ephemeral_storage, self.max_pods, self.used_cpu, self.used_memory, self.used_ephemeral_storage, self.pod_count,
         self.nonzero_cpu, self.nonzero_memory, self.cpu_divisor, self.memory_divisor, self.measured, self.balanced) = (
            table.amounts[:, row].tolist()
        )
        self.scalars: dict[str, int] | None = None
        self.added: dict[str, PodInfo] = {}
        self.removed: dict[str, PodInfo] = {}

    def add(self, pod: PodInfo, sign: int = 1) -> None:
        """Suppose that a pod were here, or (sign -1) that it were not; the table stays as it is."""
        usage = pod.cls.usage
        self.used_cpu += sign * usage.cpu
        self.used_memory += sign * usage.memory
        self.used_ephemeral_storage += sign * usage.ephemeral_storage
        self.nonzero_cpu += sign * usage.nonzero_cpu
        self.nonzero_memory += sign * usage.nonzero_memory
        self.pod_count += sign
        if usage.scalars:
            if self.scalars is None:
                self.scalars = {}
            for name, amount in usage.scalars:
                self.scalars[name] = self.scalars.get(name, 0) + sign * amount
        if sign > 0:
            if self.removed.pop(pod.key, None) is None:
                self.added[pod.key] = pod
        elif self.added.pop(pod.key, None) is None:
            self.removed[pod.key] = pod

    @property
    def unschedulable(self) -> bool:
        """Whether the node is cordoned."""
        return bool(self.table.unschedulable[self.row])

    @property
    def name(self) -> Column:
        """The node's name."""
        return self.table.name.take(self.row)

    @property
    def delegated(self) -> frozenset[str]:
        """Extended resources that a device class stands behind."""
        return self.table.delegated

    @property
    def taints(self) -> Column:
        """The node's taints."""
        return self.table.taints.take(self.row)

    @property
    def features(self) -> Column:
        """The features that the node declares."""
        return self.table.features.take(self.row)

    def label(self, key: str) -> Column:
        """The value of one label."""
        return self.table.label(key).take(self.row)

    def allocatable(self, resource: str) -> Any:
        """What the node has of a scalar resource."""
        return self.table.allocatable(resource).item(self.row)

    def used(self, resource: str) -> Any:
        """What pods have asked of a scalar resource."""
        return self.table.used(resource).item(self.row) + (self.scalars.get(resource, 0) if self.scalars else 0)

    def image(self, name: str) -> Any:
        """An image's weighed size."""
        return self.table.image(name).item(self.row)

    def port_taken(self, protocol: str, address: str, port: int) -> Any:
        """Whether a host port conflicts with one in use."""
        addresses = self.table.ports_at(protocol, port, self.row)
        if self.added or self.removed:
            addresses = list(addresses)
            for pods, change in ((self.removed, addresses.remove), (self.added, addresses.append)):
                for pod in pods.values():
                    for taken in pod.cls.host_ports:
                        if taken[0] == protocol and taken[2] == port:
                            change(taken[1])
        return clashes(address, addresses)

    def where_pods(self, wanted: Callable[[PodInfo], bool], group: str) -> Any:
        """Whether a pod of a group that is, or is supposed to be, here satisfies a condition."""
        there = self.table.pods_with(self.row, group)
        if any(wanted(pod) for key, pod in there.items() if key not in self.removed):
            return True
        return any(map(wanted, self.added.values()))

    def map_nodes(self, function: Callable[[int, Object], Any]) -> Any:
        """A function of row and Node object."""
        return function(self.row, self.table.objects[self.row])


def clashes(address: str, taken: list[str]) -> bool:
    """Whether a port on an address (0.0.0.0: any) conflicts with the addresses on which it is taken."""
    return bool(taken) and (address == "0.0.0.0" or address in taken or "0.0.0.0" in taken)
