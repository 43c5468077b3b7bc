"""Who reaches whom, hop by hop."""

from __future__ import annotations

from typing import Any

import pytest
from questions import Object, cluster_of, meta, service, workload

from kplan.questions.naming import UnknownError
from kplan.questions.reach import Hop, Reach, reach

HTTP = {"ports": [{"name": "http", "containerPort": 8080}]}
WEB = workload("web", 2, container=HTTP)
API = workload("api", 2, container=HTTP)
SERVICE = {**service("api", "api"), "spec": {"selector": {"app": "api"}, "ports": [{"name": "main", "port": 80, "targetPort": "http"}]}}


def policy(name: str, app: str = "", **spec: Any) -> Object:
    chosen = {"matchLabels": {"app": app}} if app else {}
    whole = {"podSelector": chosen, **spec}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta(name), "spec": whole}


def hops(found: Reach) -> dict[str, Hop]:
    (way,) = found.ways
    return {h.what: h for h in way.hops}


def test_a_pod_reaches_a_service_by_name_port_and_ready_pods() -> None:
    found = reach(cluster_of(WEB, API, SERVICE), "deployment/web", "service/api")
    assert found.ok
    told = hops(found)
    assert told["endpoints"].answer == "port 80 → http: 2 ready endpoints on 2 nodes"
    assert told["name"].answer.startswith("api is 10.96.")
    assert told["policy"].answer == "no policy isolates it for ingress"


def test_a_port_may_be_named_and_must_be_there() -> None:
    cluster = cluster_of(WEB, API, SERVICE)
    assert reach(cluster, "deployment/web", "service/api:main").ok
    found = reach(cluster, "deployment/web", "service/api:8080")
    assert (found.ok, hops(found)["port"].answer) == (False, "the Service has no port 8080: it has 80")


def test_a_service_that_selects_nothing_says_what_it_looks_for() -> None:
    lost = {**SERVICE, "spec": {**SERVICE["spec"], "selector": {"app": "apy"}}}
    found = reach(cluster_of(WEB, API, lost), "deployment/web", "service/api")
    assert not found.ok
    assert hops(found)["endpoints"].answer == "port 80 → http: no endpoints (no pod has the labels app=apy)"
    sick = workload("api", 2, container=HTTP, notes={"kplan.dev/outcome": "NotReady"})
    assert "2 pods are selected, none is ready" in hops(reach(cluster_of(WEB, sick, SERVICE), "deployment/web", "service/api"))["endpoints"].answer


def test_the_policy_that_decides_is_named() -> None:
    deny = policy("deny")
    allow = policy("web-to-api", "api", ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": "http"}]}])
    assert hops(reach(cluster_of(WEB, API, SERVICE, deny), "deployment/web", "service/api"))["policy"] == Hop(
        "policy", "target isolated for ingress by default/deny, and no rule allows it", False
    )
    found = reach(cluster_of(WEB, API, SERVICE, deny, allow), "deployment/web", "service/api")
    assert found.ok
    assert hops(found)["policy"].answer == "target allowed by default/web-to-api spec.ingress[0]"
    assert not reach(cluster_of(WEB, API, SERVICE, deny, allow), "deployment/api", "deployment/web").ok


def test_egress_that_forgets_the_dns_finds_no_names() -> None:
    only = policy("out", "web", policyTypes=["Egress"], egress=[{"to": [{"podSelector": {"matchLabels": {"app": "api"}}}]}])
    found = reach(cluster_of(WEB, API, SERVICE, only), "deployment/web", "service/api")
    assert not found.ok
    assert "UDP 53" in hops(found)["name"].answer
    assert hops(found)["policy"].ok
    dns = {"ports": [{"port": 53, "protocol": "UDP"}]}
    both = policy("out", "web", policyTypes=["Egress"], egress=[*only["spec"]["egress"], dns])
    assert reach(cluster_of(WEB, API, SERVICE, both), "deployment/web", "service/api").ok


def test_pods_by_their_stated_ports() -> None:
    cluster = cluster_of(WEB, API)
    assert [w.title for w in reach(cluster, "deployment/web", "deployment/api").ways] == ["deployment/web → deployment/api:8080"]
    assert reach(cluster, "deployment/web", "deployment/api:http").ok
    found = reach(cluster, "deployment/web", "deployment/api:9999")
    assert (found.ok, hops(found)["port"].answer) == (True, "no container states port 9999")


def test_other_namespaces_are_named_first() -> None:
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}}
    there = workload("api", 1, namespace="other", container=HTTP)
    front = {**SERVICE, "metadata": meta("api", "other")}
    found = reach(cluster_of(space, WEB, there, front), "default/deployment/web", "other/service/api")
    assert found.ok
    assert hops(found)["name"].answer.startswith("api.other is ")
    closed = {**policy("deny"), "metadata": meta("deny", "other")}
    assert not reach(cluster_of(space, WEB, there, front, closed), "deployment/web", "other/service/api").ok


