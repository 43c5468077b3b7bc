"""Containers with the runtime's default capabilities."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("undropped-capabilities", Severity.WARNING, WORKLOADS, profile="security")
def undropped_capabilities(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A container keeps the capabilities that the runtime gives by default.

    Why: hardly any program needs them, and each is a way out.
    Example: no `capabilities.drop`.
    Fix: `capabilities: {drop: [ALL]}`, and add back what is needed.
    Upstream: Polaris insecureCapabilities; the restricted pod security standard.
    """
    pods = context.pods(ref)
    for c in () if pods.windows else pods.containers:
        dropped = (c.security.get("capabilities") or {}).get("drop") or ()
        if "ALL" not in dropped and not c.security.get("privileged"):
            yield Finding(f"{c.path}.securityContext.capabilities", f"{c.title} does not drop all capabilities", "drop ALL, add back what it needs")
