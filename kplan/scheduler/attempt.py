"""One pod's attempt: from the gates to a node, or to the words why there is none.

Upstream: pkg/scheduler/schedule_one.go (schedulingCycle, schedulingAlgorithm, handleSchedulingFailure).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from kplan.api.objects import Object
from kplan.scheduler.config import Profile
from kplan.scheduler.cycle import Cycle, Evaluation, fit_error, total_of
from kplan.scheduler.decision import Decision, Details, NodeVerdict, details_of
from kplan.scheduler.framework import Check, Rejected, SchedulingError
from kplan.scheduler.history import History
from kplan.scheduler.plugins.dynamic_resources import NO_CLAIMS, DynamicResources, pod_gate
from kplan.scheduler.plugins.scheduling_gates import gate_of
from kplan.scheduler.podinfo import PodInfo
from kplan.scheduler.preemption import Preemption, preempt

if TYPE_CHECKING:
    from kplan.scheduler.scheduler import Scheduler

NO_NODES = "no nodes available to schedule pods"
GATED = "Scheduling is blocked due to non-empty scheduling gates"


class Attempt:
    """One pod's attempt: through the rankings where they can answer, through a cycle of its own where somebody must be told why not."""

    __slots__ = ("cluster", "history", "pod", "preemption", "profile", "scheduler")

    def __init__(self, scheduler: Scheduler, pod: PodInfo, profile: Profile, preemption: bool, history: History | None = None) -> None:
        self.scheduler = scheduler
        self.cluster = scheduler.cluster
        self.pod = pod
        self.profile = profile
        self.preemption = preemption
        self.history = history

    def decide(self) -> Decision:
        """The decision, with claims and volumes assumed where a node was found."""
        gate = self._gate()
        if gate:
            return Decision(self.pod.key, gated=(gate,), message=GATED)
        try:
            found = self._quickly() if self.scheduler.cached else None
            return found or self._thoroughly(reserve=True)
        except SchedulingError as error:
            return Decision(self.pod.key, message=str(error), error=True)

    def explain(self) -> Decision:
        """The decision with every node's verdict, and nothing assumed."""
        gate = self._gate()
        if gate:
            return Decision(self.pod.key, gated=(gate,), message=GATED)
        try:
            return self._thoroughly(reserve=False)
        except SchedulingError as error:
            return Decision(self.pod.key, message=str(error), error=True)

    def _gate(self) -> str:
        cls = self.pod.cls
        if cls.gates and self.profile.has("SchedulingGates"):
            return gate_of(cls)
        return pod_gate(self.pod, self.cluster) if cls.resource_claims and self.profile.has(DynamicResources.name) else ""

    # ------------------------------------------------------------------------------------------------ by rankings

    def _quickly(self) -> Decision | None:
        pod, cluster = self.pod, self.cluster
        table = cluster.table
        if pod.node or not table.size or any(cluster.rivals(node, pod) for node in cluster.nominated):
            return None
        if self.profile.restricts(pod.cls):
            return self._among_few()
        try:
            ranking, fresh = self.profile.rankings.of(pod, cluster)
        except Rejected:
            return None
        total = ranking.totals(fresh)
        row = table.row_of.get(pod.nominated, -1) if pod.nominated else -1
        if row < 0 or total[row] < 0:
            row = int(total.argmax())
            if total[row] < 0:
                return None
        return self._chosen(row, int(total[row]), fresh)

    def _among_few(self) -> Decision | None:
        cycle = Cycle(self.profile.plugins, self.cluster, self.pod)
        if cycle.rejected is not None or cycle.only is None or len(cycle.only) > 1:
            return None
        row = cycle.table.row_of.get(next(iter(cycle.only)))
        if row is None or cycle.refusal(cycle.table.at(row)) is not None:
            return None
        return self._chosen(row, cycle.few_scores(row), cycle.checks)

    # ------------------------------------------------------------------------------------------------ by a cycle

    def _thoroughly(self, reserve: bool) -> Decision:
        pod = self.pod
        size = self.cluster.table.size
        if not size:
            return Decision(pod.key, message=NO_NODES)
        cycle = Cycle(self.profile.plugins, self.cluster, pod)
        evaluation = cycle.evaluate() if cycle.rejected is None else None
        if evaluation is None or (cycle.nominated_row() is None and not evaluation.feasible.any()):
            return self._refused(cycle, evaluation)
        row = cycle.nominated_row()
        total = total_of(cycle.scores(evaluation.feasible), evaluation.feasible)
        if row is None:
            row = int(total.argmax())
        if reserve:
            return self._chosen(row, int(total[row]), cycle.checks)
        details = details_of(cycle, evaluation)
        return Decision(pod.key, cycle.table.names[row], int(total[row]), details=lambda: details)

    def _refused(self, cycle: Cycle, evaluation: Evaluation | None) -> Decision:
        pod, size = self.pod, cycle.table.size
        found = self._post_filter(cycle, evaluation) if self.preemption else Preemption()
        if evaluation is None:
            assert cycle.rejected is not None
            message = fit_error(size, {}, str(cycle.rejected), found.message)
            return Decision(pod.key, message=message, clears_nomination=found.clears_nomination, rejected_by=frozenset({cycle.rejected.plugin}))
        message = fit_error(size, evaluation.reasons(), postfilter=found.message)
        devices = next((c for c in cycle.checks if c.name == DynamicResources.name), None)
        if self.history is not None:
            details = partial(details_then, self.history, len(self.history.steps), pod.pod, pod.nominated, self.profile)
        else:
            now = details_of(cycle, evaluation)
            details = partial(Details, now.nodes, now.ties)
        return Decision(
            pod.key, message=message, nominated=found.node, victims=tuple(v.key for v in found.victims), clears_nomination=found.clears_nomination,
            rejected_by=frozenset(r[0] for r in evaluation.rejects if r[0]) | {r.plugin for r in evaluation.overruled.values()},
            updates=tuple(devices.updates) if devices is not None else (), details=details,
        )  # fmt: skip

    def _post_filter(self, cycle: Cycle, evaluation: Evaluation | None) -> Preemption:
        devices = next((c for c in cycle.checks if c.name == DynamicResources.name), None)
        says = ""
        if self.profile.has(DynamicResources.name):
            if cycle.rejected is not None and self.profile.before(cycle.rejected.plugin, DynamicResources.name):
                # Upstream finds no state of its own there, fails, and ends PostFilter with it.
                return Preemption("not found")
            says = devices.after() if devices is not None else NO_CLAIMS
        if not self.profile.has("DefaultPreemption"):
            return Preemption(says)
        found = preempt(cycle, evaluation, self.scheduler.trials if self.scheduler.cached else None)
        if found.node is not None or found.failed:
            return found
        return found._replace(message=", ".join(filter(None, (says, found.message))))

    # ------------------------------------------------------------------------------------------------ both

    def _chosen(self, row: int, total: int, checks: Sequence[Check]) -> Decision:
        pod, table = self.pod, self.cluster.table
        node = table.names[row]
        updates: tuple[tuple[str, Object], ...] = ()
        if self.history is not None:
            details = partial(details_then, self.history, len(self.history.steps), pod.pod, pod.nominated, self.profile)
        else:
            details = partial(Details, {node: NodeVerdict(True, total=total)}, (node,))
        for check in checks:
            check.reserve(pod, row)
            if check.updates:
                updates += tuple(check.updates)
        return Decision(pod.key, node, total, updates=updates, details=details)


def details_then(history: History, position: int, pod: Object, nominated: str, profile: Profile) -> Details:
    """Each node's verdict on a pod as the cluster was."""
    cluster = history.at(position)
    info = cluster.read(pod)
    info.nominated = nominated
    return details_of(Cycle(profile.plugins, cluster, info))
