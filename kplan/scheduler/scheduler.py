"""kube-scheduler: which node each pod goes to.

Upstream: pkg/scheduler. It reads the cluster through a Reader, follows the watch log, and decides; whoever drives it writes what
it decided (binding, claims, conditions, evictions) through the API server's door.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from kplan.api.garbage import no_garbage
from kplan.api.objects import Object
from kplan.api.reader import Entry, Reader
from kplan.scheduler.attempt import Attempt
from kplan.scheduler.cluster_state import ClusterState
from kplan.scheduler.config import DEFAULT_NAME, Profile, read_config
from kplan.scheduler.decision import Decision
from kplan.scheduler.history import History
from kplan.scheduler.podinfo import PodInfo
from kplan.scheduler.preemption import Trials

EPOCH = datetime(2026, 1, 1)
LONG_HISTORY = 50_000
"""After so many steps `schedule_one` stops to keep what every node's verdict could be worked out from: objects would live for ever."""


class Scheduler:
    """One scheduler over one cluster. `config` is a KubeSchedulerConfiguration; `cached` false works everything out anew for each pod."""

    def __init__(self, reader: Reader, config: Object | None = None, *, cached: bool = True) -> None:
        self.reader = reader
        self.cluster = ClusterState(reader)
        self.profiles, self.diagnostics = read_config(config)
        self.cached = cached
        self.trials = Trials()
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
        return ((pod.get("spec") or {}).get("schedulerName") or DEFAULT_NAME) in self.profiles

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
        name = pod.cls.spec.get("schedulerName") or DEFAULT_NAME
        return self.profiles.get(name) or next(iter(self.profiles.values()))

    def _decide(self, pod: PodInfo, preemption: bool, history: History | None) -> Decision:
        return Attempt(self, pod, self._profile(pod), preemption, history).decide()
