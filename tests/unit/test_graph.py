"""Edges: names, keys, selections over namespaces, owners, definitions, and objects that an operator will make."""

from __future__ import annotations

from typing import Any

from kplan.api.ref import Ref
from kplan.graph import OWNS, REFERS, SELECTS, Graph, build


def obj(kind: str, name: str, spec: Any = None, *, api: str = "v1", namespace: str = "default", labels: Any = None, **more: Any) -> dict[str, Any]:
    """An object."""
    meta = {"name": name, **({"namespace": namespace} if namespace else {}), **({"labels": labels} if labels else {})}
    return {"apiVersion": api, "kind": kind, "metadata": meta, **({"spec": spec} if spec is not None else {}), **more}


def deployment(name: str, namespace: str = "default", **labels: str) -> dict[str, Any]:
    """A Deployment whose pods have labels."""
    template = {"metadata": {"labels": labels or {"app": name}}, "spec": {"containers": [{"name": name, "image": name}]}}
    return obj("Deployment", name, {"template": template}, api="apps/v1", namespace=namespace)


def targets(graph: Graph, name: str, kind: str) -> list[tuple[str, str | None]]:
    """(path, name of the target) of the edges that start at an object."""
    return [(e.path, e.target.name if e.target else None) for e in graph.edges if e.source.name == name and e.kind == kind]


def test_a_peer_may_be_in_another_namespace() -> None:
    peers = [{"namespaceSelector": {"matchLabels": {"team": "a"}}, "podSelector": {"matchLabels": {"app": "web"}}}]
    policy = obj("NetworkPolicy", "p", {"podSelector": {}, "ingress": [{"from": peers}]}, api="networking.k8s.io/v1")
    spaces = [obj("Namespace", "a", namespace="", labels={"team": "a"}), obj("Namespace", "b", namespace="")]
    graph = build([policy, *spaces, deployment("web", "a"), deployment("other", "a"), deployment("web", "b")])
    found = [e.target for e in graph.edges if e.path == "spec.ingress[0].from[0].podSelector"]
    assert found == [Ref("apps", "Deployment", "a", "web")]
    assert ("spec.ingress[0].from[0].namespaceSelector", "a") in targets(graph, "p", SELECTS)


def test_every_namespace_has_its_name_for_a_label() -> None:
    monitor = obj("ServiceMonitor", "m", {"selector": {}, "namespaceSelector": {"matchNames": ["b"]}}, api="monitoring.coreos.com/v1")
    graph = build([monitor, obj("Service", "here", {}), obj("Service", "there", {}, namespace="b")])
    assert targets(graph, "m", SELECTS) == [("spec.selector", "there")]


def test_pods_that_a_controller_made_stand_for_nothing() -> None:
    made = obj("Pod", "web-1", {"containers": []}, labels={"app": "web"})
    made["metadata"]["ownerReferences"] = [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "a", "controller": True}]
    graph = build([obj("Service", "s", {"selector": {"app": "web"}}), deployment("web"), made])
    assert targets(graph, "s", SELECTS) == [("spec.selector", "web")]
    assert targets(graph, "web-1", OWNS) == [("metadata.ownerReferences[0]", None)]


def test_what_an_operator_will_make_is_there() -> None:
    pod = obj("Pod", "web", {"containers": [], "volumes": [{"name": "tls", "secret": {"secretName": "web-tls"}}]})
    certificate = obj("Certificate", "c", {"secretName": "web-tls", "issuerRef": {"name": "ca"}}, api="cert-manager.io/v1")
    graph = build([pod, certificate])
    assert targets(graph, "web", REFERS) == [("spec.volumes[0].secret.secretName", "c")]
    assert targets(graph, "c", REFERS) == [("spec.issuerRef.name", None)]


def test_keys_and_ports_must_be_there() -> None:
    route = {"rules": [{"backendRefs": [{"name": "web", "port": 80}, {"name": "web", "port": 81}]}]}
    graph = build([obj("HTTPRoute", "r", route, api="gateway.networking.k8s.io/v1"), obj("Service", "web", {"ports": [{"port": 80}]})])
    assert targets(graph, "r", REFERS) == [("spec.rules[0].backendRefs[0].name", "web"), ("spec.rules[0].backendRefs[1].name", None)]


def test_a_custom_resource_points_at_its_definition() -> None:
    spec = {
        "group": "example.com",
        "names": {"kind": "Thing"},
        "conversion": {"webhook": {"clientConfig": {"service": {"name": "hook", "namespace": "default"}}}},
    }
    crd = obj("CustomResourceDefinition", "things.example.com", spec, api="apiextensions.k8s.io/v1", namespace="")
    graph = build([crd, obj("Thing", "one", api="example.com/v1"), obj("Service", "hook", {"ports": [{"port": 443}]})])
    assert targets(graph, "one", REFERS) == [("kind", "things.example.com")]
    assert targets(graph, "things.example.com", REFERS) == [("spec.conversion.webhook.clientConfig.service", "hook")]


def test_the_order_of_objects_does_not_matter() -> None:
    objects = [deployment("web"), obj("Service", "s", {"selector": {"app": "web"}}), deployment("b", app="web")]
    assert build(objects).edges == build(objects[::-1]).edges


def test_single_pods_have_labels_that_their_controller_gives() -> None:
    name, index = "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"
    template = {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "db", "image": "example.com/a:1"}]}}
    db = obj("StatefulSet", "db", {"replicas": 2, "ordinals": {"start": 1}, "selector": {"matchLabels": {"app": "db"}}, "template": template}, api="apps/v1")
    wanted = {"one": {"app": "db", name: "db-1"}, "two": {name: "db-2"}, "index": {index: "2", "app": "db"}, "none": {"app": "db", name: "db-0"}}
    services = [obj("Service", service, {"selector": labels, "ports": [{"port": 80}]}) for service, labels in wanted.items()]
    graph = build([db, *services])
    selected = {e.source.name: e.target for e in graph.edges if e.kind == SELECTS}
    assert {service: target and target.name for service, target in selected.items()} == {"one": "db", "two": "db", "index": "db", "none": None}
