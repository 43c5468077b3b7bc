"""Ports, environment, mounts and devices of a container.

Upstream: validateContainerPorts, ValidateEnv, ValidateEnvFrom, ValidateVolumeMounts and ValidateVolumeDevices in
pkg/apis/core/validation/validation.go.
"""

from __future__ import annotations

from collections.abc import Sequence

from kplan.api import names
from kplan.api.field import FieldErrors, duplicate, forbidden, invalid, not_found, not_supported, required
from kplan.api.objects import Object
from kplan.kinds.checks import typed
from kplan.kinds.podspec.fieldrefs import ENV_FIELDS, validate_container_resource_field_selector, validate_object_field_selector
from kplan.kinds.podspec.values import each, validate_dns1123_label, validate_local_descending_path, validate_object_name, validate_path_no_backsteps

PROTOCOLS = ("SCTP", "TCP", "UDP")
MOUNT_PROPAGATIONS = ("Bidirectional", "HostToContainer", "None")
RECURSIVE_READ_ONLY = ("Disabled", "Enabled", "IfPossible")
NO_ENV_SOURCE = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"


def validate_container_ports(ports: Sequence[Object], path: str) -> FieldErrors:
    """Names, numbers, protocols."""
    seen: set[str] = set()
    for i, port in enumerate(ports):
        if name := port.get("name"):
            messages = names.is_valid_port_name(name)
            if messages:
                yield from each(f"{path}[{i}].name", name, messages)
            elif name in seen:
                yield duplicate(f"{path}[{i}].name", name)
            else:
                seen.add(name)
        number, host_port, protocol = port.get("containerPort", 0), port.get("hostPort", 0), port.get("protocol", "")
        if not number:
            yield required(f"{path}[{i}].containerPort")
        elif not 0 < number < 65536:
            for message in names.is_valid_port_num(number):
                yield invalid(f"{path}[{i}].containerPort", number, message)
        if host_port and not 0 < host_port < 65536:
            for message in names.is_valid_port_num(host_port):
                yield invalid(f"{path}[{i}].hostPort", host_port, message)
        if protocol not in PROTOCOLS:
            yield not_supported(f"{path}[{i}].protocol", typed(protocol), PROTOCOLS) if protocol else required(f"{path}[{i}].protocol")


def validate_env(variables: Sequence[Object], path: str) -> FieldErrors:
    """Environment variables and where their values come from."""
    for i, variable in enumerate(variables):
        name = variable.get("name", "")
        if not name:
            yield required(f"{path}[{i}].name")
        else:
            for message in names.is_relaxed_env_var_name(name):
                yield invalid(f"{path}[{i}].name", name, message)
        if (source := variable.get("valueFrom")) is not None:
            yield from _validate_env_source(source, variable.get("value", ""), f"{path}[{i}].valueFrom")


def _validate_env_source(source: Object, value: str, path: str) -> FieldErrors:
    count = 0
    if (field := source.get("fieldRef")) is not None:
        count += 1
        yield from validate_object_field_selector(field, ENV_FIELDS, f"{path}.fieldRef")
    if (resource := source.get("resourceFieldRef")) is not None:
        count += 1
        yield from validate_container_resource_field_selector(resource, f"{path}.resourceFieldRef", False)
    for kind in ("configMapKeyRef", "secretKeyRef"):
        if (selector := source.get(kind)) is not None:
            count += 1
            yield from validate_key_selector(selector, f"{path}.{kind}")
    if (file := source.get("fileKeyRef")) is not None:
        count += 1
        yield from _validate_file_key(file, f"{path}.fileKeyRef")
    if not count:
        yield invalid(path, "", NO_ENV_SOURCE)
    elif value:
        yield invalid(path, "", "may not be specified when `value` is not empty")
    elif count > 1:
        yield invalid(path, "", "may not have more than one field specified at a time")


def validate_key_selector(selector: Object, path: str) -> FieldErrors:
    """A key of a ConfigMap or Secret."""
    key = selector.get("key", "")
    yield from validate_object_name(selector.get("name", ""), f"{path}.name")
    if not key:
        yield required(f"{path}.key")
    else:
        yield from each(f"{path}.key", key, names.is_config_map_key(key))


def _validate_file_key(selector: Object, path: str) -> FieldErrors:
    key, volume, file = selector.get("key", ""), selector.get("volumeName", ""), selector.get("path", "")
    yield from each(f"{path}.key", key, names.is_relaxed_env_var_name(key)) if key else (required(f"{path}.key"),)
    yield from validate_dns1123_label(volume, f"{path}.volumeName") if volume else (required(f"{path}.volumeName"),)
    yield from validate_path_no_backsteps(file, f"{path}.path") if file else (required(f"{path}.path"),)


