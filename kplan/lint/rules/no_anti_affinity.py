"""Replicas that may all sit on one node."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.api.selectors import matches
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("no-anti-affinity", Severity.NOTE, ("Deployment.apps", "StatefulSet.apps"), profile="strict")
def no_anti_affinity(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """Nothing spreads the replicas of a workload over nodes: no anti-affinity to its own pods, no topology spread.

    Why: the scheduler's own spreading is weak; one node may take all replicas with it.
    Example: `replicas: 3` and no affinity.
    Fix: `topologySpreadConstraints` over kubernetes.io/hostname.
    Upstream: kube-linter no-anti-affinity, kube-score deployment-has-host-podantiaffinity, statefulset-has-host-podantiaffinity.
    """
    pods = context.pods(ref)
    if (pods.replicas or 0) < 2 or pods.spec.get("topologySpreadConstraints"):
        return
    anti = (pods.spec.get("affinity") or {}).get("podAntiAffinity") or {}
    terms = [*(anti.get("requiredDuringSchedulingIgnoredDuringExecution") or ())]
    terms += [p.get("podAffinityTerm") or {} for p in anti.get("preferredDuringSchedulingIgnoredDuringExecution") or ()]
    if not any(matches(t.get("labelSelector"), pods.labels) for t in terms):
        yield Finding(f"{pods.path}.affinity", "nothing spreads the replicas over nodes", "add topologySpreadConstraints")
