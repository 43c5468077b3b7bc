"""Ports that only root may open."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("privileged-ports", Severity.NOTE, WORKLOADS, profile="all")
def privileged_ports(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A container declares a port below 1024.

    Why: to open it the process needs root, NET_BIND_SERVICE or a sysctl.
    Example: `ports: [{containerPort: 80}]`.
    Fix: listen on a high port; the Service can still be on 80.
    Upstream: kube-linter privileged-ports.
    """
    for c in context.containers(ref):
        for i, declared in enumerate(c.ports):
            if 0 < declared.get("containerPort", 0) < 1024:
                yield Finding(f"{c.path}.ports[{i}].containerPort", f"{c.title} listens on port {declared['containerPort']}, below 1024", "use a high port")
