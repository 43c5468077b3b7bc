"""Pods that taints, missing nodes and deleted namespaces drive away; what the garbage collector leaves alone."""

from __future__ import annotations

from typing import Any

import kplan

Object = dict[str, Any]
NODE = {"apiVersion": "v1", "kind": "Node", "name": "n1"}
POD = {"apiVersion": "v1", "kind": "Pod", "name": "p"}
TAINT = {"key": "maint", "effect": "NoExecute"}


def pod(annotations: Object | None = None, **spec: Any) -> Object:
    meta = {"name": "p", "annotations": annotations or {}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [{"name": "a", "image": "a:1"}], **spec}}


def cluster(*objects: Object) -> kplan.Cluster:
    room = {"cpu": "8", "memory": "16Gi", "pods": "110"}
    made = kplan.Cluster()
    made.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}, "spec": {}, "status": {"capacity": room, "allocatable": room}})
    made.run(quiet=0.3)
    for obj in objects:
        answer = made.create(obj)
        assert answer.accepted, answer.message
        made.run(quiet=0.3)
    return made


def taint(made: kplan.Cluster, *taints: Object) -> None:
    assert made.patch(NODE, {"spec": {"taints": list(taints) or None}}, type="merge").accepted


def told(made: kplan.Cluster) -> list[str]:
    return [e["message"].split(" ")[0] for e in made.events() if e["reason"] == "TaintManagerEviction"]


def tolerating(seconds: int | None = None) -> list[Object]:
    return [{**TAINT, "operator": "Exists", **({} if seconds is None else {"tolerationSeconds": seconds})}]


def test_a_taint_evicts_at_once() -> None:
    made = cluster(pod())
    taint(made, TAINT)
    made.run()
    assert made.get(POD) is None and told(made) == ["Marking"]


def test_a_toleration_runs_out() -> None:
    made = cluster(pod(tolerations=tolerating(30)))
    taint(made, TAINT)
    made.run(quiet=29)
    assert made.get(POD) is not None
    made.run(quiet=5)
    assert made.get(POD) is None and told(made) == ["Marking"]


def test_a_countdown_ends_with_the_taint_or_the_pod() -> None:
    made = cluster(pod(tolerations=tolerating(30)))
    taint(made, TAINT)
    made.run()
    taint(made)
    made.run(quiet=60)
    assert made.get(POD) is not None and told(made) == ["Cancelling"]
    taint(made, TAINT)
    made.run()
    made.delete(POD)
    made.run()
    assert told(made) == ["Cancelling", "Cancelling"]


def test_who_tolerates_for_ever_stays() -> None:
    made = cluster(pod(tolerations=tolerating()))
    taint(made, TAINT)
    made.run(quiet=600)
    assert made.get(POD) is not None and told(made) == []


def test_pods_of_a_node_that_is_gone_are_collected_after_forty_seconds() -> None:
    made = cluster(pod({"kplan.dev/deletion": "hang"}))
    made.delete(NODE)
    made.run(quiet=39, horizon=39)
    assert made.get(POD) is not None
    made.run(quiet=5)
    assert made.get(POD) is None


def test_a_node_out_of_service_gives_up_its_terminating_pods() -> None:
    made = cluster(pod({"kplan.dev/deletion": "hang"}, tolerations=[{"operator": "Exists"}]))
    made.delete(POD)
    made.run(quiet=60)
    assert made.get(POD) is not None
    made.patch(NODE, {"metadata": {"annotations": {"kplan.dev/conditions": '{"Ready": "Unknown"}'}}}, type="merge")
    made.run()
    taint(made, {"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"})
    made.run(quiet=25)
    assert made.get(POD) is None


def test_a_deleted_namespace_is_emptied_five_seconds_later() -> None:
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}
    held = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "team", "finalizers": ["example.com/hold"]}}
    made = cluster(space, held, {**held, "metadata": {"name": "d", "namespace": "team"}})
    ref = {"apiVersion": "v1", "kind": "Namespace", "name": "team"}
    made.delete(ref)
    made.run(quiet=4)
    assert made.get({**held, "name": "d", "namespace": "team"}) is not None
    made.run(quiet=8)
    left = made.get(ref)
    assert left is not None and made.get({**held, "name": "d", "namespace": "team"}) is None
    remaining = {c["type"]: c["message"] for c in left["status"]["conditions"] if c["status"] == "True"}
    assert remaining == {
        "NamespaceContentRemaining": "Some resources are remaining: configmaps. has 1 resource instances",
        "NamespaceFinalizersRemaining": "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances",
    }
    made.patch({**held, "name": "c", "namespace": "team"}, {"metadata": {"finalizers": None}}, type="merge")
    made.run(quiet=10)
    assert made.get(ref) is None


def owned(owner: Object) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "ownerReferences": [{"name": "o", "uid": "u", **owner}]}}


def test_owners_that_nobody_knows_keep_what_they_own() -> None:
    made = cluster(owned({"apiVersion": "example.com/v1", "kind": "Widget"}))
    made.run()
    assert made.get({"apiVersion": "v1", "kind": "ConfigMap", "name": "c"}) is not None


def test_owners_that_are_not_there_do_not() -> None:
    made = cluster(owned({"apiVersion": "v1", "kind": "Secret"}))
    made.run()
    assert made.get({"apiVersion": "v1", "kind": "ConfigMap", "name": "c"}) is None


def outage(lost: int, size: int, **labels: str) -> list[str]:
    """The nodes that are evicted when `lost` of `size` nodes in one zone go down at once; a node elsewhere stays up."""
    made = kplan.Cluster()
    for name in [*(f"z{i}" for i in range(size)), "elsewhere"]:
        zone = {"topology.kubernetes.io/zone": "a" if name != "elsewhere" else "b"}
        made.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": zone}})
    made.run()
    down = {"metadata": {"annotations": {"kplan.dev/conditions": '{"Ready": "False"}'}}}
    for i in range(lost):
        made.patch({**NODE, "name": f"z{i}"}, down, type="merge")
    assert made.run().converged
    return [n["metadata"]["name"] for n in made.objects("Node") if any(t["effect"] == "NoExecute" for t in n["spec"].get("taints") or ())]


def test_where_most_of_a_zone_is_lost_nobody_is_evicted() -> None:
    assert outage(2, 4) == ["z0", "z1"], "two are no outage"
    assert outage(3, 6) == ["z0", "z1", "z2"], "nor is half of them"
    assert outage(3, 5) == []
    assert outage(3, 3) == ["z0", "z1", "z2"], "a zone that is lost altogether is emptied, since others are not"
