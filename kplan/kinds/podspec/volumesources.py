"""Volume sources that name a place to mount from: host paths, network file systems, disks, CSI.

Upstream: the validate*VolumeSource functions of pkg/apis/core/validation/validation.go. Those that PersistentVolumes share
with pods, and the variants that only PersistentVolumes have, stand side by side.
"""

from __future__ import annotations

from kplan.api import names
from kplan.api.field import FieldErrors, invalid, not_supported, required, too_long
from kplan.api.objects import Object
from kplan.kinds.checks import typed
from kplan.kinds.podspec.values import (
    Validator,
    each,
    validate_dns1123_label,
    validate_dns1123_subdomain,
    validate_local_descending_path,
    validate_path_no_backsteps,
)

HOST_PATH_TYPES = ("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")
AZURE_CACHING_MODES = ("None", "ReadOnly", "ReadWrite")
AZURE_DISK_KINDS = ("Dedicated", "Managed", "Shared")
AZURE_MANAGED_URI = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
AZURE_BLOB_URI = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"
HOST_PORT = "must be a host:port pair or multiple pairs separated by commas"


def requires(*fields: str) -> Validator:
    """A validator that only asks for texts or lists not to be empty, in this order."""

    def validate(source: Object, path: str) -> FieldErrors:
        for field in fields:
            if not source.get(field):
                yield required(f"{path}.{field}")

    return validate


validate_rbd_volume_source = requires("monitors", "image")
validate_rbd_persistent_volume_source = validate_rbd_volume_source
validate_cephfs_volume_source = requires("monitors")
validate_cephfs_persistent_volume_source = validate_cephfs_volume_source
validate_glusterfs_volume_source = requires("endpoints", "path")
validate_azure_file = requires("secretName", "shareName")
validate_vsphere_volume_source = requires("volumePath")
validate_photon_persistent_disk_volume_source = requires("pdID")
validate_portworx_volume_source = requires("volumeID")
validate_scaleio_volume_source = requires("gateway", "system", "volumeName")
validate_scaleio_persistent_volume_source = validate_scaleio_volume_source
validate_persistent_volume_claim_volume_source = requires("claimName")


def validate_host_path_volume_source(source: Object, path: str) -> FieldErrors:
    """A path on the node."""
    target = source.get("path", "")
    if not target:
        yield required(f"{path}.path")
        return
    yield from validate_path_no_backsteps(target, f"{path}.path")
    kind = source.get("type")
    if kind is not None and kind not in HOST_PATH_TYPES:
        yield not_supported(f"{path}.type", typed(kind), HOST_PATH_TYPES)


def validate_git_repo_volume_source(source: Object, path: str) -> FieldErrors:
    """A repository to clone."""
    if not source.get("repository"):
        yield required(f"{path}.repository")
    yield from validate_local_descending_path(source.get("directory", ""), f"{path}.directory")


def validate_fc_volume_source(source: Object, path: str) -> FieldErrors:
    """A Fibre Channel disk."""
    wwns, wwids = source.get("targetWWNs"), source.get("wwids")
    if not wwns and not wwids:
        yield required(f"{path}.targetWWNs", "must specify either targetWWNs or wwids, but not both")
    if wwns and wwids:
        yield invalid(f"{path}.targetWWNs", wwns, "targetWWNs and wwids can not be specified simultaneously")
    if wwns:
        lun = source.get("lun")
        if lun is None:
            yield required(f"{path}.lun", "lun is required if targetWWNs is specified")
        elif not 0 <= lun <= 255:
            yield invalid(f"{path}.lun", lun, "must be between 0 and 255, inclusive")


def _disk(name: str, source: Object, path: str) -> FieldErrors:
    if not source.get(name):
        yield required(f"{path}.{name}")
    partition = source.get("partition", 0)
    if not 0 <= partition <= 255:
        yield invalid(f"{path}.partition", partition, "must be between 1 and 255, inclusive")


