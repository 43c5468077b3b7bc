"""What happens when no node takes a pod: claims given back, less important pods put out.

Upstream: pkg/scheduler/framework/plugins/defaultpreemption and framework/preemption. Every node where preemption could help is
tried (upstream stops at a tenth of them, from a random offset), and of equally good ones the first by name is taken. Left out:
extenders and pod groups.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from kplan.api.objects import Object
from kplan.scheduler import selectors
from kplan.scheduler.cluster_state import BUDGET, ClusterState
from kplan.scheduler.cycle import Cycle, Evaluation, fit_error
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

    def worth(self) -> tuple[int, int, int, int]:
        """Lower is better: budgets violated, the most important victim, the sum of importance, how many victims."""
        return self.violations, self.victims[0].priority, sum(v.priority + 2**31 for v in self.victims), len(self.victims)

    def earliest_start(self) -> str:
        """When the first of the most important victims started; of otherwise equal nodes the latest is best."""
        highest = max(v.priority for v in self.victims)
        return min(v.start or NOW for v in self.victims if v.priority == highest)


class Preemption(NamedTuple):
    """What PostFilter has to say: `message` ends the FitError's; empty where preemption succeeds."""

    message: str = ""
    node: str | None = None
    victims: tuple[PodInfo, ...] = ()
    clears_nomination: bool = False


def preempt(cycle: Cycle, evaluation: Evaluation) -> Preemption:
    """DefaultPreemption's part."""
    pod, table = cycle.pod, cycle.table
    if pod.never_preempts:
        return Preemption("preemption: not eligible due to preemptionPolicy=Never.")
    if waits_for_victims(cycle, evaluation):
        return Preemption("preemption: not eligible due to a terminating pod on the nominated node.")
    reasons: Counter[str] = Counter()
    candidates = []
    stubborn = []
    tried = (evaluation.resolvable & ~evaluation.feasible).nonzero()[0].tolist()
    budgets = Budgets(cycle.cluster) if tried else None
    for row in tried:
        found = victims_on(cycle, row, budgets)
        if not isinstance(found, Candidate):
            reasons.update(found)
        elif found.victims:
            candidates.append(found)
        else:
            stubborn.append(f'expected at least one victim pod on node "{table.names[row]}"')
    if candidates:
        best = best_of(candidates)
        return Preemption("", table.names[best.row], best.victims)
    if stubborn:
        return Preemption("preemption: " + (stubborn[0] if len(stubborn) == 1 else f"[{', '.join(stubborn)}]"))
    if len(tried) < table.size:
        reasons[NOT_HELPFUL] += table.size - len(tried)
    return Preemption("preemption: " + fit_error(table.size, reasons), clears_nomination=True)


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


def best_of(candidates: list[Candidate]) -> Candidate:
    """The node that costs least; of equal ones the first by name.   Upstream: pickOneNodeForPreemption."""
    least = min(c.worth() for c in candidates)
    equal = [c for c in candidates if c.worth() == least]
    latest = max(c.earliest_start() for c in equal)
    return next(c for c in equal if c.earliest_start() == latest)


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
