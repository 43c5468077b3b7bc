"""A budget for no pods."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.disruption import protected
from kplan.lint.grants import operated
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("dangling-poddisruptionbudget", Severity.WARNING, ("PodDisruptionBudget.policy",), absent=WORKLOADS)
def dangling_poddisruptionbudget(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The selector of a PodDisruptionBudget matches no pod template in its namespace.

    Why: the pods that it was meant for may all be evicted at once.
    Example: `selector: {matchLabels: {app: wbe}}`.
    Fix: give it the labels of the pods' template.
    Upstream: Popeye 900.
    """
    if obj["spec"].get("selector") is not None and not protected(ref, context) and not operated(ref.namespace, context):
        yield Finding("spec.selector", f"selects no pod in namespace {ref.namespace}", "correct the selector, or add the workload")
