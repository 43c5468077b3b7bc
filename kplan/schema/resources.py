"""Which kinds each Kubernetes version has, how their resources are called, which were removed.

Definitions come from the schemas; plurals, scopes and what a default server leaves switched off are stated here.
Upstream: the storage providers in pkg/registry/*/rest, pkg/controlplane/instance.go for the defaults.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from kplan.schema.bundle import CURRENT, kinds_table

CLUSTER_SCOPED = frozenset(
    {
        *("Namespace", "Node", "PersistentVolume", "ComponentStatus"),
        *("MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration"),
        *("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration"),
        *("CustomResourceDefinition", "APIService", "StorageVersion", "StorageVersionMigration"),
        *("SelfSubjectReview", "TokenReview", "SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"),
        *("CertificateSigningRequest", "ClusterTrustBundle", "FlowSchema", "PriorityLevelConfiguration"),
        *("ClusterCIDR", "IPAddress", "IngressClass", "ServiceCIDR", "RuntimeClass", "ClusterRole", "ClusterRoleBinding"),
        *("DeviceClass", "DeviceTaintRule", "ResourceClass", "ResourceSlice", "ResourcePoolStatusRequest"),
        *("PriorityClass", "PodSecurityPolicy", "CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"),
    }
)
"""Kinds without a namespace. No kind's name is cluster-scoped in one group and namespaced in another."""

NOT_RESOURCES = frozenset({"APIGroup", "APIVersions", "Status", "Scale", "TokenRequest", "DeleteOptions", "WatchEvent"})
"""What the schemas list as kinds and no endpoint creates by its own name. An Eviction is a subresource only in group policy."""

BETA_BY_DEFAULT = frozenset(
    {
        "autoscaling/v2beta2",
        "flowcontrol.apiserver.k8s.io/v1beta1",
        "flowcontrol.apiserver.k8s.io/v1beta2",
        "flowcontrol.apiserver.k8s.io/v1beta3",
        "storage.k8s.io/v1beta1 CSIStorageCapacity",
        "networking.k8s.io/v1beta1 Ingress",
        "policy/v1beta1",
        "batch/v1beta1",
    }
)
"""Beta APIs from before 1.24, which servers have switched on; later ones must be asked for with --runtime-config."""

SINGULAR_IS_PLURAL = {"Endpoints": "endpoints"}


class KindInfo(NamedTuple):
    """A kind that a version has. `definition` is its OpenAPI name; `served`: a server has it switched on by default."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool
    served: bool
    definition: str

    @property
    def group(self) -> str:
        """`apps`; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def version(self) -> str:
        """`v1`."""
        return self.api_version.rpartition("/")[2]


def plural_of(kind: str) -> str:
    """The resource's name, as upstream spells every built-in one: lower case, English plural."""
    name = kind.lower()
    if kind in SINGULAR_IS_PLURAL:
        return SINGULAR_IS_PLURAL[kind]
    if name.endswith(("s", "x", "ch", "sh")):
        return name + "es"
    if name.endswith("y") and name[-2] not in "aeiou":
        return name[:-1] + "ies"
    return name + "s"


@cache
def lookup(version: str, api_version: str, kind: str) -> KindInfo | None:
    """A kind as a Kubernetes version has it; None where it has no such kind."""
    entry = kinds_table()["kinds"].get(f"{api_version} {kind}")
    if entry is None or version not in entry["versions"] or not _is_resource(api_version, kind):
        return None
    return KindInfo(api_version, kind, plural_of(kind), kind not in CLUSTER_SCOPED, _served(api_version, kind), entry["definition"])


@cache
def kinds(version: str = CURRENT) -> tuple[KindInfo, ...]:
    """All kinds of a version, by group, version and name; also those that a server has switched off by default."""
    found = (lookup(version, *name.split(" ")) for name in kinds_table()["kinds"])
    return tuple(sorted((k for k in found if k is not None), key=lambda k: (k.group, k.version, k.kind)))


@cache
def versions_of(kind: str, version: str = CURRENT) -> tuple[KindInfo, ...]:
    """Every group and version in which a Kubernetes version has a kind of this name, the served ones first."""
    return tuple(sorted((k for k in kinds(version) if k.kind == kind), key=lambda k: (not k.served, k.group, k.version)))


def _is_resource(api_version: str, kind: str) -> bool:
    """Whether objects of the kind are created under a name of their own (not lists, options, subresources)."""
    if kind.endswith("List") or kind in NOT_RESOURCES:
        return False
    return not (kind == "Eviction" and api_version.startswith("policy/"))


def _served(api_version: str, kind: str) -> bool:
    """Whether a server has it switched on by default."""
    version = api_version.rpartition("/")[2]
    if "alpha" in version:
        return False
    return "beta" not in version or api_version in BETA_BY_DEFAULT or f"{api_version} {kind}" in BETA_BY_DEFAULT
