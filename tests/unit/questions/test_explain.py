"""Why a pod is where it is, what would let it in, and what other objects say of themselves."""

from __future__ import annotations

import pytest
from questions import Object, cluster_of, meta, service, workload

from kplan.api.ref import Ref
from kplan.cluster import Cluster
from kplan.questions.explain import Explanation, explain
from kplan.questions.naming import UnknownError, named

WEB = Ref("apps", "Deployment", "default", "web")


def node(name: str, taints: list[Object] | None = None, unschedulable: bool = False, **labels: str) -> Object:
    room = {"cpu": "4", "memory": "8Gi", "pods": "10"}
    spec: Object = {"taints": taints} if taints else {}
    if unschedulable:
        spec["unschedulable"] = True
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **labels}},
        "spec": spec,
        "status": {"capacity": room, "allocatable": room},
    }


def asked(*objects: Object, ref: Ref = WEB) -> Explanation:
    return explain(cluster_of(*objects), ref)


def test_a_pod_that_has_its_node_shows_every_score() -> None:
    found = asked(node("a"), node("b"), workload("web"))
    assert found.ready
    assert found.taken
    assert found.decision is not None
    assert found.decision.chosen in ("a", "b")
    assert set(found.decision.nodes) == {"a", "b"}
    assert all(v.total == sum(v.scores.values()) for v in found.decision.nodes.values())
    assert found.remedies == ()


def test_the_smallest_shortfall_comes_first() -> None:
    filler = workload("filler", cpu="1500m", pod={"nodeSelector": {"kubernetes.io/hostname": "b"}})
    found = asked(node("a"), node("b"), filler, workload("web", 1, cpu="3"), workload("more", 1, cpu="3"), ref=Ref("apps", "Deployment", "default", "web"))
    other = asked(node("a"), node("b"), filler, workload("web", 1, cpu="3"), workload("more", 1, cpu="3"), ref=Ref("apps", "Deployment", "default", "more"))
    waiting = found if not found.ready else other
    assert waiting.standing == "0/1 ready"
    assert waiting.remedies == ("500m more cpu on b, or one more node like it",)


def test_a_pod_too_big_for_any_node_is_not_helped_by_another_node() -> None:
    found = asked(node("a"), workload("web", 1, cpu="6"))
    assert found.remedies == ("2 more cpu on a (an empty node like it is too small)",)


def test_a_toleration_is_advised_only_where_it_is_enough() -> None:
    taint = {"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}
    assert "a toleration for the taint dedicated=gpu:NoSchedule of a" in asked(node("a", [taint]), workload("web")).remedies
    assert not [r for r in asked(node("a", [taint]), workload("web", cpu="5")).remedies if "toleration" in r]
    two = asked(node("a", [taint, {"key": "x", "effect": "NoExecute"}]), workload("web"))
    assert "tolerations for the taints dedicated=gpu:NoSchedule and x:NoExecute of a" in two.remedies


def test_labels_and_cordons() -> None:
    found = asked(node("a", disk="hdd"), node("b"), workload("web", pod={"nodeSelector": {"disk": "ssd"}}))
    assert found.remedies == ("the label disk=ssd on a",)
    assert asked(node("a", unschedulable=True), workload("web")).remedies[-1] == "uncordon a"


def test_one_more_node_where_anti_affinity_has_filled_them() -> None:
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "web"}}}
    apart = {"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}
    assert asked(node("a"), workload("web", 2, pod=apart)).remedies == ("one more node like a",)


def test_gates_are_named() -> None:
    found = asked(node("a"), workload("web", pod={"schedulingGates": [{"name": "example.com/wait"}]}))
    assert found.remedies == ("remove the scheduling gate example.com/wait",)


def test_a_pod_that_does_not_start_says_why() -> None:
    found = asked(node("a"), workload("web", container={"envFrom": [{"configMapRef": {"name": "missing"}}]}))
    assert (found.ready, found.standing) == (False, "0/1 ready")
    assert any('configmap "missing" not found' in r for r in found.reasons)


def test_a_workload_whose_pods_are_refused_has_none_and_says_why() -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta("q"), "spec": {"hard": {"pods": "0"}}}
    found = asked(node("a"), quota, workload("web"))
    assert found.pod is None
    assert any("ReplicaFailure is True: FailedCreate" in r for r in found.reasons)
    assert any(e.startswith("Warning FailedCreate") for e in found.events)


def test_claims_tell_their_events() -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": "none", "resources": {"requests": {"storage": "1Gi"}}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta("c"), "spec": spec}
    known = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": meta("some"), "provisioner": "sim.kplan.dev/disk"}
    found = asked(claim, known, ref=Ref("", "PersistentVolumeClaim", "default", "c"))
    assert (found.ready, found.standing) == (False, "Pending")
    assert any("ProvisioningFailed" in e for e in found.events)


def test_services_and_ingresses_say_who_answers() -> None:
    web, front = workload("web"), service("web", "web")
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}
    ingress = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta("web"), "spec": {"rules": [{"http": {"paths": [path]}}]}}
    its, way = Ref("", "Service", "default", "web"), Ref("networking.k8s.io", "Ingress", "default", "web")
    assert (asked(web, front, ref=its).ready, asked(web, front, ref=its).standing) == (True, "1 ready endpoint")
    assert asked(web, front, ingress, ref=way).standing == "1 of 1 rules lead to ready pods"
    lost = service("web", "wbe")
    assert asked(web, lost, ref=its).reasons == ("port 80: no ready endpoints (no pod has the labels app=wbe)",)
    found = asked(web, lost, ingress, ref=way)
    assert not found.ready
    assert found.reasons == ("*/ → web:80: no endpoints (no pod has the labels app=wbe)",)


def world() -> Cluster:
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    return cluster_of(space, workload("web"), workload("web", namespace="shop"), workload("only", namespace="shop"))


def test_names_as_kubectl_reads_them() -> None:
    cluster = world()
    for text in ("deployment/web", "deploy/web", "deployments/web", "deployments.apps/web", "Deployment/web", "default/deploy/web"):
        assert named(cluster, text) == WEB
    assert named(cluster, "deployment/web", "shop").namespace == "shop"
    assert named(cluster, "shop/deployment/web").namespace == "shop"
    assert named(cluster, "deployment/only").namespace == "shop"
    assert named(cluster, "ns/shop") == Ref("", "Namespace", "", "shop")


@pytest.mark.parametrize(
    ("text", "namespace", "words"),
    [
        ("web", None, '"web" names no object'),
        ("thing/web", None, '"thing" is no kind'),
        ("deployment/none", None, "there is no deployment/none: there is web, only, web"),
        ("deployment/only", "default", "there is no deployment/only in namespace default: there is web"),
    ],
)
def test_names_of_nothing(text: str, namespace: str | None, words: str) -> None:
    with pytest.raises(UnknownError) as error:
        named(world(), text, namespace)
    assert str(error.value).startswith(words)
