"""A container that is to run as root and must not."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("run-as-root-refused", Severity.ERROR, WORKLOADS, simulated=True)
def run_as_root_refused(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A container is to run as user 0 while `runAsNonRoot` forbids it.

    Why: the kubelet never starts it: CreateContainerConfigError, "container's runAsUser breaks non-root policy".
    Example: `runAsNonRoot: true` in the pod and `runAsUser: 0` in the container.
    Fix: give it another user, or take back `runAsNonRoot` where root is meant.
    Upstream: the kubelet's verifyRunAsNonRoot.
    """
    pods = context.pods(ref)
    for c in () if pods.windows else pods.containers:
        user, non_root = (c.security.get(field, pods.security.get(field)) for field in ("runAsUser", "runAsNonRoot"))
        if user == 0 and non_root:
            where = c.path if "runAsUser" in c.security else pods.path
            message = f"{c.title} is to run as user 0, which runAsNonRoot forbids: it never starts"
            yield Finding(f"{where}.securityContext.runAsUser", message, "give it another user, or drop runAsNonRoot")
