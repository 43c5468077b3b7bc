"""The volume plugins that kube-controller-manager still carries, and the CSI drivers that took over from the others.

Upstream: pkg/volume/plugins.go, pkg/volume/csimigration, staging/src/k8s.io/csi-translation-lib, and the plugins' own folders. Leaves out
what would touch storage: a deletion under /tmp succeeds.
"""

from __future__ import annotations

from kplan.api.objects import Object

PREFIX = "kubernetes.io/"
HOST_PATH = "kubernetes.io/host-path"
CONTROLLER_PLUGINS = {
    "hostPath": HOST_PATH,
    "nfs": "kubernetes.io/nfs",
    "local": "kubernetes.io/local-volume",
    "csi": "kubernetes.io/csi",
}
"""Source of a volume -> name, of the plugins that the binder knows. Only host-path provisions and deletes."""

RECYCLABLE = ("hostPath", "nfs")
DRIVERS = {
    "kubernetes.io/aws-ebs": "ebs.csi.aws.com",
    "kubernetes.io/azure-disk": "disk.csi.azure.com",
    "kubernetes.io/azure-file": "file.csi.azure.com",
    "kubernetes.io/cinder": "cinder.csi.openstack.org",
    "kubernetes.io/gce-pd": "pd.csi.storage.gke.io",
    "kubernetes.io/portworx-volume": "pxd.portworx.com",
    "kubernetes.io/vsphere-volume": "csi.vsphere.vmware.com",
}
"""Plugins that are no more -> the CSI drivers that do their work."""

MIGRATED_SOURCES = {
    "awsElasticBlockStore": "kubernetes.io/aws-ebs",
    "azureDisk": "kubernetes.io/azure-disk",
    "azureFile": "kubernetes.io/azure-file",
    "cinder": "kubernetes.io/cinder",
    "gcePersistentDisk": "kubernetes.io/gce-pd",
    "portworxVolume": "kubernetes.io/portworx-volume",
    "vsphereVolume": "kubernetes.io/vsphere-volume",
}


class PluginError(Exception):
    """No plugin does what is asked; the text is upstream's."""


def source_of(volume: Object) -> str:
    """The field of a volume's spec that says where it is; empty where it is none that a plugin knows."""
    return next((s for s in (*CONTROLLER_PLUGINS, *MIGRATED_SOURCES, "flexVolume") if s in volume["spec"]), "")


def migrated_plugin(volume: Object) -> str:
    """The plugin of a volume that a CSI driver serves now, or the empty string."""
    return MIGRATED_SOURCES.get(source_of(volume), "")


def _named(name: str) -> str:
    if name not in CONTROLLER_PLUGINS.values():
        raise PluginError(f"no volume plugin matched name: {name}")
    return name


def provisionable(provisioner: str) -> str:
    """The plugin that provisions for a class, empty where somebody outside does.   Upstream: findProvisionablePlugin."""
    if provisioner in DRIVERS or not provisioner.startswith(PREFIX):
        return ""
    if _named(provisioner) != HOST_PATH:
        raise PluginError("no provisionable volume plugin matched")
    return provisioner


def deletable(volume: Object, provisioned_by: str, migrated_to: bool) -> str:
    """The plugin that deletes a volume, empty where somebody outside does.   Upstream: findDeletablePlugin."""
    if provisioned_by:
        if not provisioned_by.startswith(PREFIX):
            return ""
        if _named(provisioned_by) != HOST_PATH:
            raise PluginError("no deletable volume plugin matched")
        return provisioned_by
    source = source_of(volume)
    if migrated_to or source == "csi":
        return ""
    if source != "hostPath":
        why = "no deletable volume plugin matched" if source in CONTROLLER_PLUGINS else "no volume plugin matched"
        raise PluginError(f'error getting deleter volume plugin for volume "{volume["metadata"]["name"]}": {why}')
    return HOST_PATH


def delete_host_path(volume: Object) -> None:
    """The host-path plugin at work: it removes what is under /tmp and nothing else."""
    source = volume["spec"].get("hostPath")
    if source is None:
        name = volume["metadata"]["name"]
        raise PluginError(f'failed to create deleter for volume "{name}": spec.PersistentVolumeSource.HostPath is nil')
    path = source["path"]
    _, found, rest = path.partition("/tmp/")
    if not found or not rest:
        raise PluginError(f"host_path deleter only supports /tmp/.+ but received provided {path}")
