"""kube-scheduler: which node each pod goes to.

Upstream: pkg/scheduler. It reads the cluster through a Reader, follows the watch log, and decides; whoever drives it writes what
it decided (binding, claims, conditions, evictions) through the API server's door.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from kplan.api.objects import Object
from kplan.api.reader import Entry, Reader
from kplan.scheduler.cluster_state import ClusterState
from kplan.scheduler.cycle import Cycle, Evaluation, fit_error, total_of
from kplan.scheduler.decision import Decision, details_of
from kplan.scheduler.framework import SchedulingError
from kplan.scheduler.plugins import PLUGINS
from kplan.scheduler.plugins.dynamic_resources import NO_CLAIMS, DynamicResources, pod_gate
from kplan.scheduler.podinfo import PodInfo
from kplan.scheduler.preemption import Preemption, preempt

EPOCH = datetime(2026, 1, 1)
NO_NODES = "no nodes available to schedule pods"


class Scheduler:
    """One scheduler over one cluster."""

    def __init__(self, reader: Reader, config: Object | None = None) -> None:
        self.cluster = ClusterState(reader)
        self.plugins = [(p(), p.weight) for p in PLUGINS]
        self._placed = 0

    def observe(self, entry: Entry) -> None:
        """Follow one write of the store."""
        self.cluster.observe(entry)

    def explain(self, pod: Object) -> Decision:
        """What would become of a pod as things stand; nothing changes."""
        info = self.cluster.read(pod)
        decision, _ = self._decide(info, preemption=not info.node)
        return decision

    def schedule(self, pods: Iterable[Object], preemption: bool = True) -> list[Decision]:
        """A queue of pods: the more important first, then as given; each is taken for placed before the next is looked at."""
        infos = sorted(map(self.cluster.read, pods), key=lambda p: -p.priority)
        decisions: list[Decision] = []
        for pod in infos:
            decision, cycle = self._decide(pod, preemption)
            decisions.append(decision)
            if decision.nominated:
                for victim in decision.victims:
                    self.cluster.remove(victim)
                self.cluster.nominate(pod, decision.nominated)
                decision, cycle = self._decide(pod, preemption)
                decisions.append(decision)
            if decision.chosen is not None and cycle is not None:
                self._assume(pod, decision.chosen, cycle)
        return decisions

    def _assume(self, pod: PodInfo, node: str, cycle: Cycle) -> None:
        row = cycle.table.row_of[node]
        for check in cycle.checks:
            check.reserve(pod, row)
        pod.start = (EPOCH + timedelta(seconds=self._placed)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._placed += 1
        self.cluster.place(pod, node)

    def _decide(self, pod: PodInfo, preemption: bool) -> tuple[Decision, Cycle | None]:
        if pod.cls.gates:
            reason = f"waiting for scheduling gates: [{' '.join(pod.cls.gates)}]"
            return Decision(pod.key, gated=(reason,), message="Scheduling is blocked due to non-empty scheduling gates"), None
        try:
            return self._attempt(pod, preemption)
        except SchedulingError as error:
            return Decision(pod.key, message=str(error), error=True), None

    def _attempt(self, pod: PodInfo, preemption: bool) -> tuple[Decision, Cycle | None]:
        size = self.cluster.table.size
        if not size:
            return Decision(pod.key, message=NO_NODES), None
        cycle = Cycle(self.plugins, self.cluster, pod)
        if cycle.rejected is not None:
            after = "not found" if preemption else ""
            return Decision(pod.key, message=fit_error(size, cycle.evaluate().reasons(), str(cycle.rejected), after)), cycle
        evaluation = cycle.evaluate()
        details = details_of(cycle, evaluation)
        alone = cycle.nominated_row()
        if alone is None and not evaluation.feasible.any():
            found = self._post_filter(cycle, evaluation) if preemption else Preemption()
            return Decision(
                pod.key, message=fit_error(size, evaluation.reasons(), postfilter=found.message), nominated=found.node,
                victims=tuple(v.key for v in found.victims), clears_nomination=found.clears_nomination, details=lambda: details,
            ), cycle  # fmt: skip
        total = total_of(cycle.scores(evaluation.feasible), evaluation.feasible)
        row = alone if alone is not None else int(total.argmax())
        return Decision(pod.key, cycle.table.names[row], int(total[row]), details=lambda: details), cycle

    def _post_filter(self, cycle: Cycle, evaluation: Evaluation) -> Preemption:
        found = preempt(cycle, evaluation)
        if found.node is not None:
            return found
        devices = next((c for c in cycle.checks if c.name == DynamicResources.name), None)
        return found._replace(message=f"{devices.after() if devices else NO_CLAIMS}, {found.message}")
