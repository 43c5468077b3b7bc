"""Replicas that are set back at every apply."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("hpa-fixed-replicas", Severity.WARNING, ("Deployment.apps", "StatefulSet.apps", "ReplicaSet.apps"))
def hpa_fixed_replicas(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A workload that an autoscaler scales states its replicas.

    Why: every apply sets them back, and the autoscaler starts over.
    Example: `replicas: 2` in a Deployment with a HorizontalPodAutoscaler.
    Fix: leave `replicas` out.
    Upstream: kube-score deployment-targeted-by-hpa-does-not-have-replicas-configured.
    """
    stated = (context.manifests[ref].data.get("spec") or {}).get("replicas")
    found = context.referring(ref, "HorizontalPodAutoscaler.autoscaling")
    if stated and found:
        message = f"each apply sets replicas back to {stated}, and {found[0].name} starts over"
        yield Finding("spec.replicas", message, "leave replicas out", related=((found[0], "spec.scaleTargetRef", "the autoscaler"),))
