"""Broken pods that hold up drains."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("pdb-unhealthy-pod-eviction-policy", Severity.NOTE, ("PodDisruptionBudget.policy",), profile="strict")
def pdb_unhealthy_pod_eviction_policy(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A PodDisruptionBudget does not say what becomes of pods that are not ready.

    Why: by default pods that run and are not ready cannot be evicted while the application is disrupted: a broken one blocks the drain.
    Example: no `unhealthyPodEvictionPolicy`.
    Fix: `unhealthyPodEvictionPolicy: AlwaysAllow`.
    Upstream: kube-linter pdb-unhealthy-pod-eviction-policy.
    """
    if obj["spec"].get("unhealthyPodEvictionPolicy") is None:
        yield Finding("spec.unhealthyPodEvictionPolicy", "no unhealthyPodEvictionPolicy: pods that are not ready may block a drain", "set it to AlwaysAllow")
