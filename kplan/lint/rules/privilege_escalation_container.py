"""Containers whose processes may gain privileges."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("privilege-escalation-container", Severity.WARNING, WORKLOADS, profile="security")
def privilege_escalation_container(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A container does not say `allowPrivilegeEscalation: false`.

    Why: set-uid programs in the image make root of any process (the default is true).
    Example: a container with no securityContext.
    Fix: set `allowPrivilegeEscalation: false`.
    Upstream: kube-linter privilege-escalation-container, Polaris privilegeEscalationAllowed.
    """
    pods = context.pods(ref)
    for c in () if pods.windows else pods.containers:
        if c.security.get("allowPrivilegeEscalation") is not False:
            path = f"{c.path}.securityContext.allowPrivilegeEscalation"
            yield Finding(path, f"{c.title} allows privilege escalation", "set allowPrivilegeEscalation: false")
