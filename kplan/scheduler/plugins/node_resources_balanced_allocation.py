"""Prefer nodes whose resources stay evenly used.   Upstream: pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from kplan.scheduler import requests as ask
from kplan.scheduler.columns import Nodes, at_most, cut, divisor
from kplan.scheduler.framework import MAX_NODE_SCORE, Plugin
from kplan.scheduler.node_rows import Row
from kplan.scheduler.node_table import NodeTable
from kplan.scheduler.plugins.node_resources_fit import DEFAULT_RESOURCES, Resources, amounts
from kplan.scheduler.podinfo import PodClass

HALF = MAX_NODE_SCORE // 2


class NodeResourcesBalancedAllocation(Plugin):
    """By how much the pod evens out the shares in use: 75 where nothing changes. Real requests, no defaults."""

    name = "NodeResourcesBalancedAllocation"
    weight = 1
    reads_pods = True

    def __init__(self, resources: Resources = DEFAULT_RESOURCES) -> None:
        self.resources = resources
        self.plain = resources == DEFAULT_RESOURCES
        self._standing: Standing | None = None

    def key(self, pod: PodClass) -> Hashable:
        """What the pod asks of each resource; nothing to do where that is nothing."""
        if self.plain:
            asked = (pod.asked.cpu, pod.asked.memory)
        else:
            asked = tuple(pod.asks(name, defaults=False) for name, _ in self.resources)  # type: ignore[assignment]
        return asked if any(asked) else None

    def score(self, pod: PodClass, nodes: Nodes) -> Any:
        """Evenness with the pod against evenness without it."""
        asks = self.key(pod)
        if asks is None:
            return None
        if self.plain:
            before = self._now(nodes)
            after = level(nodes, asks[0], asks[1])  # type: ignore[index]
            return HALF + (HALF + after - before) // 2
        without, with_pod, have = [], [], []
        for (name, _), asked in zip(self.resources, asks, strict=True):  # type: ignore[call-overload]
            if not asked and ask.is_scalar(name):
                continue
            there, used = amounts(nodes, name, nonzero=False)
            have.append(there)
            without.append(used)
            with_pod.append(used + asked)
        return HALF + (HALF + evenness(with_pod, have) - evenness(without, have)) // 2

    def _now(self, nodes: Any) -> Any:
        """The evenness of cpu and memory as they are in use, which all pods are measured against."""
        if isinstance(nodes, Row):
            return level(nodes)
        table: NodeTable = nodes if isinstance(nodes, NodeTable) else nodes.table
        standing = self._standing
        if standing is None or standing.table is not table or standing.version != table.version:
            standing = self._standing = Standing(table)
        return standing.follow()[nodes.row]


class Standing:
    """The evenness of each row of a table, kept current by its log."""

    def __init__(self, table: NodeTable) -> None:
        self.table = table
        self.version = table.version
        self.seen = len(table.log)
        self.values = level(table)

    def follow(self) -> Any:
        """Up to date."""
        table, log = self.table, self.table.log
        if self.seen < len(log):
            for row in {entry[0] for entry in log[self.seen :]}:
                self.values[row] = level(table.at(row))
            self.seen = len(log)
        return self.values


def level(nodes: Nodes, cpu: int = 0, memory: int = 0) -> Any:
    """The evenness of CPU and memory, with so much more in use."""
    of_cpu = at_most((nodes.used_cpu + cpu) / nodes.cpu_divisor, 1.0)
    of_memory = at_most((nodes.used_memory + memory) / nodes.memory_divisor, 1.0)
    return cut((1 - abs(of_cpu - of_memory) * nodes.balanced / 2) * MAX_NODE_SCORE)


def evenness(used: list[Any], have: list[Any]) -> Any:
    """100 less the standard deviation of the shares in use, in percent, cut off; resources that a node lacks do not count."""
    shares = []
    for amount, there in zip(used, have, strict=True):
        shares.append(at_most(amount / divisor(there), 1.0))
    counts = [there > 0 for there in have]
    number = sum(c * 1 for c in counts)
    if isinstance(number, int):
        return cut((1 - spread_of([s for s, c in zip(shares, counts, strict=True) if c])) * MAX_NODE_SCORE)
    table = zip(np.stack(shares, 1).tolist(), np.stack(counts, 1).tolist(), strict=True)
    deviation = np.array([spread_of([s for s, c in zip(row, there, strict=True) if c]) for row, there in table])
    return cut((1 - deviation) * MAX_NODE_SCORE)


def spread_of(shares: list[float]) -> float:
    """The standard deviation, exactly as upstream sums it."""
    if len(shares) < 2:
        return 0.0
    if len(shares) == 2:
        return abs((shares[0] - shares[1]) / 2)
    total = 0.0
    for share in shares:
        total += share
    mean = total / len(shares)
    squares = 0.0
    for share in shares:
        squares += (share - mean) * (share - mean)
    return float((squares / len(shares)) ** 0.5)