def validate_gce_persistent_disk_volume_source(source: Object, path: str) -> FieldErrors:
    """A disk of Google Compute Engine."""
    return _disk("pdName", source, path)


def validate_aws_elastic_block_store_volume_source(source: Object, path: str) -> FieldErrors:
    """A disk of Amazon EBS."""
    return _disk("volumeID", source, path)


def validate_nfs_volume_source(source: Object, path: str) -> FieldErrors:
    """An NFS export."""
    target = source.get("path", "")
    if not source.get("server"):
        yield required(f"{path}.server")
    if not target:
        yield required(f"{path}.path")
    if not target.startswith("/"):
        yield invalid(f"{path}.path", target, "must be an absolute path")


def _is_host_port(text: str) -> bool:
    """Whether Go's net.SplitHostPort takes a text."""
    if ":" not in text:
        return False
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        return bool(bracket) and port.startswith(":") and port.count(":") == 1 and "[" not in host + port and "]" not in port
    return text.count(":") == 1 and "[" not in text and "]" not in text


def validate_quobyte_volume_source(source: Object, path: str) -> FieldErrors:
    """A Quobyte volume."""
    registry = source.get("registry", "")
    if not registry:
        yield required(f"{path}.registry", HOST_PORT)
    elif len(source.get("tenant", "").encode()) >= 65:
        yield required(f"{path}.tenant", "must be a UUID and may not exceed a length of 64 characters")
    else:
        for pair in registry.split(","):
            if not _is_host_port(pair):
                yield invalid(f"{path}.registry", registry, HOST_PORT)
    if not source.get("volume"):
        yield required(f"{path}.volume")


def validate_glusterfs_persistent_volume_source(source: Object, path: str) -> FieldErrors:
    """A Gluster volume of a PersistentVolume."""
    yield from validate_glusterfs_volume_source(source, path)
    namespace = source.get("endpointsNamespace")
    if namespace == "":
        yield invalid(f"{path}.endpointsNamespace", namespace, "if the endpointnamespace is set, it must be a valid namespace name")
    elif namespace is not None:
        yield from each(f"{path}.endpointsNamespace", namespace, names.name_is_dns_label(namespace, False))


def validate_flocker_volume_source(source: Object, path: str) -> FieldErrors:
    """A Flocker dataset."""
    name, uuid = source.get("datasetName", ""), source.get("datasetUUID", "")
    if not name and not uuid:
        yield required(path, "one of datasetName and datasetUUID is required")
    if name and uuid:
        yield invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously")
    if "/" in name:
        yield invalid(f"{path}.datasetName", name, "must not contain '/'")


def _secret_ref(source: Object, path: str, *fields: str) -> FieldErrors:
    secret = source.get("secretRef")
    if secret is not None:
        for field in fields:
            if not secret.get(field):
                yield required(f"{path}.secretRef.{field}")


def validate_cinder_volume_source(source: Object, path: str) -> FieldErrors:
    """An OpenStack volume of a pod."""
    if not source.get("volumeID"):
        yield required(f"{path}.volumeID")
    yield from _secret_ref(source, path, "name")


def validate_cinder_persistent_volume_source(source: Object, path: str) -> FieldErrors:
    """An OpenStack volume of a PersistentVolume."""
    if not source.get("volumeID"):
        yield required(f"{path}.volumeID")
    yield from _secret_ref(source, path, "name", "namespace")


def validate_flex_volume_source(source: Object, path: str) -> FieldErrors:
    """A FlexVolume."""
    if not source.get("driver"):
        yield required(f"{path}.driver")
    for key in sorted(source.get("options") or ()):
        namespace = "." + key.partition("/")[0].lower()
        if namespace.endswith((".kubernetes.io", ".k8s.io")):
            yield invalid(f"{path}.options[{key}]", key, "kubernetes.io and k8s.io namespaces are reserved")


validate_flex_persistent_volume_source = validate_flex_volume_source


