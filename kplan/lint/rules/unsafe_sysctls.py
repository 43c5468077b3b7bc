"""Kernel parameters that kubelets do not set unasked."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule

SAFE = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem",
    }
)


@rule("unsafe-sysctls", Severity.WARNING, WORKLOADS)
def unsafe_sysctls(ref: Ref, obj: Object, context: Context, *, allowed: tuple[str, ...] = ()) -> Iterator[Finding]:
    """A pod sets a kernel parameter that is not on the kubelet's list of safe ones.

    Why: kubelets refuse such pods (SysctlForbidden) unless `allowedUnsafeSysctls` names it.
    Example: `sysctls: [{name: net.core.somaxconn, value: "1024"}]`.
    Fix: leave it out, or allow it on the nodes and name it in the option `allowed`.
    Upstream: kube-linter unsafe-sysctls; pkg/kubelet/sysctl/safe_sysctls.go.
    """
    pods = context.pods(ref)
    for i, sysctl in enumerate(pods.security.get("sysctls") or ()):
        name = sysctl["name"].replace("/", ".")
        if name not in SAFE and name not in allowed:
            yield Finding(f"{pods.path}.securityContext.sysctls[{i}].name", f"kubelets refuse the sysctl {name} unless it is allowed to them", "leave it out")
