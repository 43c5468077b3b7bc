"""What Services reach, what names resolve to, where Ingresses lead."""

from __future__ import annotations

from typing import Any

import pytest

import kplan
from kplan.apiserver.store import Store
from kplan.network import dns, ingress, proxy

Object = dict[str, Any]


def node(name: str, zone: str) -> Object:
    room = {"cpu": "8", "memory": "8Gi", "pods": "50"}
    labels = {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}, "status": {"capacity": room, "allocatable": room}}


def pod(name: str, on: str, outcome: str = "Running", **spec: Any) -> Object:
    container = {"name": "c", "image": "i", "ports": [{"name": "http", "containerPort": 8080}]}
    notes = {"kplan.dev/outcome": outcome, "kplan.dev/deletion": "hang"}
    meta = {"name": name, "labels": {"app": "web"}, "annotations": notes}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [container], "nodeName": on, **spec}}


def service(name: str = "web", **spec: Any) -> Object:
    whole = {"selector": {"app": "web"}, "ports": [{"name": "web", "port": 80, "targetPort": "http"}], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": whole}


def alias(name: str, target: str) -> Object:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"type": "ExternalName", "externalName": target}}


def cluster(*objects: Object) -> kplan.Cluster:
    made = kplan.Cluster()
    for obj in (node("n1", "a"), node("n2", "b"), *objects):
        answer = made.create(obj)
        assert answer.accepted, answer.message
        made.run(quiet=0.3)
    return made


def held(made: kplan.Cluster, kind: str, name: str) -> Object:
    found = made.get({"apiVersion": "v1", "kind": kind, "name": name})
    assert found is not None
    return found


def reached(made: kplan.Cluster, **how: Any) -> tuple[list[str], str]:
    web = held(made, "Service", "web")
    found = proxy.backends(web, web["spec"]["ports"][0], made.door.store, **how)
    return sorted(e.pod.partition("/")[2] for e in found.endpoints), found.problem


def test_ready_pods_receive_traffic_from_everywhere() -> None:
    made = cluster(service(), pod("a", "n1"), pod("b", "n2"), pod("c", "n2", "NotReady"))
    assert reached(made, node="n1") == (["a", "b"], "")


def test_terminating_pods_are_the_last_resort() -> None:
    made = cluster(service(), pod("a", "n1"), pod("b", "n2"))
    for name, left in (("a", ["b"]), ("b", ["a", "b"])):
        made.delete({"apiVersion": "v1", "kind": "Pod", "name": name})
        made.run()
        assert reached(made) == (left, "")


def test_local_policies_keep_traffic_on_the_node() -> None:
    made = cluster(service(type="NodePort", internalTrafficPolicy="Local", externalTrafficPolicy="Cluster"), pod("a", "n1"))
    assert reached(made, node="n1") == (["a"], "")
    assert reached(made, node="n2") == ([], "no ready endpoints on node n2")
    assert reached(made, node="n2", external=True) == (["a"], "")
    assert reached(made) == (["a"], "")


def test_hints_keep_traffic_in_the_zone() -> None:
    made = cluster(service(trafficDistribution="PreferClose"), pod("a", "n1"), pod("b", "n2"))
    assert reached(made, node="n1") == (["a"], "")
    assert reached(made, node="elsewhere") == (["a", "b"], "")


def test_services_without_an_address_reach_nothing_themselves() -> None:
    assert reached(cluster(service(clusterIP="None"), pod("a", "n1")))[1] == "a headless Service has no address of its own"
    assert reached(cluster(service()))[1] == "no endpoints"
    assert reached(cluster(service(), pod("c", "n2", "NotReady")))[1] == "no ready endpoints"


def test_addresses_lead_to_services() -> None:
    made = cluster(service(type="LoadBalancer", loadBalancerSourceRanges=["10.1.0.0/16"]), pod("a", "n1"))
    web, store = held(made, "Service", "web"), made.door.store
    inside, outside, on_nodes = proxy.addresses_of(web)
    assert (inside.address, inside.external) == (web["spec"]["clusterIP"], False)
    assert (outside.address, outside.external) == (web["status"]["loadBalancer"]["ingress"][0]["ip"], True)
    assert (on_nodes.address, on_nodes.port) == ("", web["spec"]["ports"][0]["nodePort"])
    found = proxy.service_at("10.96.0.1", 443, store)
    assert found is not None
    assert found[0]["metadata"]["name"] == "kubernetes"
    assert proxy.service_at("10.96.0.1", 80, store) is None
    assert proxy.source_allowed(web, "10.1.2.3")
    assert not proxy.source_allowed(web, "10.2.2.3")
    assert (proxy.health_check(web, "n1", store), proxy.health_check(web, "n2", store)) == (1, 0)


def names(made: kplan.Cluster, name: str) -> list[str] | None:
    found = dns.resolve(name, held(made, "Pod", "a"), made.door.store)
    return list(found.addresses) if found is not None else None


