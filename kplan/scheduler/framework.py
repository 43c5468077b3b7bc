"""What a scheduler plugin is, and how all of them judge one pod.

Upstream: pkg/scheduler/framework/{interface,runtime}. The extension points keep upstream's meaning: the first plugin in profile
order that rejects a node owns it, with all its reasons. Kept out: Permit, extenders, placements of pod groups.
Plugins come in two kinds. A `Plugin` is row-local: what it says of a node depends on that row alone, so `filter` and `score` are
called with the table, with some rows or with one (`kplan.scheduler.columns.Nodes`) and must agree. A `ClusterPlugin` looks
beyond the row: `prepare` returns a `Check` for one pod, which may keep counts up to date as pods land.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kplan.api.objects import Object
from kplan.scheduler.columns import Bools, Ints, Nodes

if TYPE_CHECKING:
    from kplan.scheduler.cluster_state import ClusterState
    from kplan.scheduler.podinfo import PodClass, PodInfo

MAX_NODE_SCORE = 100


class Reject(NamedTuple):
    """Nodes that a plugin rejects, and why. `resolvable`: whether taking pods away could help (a bool, or a function that gives a mask)."""

    reason: str
    mask: Any
    resolvable: bool | Callable[[], Any] = True

    def could_help(self) -> Any:
        """`resolvable`, worked out."""
        return self.resolvable() if callable(self.resolvable) else self.resolvable


class Rejected(Exception):  # noqa: N818 -- a verdict, not an error
    """Raised in PreFilter: no node will do.   Upstream: UnschedulableAndUnresolvable, or (resolvable) Unschedulable."""

    def __init__(self, *reasons: str, resolvable: bool = False) -> None:
        super().__init__(", ".join(reasons))
        self.reasons = reasons
        self.resolvable = resolvable
        self.plugin = ""


class SchedulingError(Exception):
    """Something that a plugin needs is broken; the pod is tried again later.   Upstream: a Status of code Error."""


Rejects = Iterator[Reject]
Normalize = Callable[[Ints, Bools], Ints]


class Plugin:
    """A row-local plugin. Override `filter`, `score` or both."""

    name: str
    weight = 0
    reads_pods = False
    """Whether its verdict depends on the pods of the row, not on the Node object alone."""

    normalize: Normalize | None = None
    """How raw scores become 0..100 over the feasible nodes; None where they are already."""

    def key(self, pod: PodClass) -> Hashable:
        """Pods with equal keys get equal verdicts; None where the plugin has nothing to do with a pod."""
        return pod

    def only(self, pod: PodClass) -> frozenset[str] | None:
        """The names of the nodes that alone come into question, where that is plain; may raise Rejected."""
        return None

    def filter(self, pod: PodClass, nodes: Nodes) -> Iterable[Reject]:
        """Which nodes cannot take the pod."""
        return ()

    def score(self, pod: PodClass, nodes: Nodes) -> Any:
        """How well each node suits the pod, 0 to 100 or for `normalize`; None where the plugin does not score."""
        return None


class Check:
    """A cluster-wide plugin's view of one pod."""

    name: str
    weight = 0
    lasting = False
    """Whether it can be kept for the next pod of the class, told of every change by `landed`."""

    idle = False
    """Whether a lasting check has nothing to say as things stand."""

    updates: Sequence[tuple[str, Object]] = ()
    """Objects, with their kinds, that must be written before the pod is bound."""

    only: frozenset[str] | None = None
    """The names of the nodes that alone come into question."""

    def filter(self, nodes: Nodes) -> Iterable[Reject]:
        """Which nodes cannot take the pod."""
        return ()

    def score(self, nodes: Nodes, feasible: Bools) -> Ints | None:
        """The normalised score of all nodes (what is not feasible is ignored); None where it does not score."""
        return None

    def landed(self, pod: PodInfo, row: int, sign: int) -> None:
        """A pod landed on a node, or left it."""

    def follow(self, entries: Iterable[tuple[int, PodInfo, int]]) -> None:
        """Everything that landed since the last time."""
        for row, pod, sign in entries:
            self.landed(pod, row, sign)

    def suppose(self, pod: PodInfo, row: int, sign: int) -> None:
        """What if a pod were on a node, or were not? Undone by the opposite.   Upstream: PreFilterExtensions."""

    def reserve(self, pod: PodInfo, row: int) -> None:
        """The pod is about to land on a node: claim what it needs there."""

    def after(self) -> str:
        """What the plugin's own PostFilter says when no node takes the pod."""
        return ""


class ClusterPlugin:
    """A plugin that looks beyond the row."""

    name: str
    weight = 0

    def prepare(self, pod: PodInfo, cluster: ClusterState) -> Check | None:
        """PreFilter and PreScore: None where the plugin has nothing to do with the pod; may raise Rejected or SchedulingError."""
        raise NotImplementedError


def to_100(raw: Ints, feasible: Bools) -> Ints:
    """Scale so that the highest feasible score is 100.   Upstream: helper.DefaultNormalizeScore."""
    top = highest(raw, feasible)
    return MAX_NODE_SCORE * raw // top if top else raw


def reversed_to_100(raw: Ints, feasible: Bools) -> Ints:
    """Scale so that 0 becomes 100 and the highest feasible score 0."""
    top = highest(raw, feasible)
    return MAX_NODE_SCORE - (MAX_NODE_SCORE * raw // top if top else raw * 0)


def highest(raw: Ints, feasible: Bools) -> int:
    """The highest score of a feasible node; 0 where none is."""
    return int(np.max(raw, where=feasible, initial=0))