def validate_azure_file_pv(source: Object, path: str) -> FieldErrors:
    """An Azure file share of a PersistentVolume."""
    yield from validate_azure_file(source, path)
    if source.get("secretNamespace") == "":
        yield required(f"{path}.secretNamespace")


def validate_azure_disk(source: Object, path: str) -> FieldErrors:
    """An Azure disk."""
    uri, caching, kind = source.get("diskURI", ""), source.get("cachingMode"), source.get("kind")
    if not source.get("diskName"):
        yield required(f"{path}.diskName")
    if not uri:
        yield required(f"{path}.diskURI")
    if caching is not None and caching not in AZURE_CACHING_MODES:
        yield not_supported(f"{path}.cachingMode", typed(caching), AZURE_CACHING_MODES)
    if kind is not None and kind not in AZURE_DISK_KINDS:
        yield not_supported(f"{path}.kind", typed(kind), AZURE_DISK_KINDS)
    if kind == "Managed" and not uri.startswith("/subscriptions/"):
        yield not_supported(f"{path}.diskURI", uri, (AZURE_MANAGED_URI,))
    if kind is not None and kind != "Managed" and not uri.startswith("https://"):
        yield not_supported(f"{path}.diskURI", uri, (AZURE_BLOB_URI,))


def validate_local_volume_source(source: Object, path: str) -> FieldErrors:
    """A local path of a PersistentVolume."""
    if not source.get("path"):
        yield required(f"{path}.path")
        return
    yield from validate_path_no_backsteps(source["path"], f"{path}.path")


def _storageos(source: Object, path: str) -> FieldErrors:
    if not source.get("volumeName"):
        yield required(f"{path}.volumeName")
    else:
        yield from validate_dns1123_label(source["volumeName"], f"{path}.volumeName")
    if source.get("volumeNamespace"):
        yield from validate_dns1123_label(source["volumeNamespace"], f"{path}.volumeNamespace")


def validate_storageos_volume_source(source: Object, path: str) -> FieldErrors:
    """A StorageOS volume of a pod."""
    yield from _storageos(source, path)
    yield from _secret_ref(source, path, "name")


def validate_storageos_persistent_volume_source(source: Object, path: str) -> FieldErrors:
    """A StorageOS volume of a PersistentVolume."""
    yield from _storageos(source, path)
    yield from _secret_ref(source, path, "name", "namespace")


def validate_pv_secret_reference(secret: Object, path: str) -> FieldErrors:
    """A secret that a PersistentVolume names."""
    if not secret.get("name"):
        yield required(f"{path}.name")
    else:
        yield from validate_dns1123_subdomain(secret["name"], f"{path}.name")
    if not secret.get("namespace"):
        yield required(f"{path}.namespace")
    else:
        yield from validate_dns1123_label(secret["namespace"], f"{path}.namespace")


def validate_csi_driver_name(name: str, path: str) -> FieldErrors:
    """The name of a CSI driver: a DNS subdomain in any case."""
    if not name:
        yield required(path)
        return
    if len(name.encode()) > 63:
        yield too_long(path, 63)
    yield from each(path, name, names.is_dns1123_subdomain(name.lower()))


def validate_csi_persistent_volume_source(source: Object, path: str) -> FieldErrors:
    """A CSI volume of a PersistentVolume."""
    yield from validate_csi_driver_name(source.get("driver", ""), f"{path}.driver")
    if not source.get("volumeHandle"):
        yield required(f"{path}.volumeHandle")
    for field in ("controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef"):
        if source.get(field) is not None:
            yield from validate_pv_secret_reference(source[field], f"{path}.{field}")


def validate_csi_volume_source(source: Object, path: str) -> FieldErrors:
    """A CSI volume written into a pod."""
    yield from validate_csi_driver_name(source.get("driver", ""), f"{path}.driver")
    secret = source.get("nodePublishSecretRef")
    if secret is None:
        return
    if not secret.get("name"):
        yield required(f"{path}.nodePublishSecretRef.name")
    else:
        yield from each(f"{path}.name", secret["name"], names.name_is_dns_subdomain(secret["name"], False))