def test_names_of_services_and_pods() -> None:
    made = cluster(
        service(),
        service("db", clusterIP="None"),
        pod("a", "n1", hostname="one", subdomain="db"),
        pod("b", "n2"),
        pod("c", "n2", "NotReady"),
        alias("far", "example.com"),
        alias("near", "web.default.svc.cluster.local"),
    )
    address, one, two = (held(made, *ref) for ref in (("Service", "web"), ("Pod", "a"), ("Pod", "b")))
    ip, ip_one, ip_two = address["spec"]["clusterIP"], one["status"]["podIP"], two["status"]["podIP"]
    for name in ("web", "web.default", "web.default.svc", "web.default.svc.cluster.local", "near"):
        assert names(made, name) == [ip]
    assert names(made, "kubernetes.default") == ["10.96.0.1"]
    assert sorted(names(made, "db") or ()) == sorted([ip_one, ip_two])
    assert names(made, "one.db") == [ip_one]
    assert names(made, f"{ip_two.replace('.', '-')}.db.default.svc.cluster.local") == [ip_two]
    assert names(made, f"{ip_two.replace('.', '-')}.default.pod.cluster.local") == [ip_two]
    for name in ("nobody", "two.db", "one.web", "web.other", "example.com"):
        assert names(made, name) is None
    far = dns.lookup("far.default.svc.cluster.local", made.door.store)
    assert far is not None
    assert (far.alias, far.leaves_cluster) == ("example.com", True)
    ports = dns.lookup("_web._tcp.web.default.svc.cluster.local", made.door.store)
    assert ports is not None
    assert list(ports.ports) == [("web.default.svc.cluster.local", 80)]


def test_pods_that_ask_elsewhere_see_no_services() -> None:
    store = kplan.Cluster().door.store
    asking = {"metadata": {"namespace": "default"}, "spec": {"dnsPolicy": "Default"}}
    assert dns.resolve("kubernetes", asking, store) is None
    on_host = {"metadata": {"namespace": "default"}, "spec": {"hostNetwork": True}}
    assert dns.resolve("kubernetes", on_host, store) is None
    configured = {"metadata": {"namespace": "x"}, "spec": {"dnsConfig": {"searches": ["example.com"], "options": [{"name": "ndots", "value": "1"}]}}}
    wanted = ["a.b", "a.b.x.svc.cluster.local", "a.b.svc.cluster.local", "a.b.cluster.local", "a.b.example.com"]
    assert dns.candidates("a.b", configured) == wanted


def an_ingress(name: str, *rules: tuple[str, str, str, str], default: str = "") -> Object:
    def backend(to: str) -> Object:
        return {"service": {"name": to, "port": {"name": "web"}}}

    spec: Object = {
        "rules": [{**({"host": h} if h else {}), "http": {"paths": [{"path": p, "pathType": t, "backend": backend(to)}]}} for h, p, t, to in rules],
    }
    if default:
        spec["defaultBackend"] = backend(default)
    return {"metadata": {"name": name, "namespace": "default"}, "spec": spec}


RULES = an_ingress(
    "main",
    ("a.com", "/", "Prefix", "root"),
    ("a.com", "/foo", "Prefix", "foo"),
    ("a.com", "/foo", "Exact", "exact"),
    ("a.com", "/foo/bar/", "Prefix", "bar"),
    ("*.a.com", "/", "ImplementationSpecific", "wild"),
    ("b.com", "/only", "Exact", "only"),
    ("", "/any", "Prefix", "any"),
    default="fallback",
)


@pytest.mark.parametrize(
    ("host", "path", "to"),
    [
        ("a.com", "/foo", "exact"),
        ("a.com", "/foo/", "foo"),
        ("a.com", "/foobar", "root"),
        ("a.com", "/foo/bar", "bar"),
        ("a.com", "/foo/bar/x", "bar"),
        ("A.com", "/", "root"),
        ("x.a.com", "/anything", "wild"),
        ("y.x.a.com", "/anything", "fallback"),
        ("y.x.a.com", "/any/thing", "any"),
        ("b.com", "/only/", "fallback"),
        ("b.com", "/only", "only"),
    ],
)
def test_routes(host: str, path: str, to: str) -> None:
    found = ingress.match(host, path, [RULES])
    assert found is not None
    assert found.backend["service"]["name"] == to


def test_no_route_without_a_default_backend() -> None:
    assert ingress.match("a.com", "/x", [an_ingress("i", ("a.com", "/y", "Prefix", "y"))]) is None


def test_targets_and_what_is_wrong_with_them() -> None:
    made = cluster(service(clusterIP="None"), pod("a", "n1"))
    store: Store = made.door.store

    def target(to: str, port: Object) -> ingress.Target:
        return ingress.target_of(ingress.Route(RULES, "", "/", "Prefix", {"service": {"name": to, "port": port}}), store)

    assert [e.pod for e in target("web", {"number": 80}).endpoints] == ["default/a"]
    assert target("web", {"name": "web"}).port == 80
    assert target("web", {"number": 81}).problem == 'service "web" has no port 81'
    assert target("gone", {"number": 80}).problem == 'service "gone" not found'
    made.delete({"apiVersion": "v1", "kind": "Pod", "name": "a"}, grace_period=0)
    made.run()
    assert target("web", {"number": 80}).problem == "no endpoints"