def validate_env_from(sources: Sequence[Object], path: str) -> FieldErrors:
    """ConfigMaps and Secrets that become environment as a whole."""
    for i, source in enumerate(sources):
        if prefix := source.get("prefix"):
            yield from each(f"{path}[{i}].prefix", prefix, names.is_relaxed_env_var_name(prefix))
        count = 0
        for kind in ("configMapRef", "secretRef"):
            if (ref := source.get(kind)) is None:
                continue
            count += 1
            name = ref.get("name", "")
            if not name:
                yield required(f"{path}[{i}].{kind}.name")
            else:
                yield from each(f"{path}[{i}].{kind}.name", name, names.name_is_dns_subdomain(name, True))
        if not count:
            yield invalid(path, "", "must specify one of: `configMapRef` or `secretRef`")
        elif count > 1:
            yield invalid(path, "", "may not have more than one field specified at a time")


def validate_volume_mounts(mounts: Sequence[Object], devices: dict[str, str], volumes: dict[str, Object], container: Object, path: str) -> FieldErrors:
    """Where volumes are mounted. `devices`: the container's block devices, name to path; `volumes`: the pod's valid ones."""
    seen: set[str] = set()
    for i, mount in enumerate(mounts):
        name, target = mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            yield required(f"{path}[{i}].name")
        if name not in volumes:
            yield not_found(f"{path}[{i}].name", name)
        if not target:
            yield required(f"{path}[{i}].mountPath")
        if target in seen:
            yield invalid(f"{path}[{i}].mountPath", target, "must be unique")
        seen.add(target)
        if devices:
            if name in devices:
                yield invalid(f"{path}[{i}].name", name, "must not already exist in volumeDevices")
            if target in devices.values():
                yield invalid(f"{path}[{i}].mountPath", target, "must not already exist as a path in volumeDevices")
        if len(mount) > 2:
            yield from _validate_mount_options(mount, container, path, f"{path}[{i}]")


def _validate_mount_options(mount: Object, container: Object, path: str, at: str) -> FieldErrors:
    sub_path, expression = mount.get("subPath", ""), mount.get("subPathExpr", "")
    if sub_path:
        yield from validate_local_descending_path(sub_path, f"{path}.subPath")
    if expression:
        if sub_path:
            yield invalid(f"{at}.subPathExpr", expression, "subPathExpr and subPath are mutually exclusive")
        yield from validate_local_descending_path(expression, f"{path}.subPathExpr")
    if (propagation := mount.get("mountPropagation")) is not None:
        where = f"{path}.mountPropagation"
        if propagation not in MOUNT_PROPAGATIONS:
            yield not_supported(where, typed(propagation), MOUNT_PROPAGATIONS)
        if propagation == "Bidirectional" and not (container.get("securityContext") or {}).get("privileged"):
            yield forbidden(where, "Bidirectional mount propagation is available only to privileged containers")
    if (recursive := mount.get("recursiveReadOnly")) is not None:
        where = f"{path}.recursiveReadOnly"
        if recursive not in RECURSIVE_READ_ONLY:
            yield not_supported(where, typed(recursive), RECURSIVE_READ_ONLY)
        elif recursive != "Disabled":
            if not mount.get("readOnly"):
                yield forbidden(where, "may only be specified when readOnly is true")
            if mount.get("mountPropagation") not in (None, "None"):
                yield forbidden(where, "may only be specified when mountPropagation is None or not specified")


def validate_volume_devices(devices: Sequence[Object], mounts: dict[str, str], volumes: dict[str, Object], path: str) -> FieldErrors:
    """Block devices. `mounts`: the container's mounts, name to path."""
    seen_paths: set[str] = set()
    seen_names: set[str] = set()
    for i, device in enumerate(devices):
        name, target = device.get("name", ""), device.get("devicePath", "")
        at = f"{path}[{i}]"
        volume = volumes.get(name)
        if not name:
            yield required(f"{at}.name")
        if name in seen_names:
            yield invalid(f"{at}.name", name, "must be unique")
        if volume is None:
            yield not_found(f"{at}.name", name)
        elif "persistentVolumeClaim" not in volume and "ephemeral" not in volume:
            yield invalid(f"{at}.name", name, "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode")
        if not target:
            yield required(f"{at}.devicePath")
        if target in seen_paths:
            yield invalid(f"{at}.devicePath", target, "must be unique")
        if ".." in target.split("/"):
            yield invalid(f"{at}.devicePath", target, "can not contain backsteps ('..')")
        else:
            seen_paths.add(target)
        if name in mounts:
            yield invalid(f"{at}.name", name, "must not already exist in volumeMounts")
        if target in mounts.values():
            yield invalid(f"{at}.devicePath", target, "must not already exist as a path in volumeMounts")
        if name:
            seen_names.add(name)
