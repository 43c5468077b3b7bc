"""The spec of a PersistentVolume, which a VolumeAttachment may have inline too.

Upstream: ValidatePersistentVolumeSpec in pkg/apis/core/validation/validation.go; pkg/apis/core/v1/defaults.go.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable

from kplan.api.field import FieldError, FieldErrors, forbidden, not_supported, required
from kplan.api.objects import Object
from kplan.kinds.checks import typed
from kplan.kinds.claimspec import VOLUME_MODES, validate_access_modes, validate_class_name
from kplan.kinds.podspec import volumesources as sources
from kplan.kinds.podspec.iscsi import validate_iscsi_persistent_volume_source
from kplan.kinds.podspec.scheduling import validate_node_selector
from kplan.kinds.resourcelist import default_resource_list, validate_basic_resource, validate_positive_quantity

RECLAIM_POLICIES = ("Delete", "Recycle", "Retain")
INLINE = "in the context of inline volumes"

# The types in the order of upstream's checks: JSON name, validator, and the name that paths have where it differs
# (that of the error for a second type, that of the type's own errors).
_SOURCES: tuple[tuple[str, Callable[[Object, str], Iterable[FieldError]] | None, str, str], ...] = (
    ("hostPath", sources.validate_host_path_volume_source, "hostPath", "hostPath"),
    ("gcePersistentDisk", sources.validate_gce_persistent_disk_volume_source, "gcePersistentDisk", "persistentDisk"),
    ("awsElasticBlockStore", sources.validate_aws_elastic_block_store_volume_source, "awsElasticBlockStore", "awsElasticBlockStore"),
    ("glusterfs", sources.validate_glusterfs_persistent_volume_source, "glusterfs", "glusterfs"),
    ("flocker", sources.validate_flocker_volume_source, "flocker", "flocker"),
    ("nfs", sources.validate_nfs_volume_source, "nfs", "nfs"),
    ("rbd", sources.validate_rbd_persistent_volume_source, "rbd", "rbd"),
    ("quobyte", sources.validate_quobyte_volume_source, "quobyte", "quobyte"),
    ("cephfs", sources.validate_cephfs_persistent_volume_source, "cephFS", "cephfs"),
    ("iscsi", None, "iscsi", "iscsi"),  # its validator wants the volume's name too
    ("cinder", sources.validate_cinder_persistent_volume_source, "cinder", "cinder"),
    ("fc", sources.validate_fc_volume_source, "fc", "fc"),
    ("flexVolume", sources.validate_flex_volume_source, "flexVolume", "flexVolume"),
    ("azureFile", sources.validate_azure_file_pv, "azureFile", "azureFile"),
    ("vsphereVolume", sources.validate_vsphere_volume_source, "vsphereVolume", "vsphereVolume"),
    ("photonPersistentDisk", sources.validate_photon_persistent_disk_volume_source, "photonPersistentDisk", "photonPersistentDisk"),
    ("portworxVolume", sources.validate_portworx_volume_source, "portworxVolume", "portworxVolume"),
    ("azureDisk", sources.validate_azure_disk, "azureDisk", "azureDisk"),
    ("scaleIO", sources.validate_scaleio_persistent_volume_source, "scaleIO", "scaleIO"),
    ("local", sources.validate_local_volume_source, "local", "local"),
    ("storageos", sources.validate_storageos_persistent_volume_source, "storageos", "storageos"),
    ("csi", sources.validate_csi_persistent_volume_source, "csi", "csi"),
)
SOURCE_FIELDS = tuple(field for field, *_ in _SOURCES)

_DEFAULTS: dict[str, dict[str, str | bool]] = {
    "hostPath": {"type": ""},
    "rbd": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
    "iscsi": {"iscsiInterface": "default"},
    "azureDisk": {"cachingMode": "ReadWrite", "fsType": "ext4", "readOnly": False, "kind": "Shared"},
    "scaleIO": {"storageMode": "ThinProvisioned", "fsType": "xfs"},
}


def default_volume_source(spec: Object) -> None:
    """Defaults of the volume type and of the capacity, in place: all that an inline spec gets."""
    default_resource_list(spec.get("capacity"))
    for field, values in _DEFAULTS.items():
        if (source := spec.get(field)) is not None:
            for key, value in values.items():
                if source.get(key) is None:
                    source[key] = value


def validate_persistent_volume_spec(spec: Object, path: str, *, name: str, inline: bool = False, allow_invalid_affinity_values: bool = False) -> FieldErrors:
    """A volume's spec. `inline`: that of a VolumeAttachment, which may say much less."""
    if inline:
        if spec.get("claimRef") is not None:
            yield forbidden(f"{path}.claimRef", f"may not be specified {INLINE}")
        if spec.get("capacity"):
            yield forbidden(f"{path}.capacity", f"may not be specified {INLINE}")
        if spec.get("csi") is None:
            yield required(f"{path}.csi", f"has to be specified {INLINE}")
    if not spec.get("accessModes"):
        yield required(f"{path}.accessModes")
    yield from validate_access_modes(spec.get("accessModes") or (), f"{path}.accessModes")
    if not inline:
        yield from _validate_capacity(spec.get("capacity"), f"{path}.capacity")
    policy = spec.get("persistentVolumeReclaimPolicy") or ""
    if policy and inline:
        if policy != "Retain":
            yield forbidden(f"{path}.persistentVolumeReclaimPolicy", f"may only be Retain {INLINE}")
    elif policy and policy not in RECLAIM_POLICIES:
        yield not_supported(f"{path}.persistentVolumeReclaimPolicy", typed(policy), RECLAIM_POLICIES)
    affinity = spec.get("nodeAffinity")
    if affinity is not None:
        if inline:
            yield forbidden(f"{path}.nodeAffinity", f"may not be specified {INLINE}")
        elif affinity.get("required") is None:
            yield required(f"{path}.nodeAffinity.required", "must specify required node constraints")
        else:
            yield from validate_node_selector(affinity["required"], f"{path}.nodeAffinity.required", allow_invalid_affinity_values)
    yield from _validate_sources(spec, path, name, affinity is not None and not inline)
    host_path = spec.get("hostPath")
    if host_path is not None and policy == "Recycle" and _cleaned(host_path.get("path") or "") == "/":
        yield forbidden(f"{path}.persistentVolumeReclaimPolicy", "may not be 'recycle' for a hostPath mount of '/'")
    yield from _validate_classes(spec, path, inline)


