"""The run: drain the queues, advance the clock, until nothing moves.

Level-triggered and single-threaded on a virtual clock. Writes append to the store's log; each loop's watches map entries to keys in
a queue without duplicates. Controllers drain first, then the scheduler, then kubelets and drivers; when all are empty the clock moves to the
next timer. A run ends when the next timer lies later than the last write that changed an object plus `quiet`, or than `horizon`.

A cluster that would never come to rest ends with a diagnostic that names the writers: loops that undo each other's work at one
instant, or (`kplan.rivalry`) by turns as time goes by. A run without horizon stops there, or after `LONGEST`.
"""

from __future__ import annotations

import heapq
import sys
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from kplan.api.garbage import no_garbage
from kplan.api.objects import Object
from kplan.api.reader import Entry
from kplan.apiserver.client import Client
from kplan.apiserver.door import Door
from kplan.apiserver.loops import EVERYTHING, RETRY, Controller, Watch, owner_kind
from kplan.diagnostics import Diagnostic, Severity
from kplan.rivalry import Rivalry, named

MAX_SYNCS_PER_INSTANT = 2000  # of one key, with the clock standing still: far above what any real convergence needs
SEEN_SINGLY = 16  # writes of kubelets and drivers at one instant
LONGEST = 86400.0  # seconds of a run without horizon in which something changes again and again; more where `quiet` is long
FIRST_RETRY, LAST_RETRY = 0.005, 1000.0  # seconds; client-go's ItemExponentialFailureRateLimiter


@dataclass(frozen=True, slots=True)
class Run:
    """What a run came to. `elapsed` is in virtual seconds; `events` and `decisions` are those of this run."""

    converged: bool
    elapsed: float
    events: Sequence[Object] = ()
    decisions: Sequence[Any] = ()
    diagnostics: Sequence[Diagnostic] = ()


@dataclass(slots=True)
class Loop:
    """One controller with its queue."""

    controller: Controller
    client: Client
    phase: int
    queue: OrderedDict[Any, None] = field(default_factory=OrderedDict)
    failures: Counter[Any] = field(default_factory=Counter)


