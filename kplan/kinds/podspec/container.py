"""Containers of all three sorts: regular, init and ephemeral ones.

Upstream: validateContainers, validateInitContainers, validateEphemeralContainers and validateContainerCommon in
pkg/apis/core/validation/validation.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kplan.api.field import FieldErrors, duplicate, forbidden, invalid, not_found, not_supported, required
from kplan.api.objects import Object
from kplan.kinds.checks import typed
from kplan.kinds.podspec.containerfields import validate_container_ports, validate_env, validate_env_from, validate_volume_devices, validate_volume_mounts
from kplan.kinds.podspec.handlers import validate_container_restart_policy, validate_init_container_restart_policy, validate_lifecycle, validate_probes
from kplan.kinds.podspec.options import PodValidationOptions
from kplan.kinds.podspec.resources import validate_resource_requirements
from kplan.kinds.podspec.security import validate_security_context
from kplan.kinds.podspec.values import validate_dns1123_label
from kplan.kinds.podspec.volumes import PULL_POLICIES, validate_pull_policy

TERMINATION_MESSAGE_POLICIES = ("File", "FallbackToLogsOnError")
RESIZE_RESOURCES = ("cpu", "memory")
RESIZE_POLICIES = ("NotRequired", "RestartContainer")
NOT_FOR_EPHEMERAL = (
    "ports",
    "resources",
    "resizePolicy",
    "restartPolicy",
    "restartPolicyRules",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
)
NOTHING: dict[str, Object] = {"resources": {}}
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


class PodContext(NamedTuple):
    """What a container's validation must know of its pod.

    `volumes`: the valid ones by name; `claim_names`: of `spec.resourceClaims`; `grace`: seconds; `host_users`: the pod has
    no user namespace of its own.
    """

    volumes: dict[str, Object]
    claim_names: frozenset[str]
    grace: int | None
    restart_policy: str
    os: Object | None
    host_users: bool
    options: PodValidationOptions


def visit_containers(spec: Object, path: str) -> Iterator[tuple[Object, str]]:
    """Every container with its path, in the order of upstream's VisitContainersWithPath."""
    for field in ("initContainers", "containers", "ephemeralContainers"):
        for i, container in enumerate(spec.get(field) or ()):
            yield container, f"{path}.{field}[{i}]"


def is_sidecar(container: Object) -> bool:
    """An init container that keeps running."""
    return container.get("restartPolicy") == "Always"


def validate_resize_policy(policies: Sequence[Object], pod_restart_policy: str, path: str) -> FieldErrors:
    """What becomes of a container that is resized."""
    seen: set[str] = set()
    for i, policy in enumerate(policies):
        resource, restart = policy.get("resourceName", ""), policy.get("restartPolicy", "")
        if resource in seen:
            yield duplicate(f"{path}[{i}]", typed(resource))
        seen.add(resource)
        if resource not in RESIZE_RESOURCES:
            yield not_supported(path, typed(resource), RESIZE_RESOURCES) if resource else required(path)
        if restart not in RESIZE_POLICIES:
            yield not_supported(path, typed(restart), RESIZE_POLICIES) if restart else required(path)
        if pod_restart_policy == "Never" and restart != "NotRequired":
            yield invalid(path, typed(restart), "must be 'NotRequired' when pod `restartPolicy` is 'Never'")


def validate_container_common(container: Object, path: str, pod: PodContext) -> FieldErrors:
    """What holds for containers of every sort."""
    get = container.get
    name, policy = get("name", ""), get("terminationMessagePolicy", "")
    if not name:
        yield required(f"{path}.name")
    else:
        yield from validate_dns1123_label(name, f"{path}.name")
    if not get("image"):
        yield required(f"{path}.image")
    if policy not in TERMINATION_MESSAGE_POLICIES:
        at = f"{path}.terminationMessagePolicy"
        yield not_supported(at, typed(policy), TERMINATION_MESSAGE_POLICIES) if policy else required(at)
    if ports := get("ports"):
        yield from validate_container_ports(ports, f"{path}.ports")
    if env := get("env"):
        yield from validate_env(env, f"{path}.env")
    if env_from := get("envFrom"):
        yield from validate_env_from(env_from, f"{path}.envFrom")
    mounts, devices = get("volumeMounts"), get("volumeDevices")
    if mounts:
        device_paths = {d.get("name", ""): d.get("devicePath", "") for d in devices} if devices else {}
        yield from validate_volume_mounts(mounts, device_paths, pod.volumes, container, f"{path}.volumeMounts")
    if devices:
        mount_paths = {m.get("name", ""): m.get("mountPath", "") for m in mounts or ()}
        yield from validate_volume_devices(devices, mount_paths, pod.volumes, f"{path}.volumeDevices")
    if get("imagePullPolicy") not in PULL_POLICIES:
        yield from validate_pull_policy(get("imagePullPolicy", ""), f"{path}.imagePullPolicy")
    if resources := get("resources"):
        yield from validate_resource_requirements(resources, f"{path}.resources", pod.options, pod.claim_names)
    if resize := get("resizePolicy"):
        yield from validate_resize_policy(resize, pod.restart_policy, f"{path}.resizePolicy")
    if context := get("securityContext"):
        yield from validate_security_context(context, f"{path}.securityContext", pod.host_users)


