"""Pods that may go anywhere."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import LASTING
from kplan.lint.rule import Context, Finding, rule


@rule("no-node-affinity", Severity.NOTE, LASTING, profile="all")
def no_node_affinity(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """Pods have no node affinity.

    Why: in clusters with pools of nodes they land in any of them.
    Example: a Deployment without `affinity.nodeAffinity`.
    Fix: state the pool.
    Upstream: kube-linter no-node-affinity.
    """
    pods = context.pods(ref)
    if not (pods.spec.get("affinity") or {}).get("nodeAffinity") and not pods.spec.get("nodeSelector"):
        yield Finding(f"{pods.path}.affinity", "the pods have no node affinity", "state the pool of nodes")
