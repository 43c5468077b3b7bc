"""What admission makes of everything but pods."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from admission_cases import FakeReader, kind_of, make

from kplan.admission import PLUGINS, Request
from kplan.admission.certificate_subject_restriction import CertificateSubjectRestriction, organizations
from kplan.admission.default_ingress_class import DefaultIngressClass
from kplan.admission.default_storage_class import DefaultStorageClass
from kplan.admission.namespace_lifecycle import NamespaceLifecycle
from kplan.admission.persistent_volume_claim_resize import PersistentVolumeClaimResize
from kplan.admission.storage_object_in_use_protection import StorageObjectInUseProtection
from kplan.admission.taint_nodes_by_condition import TaintNodesByCondition
from kplan.api.status import StatusError

Ask = Callable[..., Request]
Refusal = Callable[..., str]
DEFAULT_STORAGE = {"storageclass.kubernetes.io/is-default-class": "true"}


def test_order_of_the_server() -> None:
    assert [p.name for p in PLUGINS][:4] == ["NamespaceLifecycle", "LimitRanger", "ServiceAccount", "TaintNodesByCondition"]
    assert PLUGINS[-1].name == "ResourceQuota"
    assert len({p.name for p in PLUGINS}) == len(PLUGINS)


def test_namespace_must_be_there(refusal: Refusal) -> None:
    assert refusal(NamespaceLifecycle(), make("ConfigMap")) == 'namespaces "ns" not found'
    active = make("Namespace", "ns", namespace="", status={"phase": "Active"})
    assert refusal(NamespaceLifecycle(), make("ConfigMap"), active) == ""
    ending = make("Namespace", "ns", namespace="", status={"phase": "Terminating"})
    assert refusal(NamespaceLifecycle(), make("ConfigMap"), ending).endswith(
        "unable to create new content in namespace ns because it is being terminated"
    )
    assert refusal(NamespaceLifecycle(), make("ConfigMap"), ending, old=make("ConfigMap")) == ""


def test_default_namespace_stays() -> None:
    namespace = make("Namespace", "default", namespace="")
    request = Request(operation="DELETE", kind=kind_of(namespace), namespace="default", name="default", object=None, old=namespace)
    with pytest.raises(StatusError) as caught:
        NamespaceLifecycle().admit(request, FakeReader([namespace]))
    assert caught.value.status.message == 'namespaces "default" is forbidden: this namespace may not be deleted'


def test_new_nodes_are_not_ready(ask: Ask) -> None:
    taint = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
    assert ask(TaintNodesByCondition(), make("Node", namespace="", spec={})).object["spec"]["taints"] == [taint]  # type: ignore[index]
    assert ask(TaintNodesByCondition(), make("Node", namespace="", spec={"taints": [taint]})).object["spec"]["taints"] == [taint]  # type: ignore[index]


def test_default_storage_class_is_the_newest(ask: Ask) -> None:
    classes = [
        make("StorageClass", name, "storage.k8s.io/v1", "", annotations=DEFAULT_STORAGE, creationTimestamp=time)
        for name, time in (("a", "2026-01-01T00:00:00Z"), ("c", "2026-01-02T00:00:00Z"), ("b", "2026-01-02T00:00:00Z"))
    ]
    claim = ask(DefaultStorageClass(), make("PersistentVolumeClaim", spec={}), *classes).object
    assert claim["spec"] == {"storageClassName": "b"}  # type: ignore[index]
    assert ask(DefaultStorageClass(), make("PersistentVolumeClaim", spec={"storageClassName": ""}), *classes).object["spec"] == {"storageClassName": ""}  # type: ignore[index]


def test_default_ingress_class(ask: Ask) -> None:
    main = make("IngressClass", "main", "networking.k8s.io/v1", "", annotations={"ingressclass.kubernetes.io/is-default-class": "true"})
    bare = make("Ingress", api_version="networking.k8s.io/v1", spec={})
    assert ask(DefaultIngressClass(), bare, main).object["spec"] == {"ingressClassName": "main"}  # type: ignore[index]
    old = make("Ingress", api_version="networking.k8s.io/v1", spec={}, annotations={"kubernetes.io/ingress.class": "x"})
    assert ask(DefaultIngressClass(), old, main).object["spec"] == {}  # type: ignore[index]


def test_volumes_in_use_are_protected(ask: Ask) -> None:
    assert ask(StorageObjectInUseProtection(), make("PersistentVolume", namespace="")).object["metadata"]["finalizers"] == ["kubernetes.io/pv-protection"]  # type: ignore[index]
    assert "finalizers" not in ask(StorageObjectInUseProtection(), make("ConfigMap")).object["metadata"]  # type: ignore[index]


def test_claims_grow_only_where_the_class_allows(refusal: Refusal) -> None:
    def claim(size: str, phase: str = "Bound") -> dict[str, object]:
        return make(
            "PersistentVolumeClaim", spec={"storageClassName": "s", "resources": {"requests": {"storage": size}}}, status={"phase": phase}
        )

    def storage(allow: bool) -> dict[str, object]:
        return make("StorageClass", "s", "storage.k8s.io/v1", "", allowVolumeExpansion=allow)

    plugin = PersistentVolumeClaimResize()
    assert refusal(plugin, claim("2Gi"), storage(True), old=claim("1Gi")) == ""
    assert refusal(plugin, claim("1Gi"), storage(False), old=claim("2Gi")) == ""
    assert refusal(plugin, claim("2Gi"), storage(False), old=claim("1Gi")).endswith("the storageclass that provisions the pvc must support resize")
    assert refusal(plugin, claim("2Gi"), storage(True), old=claim("1Gi", "Pending")).endswith("Only bound persistent volume claims can be expanded")


MASTERS = (
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIeE1JR1hBZ0VBTURVeERUQUxCZ05WQkFvTUJIUmxZVzB4RnpBVkJnTlZCQW9NRG5ONWMz"
    "UmxiVHB0WVhOMApaWEp6TVFzd0NRWURWUVFEREFKdFpUQlpNQk1HQnlxR1NNNDlBZ0VHQ0NxR1NNNDlBd0VIQTBJQUJESFJnZVd5CkxwVjM2RERhTXhBajg2"
    "SExXdzVYTkx4WkpVR2loN0toam15LzV2L3RieWJhMHFCTUxCeDFwWWZoUnk4Vk1EK2oKSFJwZHhtQUV2MkJsTGhDZ0FEQUtCZ2dxaGtqT1BRUURBZ05KQURC"
    "R0FpRUFyUDY0cytWS3Rsamt5aDZsRG5LbQpSbDMvOG9GZmxvNlNaU3NmTGtxTDhUZ0NJUUNNUSthZWhNcjV4aWNYeXZoU0Eray9nNkdKRDJHdWw2UUFIcUQ4"
    "CnpxdEhUQT09Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo="
)


def test_nobody_asks_for_masters(refusal: Refusal) -> None:
    def asking(signer: str, request: str) -> str:
        spec = {"signerName": signer, "request": request}
        return refusal(
            CertificateSubjectRestriction(), make("CertificateSigningRequest", "r", "certificates.k8s.io/v1", "", spec=spec)
        )

    client = "kubernetes.io/kube-apiserver-client"
    assert organizations(MASTERS) == ["team", "system:masters"]
    assert asking(client, MASTERS).endswith(f"use of {client} signer with system:masters group is not allowed")
    assert asking("example.com/other", MASTERS) == ""
    assert asking(client, "bm90aGluZw==") == ""
