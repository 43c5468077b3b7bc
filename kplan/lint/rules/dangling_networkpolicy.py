"""A NetworkPolicy that applies to no pod."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.graph import SELECTS
from kplan.lint.rule import Context, Finding, rule


@rule("dangling-networkpolicy", Severity.WARNING, ("NetworkPolicy.networking.k8s.io",), whole=True)
def dangling_networkpolicy(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The podSelector of a NetworkPolicy matches no pod template in its namespace.

    Why: the policy protects nothing; the pods that it was meant for are open.
    Example: `podSelector: {matchLabels: {app: dbb}}`.
    Fix: give the selector the labels of the pods' template.
    Upstream: kube-linter dangling-networkpolicy.
    """
    for edge in context.edges.get(ref, ()):
        if edge.kind == SELECTS and edge.path == "spec.podSelector" and edge.target is None and obj["spec"].get("podSelector"):
            yield Finding("spec.podSelector", f"selects no pod in namespace {ref.namespace}", "correct the selector, or add the workload")
