"""Autoscalers that go below three."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("hpa-minimum-three-replicas", Severity.NOTE, ("HorizontalPodAutoscaler.autoscaling",), profile="all")
def hpa_minimum_three_replicas(ref: Ref, obj: Object, context: Context, *, minimum: int = 3) -> Iterator[Finding]:
    """An autoscaler may go below three replicas.

    Why: with three, one may be drained and one may fail at the same time.
    Example: `minReplicas: 1`.
    Fix: raise minReplicas, or set the option `minimum`.
    Upstream: kube-linter hpa-minimum-three-replicas, kube-score horizontalpodautoscaler-replicas, Polaris hpaMinAvailability.
    """
    replicas = obj["spec"].get("minReplicas", 1)
    if replicas < minimum:
        yield Finding("spec.minReplicas", f"may go down to {replicas}, below {minimum}", f"make it {minimum}")
