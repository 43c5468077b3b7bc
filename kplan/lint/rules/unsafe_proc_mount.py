"""/proc without its mask."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("unsafe-proc-mount", Severity.WARNING, WORKLOADS, profile="security")
def unsafe_proc_mount(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A container sees /proc unmasked.

    Why: the masked parts tell of the kernel and let it be changed.
    Example: `procMount: Unmasked`.
    Fix: leave it out, or use it only with `hostUsers: false`.
    Upstream: kube-linter unsafe-proc-mount, Polaris procMount.
    """
    pods = context.pods(ref)
    for c in pods.containers if pods.spec.get("hostUsers") is not False else ():
        if c.security.get("procMount") not in (None, "Default"):
            yield Finding(f"{c.path}.securityContext.procMount", f"{c.title} sees /proc unmasked", "leave procMount out")
