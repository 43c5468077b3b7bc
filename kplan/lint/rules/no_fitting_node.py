"""Pods that no known node takes."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.nodes import fitting, nodes_of
from kplan.lint.pods import WORKLOADS, Pods
from kplan.lint.rule import Context, Finding, rule


@rule("no-fitting-node", Severity.ERROR, WORKLOADS, simulated=True, absent=("Node",))
def no_fitting_node(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """None of the nodes in the input or the base state may take the pods of a workload.

    Why: they stay Pending.
    Example: `nodeSelector: {disk: ssd}` where no Node has that label; a request greater than any node; a taint that is not tolerated.
    Fix: correct the selector or the request, tolerate the taint, or add such a node.
    Upstream: the scheduler's NodeAffinity, TaintToleration, NodeResourcesFit, PodTopologySpread.
    """
    pods, nodes = context.pods(ref), nodes_of(context)
    if not nodes or not pods.containers:
        return
    good, reasons = fitting(ref, context)
    if good or (ref.kind == "DaemonSet" and not pods.spec.get("nodeSelector") and not reasons):
        return
    if not reasons:
        yield Finding(f"{pods.path}.nodeName", f'there is no Node "{pods.spec.get("nodeName")}"', "leave nodeName out")
        return
    (reason, field), count = reasons.most_common(1)[0]
    path = biggest(pods) if field == "containers" else f"{pods.path}.{field}"
    yield Finding(path, f"no node takes its pods: {count} of {len(nodes)} {reason}", "correct it, or add such a node")


def biggest(pods: Pods) -> str:
    """Where the requests are."""
    found = next((c for c in pods.containers if c.data.get("resources")), pods.containers[0])
    return f"{found.path}.resources"
