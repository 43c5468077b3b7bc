"""Containers that are root on their node."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("privileged-container", Severity.WARNING, WORKLOADS, profile="security")
def privileged_container(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A container runs privileged.

    Why: it sees all devices and can do on the node whatever root can.
    Example: `securityContext: {privileged: true}`.
    Fix: grant the capabilities that it needs, or mount the one device.
    Upstream: kube-linter privileged-container, kube-score container-security-context-privileged, Polaris runAsPrivileged.
    """
    for c in context.containers(ref):
        if c.security.get("privileged"):
            yield Finding(f"{c.path}.securityContext.privileged", f"{c.title} runs privileged", "grant only the capabilities that it needs")
