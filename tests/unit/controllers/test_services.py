"""Endpoints, EndpointSlices, their hints and their mirrors."""

from __future__ import annotations

from typing import Any

import kplan


def node(name: str, zone: str = "", cpu: str = "8") -> dict[str, Any]:
    capacity = {"cpu": cpu, "memory": "32Gi", "pods": "300"}
    labels = {"kubernetes.io/hostname": name, **({"topology.kubernetes.io/zone": zone} if zone else {})}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}, "status": {"capacity": capacity, "allocatable": capacity}}


def pod(name: str, **spec: Any) -> dict[str, Any]:
    annotations = spec.pop("annotations", {})
    labels = spec.pop("labels", {"app": "web"})
    container = {"name": "c", "image": "i", "ports": [{"name": "http", "containerPort": spec.pop("port", 8080)}]}
    meta = {"name": name, "labels": labels, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [container], **spec}}


def service(name: str = "web", **spec: Any) -> dict[str, Any]:
    meta = {"name": name, "annotations": spec.pop("annotations", {})}
    ports = [{"port": 80, "targetPort": "http"}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"selector": {"app": "web"}, "ports": ports, **spec}}


def cluster(*objects: dict[str, Any]) -> kplan.Cluster:
    made = kplan.Cluster()
    for obj in objects:
        answer = made.create(obj)
        assert answer.accepted, answer.message
        made.run(quiet=0.3)
    made.run()
    return made


def slices(made: kplan.Cluster, name: str = "web") -> list[dict[str, Any]]:
    return [s for s in made.objects("EndpointSlice") if s["metadata"]["labels"]["kubernetes.io/service-name"] == name]


def endpoints(made: kplan.Cluster, name: str = "web") -> dict[str, Any]:
    found = made.get({"apiVersion": "v1", "kind": "Endpoints", "name": name})
    assert found is not None
    return found


def by_pod(made: kplan.Cluster) -> dict[str, dict[str, Any]]:
    return {e["targetRef"]["name"]: e for s in slices(made) for e in s.get("endpoints") or ()}


def test_named_ports_are_each_pods_own() -> None:
    made = cluster(node("n1"), service(), pod("a", port=8080), pod("b", port=9090), pod("c", port=8080))
    held = {s["ports"][0]["port"]: sorted(e["targetRef"]["name"] for e in s["endpoints"]) for s in slices(made)}
    assert held == {8080: ["a", "c"], 9090: ["b"]}
    assert [s["ports"][0]["port"] for s in endpoints(made)["subsets"]] == [8080, 9090]


def test_unready_pods_stand_apart() -> None:
    made = cluster(node("n1"), service(), pod("a"), pod("b", annotations={"kplan.dev/outcome": "NotReady"}))
    (subset,) = endpoints(made)["subsets"]
    assert [a["targetRef"]["name"] for a in subset["addresses"]] == ["a"]
    assert [a["targetRef"]["name"] for a in subset["notReadyAddresses"]] == ["b"]
    assert by_pod(made)["b"]["conditions"] == {"ready": False, "serving": False, "terminating": False}


def test_unready_pods_are_published_on_request() -> None:
    made = cluster(node("n1"), service(publishNotReadyAddresses=True), pod("b", annotations={"kplan.dev/outcome": "NotReady"}))
    assert by_pod(made)["b"]["conditions"] == {"ready": True, "serving": False, "terminating": False}
    assert "notReadyAddresses" not in endpoints(made)["subsets"][0]


def test_terminating_pods_serve_on_in_slices_alone() -> None:
    made = cluster(node("n1"), service(), pod("a", annotations={"kplan.dev/deletion": "hang"}))
    made.delete({"apiVersion": "v1", "kind": "Pod", "name": "a"})
    made.run()
    assert by_pod(made)["a"]["conditions"] == {"ready": False, "serving": True, "terminating": True}
    assert "subsets" not in endpoints(made)


def test_no_more_than_a_hundred_endpoints_stand_in_a_slice() -> None:
    made = cluster(node("n1"), service())
    for i in range(150):
        made.create(pod(f"p{i:03}"))
    made.run()
    sizes = [len(s["endpoints"]) for s in slices(made)]
    assert (len(sizes), sum(sizes), max(sizes) <= 100) == (2, 150, True)
    before = {s["metadata"]["name"] for s in slices(made)}
    made.delete({"apiVersion": "v1", "kind": "Pod", "name": "p000"})
    made.create(pod("q"))
    made.run()
    assert {s["metadata"]["name"] for s in slices(made)} == before
    assert len(by_pod(made)) == 150


def test_a_slice_keeps_its_name_when_the_ports_change() -> None:
    made = cluster(node("n1"), service(), pod("a"))
    (before,) = slices(made)
    made.apply(service(ports=[{"port": 80, "targetPort": 9999}]))
    made.run()
    (after,) = slices(made)
    assert after["metadata"]["name"] == before["metadata"]["name"]
    assert after["ports"] == [{"name": "", "protocol": "TCP", "port": 9999}]
    assert after["metadata"]["generation"] == before["metadata"]["generation"] + 1


