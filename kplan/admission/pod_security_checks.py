"""The checks of the Pod Security Standards, by level and version.

Upstream: checks.go and registry.go in staging/src/k8s.io/pod-security-admission/policy. A check looks at the metadata and spec of a pod and gives
the reason and the detail of its refusal, or None. `CHECKS` is in the order of their ids, baseline first, which is that of messages.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from kplan.admission import pod_security_baseline as baseline
from kplan.admission import pod_security_restricted as restricted
from kplan.admission.pod_security_visitor import Check, Finding
from kplan.api.objects import Object

BASELINE, RESTRICTED = "baseline", "restricted"


def _is_windows(spec: Object) -> bool:
    return (spec.get("os") or {}).get("name") == "windows"


def _unless_windows(check: Check) -> Check:
    return lambda meta, spec: None if _is_windows(spec) else check(meta, spec)


def _unless_user_namespace(check: Check) -> Check:
    return lambda meta, spec: None if spec.get("hostUsers") is False else check(meta, spec)


class Versioned(NamedTuple):
    """A check: its level, from which minor version on which function holds, and the baseline check that it stands for."""

    id: str
    level: str
    versions: tuple[tuple[int, Check], ...]
    overrides: str = ""


CHECKS: tuple[Versioned, ...] = (
    Versioned("appArmorProfile", BASELINE, ((0, baseline.apparmor_profile),)),
    Versioned("capabilities_baseline", BASELINE, ((0, baseline.capabilities_baseline),)),
    Versioned("hostNamespaces", BASELINE, ((0, baseline.host_namespaces),)),
    Versioned("hostPathVolumes", BASELINE, ((0, baseline.host_path_volumes),)),
    Versioned("hostPorts", BASELINE, ((0, baseline.host_ports),)),
    Versioned("hostProbesAndHostLifecycle", BASELINE, ((34, baseline.host_probes),)),
    Versioned("privileged", BASELINE, ((0, baseline.privileged),)),
    Versioned("procMount", BASELINE, ((0, baseline.proc_mount), (35, _unless_user_namespace(baseline.proc_mount)))),
    Versioned("seLinuxOptions", BASELINE, ((0, baseline.selinux_options(baseline.SELINUX_1_0)), (31, baseline.selinux_options(baseline.SELINUX_1_31)))),
    Versioned("seccompProfile_baseline", BASELINE, ((0, baseline.seccomp_annotations), (19, baseline.seccomp_baseline))),
    Versioned(
        "sysctls",
        BASELINE,
        (
            (0, baseline.sysctls(baseline.SYSCTLS_1_0)),
            (27, baseline.sysctls(baseline.SYSCTLS_1_27)),
            (29, baseline.sysctls(baseline.SYSCTLS_1_29)),
            (32, baseline.sysctls(baseline.SYSCTLS_1_32)),
        ),
    ),
    Versioned("windowsHostProcess", BASELINE, ((0, baseline.windows_host_process),)),
    Versioned(
        "allowPrivilegeEscalation",
        RESTRICTED,
        ((8, restricted.allow_privilege_escalation), (25, _unless_windows(restricted.allow_privilege_escalation))),
    ),
    Versioned(
        "capabilities_restricted",
        RESTRICTED,
        ((22, restricted.capabilities_restricted), (25, _unless_windows(restricted.capabilities_restricted))),
        "capabilities_baseline",
    ),
    Versioned("procMount_restricted", RESTRICTED, ((35, baseline.proc_mount),), "procMount"),
    Versioned("restrictedVolumes", RESTRICTED, ((0, restricted.restricted_volumes),), "hostPathVolumes"),
    Versioned("runAsNonRoot", RESTRICTED, ((0, restricted.run_as_non_root), (35, _unless_user_namespace(restricted.run_as_non_root)))),
    Versioned("runAsUser", RESTRICTED, ((23, restricted.run_as_user), (35, _unless_user_namespace(restricted.run_as_user)))),
    Versioned(
        "seccompProfile_restricted",
        RESTRICTED,
        ((19, restricted.seccomp_restricted), (25, _unless_windows(restricted.seccomp_restricted))),
        "seccompProfile_baseline",
    ),
)
NEWEST = max(minor for check in CHECKS for minor, _ in check.versions)


@cache
def checks(level: str, minor: int) -> tuple[Check, ...]:
    """The checks of a level in a version, in order.   Upstream: checkRegistry."""
    active: dict[str, Check] = {}
    overridden: set[str] = set()
    for check in CHECKS:
        since = [function for start, function in check.versions if start <= minor]
        if since and (check.level == BASELINE or level == RESTRICTED):
            active[check.id] = since[-1]
            overridden.add(check.overrides)
    return tuple(function for name, function in active.items() if name not in overridden)


def evaluate(level: str, minor: int, meta: Any, spec: Any) -> list[Finding]:
    """What a pod violates. `minor` beyond the newest version counts as the newest."""
    if level not in (BASELINE, RESTRICTED):
        return []
    return [found for check in checks(level, min(minor, NEWEST)) if (found := check(meta, spec)) is not None]
