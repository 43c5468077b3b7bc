"""Pods that see the node's processes."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("host-pid", Severity.WARNING, WORKLOADS, profile="security")
def host_pid(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """Pods share the process ids of their node.

    Why: they see every process of the node with its environment, and may signal some.
    Example: `hostPID: true`.
    Fix: leave it out.
    Upstream: kube-linter host-pid, Polaris hostPIDSet.
    """
    pods = context.pods(ref)
    if pods.spec.get("hostPID"):
        yield Finding(f"{pods.path}.hostPID", "pods see the processes of their node", "leave hostPID out")
