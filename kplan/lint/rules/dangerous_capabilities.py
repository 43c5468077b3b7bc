"""Containers with capabilities that are nearly root."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("dangerous-capabilities", Severity.WARNING, WORKLOADS, profile="security")
def dangerous_capabilities(
    ref: Ref,
    obj: Object,
    context: Context,
    *,
    capabilities: tuple[str, ...] = ("ALL", "SYS_ADMIN", "NET_ADMIN", "SYS_MODULE", "SYS_PTRACE", "DAC_READ_SEARCH", "SYS_RAWIO", "BPF"),
) -> Iterator[Finding]:
    """A container is given a capability that is as good as root.

    Why: with SYS_ADMIN and its like a process can mount, trace and load its way out of the container.
    Example: `capabilities: {add: [SYS_ADMIN]}`.
    Fix: add only what the program needs.
    Upstream: Polaris dangerousCapabilities.
    """
    wanted = frozenset(capabilities)
    for c in context.containers(ref):
        for i, name in enumerate((c.security.get("capabilities") or {}).get("add") or ()):
            if name.upper().removeprefix("CAP_") in wanted:
                yield Finding(f"{c.path}.securityContext.capabilities.add[{i}]", f"{c.title} is given the capability {name}", "leave it out")
