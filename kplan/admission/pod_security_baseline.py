"""The checks of the baseline level: what a pod must not do to its node.

Upstream: the check_*.go of that level in staging/src/k8s.io/pod-security-admission/policy.
"""

from __future__ import annotations

from kplan.admission.pod_security_visitor import Check, Finding, containers_of, named, plural, quoted, security_context, who_sets
from kplan.api.gotext import go_quote
from kplan.api.objects import Object

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
SELINUX_1_0 = frozenset({"", "container_t", "container_init_t", "container_kvm_t"})
SELINUX_1_31 = SELINUX_1_0 | {"container_engine_t"}
SYSCTLS_1_0 = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
    }
)
SYSCTLS_1_27 = SYSCTLS_1_0 | {"net.ipv4.ip_local_reserved_ports"}
SYSCTLS_1_29 = SYSCTLS_1_27 | {
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
}
SYSCTLS_1_32 = SYSCTLS_1_29 | {"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"}


def apparmor_profile(meta: Object, spec: Object) -> Finding | None:
    """No AppArmor profile but the runtime's or the host's own."""

    def bad(thing: Object) -> str | None:
        profile = security_context(thing).get("appArmorProfile")
        kind = (profile or {}).get("type") or ""
        return None if profile is None or kind in ("RuntimeDefault", "Localhost") else kind

    values = set()
    containers = []
    on_pod = bad(spec)
    if on_pod is not None:
        values.add(on_pod)
    for container in containers_of(spec):
        kind = bad(container)
        if kind is not None:
            containers.append(container["name"])
            values.add(kind)
    annotations = sorted(
        f"{key}={go_quote(value)}"
        for key, value in (meta.get("annotations") or {}).items()
        if key.startswith(APPARMOR_PREFIX) and value and value != "runtime/default" and not value.startswith("localhost/")
    )
    setters = who_sets(on_pod is not None, containers)
    if annotations:
        setters = " and ".join(filter(None, [setters, plural("annotation", len(annotations))]))
    if not setters:
        return None
    shown = sorted(values) + annotations
    return plural("forbidden AppArmor profile", len(shown)), f"{setters} must not set AppArmor profile type to {quoted(shown)}"


def capabilities_baseline(meta: Object, spec: Object) -> Finding | None:
    """No capability beyond the default ones."""
    containers, found = [], set()
    for container in containers_of(spec):
        extra = set((security_context(container).get("capabilities") or {}).get("add") or ()) - _DEFAULT_CAPABILITIES
        if extra:
            containers.append(container["name"])
            found |= extra
    if not containers:
        return None
    return "non-default capabilities", f"{named(containers)} must not include {quoted(sorted(found))} in securityContext.capabilities.add"


