"""kube-scheduler: which node each pod goes to.

Upstream: pkg/scheduler. It reads the cluster through a Reader, follows the watch log, and decides; whoever drives it writes what
it decided (binding, claims, conditions, evictions) through the API server's door.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from kplan.api.objects import Object
from kplan.api.reader import Entry, Reader
from kplan.scheduler.cluster_state import ClusterState
from kplan.scheduler.config import Profile, read_config
from kplan.scheduler.cycle import Cycle, Evaluation, fit_error, total_of
from kplan.scheduler.decision import Decision, Details, NodeVerdict, details_of
from kplan.scheduler.framework import Check, SchedulingError
from kplan.scheduler.history import History
from kplan.scheduler.plugins.dynamic_resources import NO_CLAIMS, DynamicResources, pod_gate
from kplan.scheduler.plugins.scheduling_gates import gate_of
from kplan.scheduler.podinfo import PodInfo
from kplan.scheduler.preemption import Preemption, Trials, preempt

EPOCH = datetime(2026, 1, 1)
NO_NODES = "no nodes available to schedule pods"
GATED = "Scheduling is blocked due to non-empty scheduling gates"
LONG_HISTORY = 50_000
"""After so many steps `schedule_one` stops to keep what every node's verdict could be worked out from: objects would live for ever."""


class Scheduler:
    """One scheduler over one cluster. `config` is a KubeSchedulerConfiguration; `cached` false works everything out anew for each pod."""

    def __init__(self, reader: Reader, config: Object | None = None, *, cached: bool = True) -> None:
        self.reader = reader
        self.cluster = ClusterState(reader)
        self.profiles, self.diagnostics = read_config(config)
        self.cached = cached
        self._trials = Trials()
        self._history: History | None = None
        self._remembers = True
        self._placed = 0

    def observe(self, entry: Entry) -> None:
        """Follow one write of the store."""
        if self._history is not None:
            self._history.observed(entry)
            if len(self._history.steps) > LONG_HISTORY:
                self._history, self._remembers = None, False
        self.cluster.observe(entry)

    def responsible(self, pod: Object) -> bool:
        """Whether a pod names one of the profiles."""
        return ((pod.get("spec") or {}).get("schedulerName") or "default-scheduler") in self.profiles

    def explain(self, pod: Object) -> Decision:
        """What would become of a pod as things stand; nothing changes. One that is on a node is judged as if it were not."""
        info = self.cluster.read(pod)
        itself = self.cluster.remove(info.key)
        try:
            return Attempt(self, info, self._profile(info), preemption=not info.node).explain()
        finally:
            if itself is not None:
                self.cluster.place(itself, itself.node)

    def schedule(self, pods: Iterable[Object], preemption: bool = True) -> list[Decision]:
        """A queue of pods: the more important first, then as given; each is taken for placed before the next is looked at.

        A pod that preempts is tried again at once, so it has two decisions; its victims are gone in the meantime. Nothing is written
        to the store, and what is taken for placed stays so for the next call.
        """
        if self._history is None:
            self._history = History(self.reader)
        with no_garbage():
            return self._schedule(pods, preemption, self._history)

    def _schedule(self, pods: Iterable[Object], preemption: bool, history: History) -> list[Decision]:
        queue = sorted(map(self.cluster.read, pods), key=lambda p: -p.priority)
        decisions: list[Decision] = []
        for pod in queue:
            decision = self._decide(pod, preemption, history)
            decisions.append(decision)
            if decision.nominated:
                for victim in decision.victims:
                    history.removed(victim)
                    self.cluster.remove(victim)
                self._nominate(pod, decision.nominated)
                history.nominated(pod, decision.nominated)
                decision = self._decide(pod, preemption, history)
                decisions.append(decision)
            if decision.chosen is not None:
                pod.start = (EPOCH + timedelta(seconds=self._placed)).isoformat() + "Z"
                self._placed += 1
                history.placed(pod, decision.chosen, pod.start, decision.updates)
                self.cluster.place(pod, decision.chosen)
        return decisions

    def schedule_one(self, pod: Object) -> Decision:
        """Decide about a pod of the store, and take the decision for written: the pod placed, its claims and volumes as in `updates`, or its
        nomination. What is not written after all is taken back by `forget`, or when the store says otherwise.
        """
        if self._history is None and self._remembers:
            self._history = History(self.reader)
        history = self._history
        info = self.cluster.read(pod)
        decision = self._decide(info, True, history)
        if decision.chosen is not None:
            if history is not None:
                history.placed(info, decision.chosen, "", decision.updates)
            self.cluster.place(info, decision.chosen)
        elif decision.nominated:
            if history is not None:
                history.nominated(info, decision.nominated)
            displaced = self._nominate(info, decision.nominated)
            return replace(decision, displaced=displaced) if displaced else decision
        elif decision.clears_nomination:
            self.cluster.withdraw_nomination(info)
        return decision

    def forget(self, pod: Object, decision: Decision) -> None:
        """The decision could not be written."""
        info = self.cluster.read(pod)
        known = self.cluster.pod(info.key)
        if known is not None and not info.node:
            self.cluster.remove(info.key)
            if self._history is not None:
                self._history.removed(info.key)
        for kind, obj in decision.updates:
            self.cluster.forget(kind, obj)
            if self._history is not None:
                self._history.forgotten(kind, obj)

    def _nominate(self, pod: PodInfo, node: str) -> tuple[str, ...]:
        """Keep a node for a pod; the less important ones for which it was kept before lose it."""
        displaced = tuple(other for other in (self.cluster.nominated.get(node) or {}).values() if other.priority < pod.priority)
        for other in displaced:
            self.cluster.withdraw_nomination(other)
        self.cluster.nominate(pod, node)
        return tuple(other.key for other in displaced)

    def _profile(self, pod: PodInfo) -> Profile:
        name = pod.cls.spec.get("schedulerName") or "default-scheduler"
        return self.profiles.get(name) or next(iter(self.profiles.values()))

    def _decide(self, pod: PodInfo, preemption: bool, history: History | None) -> Decision:
        return Attempt(self, pod, self._profile(pod), preemption, history).decide()


@contextmanager
def no_garbage() -> Iterator[None]:
    """Without the cycle collector: scheduling leaves no cycles, and going through all objects of a cluster again and again takes a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


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
        except Exception as error:
            if isinstance(error, SchedulingError):
                raise
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
        found = preempt(cycle, evaluation, self.scheduler._trials if self.scheduler.cached else None)
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
