"""Containers that may run as root."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("run-as-non-root", Severity.WARNING, WORKLOADS, profile="security")
def run_as_non_root(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A container is neither made to run as a user other than root nor refused if it would.

    Why: a process that escapes its container as root is root on the node.
    Example: no `runAsNonRoot` and no `runAsUser`, in container or pod; or `runAsUser: 0`.
    Fix: set `runAsNonRoot: true` in the pod's securityContext, and `runAsUser` where the image's user is root.
    Upstream: kube-linter run-as-non-root, Polaris runAsRootAllowed; which setting counts is the kubelet's rule.
    """
    pods = context.pods(ref)
    if pods.windows or pods.spec.get("hostUsers") is False:
        return
    for c in pods.containers:
        user = c.security.get("runAsUser", pods.security.get("runAsUser"))
        if user == 0:
            where = c.path if "runAsUser" in c.security else pods.path
            yield Finding(f"{where}.securityContext.runAsUser", f"{c.title} runs as root", "give it a user of its own")
        elif user is None and not c.security.get("runAsNonRoot", pods.security.get("runAsNonRoot")):
            yield Finding(f"{c.path}.securityContext", f"{c.title} may run as root", "set runAsNonRoot: true")
