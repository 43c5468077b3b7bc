"""Admission plugins, one module each. `PLUGINS` has the server's order.

Upstream: pkg/kubeapiserver/options/plugins.go; those that a server has by default and whose work can be seen without
nodes' credentials or webhooks.
"""

from __future__ import annotations

from kplan.admission.certificate_subject_restriction import CertificateSubjectRestriction
from kplan.admission.default_ingress_class import DefaultIngressClass
from kplan.admission.default_storage_class import DefaultStorageClass
from kplan.admission.default_toleration_seconds import DefaultTolerationSeconds
from kplan.admission.limit_ranger import LimitRanger
from kplan.admission.mutatingadmissionpolicy import MutatingAdmissionPolicy
from kplan.admission.namespace_lifecycle import NamespaceLifecycle
from kplan.admission.persistent_volume_claim_resize import PersistentVolumeClaimResize
from kplan.admission.pod_resize import PodResizeValidator
from kplan.admission.pod_security import PodSecurity
from kplan.admission.pod_topology_labels import PodTopologyLabels
from kplan.admission.priority import Priority
from kplan.admission.request import ADMIN, Plugin, Request, User, admit
from kplan.admission.resource_quota import ResourceQuota
from kplan.admission.runtime_class import RuntimeClass
from kplan.admission.service_account import ServiceAccount
from kplan.admission.storage_object_in_use_protection import StorageObjectInUseProtection
from kplan.admission.taint_nodes_by_condition import TaintNodesByCondition
from kplan.admission.validatingadmissionpolicy import ValidatingAdmissionPolicy

PLUGINS: tuple[Plugin, ...] = (
    NamespaceLifecycle(),
    LimitRanger(),
    ServiceAccount(),
    TaintNodesByCondition(),
    PodSecurity(),
    Priority(),
    DefaultTolerationSeconds(),
    DefaultStorageClass(),
    StorageObjectInUseProtection(),
    PersistentVolumeClaimResize(),
    RuntimeClass(),
    CertificateSubjectRestriction(),
    DefaultIngressClass(),
    PodTopologyLabels(),
    PodResizeValidator(),
    MutatingAdmissionPolicy(),
    ValidatingAdmissionPolicy(),
    ResourceQuota(),
)

__all__ = ["ADMIN", "PLUGINS", "Plugin", "Request", "User", "admit"]
