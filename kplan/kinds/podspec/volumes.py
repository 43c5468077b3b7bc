"""The volumes of a pod.

Upstream: ValidateVolumes and validateVolumeSource in pkg/apis/core/validation/validation.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kplan.api import names, quantity
from kplan.api.field import FieldError, FieldErrors, duplicate, forbidden, invalid, not_supported, required
from kplan.api.gotext import go_quote
from kplan.api.objects import Object
from kplan.kinds.checks import typed
from kplan.kinds.claimspec import validate_claim_template
from kplan.kinds.podspec import volumesources as sources
from kplan.kinds.podspec.fieldrefs import validate_downward_api_volume_file
from kplan.kinds.podspec.iscsi import ISCSI_TOO_LONG, validate_iscsi_volume_source
from kplan.kinds.podspec.options import PodValidationOptions
from kplan.kinds.podspec.projections import validate_key_to_path, validate_projected_volume_source
from kplan.kinds.podspec.values import validate_dns1123_label, validate_file_mode

PULL_POLICIES = ("Always", "IfNotPresent", "Never")
MORE_THAN_ONE = "may not specify more than 1 volume type"


def validate_pull_policy(policy: str, path: str) -> FieldErrors:
    """When an image is pulled."""
    if policy not in PULL_POLICIES:
        yield not_supported(path, typed(policy), PULL_POLICIES) if policy else required(path)


def _files(name_field: str) -> Callable[[Object, str], FieldErrors]:
    def validate(source: Object, path: str) -> FieldErrors:
        if not source.get(name_field):
            yield required(f"{path}.{name_field}")
        yield from validate_file_mode(source.get("defaultMode"), f"{path}.defaultMode")
        for i, item in enumerate(source.get("items") or ()):
            yield from validate_key_to_path(item, f"{path}.items[{i}]")

    return validate


validate_secret_volume_source = _files("secretName")
validate_config_map_volume_source = _files("name")


def validate_empty_dir_volume_source(source: Object, path: str) -> FieldErrors:
    """Room on the node."""
    limit = source.get("sizeLimit")
    if limit is not None and quantity.parse(limit).sign < 0:
        yield forbidden(f"{path}.sizeLimit", "SizeLimit field must be a valid resource quantity")


def validate_downward_api_volume_source(source: Object, path: str) -> FieldErrors:
    """A pod's own fields as files."""
    yield from validate_file_mode(source.get("defaultMode"), f"{path}.defaultMode")
    for file in source.get("items") or ():
        yield from validate_downward_api_volume_file(file, path)


def validate_ephemeral_volume_source(source: Object, path: str) -> FieldErrors:
    """A claim that is made with the pod."""
    template = source.get("volumeClaimTemplate")
    if template is None:
        yield required(f"{path}.volumeClaimTemplate")
        return
    yield from validate_claim_template(template, f"{path}.volumeClaimTemplate")


def validate_with_options(_source: Object, _path: str) -> Iterable[FieldError]:
    """Sources whose rules depend on options: `validate_volume_source` has them."""
    return ()


Validate = Callable[[Object, str], Iterable[FieldError]]

