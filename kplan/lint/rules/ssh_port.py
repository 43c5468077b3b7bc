"""SSH in a container."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("ssh-port", Severity.WARNING, WORKLOADS, profile="security")
def ssh_port(ref: Ref, obj: Object, context: Context, *, port: int = 22) -> Iterator[Finding]:
    """A container declares port 22.

    Why: SSH into containers goes past RBAC and audit; `kubectl exec` does not.
    Example: `ports: [{containerPort: 22}]`.
    Fix: remove the SSH server.
    Upstream: kube-linter ssh-port.
    """
    for c in context.containers(ref):
        for i, declared in enumerate(c.ports):
            if declared.get("containerPort") == port and (declared.get("protocol") or "TCP") == "TCP":
                yield Finding(f"{c.path}.ports[{i}].containerPort", f"{c.title} listens on port {port}, SSH", "use kubectl exec")
