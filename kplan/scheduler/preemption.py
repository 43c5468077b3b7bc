"""What happens when no node takes a pod: claims given back, less important pods put out.

Upstream: pkg/scheduler/framework/plugins/defaultpreemption and framework/preemption. Every node where preemption could help is
tried (upstream stops at a tenth of them, from a random offset), and of equally good ones the first by name is taken. Left out:
extenders and pod groups.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from kplan.api.objects import Object
from kplan.scheduler import selectors
from kplan.scheduler.cluster_state import BUDGET, ClusterState
from kplan.scheduler.columns import Ints
from kplan.scheduler.cycle import Cycle, Evaluation, LocalCheck, fit_error
from kplan.scheduler.node_table import NodeTable
from kplan.scheduler.podinfo import PodInfo
from kplan.scheduler.selectors import Selector

NO_VICTIMS = "No preemption victims found for incoming pod"
NOT_HELPFUL = "Preemption is not helpful for scheduling"
NOW = "~"
"""Later than any time: a pod that has not started."""


class Candidate(NamedTuple):
    """A node where preemption would help."""

    row: int
    victims: tuple[PodInfo, ...]
    violations: int

    def worth(self) -> tuple[int, int, int, int, int]:
        """Lower is better: budgets violated, the most important victim, the sum of importance, how many victims, and then, negative, when the first
        of the most important ones started.
        """
        highest = max(v.priority for v in self.victims)
        start = min(seconds(v.start) for v in self.victims if v.priority == highest)
        return self.violations, self.victims[0].priority, sum(v.priority + 2**31 for v in self.victims), len(self.victims), -start


class Preemption(NamedTuple):
    """What PostFilter has to say: `message` ends the FitError's; empty where preemption succeeds."""

    message: str = ""
    node: str | None = None
    victims: tuple[PodInfo, ...] = ()
    clears_nomination: bool = False
    failed: bool = False
    """An error, which is all that PostFilter says then."""


def preempt(cycle: Cycle, evaluation: Evaluation | None, trials: Trials | None = None) -> Preemption:
    """DefaultPreemption's part. `evaluation` is None where PreFilter rejected the pod for all nodes; `trials` keeps what was tried."""
    pod, table = cycle.pod, cycle.table
    if pod.never_preempts:
        return Preemption("preemption: not eligible due to preemptionPolicy=Never.")
    if evaluation is None:
        return Preemption("preemption: " + fit_error(table.size, {NOT_HELPFUL: table.size}), clears_nomination=True)
    if waits_for_victims(cycle, evaluation):
        return Preemption("preemption: not eligible due to a terminating pod on the nominated node.")
    tried = (evaluation.resolvable & ~evaluation.feasible).nonzero()[0]
    found = (trials or Trials()).of(cycle)
    found.follow(cycle, tried)
    best = found.best(tried)
    if best is not None:
        return Preemption("", table.names[best.row], best.victims)
    outcomes = [found.outcomes[row] for row in tried.tolist()]
    stubborn = [f'expected at least one victim pod on node "{table.names[o.row]}"' for o in outcomes if isinstance(o, Candidate)]
    if stubborn:
        return Preemption("preemption: " + (stubborn[0] if len(stubborn) == 1 else f"[{', '.join(stubborn)}]"), failed=True)
    reasons: Counter[str] = Counter(reason for o in outcomes if not isinstance(o, Candidate) for reason in o)
    if len(tried) < table.size:
        reasons[NOT_HELPFUL] += table.size - len(tried)
    return Preemption("preemption: " + fit_error(table.size, reasons), clears_nomination=True)


class Trial:
    """What became of each row tried for one kind of preemptor: candidates with their worth as columns, or reasons."""

    def __init__(self, table: NodeTable) -> None:
        self.table = table
        self.seen = len(table.log)
        self.outcomes: dict[int, Candidate | tuple[str, ...]] = {}
        self.helps = table.no.copy()
        self.worth = np.zeros((5, table.size), dtype=np.int64)

    def follow(self, cycle: Cycle, rows: Ints) -> None:
        """Try what has not been tried, or has changed since."""
        for row, _, _ in self.table.log[self.seen :]:
            self.outcomes.pop(row, None)
        self.seen = len(self.table.log)
        missing = [row for row in rows.tolist() if row not in self.outcomes]
        budgets = Budgets(cycle.cluster) if missing else None
        for row in missing:
            outcome = self.outcomes[row] = victims_on(cycle, row, budgets)
            self.helps[row] = isinstance(outcome, Candidate) and bool(outcome.victims)
            if isinstance(outcome, Candidate) and outcome.victims:
                self.worth[:, row] = outcome.worth()

    def best(self, rows: Ints) -> Candidate | None:
        """The node that costs least; of equal ones the first by name.   Upstream: pickOneNodeForPreemption."""
        left = rows[self.helps[rows]]
        if not len(left):
            return None
        for column in self.worth:
            values = column[left]
            left = left[values == values.min()]
        found = self.outcomes[int(left[0])]
        return found if isinstance(found, Candidate) else None