# source -> (how a second source is reported, how its own fields are), in the order in which they are tried
SOURCES: dict[str, tuple[str, str, Validate]] = {
    "emptyDir": ("emptyDir", "emptyDir", validate_empty_dir_volume_source),
    "hostPath": ("hostPath", "hostPath", sources.validate_host_path_volume_source),
    "gitRepo": ("gitRepo", "gitRepo", sources.validate_git_repo_volume_source),
    "gcePersistentDisk": ("gcePersistentDisk", "persistentDisk", sources.validate_gce_persistent_disk_volume_source),
    "awsElasticBlockStore": ("awsElasticBlockStore", "awsElasticBlockStore", sources.validate_aws_elastic_block_store_volume_source),
    "secret": ("secret", "secret", validate_secret_volume_source),
    "nfs": ("nfs", "nfs", sources.validate_nfs_volume_source),
    "iscsi": ("iscsi", "iscsi", validate_iscsi_volume_source),
    "glusterfs": ("glusterfs", "glusterfs", sources.validate_glusterfs_volume_source),
    "flocker": ("flocker", "flocker", sources.validate_flocker_volume_source),
    "persistentVolumeClaim": ("persistentVolumeClaim", "persistentVolumeClaim", sources.validate_persistent_volume_claim_volume_source),
    "rbd": ("rbd", "rbd", sources.validate_rbd_volume_source),
    "cinder": ("cinder", "cinder", sources.validate_cinder_volume_source),
    "cephfs": ("cephFS", "cephfs", sources.validate_cephfs_volume_source),
    "quobyte": ("quobyte", "quobyte", sources.validate_quobyte_volume_source),
    "downwardAPI": ("downwarAPI", "downwardAPI", validate_downward_api_volume_source),
    "fc": ("fc", "fc", sources.validate_fc_volume_source),
    "flexVolume": ("flexVolume", "flexVolume", sources.validate_flex_volume_source),
    "configMap": ("configMap", "configMap", validate_config_map_volume_source),
    "azureFile": ("azureFile", "azureFile", sources.validate_azure_file),
    "vsphereVolume": ("vsphereVolume", "vsphereVolume", sources.validate_vsphere_volume_source),
    "photonPersistentDisk": ("photonPersistentDisk", "photonPersistentDisk", sources.validate_photon_persistent_disk_volume_source),
    "portworxVolume": ("portworxVolume", "portworxVolume", sources.validate_portworx_volume_source),
    "azureDisk": ("azureDisk", "azureDisk", sources.validate_azure_disk),
    "storageos": ("storageos", "storageos", sources.validate_storageos_volume_source),
    "projected": ("projected", "projected", validate_with_options),
    "scaleIO": ("scaleIO", "scaleIO", sources.validate_scaleio_volume_source),
    "csi": ("csi", "csi", sources.validate_csi_volume_source),
    "ephemeral": ("ephemeral", "ephemeral", validate_ephemeral_volume_source),
    "image": ("image", "image", validate_with_options),
}


def validate_volume_source(volume: Object, pod_name: str, path: str, options: PodValidationOptions) -> FieldErrors:
    """What a volume is. It must be one thing only: the first in upstream's order counts, each further one is reported."""
    found = [key for key in volume if key in SOURCES]
    if not found:
        yield required(path, "must specify a volume type")
        return
    if len(found) > 1:
        found = [key for key in SOURCES if key in volume]
    name = volume.get("name", "")
    for i, key in enumerate(found):
        forbidden_name, field, validate = SOURCES[key]
        source = volume[key]
        if i:
            yield forbidden(f"{path}.{forbidden_name}", MORE_THAN_ONE)
        elif key == "projected":
            yield from validate_projected_volume_source(source, f"{path}.projected", options)
        elif key == "image":
            if options.resource_is_pod and not source.get("reference"):
                yield required(f"{path}.image.reference")
            yield from validate_pull_policy(source.get("pullPolicy", ""), f"{path}.image.pullPolicy")
        else:
            yield from validate(source, f"{path}.{field}")
        if key == "iscsi" and source.get("initiatorName") is not None and len(f"{name}:{source.get('targetPortal', '')}".encode()) > 64:
            yield invalid(f"{path}.name", name, ISCSI_TOO_LONG)
        if key == "ephemeral" and not i and pod_name and name:
            claim = f"{pod_name}-{name}"
            for message in names.name_is_dns_subdomain(claim, False):
                yield invalid(f"{path}.name", name, f"PVC name {go_quote(claim)}: {message}")


def validate_volumes(volumes: list[Object], meta: Object | None, path: str, options: PodValidationOptions, valid: dict[str, Object]) -> FieldErrors:
    """All volumes of a pod. Those without an error are put into `valid` by name, for the mounts to be checked against."""
    pod_name = (meta or {}).get("name") or ""
    created = {f"{pod_name}-{v.get('name', '')}" for v in volumes if "ephemeral" in v} if pod_name else set()
    for i, volume in enumerate(volumes):
        name = volume.get("name", "")
        at = f"{path}[{i}]"
        errors = list(validate_volume_source(volume, pod_name, at, options))
        if not name:
            errors.append(required(f"{at}.name"))
        else:
            errors.extend(validate_dns1123_label(name, f"{at}.name"))
        if name in valid:
            errors.append(duplicate(f"{at}.name", name))
        if errors:
            yield from errors
        else:
            valid[name] = volume
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName", "")
        if created and claim in created:
            yield invalid(f"{at}.persistentVolumeClaim.claimName", claim, "must not reference a PVC that gets created for an ephemeral volume")
