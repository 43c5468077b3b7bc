"""Windows containers that are the node."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("host-process", Severity.WARNING, WORKLOADS, profile="security")
def host_process(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A Windows container runs as a process of the node.

    Why: it has the node's files, network and, often, SYSTEM.
    Example: `windowsOptions: {hostProcess: true}`.
    Fix: leave it out.
    Upstream: Polaris hostProcess.
    """
    pods = context.pods(ref)
    if (pods.security.get("windowsOptions") or {}).get("hostProcess"):
        yield Finding(f"{pods.path}.securityContext.windowsOptions.hostProcess", "pods run as processes of the node", "leave hostProcess out")
    for c in pods.containers:
        if (c.security.get("windowsOptions") or {}).get("hostProcess"):
            yield Finding(f"{c.path}.securityContext.windowsOptions.hostProcess", f"{c.title} runs as a process of the node", "leave hostProcess out")
