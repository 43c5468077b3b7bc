"""Peers that are nobody."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.api.selectors import is_empty
from kplan.diagnostics import Severity
from kplan.graph import SELECTS
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("dangling-networkpolicypeer-podselector", Severity.NOTE, ("NetworkPolicy.networking.k8s.io",), profile="strict", absent=WORKLOADS)
def dangling_networkpolicypeer_podselector(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The podSelector of a peer in a NetworkPolicy matches no pod template of its namespaces.

    Why: the rule lets nobody in or out; those that it was meant for stay cut off.
    Example: `from: [{podSelector: {matchLabels: {app: wbe}}}]`.
    Fix: give it the labels of the peers' template.
    Upstream: kube-linter dangling-networkpolicypeer-podselector; Popeye 1206.
    """
    for edge in context.edges.get(ref, ()):
        peer = edge.kind == SELECTS and edge.path.endswith("].podSelector")
        if peer and edge.target is None and edge.reference is not None and not is_empty(edge.reference.selects):
            yield Finding(edge.path, "this peer selects no pod", "correct the selector, or add the workload")
