"""A HorizontalPodAutoscaler that scales nothing."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("dangling-horizontalpodautoscaler", Severity.ERROR, ("HorizontalPodAutoscaler.autoscaling", "ScaledObject.keda.sh"), whole=True)
def dangling_horizontalpodautoscaler(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The scaleTargetRef of a HorizontalPodAutoscaler names a workload that does not exist.

    Why: the autoscaler reports FailedGetScale and the workload is never scaled.
    Example: `scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: wbe}`.
    Fix: correct kind, apiVersion or name.
    Upstream: kube-linter dangling-horizontalpodautoscaler, kube-score horizontalpodautoscaler-has-target.
    """
    for edge, reference in context.dangling(ref):
        kind = reference.kind.partition(".")[0]
        severity = None if edge.path == "spec.scaleTargetRef.name" else Severity.WARNING
        message = f'{kind} "{reference.name}" not found in namespace {reference.namespace}'
        yield Finding(edge.path, message, "add it, or correct the target", severity)
