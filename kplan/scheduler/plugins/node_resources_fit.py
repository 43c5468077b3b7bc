"""Does the node have what the pod asks, and how full would it be?   Upstream: pkg/scheduler/framework/plugins/noderesources/fit.go."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from operator import le
from typing import Any

import numpy as np

from kplan.api.objects import Object
from kplan.scheduler import requests as ask
from kplan.scheduler.columns import Nodes, cut, divisor
from kplan.scheduler.framework import MAX_NODE_SCORE, Plugin, Reject, Rejects
from kplan.scheduler.podinfo import PodClass

Resources = tuple[tuple[str, int], ...]
"""Resource names and their weights."""

DEFAULT_RESOURCES: Resources = ((ask.CPU, 1), (ask.MEMORY, 1))


class NodeResourcesFit(Plugin):
    """Rejects by what is asked beyond what is free; scores by one of three strategies over some resources."""

    name = "NodeResourcesFit"
    weight = 1
    reads_pods = True

    def __init__(self, strategy: str = "LeastAllocated", resources: Resources = DEFAULT_RESOURCES, shape: Sequence[tuple[int, int]] = (),
                 ignored: Iterable[str] = (), ignored_groups: Iterable[str] = ()) -> None:  # fmt: skip
        self.resources = resources
        self.scorer: Callable[[Any, Any], Any] = {"LeastAllocated": least_allocated, "MostAllocated": most_allocated}.get(strategy, by_shape(shape))
        self.rounds = strategy == "RequestedToCapacityRatio"
        self.ignored = frozenset(ignored)
        self.ignored_groups = frozenset(ignored_groups)
        self.plain = self.scorer is least_allocated and resources == DEFAULT_RESOURCES

    def key(self, pod: PodClass) -> Hashable:
        """All amounts."""
        return (pod.asked, tuple(pod.asks(name, defaults=True) for name, _ in self.resources)) if not self.plain else pod.asked

    def filter(self, pod: PodClass, nodes: Nodes) -> Rejects:
        """Each resource of which too little is free; beyond what the node has at all, no preemption helps."""
        yield Reject("Too many pods", nodes.pod_count + 1 > nodes.max_pods)
        asked = pod.asked
        if asked.cpu:
            yield Reject("Insufficient cpu", asked.cpu > nodes.cpu - nodes.used_cpu, lambda: asked.cpu <= nodes.cpu)
        if asked.memory:
            yield Reject("Insufficient memory", asked.memory > nodes.memory - nodes.used_memory, lambda: asked.memory <= nodes.memory)
        if asked.ephemeral_storage:
            have = nodes.ephemeral_storage
            short = asked.ephemeral_storage > have - nodes.used_ephemeral_storage
            yield Reject("Insufficient ephemeral-storage", short, lambda: asked.ephemeral_storage <= nodes.ephemeral_storage)
        for name, amount in asked.scalars:
            if not amount or self.ignores(name):
                continue
            have = nodes.allocatable(name)
            short = amount > have - nodes.used(name)
            if name in nodes.delegated:
                short = short & (have > 0)
            yield Reject(f"Insufficient {name}", short, partial(le, amount, have))

    def score(self, pod: PodClass, nodes: Nodes) -> Any:
        """The strategy's score of what would be in use, averaged by weight over the resources that the node has."""
        if self.plain:
            asked = pod.asked
            free_cpu = nodes.cpu - (nodes.nonzero_cpu + asked.nonzero_cpu)
            free_memory = nodes.memory - (nodes.nonzero_memory + asked.nonzero_memory)
            return (share(free_cpu, nodes.cpu_divisor) + share(free_memory, nodes.memory_divisor)) // nodes.measured
        total: Any = nodes.zero
        weights = nodes.zero
        for name, weight in self.resources:
            asks = pod.asks(name, defaults=True)
            if not asks and ask.is_scalar(name):
                continue
            have, used = amounts(nodes, name, nonzero=True)
            score = self.scorer(used + asks, have)
            counts = (score > 0) & (have > 0) if self.rounds else have > 0
            total = total + counts * weight * score
            weights = weights + counts * weight
        return cut(total / divisor(weights) + 0.5) if self.rounds else total // divisor(weights)

    def ignores(self, resource: str) -> bool:
        """Extended resources that the arguments leave to others."""
        if not (self.ignored or self.ignored_groups) or "/" not in resource or "kubernetes.io/" in resource:
            return False
        return resource in self.ignored or resource.partition("/")[0] in self.ignored_groups


def amounts(nodes: Nodes, resource: str, nonzero: bool) -> tuple[Any, Any]:
    """What nodes have of a resource, and what is in use; `nonzero`: with the defaults for who asks nothing."""
    if resource == ask.CPU:
        return nodes.cpu, nodes.nonzero_cpu if nonzero else nodes.used_cpu
    if resource == ask.MEMORY:
        return nodes.memory, nodes.nonzero_memory if nonzero else nodes.used_memory
    if resource == ask.EPHEMERAL_STORAGE:
        return nodes.ephemeral_storage, nodes.used_ephemeral_storage
    return nodes.allocatable(resource), nodes.used(resource)


def least_allocated(used: Any, have: Any) -> Any:
    """The share that stays free; 0 beyond what there is."""
    return share(have - used, divisor(have))


def share(free: Any, of: Any) -> Any:
    """In percent, cut off; 0 for what is negative."""
    return (free > 0) * (free * MAX_NODE_SCORE // of)


def most_allocated(used: Any, have: Any) -> Any:
    """The share in use; 100 beyond what there is."""
    over = used > have
    return (over * have + (over ^ True) * used) * MAX_NODE_SCORE // divisor(have)


def by_shape(points: Sequence[tuple[int, int]]) -> Callable[[Any, Any], Any]:
    """RequestedToCapacityRatio: a broken line from utilization (percent) to score (0 to 10).   Upstream: helper.BuildBrokenLinearFunction."""
    line = [broken_line(points, percent) for percent in range(101)] if points else [0] * 101
    scores = np.array(line)

    def score(used: Any, have: Any) -> Any:
        over = (used > have) | (have == 0)
        percent = over * 100 + (over ^ True) * (used * 100 // divisor(have))
        return line[percent] if isinstance(percent, int) else scores[percent]

    return score


def broken_line(points: Sequence[tuple[int, int]], x: int) -> int:
    """The line's value at x, scores scaled to 100, division towards zero as in Go."""
    scaled = [(utilization, score * (MAX_NODE_SCORE // 10)) for utilization, score in points]
    for i, (right, score) in enumerate(scaled):
        if x <= right:
            if i == 0:
                return score
            left, before = scaled[i - 1]
            rise = (score - before) * (x - left)
            return before + (abs(rise) // (right - left)) * (1 if rise >= 0 else -1)
    return scaled[-1][1]


def fit_from_args(args: Object) -> NodeResourcesFit:
    """The plugin with NodeResourcesFitArgs."""
    strategy = args.get("scoringStrategy") or {}
    resources = tuple((r["name"], r.get("weight") or 1) for r in strategy.get("resources") or ()) or DEFAULT_RESOURCES
    shape = [(p["utilization"], p["score"]) for p in (strategy.get("requestedToCapacityRatio") or {}).get("shape") or ()]
    ignored, groups = args.get("ignoredResources") or (), args.get("ignoredResourceGroups") or ()
    return NodeResourcesFit(strategy.get("type") or "LeastAllocated", resources, shape, ignored, groups)
