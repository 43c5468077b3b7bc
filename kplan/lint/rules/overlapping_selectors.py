"""Workloads that claim each other's pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.api.selectors import matches, selector, selector_from_set
from kplan.diagnostics import Severity
from kplan.lint.pods import LASTING
from kplan.lint.rule import Context, Finding, rule


@rule("overlapping-selectors", Severity.WARNING, LASTING)
def overlapping_selectors(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The selector of a workload matches the pods of another one in its namespace.

    Why: each counts, and in part adopts, what the other makes; budgets, autoscalers and `kubectl rollout` see the wrong pods.
    Example: two Deployments with `matchLabels: {app: web}`.
    Fix: give each a label that the other does not have.
    Upstream: the documentation of each workload ("do not overlap").
    """
    spec = obj["spec"]
    wanted = spec.get("selector") or {}
    test = selector_from_set(wanted) if ref.kind == "ReplicationController" else selector(wanted)
    for other in candidates(ref.namespace, wanted if ref.kind == "ReplicationController" else wanted.get("matchLabels"), context):
        if other != ref and other.kind != "CronJob" and test(context.pods(other).labels):
            back = context.graph.objects[other].get("spec") or {}
            if other.kind in TWO_WAY and other < ref and matches(back.get("selector"), context.pods(ref).labels):
                continue
            message = f"selects the pods of {other} too"
            yield Finding("spec.selector", message, "give each a label of its own", related=((other, "metadata.name", "the other workload"),))
            return


TWO_WAY = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")


def candidates(namespace: str, labels: Mapping[str, str] | None, context: Context) -> Sequence[Ref]:
    """The workloads of a namespace whose pods have the first of the labels; all where none is asked for."""
    everyone = context.workloads.get(namespace, ())
    if not labels:
        return everyone
    key = ("workloads-by-label", namespace)
    if key not in context.memo:
        found: dict[tuple[str, str], list[Ref]] = {}
        for ref in everyone:
            for pair in context.pods(ref).labels.items():
                found.setdefault(pair, []).append(ref)
        context.memo[key] = found
    some: Sequence[Ref] = context.memo[key].get(next(iter(labels.items())), ())
    return some
