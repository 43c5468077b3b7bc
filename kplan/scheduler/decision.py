"""What the scheduler decided about one pod, and why.

Upstream: schedule_one.go (ScheduleResult, FitError) and the diagnosis that kube-scheduler keeps to itself. What a pod's user
rarely asks (each node's verdict, all ties) is worked out when it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from kplan.api.objects import Object
from kplan.scheduler.cycle import Cycle, Evaluation, total_of

NOTE_LENGTH_LIMIT = 1024


@dataclass(frozen=True, slots=True)
class NodeVerdict:
    """One node. `scores` are normalised and weighted; `unresolvable`: no preemption could help."""

    fits: bool
    plugin: str = ""
    reasons: tuple[str, ...] = ()
    unresolvable: bool = False
    scores: Mapping[str, int] = field(default_factory=dict)
    total: int = 0


class Details(NamedTuple):
    """What a Decision works out late."""

    nodes: dict[str, NodeVerdict]
    ties: tuple[str, ...]


@dataclass(frozen=True)
class Decision:
    """One attempt to schedule a pod.

    `chosen` is the node, `total` its score; `nominated` the node that preemption keeps for the pod, `victims` those that must go
    ("namespace/name", most important first); `gated` what keeps the pod out of the queue. `message` is that of the PodScheduled
    condition, empty where the pod found its node. `error`: a plugin failed, the reason is SchedulerError.
    `displaced` are less important pods for which the nominated node was kept until now: theirs no more.
    `updates` are claims and volumes with their group-kinds, as they must be written before the pod is bound.
    """

    pod: str
    chosen: str | None = None
    total: int = 0
    message: str = ""
    gated: tuple[str, ...] = ()
    nominated: str | None = None
    victims: tuple[str, ...] = ()
    clears_nomination: bool = False
    displaced: tuple[str, ...] = ()
    error: bool = False
    updates: tuple[tuple[str, Object], ...] = ()
    rejected_by: frozenset[str] = frozenset()
    """The plugins that stood in the way: what they wait for may move the pod."""

    details: Callable[[], Details] = field(default=lambda: Details({}, ()), repr=False, compare=False)

    @cached_property
    def _details(self) -> Details:
        return self.details()

    @property
    def nodes(self) -> dict[str, NodeVerdict]:
        """Every node's verdict; none where PreFilter rejected the pod for all nodes."""
        return self._details.nodes

    @property
    def ties(self) -> tuple[str, ...]:
        """All nodes as good as the chosen one, itself included."""
        return self._details.ties

    @property
    def reason(self) -> str:
        """The reason of the PodScheduled condition; empty where the pod found its node."""
        if self.chosen is not None:
            return ""
        if self.gated:
            return "SchedulingGated"
        return "SchedulerError" if self.error else "Unschedulable"

    @property
    def event_message(self) -> str:
        """The note of the FailedScheduling event: the message within the limit of an event.   Upstream: truncateMessage."""
        data = self.message.encode()
        if len(data) <= NOTE_LENGTH_LIMIT:
            return self.message
        return data[: NOTE_LENGTH_LIMIT - 4].decode(errors="ignore") + " ..."


def details_of(cycle: Cycle, evaluation: Evaluation | None = None) -> Details:
    """Each node's verdict and all ties, for the cluster as it stands."""
    if cycle.rejected is not None:
        return Details({}, ())
    found = evaluation or cycle.evaluate()
    feasible = found.feasible
    scores = cycle.scores(feasible) if feasible.any() else {}
    total = total_of(scores, feasible)
    lists: dict[str, list[int]] = {name: column.tolist() for name, column in scores.items()}
    owners: list[str] = [""] * cycle.table.size
    reasons: list[tuple[str, ...]] = [()] * cycle.table.size
    for plugin, reason, mask in found.rejects:
        for row in mask.nonzero()[0].tolist():
            owners[row] = plugin
            reasons[row] = (*reasons[row], reason)
    for row, refusal in found.overruled.items():
        owners[row], reasons[row] = refusal.plugin, refusal.reasons
    fits, resolvable, totals = feasible.tolist(), found.resolvable.tolist(), total.tolist()
    nodes: dict[str, NodeVerdict] = {}
    for row, name in enumerate(cycle.table.names):
        if fits[row]:
            nodes[name] = NodeVerdict(True, scores={plugin: column[row] for plugin, column in lists.items()}, total=totals[row])
        else:
            nodes[name] = NodeVerdict(False, owners[row], reasons[row], not resolvable[row])
    row_alone = cycle.nominated_row()
    if row_alone is not None:
        return Details(nodes, (cycle.table.names[row_alone],))
    if not feasible.any():
        return Details(nodes, ())
    return Details(nodes, tuple(cycle.table.names[row] for row in (total == total.max()).nonzero()[0].tolist()))