def host_namespaces(meta: Object, spec: Object) -> Finding | None:
    """Nothing of the host's namespaces."""
    found = [f"{key}=true" for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    return ("host namespaces", ", ".join(found)) if found else None


def host_path_volumes(meta: Object, spec: Object) -> Finding | None:
    """No folders of the host."""
    found = [v["name"] for v in spec.get("volumes") or () if "hostPath" in v]
    return ("hostPath volumes", f"{plural('volume', len(found))} {quoted(found)}") if found else None


def host_ports(meta: Object, spec: Object) -> Finding | None:
    """No ports of the host."""
    containers, found = [], set()
    for container in containers_of(spec):
        ports = {str(p["hostPort"]) for p in container.get("ports") or () if p.get("hostPort")}
        if ports:
            containers.append(container["name"])
            found |= ports
    if not containers:
        return None
    use = plural("uses", len(containers), "use")
    return "hostPort", f"{named(containers)} {use} {plural('hostPort', len(found))} {', '.join(sorted(found))}"


def host_probes(meta: Object, spec: Object) -> Finding | None:
    """Probes and lifecycle hooks ask the pod itself."""
    containers: set[str] = set()
    found: set[str] = set()
    for container in containers_of(spec):
        lifecycle = container.get("lifecycle") or {}
        handlers = [container.get(key) for key in ("livenessProbe", "readinessProbe", "startupProbe")]
        handlers += [lifecycle.get("postStart"), lifecycle.get("preStop")]
        hosts = {str(host) for h in handlers if h for key in ("httpGet", "tcpSocket") if (host := (h.get(key) or {}).get("host"))}
        if hosts:
            containers.add(container["name"])
            found |= hosts
    if not containers:
        return None
    use = plural("uses", len(containers), "use")
    what = plural("probe or lifecycle host", len(found))
    return "probe or lifecycle host", f"{named(sorted(containers))} {use} {what} {quoted(sorted(found))}"


def privileged(meta: Object, spec: Object) -> Finding | None:
    """No privileged containers."""
    found = [c["name"] for c in containers_of(spec) if security_context(c).get("privileged")]
    return ("privileged", f"{named(found)} must not set securityContext.privileged=true") if found else None


def proc_mount(meta: Object, spec: Object) -> Finding | None:
    """/proc stays masked."""
    containers, found = [], set()
    for container in containers_of(spec):
        mount = security_context(container).get("procMount")
        if mount is not None and mount != "Default":
            containers.append(container["name"])
            found.add(mount)
    if not containers:
        return None
    return "procMount", f"{named(containers)} must not set securityContext.procMount to {quoted(sorted(found))}"


def selinux_options(allowed: frozenset[str]) -> Check:
    """The check of SELinux options that lets these types pass."""

    def check(meta: Object, spec: Object) -> Finding | None:
        """SELinux types of containers only, no user or role."""
        types: set[str] = set()
        user = role = False

        def is_bad(thing: Object) -> bool:
            nonlocal user, role
            options = security_context(thing).get("seLinuxOptions")
            if options is None:
                return False
            kind = options.get("type") or ""
            if kind not in allowed:
                types.add(kind)
            user = user or bool(options.get("user"))
            role = role or bool(options.get("role"))
            return bool(kind not in allowed or options.get("user") or options.get("role"))

        on_pod = is_bad(spec)
        containers = [c["name"] for c in containers_of(spec) if is_bad(c)]
        if not on_pod and not containers:
            return None
        data = [f"{plural('type', len(types))} {quoted(sorted(types))}"] if types else []
        data += ["user may not be set"] if user else []
        data += ["role may not be set"] if role else []
        return "seLinuxOptions", f"{who_sets(on_pod, containers)} set forbidden securityContext.seLinuxOptions: {'; '.join(data)}"

    return check


def seccomp_annotations(meta: Object, spec: Object) -> Finding | None:
    """Before 1.19 seccomp profiles were annotations."""
    annotations = meta.get("annotations") or {}
    keys = [SECCOMP_POD, *(SECCOMP_CONTAINER_PREFIX + c["name"] for c in containers_of(spec))]
    found = {
        f"{key}={go_quote(annotations[key])}"
        for key in keys
        if key in annotations and annotations[key] not in ("runtime/default", "docker/default") and not annotations[key].startswith("localhost/")
    }
    if not found:
        return None
    return "seccompProfile", f"forbidden {plural('annotation', len(found))} {', '.join(sorted(found))}"


def seccomp_profile(meta: Object, spec: Object, must_be_set: bool) -> Finding | None:
    """The check of seccomp profiles; `must_be_set` where none at all is refused."""

    def of(thing: Object) -> str | None:
        profile = security_context(thing).get("seccompProfile")
        return None if profile is None else profile.get("type") or ""

    valid = ("Localhost", "RuntimeDefault")
    on_pod = of(spec)
    values = {on_pod} if on_pod is not None and on_pod not in valid else set()
    bad, unset = [], []
    for container in containers_of(spec):
        kind = of(container)
        if kind is None:
            if on_pod not in valid:
                unset.append(container["name"])
        elif kind not in valid:
            bad.append(container["name"])
            values.add(kind)
    if values:
        setters = who_sets(on_pod is not None and on_pod not in valid, bad)
        shown = quoted(sorted(v for v in values if v is not None))
        return "seccompProfile", f"{setters} must not set securityContext.seccompProfile.type to {shown}"
    if unset and must_be_set:
        wanted = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
        return "seccompProfile", f"pod or {named(unset)} {wanted}"
    return None


def seccomp_baseline(meta: Object, spec: Object) -> Finding | None:
    """Seccomp is not switched off."""
    return seccomp_profile(meta, spec, False)


def sysctls(allowed: frozenset[str]) -> Check:
    """The check of sysctls that lets these pass."""

    def check(meta: Object, spec: Object) -> Finding | None:
        """Only sysctls that stay inside the pod."""
        names = [s.get("name") or "" for s in security_context(spec).get("sysctls") or ()]
        found = [name for name in names if name not in allowed]
        return ("forbidden sysctls", ", ".join(found)) if found else None

    return check


def windows_host_process(meta: Object, spec: Object) -> Finding | None:
    """No HostProcess containers."""

    def is_bad(thing: Object) -> bool:
        return bool((security_context(thing).get("windowsOptions") or {}).get("hostProcess"))

    setters = who_sets(is_bad(spec), [c["name"] for c in containers_of(spec) if is_bad(c)])
    return ("hostProcess", f"{setters} must not set securityContext.windowsOptions.hostProcess=true") if setters else None