class Simulation:
    """The loops of one cluster over its door. `phases` lists the controllers of each phase: controllers, scheduler, kubelets and drivers."""

    def __init__(self, door: Door, phases: Sequence[Sequence[Controller]]) -> None:
        self.door = door
        self.loops = [Loop(c, Client(door, c.name), i) for i, group in enumerate(phases) for c in group]
        self._watching: dict[str, list[tuple[int, Watch]]] = {}
        for i, loop in enumerate(self.loops):
            for watch in loop.controller.watches:
                self._watching.setdefault(watch.kind, []).append((i, watch))
        # The same with those that watch everything, by kind and by the kinds of the owners before and after a write, as they are met.
        self._concerned: dict[tuple[str, str | None, str | None], tuple[tuple[int, Watch], ...]] = {}
        self._last_phase = len(phases) - 1
        self._busy = 0  # a bit for each loop whose queue is not empty: looked at after every write
        self._timers: list[tuple[datetime, int, int, Any]] = []
        self._due: dict[tuple[int, Any], datetime] = {}
        self._ticket = 0
        self._changed = door.store.now
        self._started = False
        self._rivalry = Rivalry()
        door.store.listeners.append(self._on_write)

    def run(self, quiet: float = 2.0, horizon: float | None = None) -> Run:
        """Run until nothing has changed for `quiet` virtual seconds, at most for `horizon` seconds."""
        with no_garbage():
            return self._run(quiet, horizon)

    def _run(self, quiet: float, horizon: float | None) -> Run:
        clock = self.door.store.clock
        start = clock.now
        self._changed = start
        self._rivalry = Rivalry()
        longest = start + timedelta(seconds=max(LONGEST, 10 * quiet))
        limit = start + timedelta(seconds=horizon) if horizon is not None else None
        first_event = len(self.door.events)
        if not self._started:
            self._started = True
            for i, loop in enumerate(self.loops):
                for key in loop.controller.start(loop.client):
                    self._enqueue(i, key)
        livelock: list[Diagnostic] = []
        while True:
            stuck = self._drain()
            if stuck is not None:
                livelock.append(stuck)
                break
            if limit is None and (self._rivalry.found or clock.now > longest):
                livelock += [] if self._rivalry.found else [self._restless((clock.now - start).total_seconds())]
                break
            end = self._changed + timedelta(seconds=quiet)
            if limit is not None:
                end = min(end, limit)
            if not self._timers or self._timers[0][0] > end:
                clock.advance(end)
                break
            clock.advance(self._timers[0][0])
            self._ring()
        livelock += self._rivalry.diagnostics()
        return Run(not livelock, (clock.now - start).total_seconds(), tuple(self.door.events[first_event:]), (), tuple(livelock))

    # -- queues

    def _on_write(self, entry: Entry) -> None:
        if entry.kind != "Event":
            self._changed = self.door.store.clock.now
            self._rivalry.note(entry)

    def _dispatch(self) -> None:
        """Map what was written to keys."""
        log = self.door.store.log
        if not log:
            return
        for entry in log:
            written = entry.kind, owner_kind(entry.old), owner_kind(entry.new)
            watching = self._concerned.get(written)
            if watching is None:
                watching = self._concerned[written] = self._concerned_by(*written)
            for i, watch in watching:
                loop = self.loops[i]
                for key in watch.keys(entry, loop.client):
                    if watch.after:
                        self._later(i, key, watch.after)
                    else:
                        loop.queue[key] = None
                        self._busy |= 1 << i
        log.clear()

    def _concerned_by(self, kind: str, *owners: str | None) -> tuple[tuple[int, Watch], ...]:
        """The watches after writes to a kind of object whose controllers before and afterwards are of these kinds."""
        found = (*self._watching.get(kind, ()), *self._watching.get(EVERYTHING, ()))
        return tuple((i, w) for i, w in found if w.owners is None or any(owner in owners for owner in w.owners))

    def _enqueue(self, index: int, key: Any) -> None:
        self.loops[index].queue[key] = None
        self._busy |= 1 << index

    def _drain(self) -> Diagnostic | None:
        """Work off all queues at the present instant; a diagnostic if that does not end."""
        syncs: Counter[tuple[int, Any]] = Counter()
        steps: Counter[int] = Counter()
        self._dispatch()
        while self._busy:
            busy = (self._busy & -self._busy).bit_length() - 1  # the first of them
            loop = self.loops[busy]
            at_most = self._together(loop, steps[busy])
            while loop.queue and at_most:
                key, _ = loop.queue.popitem(last=False)
                if loop.phase < self._last_phase or loop.controller.seen_singly(key, loop.client):
                    at_most -= 1
                    steps[busy] += 1
                syncs[busy, key] += 1
                if syncs[busy, key] > MAX_SYNCS_PER_INSTANT:
                    return self._stuck(syncs)
                self._rivalry.writer = (loop.controller.name, key)
                after = loop.controller.sync(key, loop.client)
                self._rivalry.writer = None
                self._again(busy, key, after)
                self._dispatch()
            if not loop.queue:
                self._busy &= ~(1 << busy)
        return None

    def _together(self, loop: Loop, steps: int) -> int:
        """How many keys a loop works off before those before it get their turn again, after so many at this instant.

        A controller works off all it has. Kubelets and drivers are many, and controllers see what each of them writes: the first few writes
        one by one, later ones, as with any busy watch, ever more of them together. What nobody would act upon singly does not count.
        """
        if loop.phase < self._last_phase:
            return sys.maxsize
        return 1 if steps < SEEN_SINGLY else steps

    def _again(self, index: int, key: Any, after: float | None) -> None:
        loop = self.loops[index]
        if after == RETRY:
            loop.failures[key] += 1
            after = min(FIRST_RETRY * 2 ** (loop.failures[key] - 1), LAST_RETRY)
        else:
            loop.failures.pop(key, None)
        if after is not None:
            self._later(index, key, after)

    def _later(self, index: int, key: Any, after: float) -> None:
        """Wake a key after some seconds, unless it is to be woken sooner anyway."""
        due = self.door.store.clock.after(after)
        known = self._due.get((index, key))
        if known is not None and self.door.store.now < known <= due:
            return
        self._due[index, key] = due
        self._ticket += 1
        heapq.heappush(self._timers, (due, self._ticket, index, key))

    def _ring(self) -> None:
        """Wake what is due now."""
        now = self.door.store.now
        while self._timers and self._timers[0][0] <= now:
            due, _, index, key = heapq.heappop(self._timers)
            if self._due.get((index, key)) == due:
                del self._due[index, key]
                self._enqueue(index, key)

    def _stuck(self, syncs: Counter[tuple[int, Any]]) -> Diagnostic:
        worst = ", ".join(f"{named(self.loops[i].controller.name, key)} ({n} times)" for (i, key), n in syncs.most_common(3))
        message = f"the cluster never comes to rest: {worst}"
        return Diagnostic("simulate/livelock", Severity.ERROR, message, hint="these loops undo each other's work; look at what they write")

    def _restless(self, seconds: float) -> Diagnostic:
        worst = ", ".join(f"{named(*writer)} ({n} writes)" for writer, n in self._rivalry.writes.most_common(3))
        message = f"the cluster does not come to rest within {seconds / 3600:.0f} hours: {worst}"
        return Diagnostic("simulate/restless", Severity.WARNING, message, hint="run with a horizon, or with a shorter quiet time")
