"""Fewer than three replicas."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("minimum-three-replicas", Severity.NOTE, ("Deployment.apps", "StatefulSet.apps"), profile="all", absent=("HorizontalPodAutoscaler.autoscaling",))
def minimum_three_replicas(ref: Ref, obj: Object, context: Context, *, minimum: int = 3) -> Iterator[Finding]:
    """A workload has fewer than three replicas and no autoscaler.

    Why: with three, one may be drained and one may fail at the same time.
    Example: `replicas: 2`.
    Fix: more replicas, or the option `minimum`.
    Upstream: kube-linter minimum-three-replicas.
    """
    replicas = obj["spec"].get("replicas", 1)
    if 0 < replicas < minimum and not context.referring(ref, "HorizontalPodAutoscaler.autoscaling"):
        yield Finding("spec.replicas", f"{replicas} of at least {minimum} replicas", f"make it {minimum}")
