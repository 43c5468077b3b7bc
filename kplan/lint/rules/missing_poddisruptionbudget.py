"""Workloads that a drain may stop."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.namespaces import at_least
from kplan.lint.rule import Context, Finding, rule


@rule(
    "missing-poddisruptionbudget",
    Severity.NOTE,
    ("Deployment.apps", "StatefulSet.apps"),
    profile="strict",
    absent=("PodDisruptionBudget.policy", "HorizontalPodAutoscaler.autoscaling"),
)
def missing_poddisruptionbudget(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A workload of two or more replicas has no PodDisruptionBudget.

    Why: when nodes are drained one after the other all its pods may be gone at once.
    Example: `replicas: 3` and no budget.
    Fix: a budget with `maxUnavailable: 1`.
    Upstream: kube-score deployment-has-poddisruptionbudget, statefulset-has-poddisruptionbudget, Polaris missingPodDisruptionBudget.
    """
    if at_least(ref, context) > 1 and not context.selecting(ref, "PodDisruptionBudget.policy"):
        yield Finding("metadata.name", "no PodDisruptionBudget covers its pods", "add one with maxUnavailable: 1")
