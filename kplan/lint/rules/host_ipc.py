"""Pods that share the node's memory segments."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("host-ipc", Severity.WARNING, WORKLOADS, profile="security")
def host_ipc(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """Pods share the IPC namespace of their node.

    Why: they can read shared memory of the node's processes.
    Example: `hostIPC: true`.
    Fix: leave it out.
    Upstream: kube-linter host-ipc, Polaris hostIPCSet.
    """
    pods = context.pods(ref)
    if pods.spec.get("hostIPC"):
        yield Finding(f"{pods.path}.hostIPC", "pods share the IPC namespace of their node", "leave hostIPC out")
