"""Pods that want to be near nobody."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.api.selectors import matches
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("dangling-pod-affinity", Severity.WARNING, WORKLOADS, absent=WORKLOADS)
def dangling_pod_affinity(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A required podAffinity matches no pod template, nor the pods that have it.

    Why: the pods stay Pending for ever: no node has what they want to be near.
    Example: `podAffinity` to `app: cahce`.
    Fix: correct the selector or the namespaces, or make it preferred.
    Upstream: the scheduler's InterPodAffinity.
    """
    pods = context.pods(ref)
    for term, path in pods.affinity_terms("podAffinity"):
        if term.get("namespaceSelector") is not None or matches(term.get("labelSelector"), pods.labels):
            continue
        spaces = term.get("namespaces") or [ref.namespace]
        others = [w for n in spaces for w in context.workloads.get(n, ())]
        seen = any(n == ref.namespace or context.workloads.get(n) for n in spaces)
        if seen and not any(matches(term.get("labelSelector"), context.pods(w).labels) for w in others):
            yield Finding(f"{path}.labelSelector", "no pod is there to be near to: the pods stay Pending", "correct the selector")
