"""Spreading somebody else's pods."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.api.selectors import matches
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("mismatching-spread-selector", Severity.WARNING, WORKLOADS)
def mismatching_spread_selector(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A topologySpreadConstraint does not select the pods that have it.

    Why: it counts others, so these pods are not spread at all (with DoNotSchedule they may even be kept waiting).
    Example: `labelSelector: {matchLabels: {app: wbe}}` in pods labelled `app: web`.
    Fix: give the constraint the labels of its own pods.
    Upstream: kube-score pod-topology-spread-constraints; the scheduler's PodTopologySpread.
    """
    pods = context.pods(ref)
    for i, constraint in enumerate(pods.spec.get("topologySpreadConstraints") or ()):
        if not matches(constraint.get("labelSelector"), pods.labels):
            path = f"{pods.path}.topologySpreadConstraints[{i}].labelSelector"
            yield Finding(path, "selects other pods than those that have it: they are not spread", "give it the labels of these pods")
