"""How many pods a PodDisruptionBudget covers, and how many of them it keeps.

Upstream: getExpectedPodCount and getExpectedScale of pkg/controller/disruption.
"""

from __future__ import annotations

from kplan.api.intstr import IntOrStringError, scaled_value
from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.lint.namespaces import at_least
from kplan.lint.rule import Context

PDB = "PodDisruptionBudget.policy"
SCALABLE = ("Deployment", "ReplicaSet", "StatefulSet", "ReplicationController")


def protected(ref: Ref, context: Context) -> list[Ref]:
    """The workloads whose pods a budget covers."""
    return context.selected(ref, "spec.selector")


def expected_pods(workloads: list[Ref], context: Context) -> int | None:
    """How many pods there will be at least; None where that depends on nodes or schedules."""
    if not workloads or any(w.kind not in (*SCALABLE, "Pod") for w in workloads):
        return None
    return sum(at_least(w, context) for w in workloads)


def kept(budget: Object, expected: int) -> int | None:
    """How many of the expected pods must stay healthy; None where the budget does not say."""
    spec = budget["spec"]
    try:
        if spec.get("maxUnavailable") is not None:
            return max(expected - scaled_value(spec["maxUnavailable"], expected, True), 0)
        return scaled_value(spec["minAvailable"], expected, True) if spec.get("minAvailable") is not None else None
    except IntOrStringError:
        return None