def test_someone_elses_change_to_a_slice_is_put_right() -> None:
    made = cluster(node("n1"), service(), pod("a"))
    (held,) = slices(made)
    ref = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "name": held["metadata"]["name"]}
    assert made.patch(ref, {"endpoints": None}, type="merge").accepted
    made.run()
    assert list(by_pod(made)) == ["a"]


def test_a_dual_stack_service_has_slices_of_both_families() -> None:
    made = cluster(node("n1"), service(clusterIP="None", ipFamilyPolicy="SingleStack"), pod("a"))
    (held,) = slices(made)
    assert held["addressType"] == "IPv4"
    assert held["metadata"]["labels"]["service.kubernetes.io/headless"] == ""


def test_hints_follow_the_traffic_distribution() -> None:
    made = cluster(node("n1", "a"), node("n2", "b"), service(trafficDistribution="PreferSameNode"), pod("p", nodeName="n2"))
    assert by_pod(made)["p"]["hints"] == {"forZones": [{"name": "b"}], "forNodes": [{"name": "n2"}]}
    made.apply(service(trafficDistribution="PreferSameZone"))
    made.run()
    assert by_pod(made)["p"]["hints"] == {"forZones": [{"name": "b"}]}
    made.patch({"apiVersion": "v1", "kind": "Service", "name": "web"}, {"spec": {"trafficDistribution": None}}, type="merge")
    made.run()
    assert "hints" not in by_pod(made)["p"]


def test_topology_mode_shares_endpoints_out_by_cpu() -> None:
    auto = {"service.kubernetes.io/topology-mode": "Auto"}
    pods = [pod(f"p{i}", nodeName="n1") for i in range(4)]
    made = cluster(node("n1", "a"), node("n2", "b"), *pods, service(annotations=auto))
    zones = sorted(z["name"] for e in by_pod(made).values() for z in e["hints"]["forZones"])
    assert zones == ["a", "a", "b", "b"]
    told = {(e["reason"], e["message"]) for e in made.events() if e["involvedObject"]["kind"] == "Service"}
    assert told == {("TopologyAwareHintsEnabled", "Topology Aware Hints has been enabled, addressType: IPv4")}


def test_topology_mode_says_why_it_gives_no_hints() -> None:
    auto = {"service.kubernetes.io/topology-mode": "Auto"}
    made = cluster(node("n1", "a"), node("n2", "b"), pod("p", nodeName="n1"), service(annotations=auto))
    assert "hints" not in by_pod(made)["p"]
    told = {e["message"] for e in made.events() if e["reason"] == "TopologyAwareHintsDisabled"}
    assert told == {"Insufficient number of endpoints (1 endpoints, 2 zones), addressType: IPv4"}


def test_hand_written_endpoints_are_mirrored() -> None:
    bare = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db"}, "spec": {"ports": [{"port": 5432}]}}
    ports = [{"port": 5432, "protocol": "TCP"}]
    subset = {"addresses": [{"ip": "192.0.2.1"}], "notReadyAddresses": [{"ip": "2001:db8::1"}], "ports": ports}
    made = cluster(bare, {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "db"}, "subsets": [subset]})
    held = {s["addressType"]: s["endpoints"] for s in slices(made, "db")}
    assert held == {
        "IPv4": [{"addresses": ["192.0.2.1"], "conditions": {"ready": True}}],
        "IPv6": [{"addresses": ["2001:db8::1"], "conditions": {"ready": False}}],
    }
    made.delete({"apiVersion": "v1", "kind": "Endpoints", "name": "db"})
    made.run()
    assert slices(made, "db") == []


def test_a_pod_on_a_missing_node_is_left_out_and_told_of() -> None:
    made = cluster(node("n1"), service(), pod("a"), pod("b"))
    made.delete({"apiVersion": "v1", "kind": "Node", "name": "n1"})
    made.apply(service(ports=[{"port": 80, "targetPort": 9999}]))
    made.run()
    told = {e["message"] for e in made.events() if e["reason"] == "FailedToUpdateEndpointSlices"}
    lost = ", ".join(f"skipping Pod {p} for Service default/web: Node n1 Not Found" for p in ("a", "b"))
    assert told == {f"Error updating Endpoint Slices for Service default/web: [{lost}]"}


def test_a_deleted_service_takes_its_endpoints_along() -> None:
    made = cluster(node("n1"), service(), pod("a"))
    made.delete({"apiVersion": "v1", "kind": "Service", "name": "web"})
    made.run()
    assert slices(made) == []
    assert made.get({"apiVersion": "v1", "kind": "Endpoints", "name": "web"}) is None
