"""What a pod may not ask for on Windows, or on Linux.

Upstream: validateOS, validateLinux, validateWindows and validateWindowsHostProcessPod in pkg/apis/core/validation/validation.go.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors, forbidden, invalid, not_supported, required
from kplan.api.objects import Object
from kplan.kinds.checks import typed
from kplan.kinds.podspec.container import visit_containers

SYSTEMS = ("linux", "windows")
NOT_ON_WINDOWS = "cannot be set for a windows pod"
NOT_ON_LINUX = "windows options cannot be set for a linux pod"
NOT_IN_WINDOWS_CONTAINERS = (
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
)
# fields of the pod's security context and, with a leading dot, of its spec, in upstream's order
NOT_IN_WINDOWS_PODS = (
    "appArmorProfile",
    "seLinuxOptions",
    ".hostUsers",
    ".hostPID",
    ".hostIPC",
    "seccompProfile",
    "fsGroup",
    "fsGroupChangePolicy",
    "sysctls",
    ".shareProcessNamespace",
    "runAsUser",
    "runAsGroup",
    "supplementalGroups",
    "supplementalGroupsPolicy",
    "seLinuxChangePolicy",
)
ALL_OR_NONE = "If pod contains any hostProcess containers then all containers must be HostProcess containers"


def validate_os(spec: Object, path: str) -> FieldErrors:
    """A pod that says what it runs on."""
    name = spec["os"].get("name", "")
    if not name:
        yield required(f"{path}.os.name")
    elif name == "windows":
        yield from _validate_windows(spec, path)
    elif name == "linux":
        if "windowsOptions" in (spec.get("securityContext") or ()):
            yield forbidden(f"{path}.securityContext.windowsOptions", NOT_ON_LINUX)
        for container, at in visit_containers(spec, path):
            if "windowsOptions" in (container.get("securityContext") or ()):
                yield forbidden(f"{at}.securityContext.windowsOptions", NOT_ON_LINUX)
    else:
        yield not_supported(f"{path}.os", typed(name), SYSTEMS)


def _validate_windows(spec: Object, path: str) -> FieldErrors:
    context = spec.get("securityContext") or {}
    for field in NOT_IN_WINDOWS_PODS:
        if field[0] == ".":
            value = spec.get(field[1:])
            if value or (value is False and field in (".hostUsers", ".shareProcessNamespace")):
                yield forbidden(f"{path}{field}", NOT_ON_WINDOWS)
        elif context.get(field) is not None:
            yield forbidden(f"{path}.securityContext.{field}", NOT_ON_WINDOWS)
    for container, at in visit_containers(spec, path):
        own = container.get("securityContext") or {}
        for field in NOT_IN_WINDOWS_CONTAINERS:
            if own.get(field) is not None:
                yield forbidden(f"{at}.securityContext.{field}", NOT_ON_WINDOWS)


def _host_process(context: Object | None) -> bool | None:
    return ((context or {}).get("windowsOptions") or {}).get("hostProcess")


def validate_host_process(spec: Object, path: str) -> FieldErrors:
    """Windows containers that run as processes of the node: all of a pod or none, and on its network."""
    of_pod = _host_process(spec.get("securityContext"))
    count = total = 0
    for container, at in visit_containers(spec, path):
        total += 1
        context = container.get("securityContext")
        own = _host_process(context) if context else None
        if of_pod is not None and own is not None and of_pod != own:
            message = f"pod hostProcess value must be identical if both are specified, was {'true' if of_pod else 'false'}"
            yield invalid(f"{at}.securityContext.windowsOptions.hostProcess", own, message)
        if own or (own is None and of_pod):
            count += 1
    if not count:
        return
    if count != total:
        yield invalid(path, "", ALL_OR_NONE)
    if not spec.get("hostNetwork"):
        yield invalid(f"{path}.hostNetwork", False, "hostNetwork must be true if pod contains any hostProcess containers")
