"""The checks of the Pod Security Standards, by level and version.

Upstream: staging/src/k8s.io/pod-security-admission/policy. A check looks at the metadata and spec of a pod and gives the reason
and the detail of its refusal, or None. `CHECKS` is in the order of their ids, baseline first, which is that of messages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

from kplan.api.gotext import go_quote
from kplan.api.objects import Object

Finding = tuple[str, str]
Check = Callable[[Object, Object], Finding | None]

BASELINE, RESTRICTED = "baseline", "restricted"
APPARMOR_PREFIX = "container.apparmor.security.beta.kubernetes.io/"
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER_PREFIX = "container.seccomp.security.alpha.kubernetes.io/"
_DEFAULT_CAPABILITIES = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
_PLAIN_VOLUMES = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
)
_OTHER_VOLUMES = (
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
)
_SELINUX_1_0 = frozenset({"", "container_t", "container_init_t", "container_kvm_t"})
_SELINUX_1_31 = _SELINUX_1_0 | {"container_engine_t"}
_SYSCTLS_1_0 = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
    }
)
_SYSCTLS_1_27 = _SYSCTLS_1_0 | {"net.ipv4.ip_local_reserved_ports"}
_SYSCTLS_1_29 = _SYSCTLS_1_27 | {
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
}
_SYSCTLS_1_32 = _SYSCTLS_1_29 | {"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"}


def _containers(spec: Object) -> Iterator[Object]:
    for key in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(key) or ()


def _context(thing: Object) -> Object:
    return thing.get("securityContext") or {}


def _quoted(items: Iterable[str]) -> str:
    return ", ".join(f'"{item}"' for item in items)


def _plural(singular: str, count: int, plural: str = "") -> str:
    return singular if count == 1 else plural or f"{singular}s"


def _named(containers: list[str]) -> str:
    return f"{_plural('container', len(containers))} {_quoted(containers)}"


def _setters(pod: bool, containers: list[str]) -> str:
    return " and ".join([*(["pod"] if pod else []), *([_named(containers)] if containers else [])])


def _is_windows(spec: Object) -> bool:
    return (spec.get("os") or {}).get("name") == "windows"


def _unless_windows(check: Check) -> Check:
    return lambda meta, spec: None if _is_windows(spec) else check(meta, spec)


def _unless_user_namespace(check: Check) -> Check:
    return lambda meta, spec: None if spec.get("hostUsers") is False else check(meta, spec)


def apparmor_profile(meta: Object, spec: Object) -> Finding | None:
    """No AppArmor profile but the runtime's or the host's own."""

    def bad(thing: Object) -> str | None:
        profile = _context(thing).get("appArmorProfile")
        kind = (profile or {}).get("type") or ""
        return None if profile is None or kind in ("RuntimeDefault", "Localhost") else kind

    values = set()
    containers = []
    on_pod = bad(spec)
    if on_pod is not None:
        values.add(on_pod)
    for container in _containers(spec):
        kind = bad(container)
        if kind is not None:
            containers.append(container["name"])
            values.add(kind)
    annotations = sorted(
        f"{key}={go_quote(value)}"
        for key, value in (meta.get("annotations") or {}).items()
        if key.startswith(APPARMOR_PREFIX) and value and value != "runtime/default" and not value.startswith("localhost/")
    )
    setters = _setters(on_pod is not None, containers)
    if annotations:
        setters = " and ".join(filter(None, [setters, _plural("annotation", len(annotations))]))
    if not setters:
        return None
    shown = sorted(values) + annotations
    return _plural("forbidden AppArmor profile", len(shown)), f"{setters} must not set AppArmor profile type to {_quoted(shown)}"


def capabilities_baseline(meta: Object, spec: Object) -> Finding | None:
    """No capability beyond the default ones."""
    containers, found = [], set()
    for container in _containers(spec):
        extra = set((_context(container).get("capabilities") or {}).get("add") or ()) - _DEFAULT_CAPABILITIES
        if extra:
            containers.append(container["name"])
            found |= extra
    if not containers:
        return None
    return "non-default capabilities", f"{_named(containers)} must not include {_quoted(sorted(found))} in securityContext.capabilities.add"


def host_namespaces(meta: Object, spec: Object) -> Finding | None:
    """Nothing of the host's namespaces."""
    found = [f"{key}=true" for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    return ("host namespaces", ", ".join(found)) if found else None


def host_path_volumes(meta: Object, spec: Object) -> Finding | None:
    """No folders of the host."""
    found = [v["name"] for v in spec.get("volumes") or () if "hostPath" in v]
    return ("hostPath volumes", f"{_plural('volume', len(found))} {_quoted(found)}") if found else None


def host_ports(meta: Object, spec: Object) -> Finding | None:
    """No ports of the host."""
    containers, found = [], set()
    for container in _containers(spec):
        ports = {str(p["hostPort"]) for p in container.get("ports") or () if p.get("hostPort")}
        if ports:
            containers.append(container["name"])
            found |= ports
    if not containers:
        return None
    use = _plural("uses", len(containers), "use")
    return "hostPort", f"{_named(containers)} {use} {_plural('hostPort', len(found))} {', '.join(sorted(found))}"


def host_probes(meta: Object, spec: Object) -> Finding | None:
    """Probes and lifecycle hooks ask the pod itself."""
    containers: set[str] = set()
    found: set[str] = set()
    for container in _containers(spec):
        lifecycle = container.get("lifecycle") or {}
        handlers = [container.get(key) for key in ("livenessProbe", "readinessProbe", "startupProbe")]
        handlers += [lifecycle.get("postStart"), lifecycle.get("preStop")]
        hosts = {str(host) for h in handlers if h for key in ("httpGet", "tcpSocket") if (host := (h.get(key) or {}).get("host"))}
        if hosts:
            containers.add(container["name"])
            found |= hosts
    if not containers:
        return None
    use = _plural("uses", len(containers), "use")
    what = _plural("probe or lifecycle host", len(found))
    return "probe or lifecycle host", f"{_named(sorted(containers))} {use} {what} {_quoted(sorted(found))}"


def privileged(meta: Object, spec: Object) -> Finding | None:
    """No privileged containers."""
    found = [c["name"] for c in _containers(spec) if _context(c).get("privileged")]
    return ("privileged", f"{_named(found)} must not set securityContext.privileged=true") if found else None


def proc_mount(meta: Object, spec: Object) -> Finding | None:
    """/proc stays masked."""
    containers, found = [], set()
    for container in _containers(spec):
        mount = _context(container).get("procMount")
        if mount is not None and mount != "Default":
            containers.append(container["name"])
            found.add(mount)
    if not containers:
        return None
    return "procMount", f"{_named(containers)} must not set securityContext.procMount to {_quoted(sorted(found))}"


def _selinux_options(allowed: frozenset[str]) -> Check:
    def check(meta: Object, spec: Object) -> Finding | None:
        """SELinux types of containers only, no user or role."""
        types: set[str] = set()
        user = role = False

        def is_bad(thing: Object) -> bool:
            nonlocal user, role
            options = _context(thing).get("seLinuxOptions")
            if options is None:
                return False
            kind = options.get("type") or ""
            if kind not in allowed:
                types.add(kind)
            user = user or bool(options.get("user"))
            role = role or bool(options.get("role"))
            return bool(kind not in allowed or options.get("user") or options.get("role"))

        on_pod = is_bad(spec)
        containers = [c["name"] for c in _containers(spec) if is_bad(c)]
        if not on_pod and not containers:
            return None
        data = [f"{_plural('type', len(types))} {_quoted(sorted(types))}"] if types else []
        data += ["user may not be set"] if user else []
        data += ["role may not be set"] if role else []
        return "seLinuxOptions", f"{_setters(on_pod, containers)} set forbidden securityContext.seLinuxOptions: {'; '.join(data)}"

    return check


def seccomp_annotations(meta: Object, spec: Object) -> Finding | None:
    """Before 1.19 seccomp profiles were annotations."""
    annotations = meta.get("annotations") or {}
    keys = [SECCOMP_POD, *(SECCOMP_CONTAINER_PREFIX + c["name"] for c in _containers(spec))]
    found = {
        f"{key}={go_quote(annotations[key])}"
        for key in keys
        if key in annotations and annotations[key] not in ("runtime/default", "docker/default") and not annotations[key].startswith("localhost/")
    }
    if not found:
        return None
    return "seccompProfile", f"forbidden {_plural('annotation', len(found))} {', '.join(sorted(found))}"


def _seccomp(meta: Object, spec: Object, must_be_set: bool) -> Finding | None:
    def of(thing: Object) -> str | None:
        profile = _context(thing).get("seccompProfile")
        return None if profile is None else profile.get("type") or ""

    valid = ("Localhost", "RuntimeDefault")
    on_pod = of(spec)
    values = {on_pod} if on_pod is not None and on_pod not in valid else set()
    bad, unset = [], []
    for container in _containers(spec):
        kind = of(container)
        if kind is None:
            if on_pod not in valid:
                unset.append(container["name"])
        elif kind not in valid:
            bad.append(container["name"])
            values.add(kind)
    if values:
        setters = _setters(on_pod is not None and on_pod not in valid, bad)
        shown = _quoted(sorted(v for v in values if v is not None))
        return "seccompProfile", f"{setters} must not set securityContext.seccompProfile.type to {shown}"
    if unset and must_be_set:
        wanted = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
        return "seccompProfile", f"pod or {_named(unset)} {wanted}"
    return None


def seccomp_baseline(meta: Object, spec: Object) -> Finding | None:
    """Seccomp is not switched off."""
    return _seccomp(meta, spec, False)


def seccomp_restricted(meta: Object, spec: Object) -> Finding | None:
    """Seccomp is switched on."""
    return _seccomp(meta, spec, True)


def _sysctls(allowed: frozenset[str]) -> Check:
    def check(meta: Object, spec: Object) -> Finding | None:
        """Only sysctls that stay inside the pod."""
        names = [s.get("name") or "" for s in _context(spec).get("sysctls") or ()]
        found = [name for name in names if name not in allowed]
        return ("forbidden sysctls", ", ".join(found)) if found else None

    return check


def windows_host_process(meta: Object, spec: Object) -> Finding | None:
    """No HostProcess containers."""

    def is_bad(thing: Object) -> bool:
        return bool((_context(thing).get("windowsOptions") or {}).get("hostProcess"))

    setters = _setters(is_bad(spec), [c["name"] for c in _containers(spec) if is_bad(c)])
    return ("hostProcess", f"{setters} must not set securityContext.windowsOptions.hostProcess=true") if setters else None


def allow_privilege_escalation(meta: Object, spec: Object) -> Finding | None:
    """No setuid programs."""
    found = [c["name"] for c in _containers(spec) if _context(c).get("allowPrivilegeEscalation") is not False]
    if not found:
        return None
    return "allowPrivilegeEscalation != false", f"{_named(found)} must set securityContext.allowPrivilegeEscalation=false"


def capabilities_restricted(meta: Object, spec: Object) -> Finding | None:
    """All capabilities dropped, NET_BIND_SERVICE may be added."""
    keeping, adding = [], []
    found: set[str] = set()
    for container in _containers(spec):
        capabilities = _context(container).get("capabilities") or {}
        if "ALL" not in (capabilities.get("drop") or ()):
            keeping.append(container["name"])
        extra = set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"}
        if extra:
            adding.append(container["name"])
            found |= extra
    details = [f'{_named(keeping)} must set securityContext.capabilities.drop=["ALL"]'] if keeping else []
    if adding:
        details.append(f"{_named(adding)} must not include {_quoted(sorted(found))} in securityContext.capabilities.add")
    return ("unrestricted capabilities", "; ".join(details)) if details else None


def restricted_volumes(meta: Object, spec: Object) -> Finding | None:
    """Only volumes that need no knowledge of the host or the storage."""
    found = [v for v in spec.get("volumes") or () if not any(key in v for key in _PLAIN_VOLUMES)]
    if not found:
        return None
    types = sorted({next((key for key in _OTHER_VOLUMES if key in v), "unknown") for v in found})
    names = [v["name"] for v in found]
    use, kinds = _plural("uses", len(names), "use"), _plural("restricted volume type", len(types))
    return "restricted volume types", f"{_plural('volume', len(names))} {_quoted(names)} {use} {kinds} {_quoted(types)}"


def run_as_non_root(meta: Object, spec: Object) -> Finding | None:
    """Nobody runs as root."""
    on_pod = _context(spec).get("runAsNonRoot")
    bad, unset = [], []
    for container in _containers(spec):
        mine = _context(container).get("runAsNonRoot")
        if mine is False:
            bad.append(container["name"])
        elif mine is None and not on_pod:
            unset.append(container["name"])
    setters = _setters(on_pod is False, bad)
    if setters:
        return "runAsNonRoot != true", f"{setters} must not set securityContext.runAsNonRoot=false"
    return ("runAsNonRoot != true", f"pod or {_named(unset)} must set securityContext.runAsNonRoot=true") if unset else None


def run_as_user(meta: Object, spec: Object) -> Finding | None:
    """Nobody runs as user 0."""

    def is_bad(thing: Object) -> bool:
        return _context(thing).get("runAsUser") == 0

    setters = _setters(is_bad(spec), [c["name"] for c in _containers(spec) if is_bad(c)])
    return ("runAsUser=0", f"{setters} must not set runAsUser=0") if setters else None


class Versioned(NamedTuple):
    """A check: its level, from which minor version on which function holds, and the baseline check that it stands for."""

    id: str
    level: str
    versions: tuple[tuple[int, Check], ...]
    overrides: str = ""


CHECKS: tuple[Versioned, ...] = (
    Versioned("appArmorProfile", BASELINE, ((0, apparmor_profile),)),
    Versioned("capabilities_baseline", BASELINE, ((0, capabilities_baseline),)),
    Versioned("hostNamespaces", BASELINE, ((0, host_namespaces),)),
    Versioned("hostPathVolumes", BASELINE, ((0, host_path_volumes),)),
    Versioned("hostPorts", BASELINE, ((0, host_ports),)),
    Versioned("hostProbesAndHostLifecycle", BASELINE, ((34, host_probes),)),
    Versioned("privileged", BASELINE, ((0, privileged),)),
    Versioned("procMount", BASELINE, ((0, proc_mount), (35, _unless_user_namespace(proc_mount)))),
    Versioned("seLinuxOptions", BASELINE, ((0, _selinux_options(_SELINUX_1_0)), (31, _selinux_options(_SELINUX_1_31)))),
    Versioned("seccompProfile_baseline", BASELINE, ((0, seccomp_annotations), (19, seccomp_baseline))),
    Versioned(
        "sysctls",
        BASELINE,
        ((0, _sysctls(_SYSCTLS_1_0)), (27, _sysctls(_SYSCTLS_1_27)), (29, _sysctls(_SYSCTLS_1_29)), (32, _sysctls(_SYSCTLS_1_32))),
    ),
    Versioned("windowsHostProcess", BASELINE, ((0, windows_host_process),)),
    Versioned("allowPrivilegeEscalation", RESTRICTED, ((8, allow_privilege_escalation), (25, _unless_windows(allow_privilege_escalation)))),
    Versioned(
        "capabilities_restricted",
        RESTRICTED,
        ((22, capabilities_restricted), (25, _unless_windows(capabilities_restricted))),
        "capabilities_baseline",
    ),
    Versioned("procMount_restricted", RESTRICTED, ((35, proc_mount),), "procMount"),
    Versioned("restrictedVolumes", RESTRICTED, ((0, restricted_volumes),), "hostPathVolumes"),
    Versioned("runAsNonRoot", RESTRICTED, ((0, run_as_non_root), (35, _unless_user_namespace(run_as_non_root)))),
    Versioned("runAsUser", RESTRICTED, ((23, run_as_user), (35, _unless_user_namespace(run_as_user)))),
    Versioned(
        "seccompProfile_restricted",
        RESTRICTED,
        ((19, seccomp_restricted), (25, _unless_windows(seccomp_restricted))),
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
