"""Ports taken from the node."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("host-port", Severity.WARNING, WORKLOADS, profile="security")
def host_port(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A container takes a port of its node.

    Why: it is reachable past Services and NetworkPolicies, and only one such pod fits on a node.
    Example: `ports: [{containerPort: 80, hostPort: 80}]`.
    Fix: use a Service.
    Upstream: Polaris hostPortSet.
    """
    pods = context.pods(ref)
    for c in pods.containers if not pods.spec.get("hostNetwork") else ():
        for i, port in enumerate(c.ports):
            if port.get("hostPort"):
                yield Finding(f"{c.path}.ports[{i}].hostPort", f"{c.title} takes port {port['hostPort']} of its node", "use a Service")
