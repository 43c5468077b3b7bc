"""The scheduling loop: takes waiting pods by priority, decides, and writes what it decided through the door.

Upstream: pkg/scheduler/schedule_one.go and backend/queue. One key, `("queue",)`: the order among pods is the queue's own.
A pod that found no node is tried again when something was written that can help it (by the plugins that stood in its way), after a
back-off of 1 s, 2 s .. 10 s; at once where that was one of its own claims. (Upstream need not wait for the back-off either when it has nothing
else to do; here that is left out where a write can help many.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any

from kplan.api.objects import Object
from kplan.api.podvolumes import claims_of
from kplan.api.reader import Entry, Reader
from kplan.apiserver.client import Client
from kplan.apiserver.loops import EVERYTHING, Controller, Key, Watch
from kplan.diagnostics import Diagnostic
from kplan.scheduler.cluster_state import CLAIM
from kplan.scheduler.config import DEFAULT_NAME
from kplan.scheduler.decision import Decision
from kplan.scheduler.hints import can_help
from kplan.scheduler.scheduler import Scheduler
from kplan.scheduler.volume_waits import BINDING, POLL, TIMEOUT, TOO_LONG, BindingError, helped, volumes_bound, waits_for_volumes
from kplan.scheduler.waiting import COUNTING, HELPS, STORAGE_KINDS, Binding, Waiting, asks_otherwise, schedulable
from kplan.scheduler.writing import displace, expect, preempt, scheduler_name, tell, write_updates

QUEUE: Key = ("queue",)


def _wakes(entry: Entry, reader: Reader) -> Iterable[Key]:
    return (QUEUE,) if entry.kind in ("Pod", "Node") or entry.kind in HELPS or entry.kind in STORAGE_KINDS else ()


class SchedulerLoop(Controller):
    """kube-scheduler at work. `decisions` has every attempt, in order."""

    name = DEFAULT_NAME
    watches = (Watch(EVERYTHING, _wakes),)

    def __init__(self, config: Any = None) -> None:
        self.decisions: list[Decision] = []
        self._config = config
        self._scheduler: Scheduler | None = None
        self._active: dict[tuple[str, str], int] = {}  # pods to try, with their order of arrival
        self._waiting: dict[tuple[str, str], Waiting] = {}
        self._binding: dict[tuple[str, str], Binding] = {}  # pods whose volumes are being bound
        self._attempts: dict[tuple[str, str], int] = {}  # of pods whose volumes are being bound
        self._heap: list[tuple[int, int, tuple[str, str]]] = []  # those of `_active`, and others that are not to be tried any more
        self._arrivals = 0
        self._hoped = False  # whether a waiting pod got hope since they were last looked through

    def start(self, api: Client) -> Iterable[Key]:
        """Follow the store from now on; what is there already counts as arrived."""
        self._scheduler = Scheduler(api.door.store, self._config)
        for pod in api.list("Pod"):
            self._arrived(pod)
        api.door.store.listeners.append(self._observe)
        return (QUEUE,)

    def sync(self, key: Key, api: Client) -> float | None:
        """Try all pods that are due; seconds until the next one is."""
        self._poll(api)
        self._wake(api.now)
        while self._heap:
            _, arrival, name = heappop(self._heap)
            if self._active.get(name) != arrival:
                continue
            del self._active[name]
            pod = api.get("Pod", *name)
            if pod is not None and self._waits(pod):
                self._try(api, pod)
            else:
                self._waiting.pop(name, None)
            if self._hoped:
                self._wake(api.now)
        times = [w.due for w in self._waiting.values() if w.hopeful] + [b.due for b in self._binding.values()]
        return max(0.0, (min(times) - api.now).total_seconds()) if times else None

    @property
    def diagnostics(self) -> Sequence[Diagnostic]:
        """What of the configuration is left out."""
        return self._scheduler.diagnostics if self._scheduler is not None else ()

    # -- the queue

    def _activate(self, key: tuple[str, str], priority: int) -> None:
        """To be tried: the more important first, then as they came."""
        self._arrivals += 1
        self._active[key] = self._arrivals
        heappush(self._heap, (-priority, self._arrivals, key))

    def _arrived(self, pod: Object) -> None:
        meta = pod["metadata"]
        key = (meta["namespace"], meta["name"])
        if self._waits(pod):
            if key not in self._active:
                self._activate(key, _priority(pod))
            self._waiting.pop(key, None)
        else:
            self._active.pop(key, None)
            self._waiting.pop(key, None)

    def _observe(self, entry: Entry) -> None:
        """Every write: the scheduler's cache follows, and pods that it can help get hope."""
        assert self._scheduler is not None
        self._scheduler.observe(entry)
        if entry.kind == "Pod":
            self._observe_pod(entry)
        elif entry.kind == "Node":
            self._hear(entry)
        elif entry.kind in HELPS:
            self._hope(HELPS[entry.kind])
        elif entry.kind in STORAGE_KINDS:
            self._observe_storage(entry)

    def _observe_storage(self, entry: Entry) -> None:
        plugins = helped(entry)
        if entry.kind != CLAIM:
            if plugins:
                self._hope(plugins)
            return
        assert self._scheduler is not None
        meta = entry.object["metadata"]
        for key, waiting in self._waiting.items():
            if waiting.rejected_by & plugins and key[0] == meta["namespace"] and meta["name"] in waiting.claims:
                waiting.hopeful = waiting.at_once = self._hoped = True

    def _observe_pod(self, entry: Entry) -> None:
        old, new = entry.old, entry.new
        if new is None:
            assert old is not None
            key = (old["metadata"]["namespace"], old["metadata"]["name"])
            self._active.pop(key, None)
            self._waiting.pop(key, None)
            self._binding.pop(key, None)
            self._hear(entry)
            return
        if old is None or (not new["spec"].get("nodeName") and asks_otherwise(old, new)):
            self._arrived(new)
        elif new["spec"].get("nodeName"):
            self._hear(entry)
        elif "deletionTimestamp" in new["metadata"]:
            self._arrived(new)

    def _hear(self, entry: Entry) -> None:
        """A pod or a node was written: who is kept out by a plugin that this can satisfy gets hope."""
        assert self._scheduler is not None
        for key, waiting in self._waiting.items():
            if not waiting.hopeful:
                pod = self._scheduler.reader.get("Pod", *key)
                if pod is not None and (not waiting.rejected_by or any(can_help(p, pod, entry) for p in waiting.rejected_by)):
                    waiting.hopeful = self._hoped = True

    def _hope(self, plugins: frozenset[str]) -> None:
        for waiting in self._waiting.values():
            if not waiting.rejected_by or waiting.rejected_by & plugins:
                waiting.hopeful = self._hoped = True

    def _wake(self, now: datetime) -> None:
        self._hoped = False
        for key, waiting in self._waiting.items():
            if waiting.hopeful and waiting.due <= now and key not in self._active:
                self._activate(key, waiting.priority)

    # -- one pod

    def _try(self, api: Client, pod: Object) -> None:
        assert self._scheduler is not None
        key = (pod["metadata"]["namespace"], pod["metadata"]["name"])
        decision = self._scheduler.schedule_one(pod)
        self.decisions.append(decision)
        if decision.gated:  # by a claim that is not there yet
            self._waiting[key] = Waiting(frozenset({"DynamicResources"}), frozenset(), _priority(pod), 1, api.now, at_once=True)
            return
        if decision.chosen is not None:
            before = self._waiting.pop(key, None)
            why = write_updates(api, decision)
            if why:
                self._scheduler.forget(pod, decision)
                self._refused(api, pod, Decision(decision.pod, message=why, error=True, clears_nomination=True))
            elif waits_for_volumes(decision.updates):
                self._attempts[key] = before.attempts if before else 0
                self._binding[key] = Binding(decision, api.now, api.now + timedelta(seconds=POLL))
                expect(api, pod, decision.chosen)
            else:
                self._bind(api, pod, decision)
            return
        write_updates(api, decision)
        self._refused(api, pod, decision)

    def _refused(self, api: Client, pod: Object, decision: Decision) -> None:
        key = (pod["metadata"]["namespace"], pod["metadata"]["name"])
        before = self._waiting.get(key)
        attempts = (before.attempts if before else self._attempts.pop(key, 0)) + 1
        claims = frozenset(name for name, _ in claims_of(pod))
        self._waiting[key] = Waiting(decision.rejected_by, claims, _priority(pod), attempts, api.now, hopeful=decision.error)
        for victim in decision.victims:
            preempt(api, pod, victim, decision.nominated or "")
        for other in decision.displaced:
            displace(api, other)
        api.event(pod, "Warning", "FailedScheduling", decision.event_message, scheduler_name(pod))
        tell(api, key, decision)

    def _poll(self, api: Client) -> None:
        """Look after the pods whose volumes are being bound, each once a second; those that have them are bound."""
        for key, binding in list(self._binding.items()):
            pod, decision = api.get("Pod", *key), binding.decision
            if pod is None or not self._waits(pod):
                self._give_up(api, key, decision)
            elif binding.due <= api.now:
                try:
                    done = volumes_bound(decision.updates, decision.chosen or "", api)
                    if not done and (api.now - binding.since).total_seconds() >= TIMEOUT:
                        raise BindingError(TOO_LONG)
                except BindingError as error:
                    self._give_up(api, key, decision)
                    why = f'running PreBind plugin "{BINDING}": binding volumes: {error}'
                    self._refused(api, pod, Decision(decision.pod, message=why, error=True, clears_nomination=True))
                    continue
                binding.due = api.now + timedelta(seconds=POLL)
                if done:
                    del self._binding[key]
                    self._attempts.pop(key, None)
                    self._bind(api, pod, decision)

    def _give_up(self, api: Client, key: tuple[str, str], decision: Decision) -> None:
        """A pod that is not bound after all makes room."""
        assert self._scheduler is not None
        del self._binding[key]
        pod = api.get("Pod", *key)
        if pod is not None:
            self._scheduler.forget(pod, decision)
        self._hope(COUNTING)

    def _bind(self, api: Client, pod: Object, decision: Decision) -> None:
        assert self._scheduler is not None
        node, meta = decision.chosen or "", pod["metadata"]
        answer = api.bind(pod, node)
        if answer.accepted:
            api.event(pod, "Normal", "Scheduled", f"Successfully assigned {meta['namespace']}/{meta['name']} to {node}", scheduler_name(pod))
        else:
            self._scheduler.forget(pod, decision)
            self._refused(api, pod, Decision(decision.pod, message=f'running Bind plugin "DefaultBinder": {answer.message}', error=True))

    def _waits(self, pod: Object) -> bool:
        """A pod that waits for one of this scheduler's profiles."""
        assert self._scheduler is not None
        return schedulable(pod) and self._scheduler.responsible(pod)


def _priority(pod: Object) -> int:
    return int(pod["spec"].get("priority") or 0)