def test_the_internet_needs_an_address() -> None:
    found = reach(cluster_of(API, SERVICE), "internet", "service/api")
    assert (found.ok, hops(found)["address"].answer) == (False, "a Service of type ClusterIP has no address outside the cluster")
    balanced = {**SERVICE, "spec": {**SERVICE["spec"], "type": "LoadBalancer"}}
    found = reach(cluster_of(API, balanced), "internet", "service/api")
    assert found.ok
    assert hops(found)["address"].answer.startswith("10.200.0.2:80, any node:3")
    ranged = {**SERVICE, "spec": {**balanced["spec"], "loadBalancerSourceRanges": ["198.51.100.0/24"]}}
    assert not reach(cluster_of(API, ranged), "internet", "service/api").ok
    assert reach(cluster_of(API, ranged), "198.51.100.7", "service/api").ok


def ingress(**rule: Any) -> Object:
    backend = {"service": {"name": "api", "port": {"number": 80}}}
    path = {"path": "/shop", "pathType": "Prefix", "backend": {**backend, **rule.pop("backend", {})}}
    spec = {"rules": [{"host": "shop.example.com", "http": {"paths": [path]}}], **rule}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta("shop"), "spec": spec}


def test_a_host_and_path_lead_through_the_ingress() -> None:
    cluster = cluster_of(API, SERVICE, ingress())
    found = reach(cluster, "internet", "https://shop.example.com/shop/cart")
    assert found.ok
    assert hops(found)["service"].answer == "api:80: 2 ready endpoints on 2 nodes"
    missed = reach(cluster, "internet", "shop.example.com/other")
    assert (missed.ok, hops(missed)["rule"].answer) == (False, "no Ingress has a rule for host shop.example.com and path /other")
    assert reach(cluster, "internet", "ingress/shop").ok


def test_an_ingress_to_a_port_that_is_not_there() -> None:
    wrong = ingress(backend={"service": {"name": "api", "port": {"number": 8080}}})
    found = reach(cluster_of(API, SERVICE, wrong), "internet", "ingress/shop")
    assert (found.ok, hops(found)["service"].answer) == (False, 'api:8080: service "api" has no port 8080')


def test_policies_behind_an_ingress_are_pointed_at() -> None:
    found = reach(cluster_of(API, SERVICE, ingress(), policy("deny")), "internet", "ingress/shop")
    assert found.ok
    assert "the Ingress controller's pods must be named" in hops(found)["policy"].answer


@pytest.mark.parametrize(("source", "target"), [("deployment/none", "service/api"), ("service/api", "service/api"), ("deployment/web", "servise/api")])
def test_what_is_not_there_is_said(source: str, target: str) -> None:
    with pytest.raises(UnknownError):
        reach(cluster_of(WEB, API, SERVICE), source, target)
