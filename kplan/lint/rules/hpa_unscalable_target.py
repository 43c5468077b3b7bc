"""Autoscalers of what has no scale."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object, group_kind
from kplan.api.ref import Ref
from kplan.apiserver.registry import BUILT_IN
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule

SCALABLE = ("Deployment.apps", "ReplicaSet.apps", "StatefulSet.apps", "ReplicationController")


@rule("hpa-unscalable-target", Severity.ERROR, ("HorizontalPodAutoscaler.autoscaling",))
def hpa_unscalable_target(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The target of an autoscaler is of a kind that cannot be scaled.

    Why: the autoscaler reports FailedGetScale and does nothing.
    Example: `scaleTargetRef: {apiVersion: apps/v1, kind: DaemonSet, name: agent}`.
    Fix: scale a Deployment, ReplicaSet or StatefulSet.
    Upstream: the controller horizontalpodautoscaling.
    """
    target = obj["spec"]["scaleTargetRef"]
    gk = group_kind(target.get("kind", ""), (target.get("apiVersion") or "").rpartition("/")[0])
    if gk in BUILT_IN and gk not in SCALABLE:
        yield Finding("spec.scaleTargetRef.kind", f"a {target['kind']} cannot be scaled", "target a Deployment, ReplicaSet or StatefulSet")