def _validate_capacity(capacity: Object | None, path: str) -> FieldErrors:
    if not capacity:
        yield required(path)
    if not capacity or "storage" not in capacity or len(capacity) > 1:
        yield not_supported(path, typed(capacity), ("storage",))
    for resource, text in sorted((capacity or {}).items()):
        yield from validate_basic_resource(text, f"{path}[{resource}]")
        yield from validate_positive_quantity(text, f"{path}[{resource}]")


def _validate_sources(spec: Object, path: str, name: str, has_affinity: bool) -> FieldErrors:
    found = 0
    for field, validate, second, own in _SOURCES:
        source = spec.get(field)
        if source is None:
            continue
        if found and field != "flexVolume":
            yield forbidden(f"{path}.{second}", "may not specify more than 1 volume type")
            continue
        found += 1
        if validate is None:
            yield from validate_iscsi_persistent_volume_source(source, name, f"{path}.iscsi")
        else:
            yield from validate(source, f"{path}.{own}")
        if field == "local" and not has_affinity:
            yield required(f"{path}.nodeAffinity", "Local volume requires node affinity")
    if not found:
        yield required(path, "must specify a volume type")


def _validate_classes(spec: Object, path: str, inline: bool) -> FieldErrors:
    if spec.get("storageClassName"):
        if inline:
            yield forbidden(f"{path}.storageClassName", f"may not be specified {INLINE}")
        else:
            yield from validate_class_name(spec["storageClassName"], f"{path}.storageClassName")
    mode = spec.get("volumeMode")
    if mode is not None:
        if inline:
            if mode != "Filesystem":
                yield forbidden(f"{path}.volumeMode", f"may not specify volumeMode other than Filesystem {INLINE}")
        elif mode not in VOLUME_MODES:
            yield not_supported(f"{path}.volumeMode", typed(mode), VOLUME_MODES)
    attributes_class = spec.get("volumeAttributesClassName")
    if attributes_class is not None and not inline:
        if not attributes_class:
            yield required(f"{path}.volumeAttributesClassName", "an empty string is disallowed")
        else:
            yield from validate_class_name(attributes_class, f"{path}.volumeAttributesClassName")
        if spec.get("csi") is None:
            yield required(f"{path}.csi", "has to be specified when using volumeAttributesClassName")


def _cleaned(path: str) -> str:
    """`path` as Go's path.Clean leaves it."""
    return posixpath.normpath("/" + path.lstrip("/")) if path.startswith("/") else posixpath.normpath(path)
