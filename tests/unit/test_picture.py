"""Nodes with what they hold, pods with where they were and are, the edges around what changes."""

from __future__ import annotations

from typing import Any

from kplan.api.ref import Ref
from kplan.diff import state_of
from kplan.picture import Place, picture

Object = dict[str, Any]


def node(name: str, **spec: Any) -> Object:
    status = {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}, "conditions": [{"type": "Ready", "status": "True"}]}
    meta = {"name": name, "uid": name, "labels": {"topology.kubernetes.io/zone": "z"}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": meta, "spec": spec, "status": status}


def pod(name: str, on: str = "", phase: str = "Running", uid: str = "1", cpu: str = "500m", **spec: Any) -> Object:
    container = {"name": "main", "image": "x", "resources": {"requests": {"cpu": cpu}}}
    conditions = [{"type": "Ready", "status": "True"}] if phase == "Running" else []
    meta = {"name": name, "namespace": "ns", "uid": uid}
    spec = {"containers": [container], **({"nodeName": on} if on else {}), **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": {"phase": phase, "conditions": conditions}}


def test_a_pod_that_moves() -> None:
    before = state_of([node("a"), node("b"), pod("p", "a")])
    after = state_of([node("a"), node("b"), pod("p", "b", uid="2")])
    made = picture(before, after, set())
    assert [(n.name, n.before, n.after, n.zone) for n in made.nodes] == [
        ("a", {"pods": 1, "cpu": 500}, {"pods": 0}, "z"),
        ("b", {"pods": 0}, {"pods": 1, "cpu": 500}, "z"),
    ]
    (moved,) = made.pods
    assert (moved.before, moved.after, moved.replaced) == (Place("a", "Running"), Place("b", "Running"), True)


def test_ended_and_waiting_pods_hold_nothing() -> None:
    made = picture({}, state_of([node("a"), pod("done", "a", "Succeeded"), pod("waits", "", "Pending")]), set())
    assert (made.nodes[0].before, made.nodes[0].after) == (None, {"pods": 0})
    assert [(p.ref.name, p.before, p.after and p.after.state) for p in made.pods] == [("done", None, "Completed"), ("waits", None, "Pending")]


def test_what_keeps_pods_away() -> None:
    taints = [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}, {"key": "gpu", "value": "a", "effect": "NoSchedule"}]
    lost = node("a", unschedulable=True, taints=taints)
    lost["status"]["conditions"][0]["status"] = "Unknown"
    assert picture({}, state_of([lost]), set()).nodes[0].marks == ("cordoned", "not ready", "gpu=a:NoSchedule")


def test_edges_of_subjects_only() -> None:
    config: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "ns"}, "data": {}}
    env = [{"configMapRef": {"name": "c"}}]
    one, two = pod("one"), pod("two")
    for each in (one, two):
        each["spec"]["containers"][0]["envFrom"] = env
    state = state_of([config, one, two])
    refs = [Ref.of(o) for o in (config, one, two)]
    assert picture({}, state, {refs[1]}).edges == (), "pods are drawn on nodes"
    assert [(e.source.name, e.target and e.target.name) for e in picture({}, state, {refs[0]}).edges if e.target == refs[0]] == [("one", "c"), ("two", "c")]
