"""Pods that everybody may speak to."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import LASTING
from kplan.lint.rule import Context, Finding, rule
from kplan.lint.traffic import policies_of


@rule("non-isolated-pod", Severity.WARNING, (*LASTING, "Pod"), profile="security", absent=("NetworkPolicy.networking.k8s.io",))
def non_isolated_pod(ref: Ref, obj: Object, context: Context, *, directions: tuple[str, ...] = ("Ingress",)) -> Iterator[Finding]:
    """No NetworkPolicy selects the pods of a workload.

    Why: every pod of the cluster may connect to them.
    Example: a namespace without NetworkPolicies.
    Fix: a policy for them, or one with `podSelector: {}`; the option `directions` may ask for Egress too.
    Upstream: kube-linter non-isolated-pod, kube-score pod-networkpolicy, Polaris missingNetworkPolicy.
    """
    if context.pods(ref).spec.get("hostNetwork"):
        return
    for direction in directions:
        if not policies_of(ref, direction, context):
            yield Finding("metadata.name", f"no NetworkPolicy closes its pods for {direction.lower()}", "add one")
