"""Security contexts of pods and containers.

Upstream: validatePodSpecSecurityContext, ValidateSecurityContext, validateSeccompProfileField, ValidateAppArmorProfileField and
validateWindowsSecurityContextOptions in pkg/apis/core/validation/validation.go. Privileged containers are allowed
(`--allow-privileged=true`); admission is what forbids them.
"""

from __future__ import annotations

import re

from kplan.api import names
from kplan.api.field import FieldErrors, duplicate, invalid, not_supported, required, too_long
from kplan.api.objects import Object
from kplan.kinds.checks import typed
from kplan.kinds.internalform import internal
from kplan.kinds.podspec.options import PodValidationOptions
from kplan.kinds.podspec.values import validate_local_descending_path

PROFILE_TYPES = ("Localhost", "RuntimeDefault", "Unconfined")
PROC_MOUNTS = ("Default", "Unmasked")
FS_GROUP_CHANGE_POLICIES = ("Always", "OnRootMismatch")
SUPPLEMENTAL_GROUPS_POLICIES = ("Merge", "Strict")
SELINUX_CHANGE_POLICIES = ("MountOption", "Recursive")

_SYSCTL_SEGMENT = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SYSCTL = rf"({_SYSCTL_SEGMENT}[\./])*{_SYSCTL_SEGMENT}"
_SYSCTL_RULE = re.compile(_SYSCTL)
_SYSCTL_MESSAGE = f"must have at most 253 characters and match regex ^{_SYSCTL}$"
_IPC_SYSCTLS = frozenset(f"kernel.{name}" for name in ("sem", "shmall", "shmmax", "shmmni", "shm_rmid_forced", "shm", "msgmax", "msgmnb", "msgmni", "msg"))
_SWAP_SEPARATORS = str.maketrans("./", "/.")

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NETBIOS = re.compile(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}')
_DNS_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_DNS_DOMAIN = re.compile(rf"{_DNS_LABEL}(?:\.{_DNS_LABEL})*")
_USER_CHARACTERS = re.compile(r'["/\\:;|=,+*?<>@\[\]]')
_DOTS_AND_SPACES = re.compile(r"[. ]+")


def _validate_ids(context: Object, path: str, *fields: str) -> FieldErrors:
    for field in fields:
        value = context.get(field)
        if value is not None:
            for message in names.is_valid_user_id(value):
                yield invalid(f"{path}.{field}", value, message)


def validate_seccomp_profile(profile: Object | None, path: str) -> FieldErrors:
    """A seccomp profile: a local one has a path, others have none."""
    if profile is None:
        return
    kind, local = profile.get("type", ""), profile.get("localhostProfile")
    if not kind:
        yield required(f"{path}.type", "type is required when seccompProfile is set")
    elif kind not in PROFILE_TYPES:
        yield not_supported(f"{path}.type", typed(kind), PROFILE_TYPES)
    if kind == "Localhost":
        if local is None:
            yield required(f"{path}.localhostProfile", "must be set when seccomp type is Localhost")
        else:
            yield from validate_local_descending_path(local, f"{path}.localhostProfile")
    elif local is not None:
        yield invalid(f"{path}.localhostProfile", internal("SeccompProfile", profile), "can only be set when seccomp type is Localhost")


def validate_app_armor_profile(profile: Object | None, path: str) -> FieldErrors:
    """An AppArmor profile: a local one has a name, others have none."""
    if profile is None:
        return
    kind, local = profile.get("type", ""), profile.get("localhostProfile")
    must = "must be set when AppArmor type is Localhost"
    if kind == "Localhost":
        if local is None:
            yield required(f"{path}.localhostProfile", must)
            return
        if local.strip() != local:
            yield invalid(f"{path}.localhostProfile", local, "must not be padded with whitespace")
        elif not local:
            yield required(f"{path}.localhostProfile", must)
        if len(local.encode()) > 4095:
            yield too_long(f"{path}.localhostProfile", 4095)
    elif kind in PROFILE_TYPES:
        if local is not None:
            yield invalid(f"{path}.localhostProfile", typed(local), "can only be set when AppArmor type is Localhost")
    elif not kind:
        yield required(f"{path}.type", "type is required when appArmorProfile is set")
    else:
        yield not_supported(f"{path}.type", typed(kind), PROFILE_TYPES)


def validate_windows_options(options: Object | None, path: str) -> FieldErrors:
    """What runs a container on Windows, and as whom."""
    if options is None:
        return
    name, spec, user = options.get("gmsaCredentialSpecName"), options.get("gmsaCredentialSpec"), options.get("runAsUserName")
    if name is not None:
        for message in names.is_dns1123_subdomain(name):
            yield invalid(f"{path}.gmsaCredentialSpecName", typed(name), message)
    if spec is not None:
        if not spec:
            yield invalid(f"{path}.gmsaCredentialSpec", typed(spec), "gmsaCredentialSpec cannot be an empty string")
        elif len(spec.encode()) > 64 * 1024:
            yield invalid(f"{path}.gmsaCredentialSpec", typed(spec), "gmsaCredentialSpec size must be under 64 KiB")
    if user is not None:
        for message in _user_name_problems(user):
            yield invalid(f"{path}.runAsUserName", typed(user), message)


