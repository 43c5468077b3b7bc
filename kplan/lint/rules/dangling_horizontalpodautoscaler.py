"""A HorizontalPodAutoscaler that scales nothing."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("dangling-horizontalpodautoscaler", Severity.ERROR, ("HorizontalPodAutoscaler.autoscaling",), whole=True)
def dangling_horizontalpodautoscaler(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The scaleTargetRef of a HorizontalPodAutoscaler names a workload that does not exist.

    Why: the autoscaler reports FailedGetScale and the workload is never scaled.
    Example: `scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: wbe}`.
    Fix: correct kind, apiVersion or name.
    Upstream: kube-linter dangling-horizontalpodautoscaler.
    """
    for edge in context.edges.get(ref, ()):
        reference = edge.reference
        if edge.target is None and reference is not None and not reference.optional:
            kind = reference.kind.partition(".")[0]
            message = f'{kind} "{reference.name}" not found in namespace {reference.namespace}'
            yield Finding("spec.scaleTargetRef.name", message, "add it, or correct the target")