class Trials:
    """Trials of the preemptors seen last, while what they found depends on the tried node alone."""

    def __init__(self, keep: int = 8) -> None:
        self.keep = keep
        self._known: dict[tuple[Any, ...], Trial] = {}

    def of(self, cycle: Cycle) -> Trial:
        """The trial for a pod, as far as it has come."""
        cluster, table = cycle.cluster, cycle.table
        if cluster.nominated or any(not (isinstance(c, LocalCheck) or c.idle) for c in cycle.checks):
            return Trial(table)
        key = (table, table.version, cluster.objects_version, cycle.pod.cls, cycle.pod.priority)
        found = self._known.pop(key, None) or Trial(table)
        self._known[key] = found
        if len(self._known) > self.keep:
            del self._known[next(iter(self._known))]
        return found


def waits_for_victims(cycle: Cycle, evaluation: Evaluation) -> bool:
    """Whether the pod has preempted on its nominated node already and the victims are still going."""
    row = cycle.table.row_of.get(cycle.pod.nominated) if cycle.pod.nominated else None
    if row is None or not (evaluation.resolvable[row] or evaluation.feasible[row]):
        return False
    return any(p.priority < cycle.pod.priority and is_preempted(p) for p in cycle.table.pods[row].values())


def is_preempted(pod: PodInfo) -> bool:
    """Whether a pod is on its way out because the scheduler put it out."""
    if not pod.cls.terminating:
        return False
    for condition in (pod.pod.get("status") or {}).get("conditions") or ():
        if condition.get("type") == "DisruptionTarget":
            return bool(condition.get("status") == "True" and condition.get("reason") == "PreemptionByScheduler")
    return False


def victims_on(cycle: Cycle, row: int, budgets: Budgets | None) -> Candidate | tuple[str, ...]:
    """The fewest, least important pods without which the pod fits on a node; or why none will do.   Upstream: SelectVictimsOnNode."""
    below = cycle.pod.priority
    potential = [p for p in cycle.table.pods[row].values() if p.priority < below]
    if not potential:
        return (NO_VICTIMS,)
    view = cycle.table.at(row)
    cycle.suppose(view, potential, -1)
    gone = list(potential)
    try:
        refusal = cycle.refusal_with_rivals(view)
        if refusal is not None:
            return refusal.reasons
        potential.sort(key=importance)
        violating, harmless = budgets.split(potential) if budgets else ([], potential)
        victims: list[PodInfo] = []
        violations = 0
        for group in (violating, harmless):
            for victim in group:
                cycle.suppose(view, (victim,), 1)
                if cycle.refusal_with_rivals(view) is None:
                    gone.remove(victim)
                    continue
                cycle.suppose(view, (victim,), -1)
                victims.append(victim)
                violations += group is violating
        if violating and harmless:
            victims.sort(key=importance)
        return Candidate(row, tuple(victims), violations)
    finally:
        cycle.suppose(view, gone, 1)


def importance(pod: PodInfo) -> tuple[int, str]:
    """Most important first: priority, then how long it runs."""
    return -pod.priority, pod.start or NOW


def seconds(start: str) -> int:
    """A start time as a number that orders like it; a pod that has not started does so now, later than all."""
    return int("".join(filter(str.isdigit, start[:19]))) if start else 10**15


class Budgets:
    """PodDisruptionBudgets, with what each still allows."""

    def __init__(self, cluster: ClusterState) -> None:
        self.by_namespace: dict[str, list[tuple[int, Selector, int, Object]]] = {}
        for number, budget in enumerate(cluster.list(BUDGET)):
            selector = selectors.of_label_selector((budget.get("spec") or {}).get("selector"))
            if selector.empty:
                continue
            status = budget.get("status") or {}
            entry = (number, selector, status.get("disruptionsAllowed") or 0, status.get("disruptedPods") or {})
            self.by_namespace.setdefault(budget["metadata"].get("namespace") or "default", []).append(entry)

    def split(self, pods: Iterable[PodInfo]) -> tuple[list[PodInfo], list[PodInfo]]:
        """Pods whose going would violate a budget, and the others; the order stays."""
        left: dict[int, int] = {}
        violating: list[PodInfo] = []
        harmless: list[PodInfo] = []
        for pod in pods:
            violated = False
            for budget, selector, allowed, disrupted in self.by_namespace.get(pod.cls.namespace) or () if pod.cls.labels else ():
                if pod.name in disrupted or not selector.matches(pod.cls.labels):
                    continue
                left[budget] = left.get(budget, allowed) - 1
                violated = violated or left[budget] < 0
            (violating if violated else harmless).append(pod)
        return violating, harmless
