"""One replica behind a Service."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("single-replica", Severity.WARNING, ("Deployment.apps",), profile="strict", absent=("HorizontalPodAutoscaler.autoscaling",))
def single_replica(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A Deployment behind a Service has one replica and no autoscaler.

    Why: when its node is drained or fails, the Service answers nobody until a new pod is ready.
    Example: `replicas: 1`, or none stated.
    Fix: two replicas or more.
    Upstream: kube-score deployment-replicas, Polaris deploymentMissingReplicas.
    """
    if obj["spec"].get("replicas", 1) != 1 or context.referring(ref, "HorizontalPodAutoscaler.autoscaling"):
        return
    services = context.selecting(ref, "Service")
    if services:
        yield Finding("spec.replicas", f"one replica answers for Service {services[0].name}", "two or more")
