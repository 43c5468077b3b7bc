"""Two autoscalers of one workload."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("overlapping-horizontalpodautoscalers", Severity.ERROR, ("HorizontalPodAutoscaler.autoscaling",))
def overlapping_horizontalpodautoscalers(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """Two HorizontalPodAutoscalers scale the same workload.

    Why: since 1.27 neither does anything (AmbiguousSelector); before, they fought.
    Example: one for cpu, one for memory.
    Fix: one autoscaler with several metrics.
    Upstream: the controller horizontalpodautoscaling.
    """
    for edge in context.edges.get(ref, ()):
        if edge.path != "spec.scaleTargetRef.name" or edge.target is None:
            continue
        before = sorted(r for r in context.referring(edge.target, ref.group_kind) if r < ref)
        if before:
            message = f"{edge.target} is scaled by {before[0].name} already"
            yield Finding("spec.scaleTargetRef", message, "put all metrics into one", related=((before[0], "spec.scaleTargetRef", "the other autoscaler"),))
