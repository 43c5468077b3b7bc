"""Pods with two budgets."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.disruption import protected
from kplan.lint.rule import Context, Finding, rule


@rule("overlapping-poddisruptionbudgets", Severity.ERROR, ("PodDisruptionBudget.policy",))
def overlapping_poddisruptionbudgets(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """Two PodDisruptionBudgets cover the same pods.

    Why: the API server refuses to evict such pods at all (500, "does not support more than one pod disruption budget").
    Example: budgets for `app: web` and for `tier: front` where the pods have both labels.
    Fix: one budget for each pod.
    Upstream: pkg/registry/core/pod/storage/eviction.go.
    """
    for workload in protected(ref, context):
        before = sorted(r for r in context.selecting(workload, "PodDisruptionBudget.policy") if r < ref)
        if before:
            message = f"the pods of {workload} have the budget {before[0].name} already: they cannot be evicted at all"
            yield Finding("spec.selector", message, "let one budget cover them", related=((before[0], "spec.selector", "the other budget"),))
            return
