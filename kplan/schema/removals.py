"""APIs that went away: since when deprecated, since when gone, what took their place.

Upstream: the APILifecycle* methods of staging/src/k8s.io/api and the deprecated API migration guide. What was removed before the
oldest schemas is stated here in full; later removals of kinds that are not listed follow from the schemas.
"""

from __future__ import annotations

from typing import NamedTuple

from kplan.schema.bundle import CURRENT, kinds_table, versions
from kplan.schema.resources import lookup

BEFORE_SCHEMAS = "1.24"


class Removal(NamedTuple):
    """The life of an API. `replacement` is an apiVersion (empty: nothing takes its place); versions as `1.25`, empty: unknown or none."""

    api_version: str
    kind: str
    deprecated_in: str
    removed_in: str
    replacement: str

    @property
    def message(self) -> str:
        """The server's deprecation warning."""
        text = f"{self.api_version} {self.kind} is deprecated in v{self.deprecated_in}+"
        if self.removed_in:
            text += f", unavailable in v{self.removed_in}+"
        return text + (f"; use {self.replacement} {self.replacement_kind}" if self.replacement else "")

    @property
    def replacement_kind(self) -> str:
        """The kind in the replacing API, which is seldom called otherwise."""
        return "EndpointSlice" if self.kind == "Endpoints" else self.kind


_LIVES = (
    # apiVersion, kinds, deprecated in, removed in, replacement
    ("extensions/v1beta1", "Deployment DaemonSet ReplicaSet", "1.8", "1.16", "apps/v1"),
    ("extensions/v1beta1", "NetworkPolicy", "1.9", "1.16", "networking.k8s.io/v1"),
    ("extensions/v1beta1", "PodSecurityPolicy", "1.11", "1.16", ""),
    ("extensions/v1beta1", "Ingress", "1.14", "1.22", "networking.k8s.io/v1"),
    ("apps/v1beta1", "Deployment StatefulSet ControllerRevision", "1.8", "1.16", "apps/v1"),
    ("apps/v1beta2", "Deployment DaemonSet ReplicaSet StatefulSet ControllerRevision", "1.9", "1.16", "apps/v1"),
    ("networking.k8s.io/v1beta1", "Ingress", "1.19", "1.22", "networking.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", "IngressClass", "1.19", "1.22", "networking.k8s.io/v1"),
    (
        "admissionregistration.k8s.io/v1beta1",
        "MutatingWebhookConfiguration ValidatingWebhookConfiguration",
        "1.16",
        "1.22",
        "admissionregistration.k8s.io/v1",
    ),
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", "1.16", "1.22", "apiextensions.k8s.io/v1"),
    ("apiregistration.k8s.io/v1beta1", "APIService", "1.19", "1.22", "apiregistration.k8s.io/v1"),
    ("authentication.k8s.io/v1beta1", "TokenReview", "1.19", "1.22", "authentication.k8s.io/v1"),
    (
        "authorization.k8s.io/v1beta1",
        "LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview",
        "1.19",
        "1.22",
        "authorization.k8s.io/v1",
    ),
    ("certificates.k8s.io/v1beta1", "CertificateSigningRequest", "1.19", "1.22", "certificates.k8s.io/v1"),
    ("coordination.k8s.io/v1beta1", "Lease", "1.19", "1.22", "coordination.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRole ClusterRoleBinding Role RoleBinding", "1.17", "1.22", "rbac.authorization.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1alpha1", "ClusterRole ClusterRoleBinding Role RoleBinding", "1.17", "1.22", "rbac.authorization.k8s.io/v1"),
    ("scheduling.k8s.io/v1beta1", "PriorityClass", "1.14", "1.22", "scheduling.k8s.io/v1"),
    ("scheduling.k8s.io/v1alpha1", "PriorityClass", "1.14", "1.22", "scheduling.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "CSIDriver CSINode StorageClass VolumeAttachment", "1.19", "1.22", "storage.k8s.io/v1"),
    ("batch/v1beta1", "CronJob", "1.21", "1.25", "batch/v1"),
    ("discovery.k8s.io/v1beta1", "EndpointSlice", "1.21", "1.25", "discovery.k8s.io/v1"),
    ("events.k8s.io/v1beta1", "Event", "1.19", "1.25", "events.k8s.io/v1"),
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler", "1.22", "1.25", "autoscaling/v2"),
    ("policy/v1beta1", "PodDisruptionBudget", "1.21", "1.25", "policy/v1"),
    ("policy/v1beta1", "PodSecurityPolicy", "1.21", "1.25", ""),
    ("node.k8s.io/v1beta1", "RuntimeClass", "1.22", "1.25", "node.k8s.io/v1"),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler", "1.23", "1.26", "autoscaling/v2"),
    ("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema PriorityLevelConfiguration", "1.23", "1.26", "flowcontrol.apiserver.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "CSIStorageCapacity", "1.24", "1.27", "storage.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta2", "FlowSchema PriorityLevelConfiguration", "1.26", "1.29", "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema PriorityLevelConfiguration", "1.29", "1.32", "flowcontrol.apiserver.k8s.io/v1"),
    ("v1", "ComponentStatus", "1.19", "", ""),
    ("v1", "Endpoints", "1.33", "", "discovery.k8s.io/v1"),
)

LIVES = {(api, kind): Removal(api, kind, since, gone, instead) for api, kinds, since, gone, instead in _LIVES for kind in kinds.split()}
"""Every API whose end is stated, by apiVersion and kind."""


def removed(api_version: str, kind: str, version: str = CURRENT) -> Removal | None:
    """What became of an API that a version has no more; None where it has it, does not have it yet, or nobody ever had it."""
    life = LIVES.get((api_version, kind))
    if life is not None:
        return life if life.removed_in and _number(life.removed_in) <= _number(version) else None
    entry = kinds_table()["kinds"].get(f"{api_version} {kind}")
    if entry is None or version in entry["versions"]:
        return None
    last = entry["versions"][-1]
    if _number(last) > _number(version):
        return None
    gone = next((v for v in versions() if _number(v) > _number(last)), "")
    return Removal(api_version, kind, "", gone, _successor(api_version, kind, version))


def deprecated(api_version: str, kind: str, version: str = CURRENT) -> Removal | None:
    """The life of an API that a version still has and warns of; None where it does not."""
    life = LIVES.get((api_version, kind))
    if life is None or _number(version) < _number(life.deprecated_in):
        return None
    return None if life.removed_in and _number(life.removed_in) <= _number(version) else life


def _successor(api_version: str, kind: str, version: str) -> str:
    """The stablest version in the same group that has the kind now."""
    group = api_version.rpartition("/")[0]
    same = [name.partition(" ")[0] for name in kinds_table()["kinds"] if name.endswith(f" {kind}")]
    left = [api for api in same if api.rpartition("/")[0] == group and lookup(version, api, kind)]
    return min(left, key=lambda api: (not lookup(version, api, kind).served, -len(api)), default="")  # type: ignore[union-attr]


def _number(version: str) -> tuple[int, ...]:
    """`1.36` as something that can be compared."""
    return tuple(int(part) for part in version.split("."))