def validate_unique_host_ports(containers: Sequence[tuple[int, Object]], path: str) -> FieldErrors:
    """No two containers take the same port of the node; each container with the index that it is reported at."""
    seen: set[str] = set()
    for index, container in containers:
        for i, port in enumerate(container.get("ports") or ()):
            if not port.get("hostPort"):
                continue
            key = f"{port.get('protocol', '')}/{port.get('hostIP', '')}/{port['hostPort']}"
            if key in seen:
                yield duplicate(f"{path}[{index}].ports[{i}].hostPort", key)
            seen.add(key)


def validate_containers(containers: Sequence[Object], path: str, pod: PodContext) -> FieldErrors:
    """The regular containers, of which there must be one at least."""
    if not containers:
        yield required(path)
        return
    seen: set[str] = set()
    for i, container in enumerate(containers):
        at = f"{path}[{i}]"
        name = container.get("name", "")
        yield from validate_container_common(container, at, pod)
        if name in seen:
            yield duplicate(f"{at}.name", name)
        seen.add(name)
        if (lifecycle := container.get("lifecycle")) is not None:
            yield from validate_lifecycle(lifecycle, pod.grace, f"{at}.lifecycle", pod.os)
        yield from validate_probes(container, pod.grace, at)
        if "restartPolicy" in container or "restartPolicyRules" in container:
            yield from validate_container_restart_policy(container.get("restartPolicy"), container.get("restartPolicyRules") or (), at)
    yield from validate_unique_host_ports(list(enumerate(containers)), path)


def validate_init_containers(containers: Sequence[Object], regular: Sequence[Object], path: str, pod: PodContext) -> FieldErrors:
    """The init containers. Their host ports are upstream's to compare one container at a time, reported at the first index."""
    seen = {c.get("name", "") for c in regular}
    for i, container in enumerate(containers):
        at = f"{path}[{i}]"
        name, sidecar = container.get("name", ""), is_sidecar(container)
        yield from validate_container_common(container, at, pod)
        yield from validate_init_container_restart_policy(container.get("restartPolicy"), container.get("restartPolicyRules") or (), at)
        if name in seen:
            yield duplicate(f"{at}.name", name)
        elif name:
            seen.add(name)
        yield from validate_unique_host_ports([(0, container)], path)
        if sidecar:
            if (lifecycle := container.get("lifecycle")) is not None:
                yield from validate_lifecycle(lifecycle, pod.grace, f"{at}.lifecycle", pod.os)
            yield from validate_probes(container, pod.grace, at)
            continue
        for field in ("lifecycle", *PROBES):
            if container.get(field) is not None:
                yield forbidden(f"{at}.{field}", "may not be set for init containers without restartPolicy=Always")
        if not pod.options.allow_existing_restart_container_for_non_sidecar_init_container:
            for j, policy in enumerate(container.get("resizePolicy") or ()):
                if policy.get("restartPolicy") == "RestartContainer":
                    message = "must not be set to 'RestartContainer' for non-sidecar initContainers"
                    yield invalid(f"{at}.resizePolicy[{j}].restartPolicy", typed("RestartContainer"), message)


def validate_ephemeral_containers(containers: Sequence[Object], others: Sequence[Object], path: str, pod: PodContext) -> FieldErrors:
    """The ephemeral containers; `others` are the regular and the init ones."""
    targets = {c.get("name", "") for c in others}
    seen = set(targets)
    for i, container in enumerate(containers):
        at = f"{path}[{i}]"
        name, target = container.get("name", ""), container.get("targetContainerName", "")
        yield from validate_container_common(container, at, pod)
        yield from validate_image_of_pod(container, at)
        if name in seen:
            yield duplicate(f"{at}.name", name)
        seen.add(name)
        if target and target not in targets:
            yield not_found(f"{at}.targetContainerName", target)
        for field in NOT_FOR_EPHEMERAL:
            if container.get(field) is not None and container[field] != NOTHING.get(field):
                yield forbidden(f"{at}.{field}", "cannot be set for an Ephemeral Container")
        for j, mount in enumerate(container.get("volumeMounts") or ()):
            for field in ("subPath", "subPathExpr"):
                if mount.get(field):
                    yield forbidden(f"{at}.volumeMounts[{j}].{field}", "cannot be set for an Ephemeral Container")


def validate_image_of_pod(container: Object, path: str) -> FieldErrors:
    """An image of a pod has no blanks around it; one of a template may."""
    image = container.get("image", "")
    if image != image.strip():
        yield invalid(f"{path}.image", image, "must not have leading or trailing whitespace")