def _user_name_problems(name: str) -> list[str]:
    parts = name.split("\\")
    if not name:
        return ["runAsUserName cannot be an empty string"]
    if _CONTROL.search(name):
        return ["runAsUserName cannot contain control characters"]
    if len(parts) > 2:
        return ["runAsUserName cannot contain more than one backslash"]
    domain, user = (None, parts[0]) if len(parts) == 1 else parts
    found = []
    if domain is not None and len(domain.encode()) >= 256:
        found.append("runAsUserName's Domain length must be under 256 characters")
    if domain is not None and not _NETBIOS.fullmatch(domain) and not _DNS_DOMAIN.fullmatch(domain):
        found.append("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
    if not user:
        found.append("runAsUserName's User cannot be empty")
    elif len(user.encode()) > 104:
        found.append("runAsUserName's User length must not be longer than 104 characters")
    if _DOTS_AND_SPACES.fullmatch(user):
        found.append("runAsUserName's User cannot contain only periods or spaces")
    if _USER_CHARACTERS.search(user):
        found.append('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]')
    return found


def sysctl_namespace(sysctl: str) -> str:
    """The kernel namespace that a sysctl belongs to: `Net`, `IPC` or none.   Upstream: utilsysctl.GetNamespace."""
    dot, slash = sysctl.find("."), sysctl.find("/")
    name = sysctl.translate(_SWAP_SEPARATORS) if slash >= 0 and (dot < 0 or slash < dot) else sysctl
    name = name.partition("*")[0]
    if name in _IPC_SYSCTLS or name.startswith("fs.mqueue."):
        return "IPC"
    return "Net" if name.startswith("net.") else ""


def host_sysctl_problem(sysctl: str, spec: Object) -> str:
    """Why a sysctl may not be set in a pod that shares the namespace it belongs to with its node; empty if it may."""
    namespace = sysctl_namespace(sysctl)
    if namespace == "Net" and spec.get("hostNetwork"):
        return "may not be specified when 'hostNetwork' is true"
    if namespace == "IPC" and spec.get("hostIPC"):
        return "may not be specified when 'hostIPC' is true"
    return ""


def _validate_sysctls(sysctls: list[Object], spec: Object, path: str, options: PodValidationOptions) -> FieldErrors:
    seen: set[str] = set()
    for i, sysctl in enumerate(sysctls):
        name, at = sysctl.get("name", ""), f"{path}[{i}].name"
        if not name:
            yield required(at)
        elif len(name.encode()) > 253 or not _SYSCTL_RULE.fullmatch(name):
            yield invalid(at, name, _SYSCTL_MESSAGE)
        elif name in seen:
            yield duplicate(at, name)
        problem = "" if options.allow_namespaced_sysctls_for_host_net_and_host_ipc else host_sysctl_problem(name, spec)
        if problem:
            yield invalid(at, name, problem)
        seen.add(name)


def validate_pod_security_context(spec: Object, path: str, options: PodValidationOptions) -> FieldErrors:
    """The security context of a pod; `path` is that of the context."""
    context = spec.get("securityContext")
    if not context:
        return
    yield from _validate_ids(context, path, "fsGroup", "runAsUser", "runAsGroup")
    for i, group in enumerate(context.get("supplementalGroups") or ()):
        for message in names.is_valid_user_id(group):
            yield invalid(f"{path}.supplementalGroups[{i}]", group, message)
    if spec.get("hostPID") and spec.get("shareProcessNamespace"):
        yield invalid(f"{path}.shareProcessNamespace", True, "ShareProcessNamespace and HostPID cannot both be enabled")
    if sysctls := context.get("sysctls"):
        yield from _validate_sysctls(sysctls, spec, f"{path}.sysctls", options)
    change = context.get("fsGroupChangePolicy")
    if change is not None and change not in FS_GROUP_CHANGE_POLICIES:
        yield not_supported(f"{path}.fsGroupChangePolicy", typed(change), FS_GROUP_CHANGE_POLICIES)
    yield from validate_seccomp_profile(context.get("seccompProfile"), f"{path}.seccompProfile")
    yield from validate_windows_options(context.get("windowsOptions"), f"{path}.windowsOptions")
    yield from validate_app_armor_profile(context.get("appArmorProfile"), f"{path}.appArmorProfile")
    groups = context.get("supplementalGroupsPolicy")
    if groups is not None and groups not in SUPPLEMENTAL_GROUPS_POLICIES:
        yield not_supported(f"{path}.supplementalGroupsPolicy", typed(groups), SUPPLEMENTAL_GROUPS_POLICIES)
    selinux = context.get("seLinuxChangePolicy")
    if selinux is not None:
        allowed = ("Recursive",) if options.allow_only_recursive_selinux_change_policy else SELINUX_CHANGE_POLICIES
        if selinux not in allowed:
            yield not_supported(f"{path}.seLinuxChangePolicy", typed(selinux), allowed)


def validate_security_context(context: Object, path: str, host_users: bool) -> FieldErrors:
    """The security context of a container; `host_users`: the pod has no user namespace of its own."""
    yield from _validate_ids(context, path, "runAsUser", "runAsGroup")
    proc_mount = context.get("procMount")
    if proc_mount is not None:
        if proc_mount not in PROC_MOUNTS:
            yield not_supported(f"{path}.procMount", typed(proc_mount), PROC_MOUNTS)
        if host_users and proc_mount == "Unmasked":
            yield invalid(f"{path}.procMount", typed(proc_mount), "`hostUsers` must be false to use `Unmasked`")
    yield from validate_seccomp_profile(context.get("seccompProfile"), f"{path}.seccompProfile")
    if context.get("allowPrivilegeEscalation") is False:
        if context.get("privileged"):
            yield invalid(path, internal("SecurityContext", context), "cannot set `allowPrivilegeEscalation` to false and `privileged` to true")
        for capability in (context.get("capabilities") or {}).get("add") or ():
            if capability == "CAP_SYS_ADMIN":
                text = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
                yield invalid(path, internal("SecurityContext", context), text)
    yield from validate_windows_options(context.get("windowsOptions"), f"{path}.windowsOptions")
    yield from validate_app_armor_profile(context.get("appArmorProfile"), f"{path}.appArmorProfile")
