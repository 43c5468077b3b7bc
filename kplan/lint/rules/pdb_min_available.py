"""Budgets that keep all pods."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.disruption import expected_pods, kept, protected
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("pdb-min-available", Severity.WARNING, ("PodDisruptionBudget.policy",), absent=("HorizontalPodAutoscaler.autoscaling", *WORKLOADS))
def pdb_min_available(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The minAvailable of a PodDisruptionBudget is all the pods that there are.

    Why: no pod may ever be evicted, so no node with one of them can be drained.
    Example: `minAvailable: 1` for a Deployment with one replica; `minAvailable: 100%`.
    Fix: `maxUnavailable: 1`, or more replicas.
    Upstream: kube-linter pdb-min-available, Polaris pdbMinAvailableGreaterThanHPAMinReplicas, pdbDisruptionsIsZero; the disruption controller's arithmetic.
    """
    wanted = obj["spec"].get("minAvailable")
    workloads = protected(ref, context)
    expected = expected_pods(workloads, context)
    if wanted is None or not expected:
        return
    needed = kept(obj, expected)
    if needed is not None and needed >= expected:
        many = "1 pod" if expected == 1 else f"{expected} pods"
        message = f"keeps {needed} of {many} ({', '.join(map(str, workloads[:3]))}): none may be evicted, no node with one can be drained"
        related = tuple((w, "spec.replicas" if w.kind != "Pod" else "", "its pods") for w in workloads[:3])
        yield Finding("spec.minAvailable", message, "use maxUnavailable: 1, or more replicas", related=related)
