"""A NetworkPolicy that applies to no pod."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.api.selectors import is_empty
from kplan.diagnostics import Severity
from kplan.lint.grants import operated
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("dangling-networkpolicy", Severity.WARNING, ("NetworkPolicy.networking.k8s.io",), absent=WORKLOADS)
def dangling_networkpolicy(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The podSelector of a NetworkPolicy matches no pod template in its namespace.

    Why: the policy protects nothing; the pods that it was meant for are open.
    Example: `podSelector: {matchLabels: {app: dbb}}`.
    Fix: give the selector the labels of the pods' template.
    Upstream: kube-linter dangling-networkpolicy, kube-score networkpolicy-targets-pod.
    """
    if is_empty(obj["spec"].get("podSelector")) or operated(ref.namespace, context):
        return
    if not context.selected(ref, "spec.podSelector"):
        yield Finding("spec.podSelector", f"selects no pod in namespace {ref.namespace}", "correct the selector, or add the workload")
