"""Containers with all system calls."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("unset-seccomp-profile", Severity.WARNING, WORKLOADS, profile="security")
def unset_seccomp_profile(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A container has no seccomp profile, or `Unconfined`.

    Why: unless the kubelet is told otherwise it may then use every system call of the kernel.
    Example: no `seccompProfile` in pod or container.
    Fix: `seccompProfile: {type: RuntimeDefault}` in the pod's securityContext.
    Upstream: kube-score container-seccomp-profile, Polaris linuxHardening.
    """
    pods = context.pods(ref)
    for c in () if pods.windows else pods.containers:
        if c.security.get("privileged"):
            continue
        profile = c.security.get("seccompProfile") or pods.security.get("seccompProfile") or {}
        if profile.get("type") in (None, "Unconfined"):
            said = "no seccomp profile" if not profile else "the seccomp profile Unconfined"
            yield Finding(f"{c.path}.securityContext.seccompProfile", f"{c.title} has {said}", "set seccompProfile: {type: RuntimeDefault}")
