"""Claims for devices: made from templates, allocated with their pod, given back and deleted when it is done."""

from __future__ import annotations

from typing import Any

import kplan

Object = dict[str, Any]
CLASS = {
    "apiVersion": "resource.k8s.io/v1",
    "kind": "DeviceClass",
    "metadata": {"name": "gpu"},
    "spec": {"selectors": [{"cel": {"expression": "device.driver == 'gpu.example.com'"}}]},
}
REQUESTS = {"devices": {"requests": [{"name": "r", "exactly": {"deviceClassName": "gpu"}}]}}
FINALIZER = "resource.kubernetes.io/delete-protection"


def devices(count: int) -> Object:
    spec = {"driver": "gpu.example.com", "nodeName": "n1", "pool": {"name": "n1", "generation": 1, "resourceSliceCount": 1}}
    spec["devices"] = [{"name": f"g{i}"} for i in range(count)]
    return {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceSlice", "metadata": {"name": "n1"}, "spec": spec}


def template() -> Object:
    spec = {"metadata": {"labels": {"team": "a"}}, "spec": REQUESTS}
    return {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaimTemplate", "metadata": {"name": "one"}, "spec": spec}


def claim(name: str) -> Object:
    return {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim", "metadata": {"name": name}, "spec": REQUESTS}


def pod(name: str, outcome: str = "Running", source: Object | None = None, **spec: Any) -> Object:
    spec |= {"resourceClaims": [{"name": "gpu", **(source or {"resourceClaimTemplateName": "one"})}], "restartPolicy": "Never"}
    spec["containers"] = [{"name": "c", "image": "i:1", "resources": {"claims": [{"name": "gpu"}]}}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "annotations": {"kplan.dev/outcome": outcome}}, "spec": spec}


def cluster(*objects: Object) -> kplan.Cluster:
    room = {"cpu": "8", "memory": "16Gi", "pods": "110"}
    made = kplan.Cluster()
    made.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}, "spec": {}, "status": {"capacity": room, "allocatable": room}})
    made.run(quiet=0.3)
    for obj in objects:
        answer = made.create(obj)
        assert answer.accepted, answer.message
        assert made.run(quiet=0.3).converged
    made.run(quiet=20)
    return made


def claims(made: kplan.Cluster) -> list[Object]:
    return made.objects("ResourceClaim")


def phases(made: kplan.Cluster) -> dict[str, str]:
    return {p["metadata"]["name"]: p["status"]["phase"] for p in made.objects("Pod")}


def test_a_pod_gets_a_claim_from_its_template_and_a_device() -> None:
    made = cluster(CLASS, devices(1), template(), pod("p"))
    (held,) = claims(made)
    name = held["metadata"]["name"]
    assert name.startswith("p-gpu-") and held["metadata"]["labels"] == {"team": "a"}
    assert held["metadata"]["annotations"] == {"resource.kubernetes.io/pod-claim-name": "gpu"}
    assert held["metadata"]["finalizers"] == [FINALIZER]
    assert held["status"]["allocation"]["devices"]["results"][0]["device"] == "g0"
    (running,) = made.objects("Pod")
    assert running["status"]["resourceClaimStatuses"] == [{"name": "gpu", "resourceClaimName": name}]
    assert phases(made) == {"p": "Running"}


def test_without_its_template_a_pod_waits_and_is_told_of() -> None:
    made = cluster(CLASS, devices(1), pod("p"))
    assert phases(made) == {"p": "Pending"} and not claims(made)
    why = 'PodResourceClaim gpu: resource claim template "one": resourceclaimtemplate.resource.k8s.io "one" not found'
    assert why in {e["message"] for e in made.events() if e["reason"] == "FailedResourceClaimCreation"}
    made.create(template())
    made.run(quiet=20)
    assert phases(made) == {"p": "Running"}


def test_a_claim_of_the_user_is_waited_for() -> None:
    made = cluster(CLASS, devices(1), pod("p", source={"resourceClaimName": "mine"}))
    assert phases(made) == {"p": "Pending"}
    made.create(claim("mine"))
    made.run(quiet=20)
    assert phases(made) == {"p": "Running"}


def test_who_is_done_gives_back_and_the_next_can_run() -> None:
    made = cluster(CLASS, devices(1), template(), pod("first"), pod("second"))
    assert phases(made) == {"first": "Running", "second": "Pending"}
    made.patch({"apiVersion": "v1", "kind": "Pod", "name": "first"}, {"metadata": {"annotations": {"kplan.dev/outcome": "Succeeded"}}}, type="merge")
    made.run(quiet=20)
    assert phases(made) == {"first": "Succeeded", "second": "Running"}
    assert [c["metadata"]["ownerReferences"][0]["name"] for c in claims(made)] == ["second"]


def test_a_claim_of_the_user_outlives_its_pods() -> None:
    made = cluster(CLASS, devices(1), claim("mine"), pod("p", source={"resourceClaimName": "mine"}))
    made.delete({"apiVersion": "v1", "kind": "Pod", "name": "p"})
    made.run()
    (kept,) = claims(made)
    assert not kept.get("status") and "finalizers" not in kept["metadata"]


def test_claims_go_with_their_pods() -> None:
    made = cluster(CLASS, devices(1), template(), pod("p"))
    made.delete({"apiVersion": "v1", "kind": "Pod", "name": "p"})
    assert made.run().converged
    assert not claims(made)


def test_an_allocated_claim_is_reserved_for_a_pod_that_was_bound_otherwise() -> None:
    source = {"resourceClaimName": "mine"}
    made = cluster(CLASS, devices(1), claim("mine"), pod("p", source=source), pod("bound", source=source, nodeName="n1"))
    (held,) = claims(made)
    assert [u["name"] for u in held["status"]["reservedFor"]] == ["p", "bound"]


def test_long_names_are_cut_in_proportion() -> None:
    made = cluster(CLASS, devices(1), template(), pod("p" * 60))
    (held,) = claims(made)
    assert held["metadata"]["generateName"] == "p" * 52 + "-" + "gp"
