"""DaemonSets: placement, updates, revisions."""

from __future__ import annotations

from typing import Any

import kplan
from kplan.controllers.daemonset_nodes import Placement, tolerations_of

Object = dict[str, Any]
REF = {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "agent"}


def node(name: str, labels: Object | None = None, taints: list[Object] | None = None) -> Object:
    room = {"cpu": "8", "memory": "16Gi", "pods": "110"}
    meta = {"name": name, "labels": labels or {}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": meta, "spec": {"taints": taints or []}, "status": {"capacity": room, "allocatable": room}}


def taint(effect: str) -> Object:
    return {"key": "dedicated", "value": "db", "effect": effect}


def daemon_set(image: str = "agent:1", annotations: Object | None = None, pod: Object | None = None, **spec: Any) -> Object:
    inner = {"containers": [{"name": "agent", "image": image}], **(pod or {})}
    template = {"metadata": {"labels": {"app": "agent"}, "annotations": annotations or {}}, "spec": inner}
    whole = {"selector": {"matchLabels": {"app": "agent"}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent"}, "spec": whole}


def cluster(*objects: Object) -> kplan.Cluster:
    made = kplan.Cluster()
    for obj in objects:
        assert made.create(obj).accepted
    made.run()
    return made


def apply(made: kplan.Cluster, obj: Object) -> None:
    assert made.apply(obj).accepted
    made.run()


def where(made: kplan.Cluster) -> list[tuple[str, str]]:
    return sorted((p["spec"].get("nodeName", ""), p["spec"]["containers"][0]["image"]) for p in made.objects("Pod"))


def status(made: kplan.Cluster) -> Object:
    found = made.get(REF)
    assert found is not None
    return found["status"]  # type: ignore[no-any-return]


def rolling(**bounds: Any) -> Object:
    return {"type": "RollingUpdate", "rollingUpdate": bounds}


def test_a_pod_on_every_node_that_fits() -> None:
    nodes = (node("n1", {"disk": "ssd"}), node("n2"), node("n3", {"disk": "ssd"}, [taint("NoSchedule")]))
    made = cluster(*nodes, daemon_set(pod={"nodeSelector": {"disk": "ssd"}}))
    assert [n for n, _ in where(made)] == ["n1"]
    assert made.create(node("n4", {"disk": "ssd"})).accepted
    made.patch({"kind": "Node", "name": "n2"}, {"metadata": {"labels": {"disk": "ssd"}}})
    made.patch({"kind": "Node", "name": "n1"}, {"metadata": {"labels": {"disk": "hdd"}}})
    made.run()
    assert [n for n, _ in where(made)] == ["n2", "n4"]
    assert (status(made)["desiredNumberScheduled"], status(made)["numberAvailable"], status(made)["numberMisscheduled"]) == (2, 2, 0)


def test_taints_keep_pods_away_and_only_no_execute_drives_them_off() -> None:
    placement = Placement(daemon_set(pod={"tolerations": [{"key": "spot", "operator": "Exists"}]}))
    assert placement.fits(node("n", taints=[{"key": "spot", "effect": "NoExecute"}])) == (True, True)
    assert placement.fits(node("n", taints=[{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}])) == (True, True)
    assert placement.fits(node("n", taints=[taint("PreferNoSchedule")])) == (True, True)
    assert placement.fits(node("n", taints=[taint("NoSchedule")])) == (False, True)
    assert placement.fits(node("n", taints=[taint("NoExecute")])) == (False, False)


def test_daemons_tolerate_what_nodes_go_through() -> None:
    own = {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}
    found = tolerations_of({"hostNetwork": True, "tolerations": [own]})
    assert "tolerationSeconds" not in found[0]
    assert [t["key"].partition("/")[2] for t in found] == [
        "not-ready",
        "unreachable",
        "disk-pressure",
        "memory-pressure",
        "pid-pressure",
        "unschedulable",
        "network-unavailable",
    ]


def test_an_update_replaces_so_many_at_a_time() -> None:
    nodes = [node(f"n{i}") for i in range(4)]
    made = cluster(*nodes, daemon_set(updateStrategy=rolling(maxUnavailable="50%")))
    apply(made, daemon_set("agent:2", {"kplan.dev/outcome": "NotReady"}, updateStrategy=rolling(maxUnavailable="50%")))
    assert [image for _, image in where(made)] == ["agent:2", "agent:2", "agent:1", "agent:1"]
    assert (status(made)["updatedNumberScheduled"], status(made)["numberUnavailable"]) == (2, 2)
    apply(made, daemon_set("agent:1", updateStrategy=rolling(maxUnavailable="50%")))
    assert {image for _, image in where(made)} == {"agent:1"}
    assert sorted(r["revision"] for r in made.objects("ControllerRevision")) == [2, 3]


def test_a_surge_puts_the_new_pod_beside_the_old_one() -> None:
    surge = rolling(maxSurge=1, maxUnavailable=0)
    made = cluster(node("n1"), node("n2"), daemon_set(updateStrategy=surge))
    apply(made, daemon_set("agent:2", {"kplan.dev/outcome": "NotReady"}, updateStrategy=surge))
    assert where(made) == [("n1", "agent:1"), ("n1", "agent:2"), ("n2", "agent:1")]
    apply(made, daemon_set("agent:3", updateStrategy=surge))
    assert where(made) == [("n1", "agent:3"), ("n2", "agent:3")]


def test_on_delete_waits_for_someone_to_delete() -> None:
    made = cluster(node("n1"), node("n2"), daemon_set(updateStrategy={"type": "OnDelete"}))
    apply(made, daemon_set("agent:2", updateStrategy={"type": "OnDelete"}))
    assert {image for _, image in where(made)} == {"agent:1"}
    made.delete({"kind": "Pod", "name": made.objects("Pod")[0]["metadata"]["name"]})
    made.run()
    assert sorted(image for _, image in where(made)) == ["agent:1", "agent:2"]


def test_failed_pods_are_replaced_ever_more_slowly() -> None:
    made = cluster(node("n1"), daemon_set(annotations={"kplan.dev/outcome": "Failed"}))
    start = made.door.store.now
    made.run(quiet=40)
    killed = [e for e in made.events() if e["reason"] == "FailedDaemonPod"]
    assert len(killed) >= 5
    assert (made.door.store.now - start).total_seconds() >= 40
    assert all(e["message"].endswith(" on node n1, will try to kill it") for e in killed)
    assert len(made.objects("Pod")) == 1


def test_pods_wait_for_min_ready_seconds() -> None:
    made = kplan.Cluster()
    for obj in (node("n1"), daemon_set(minReadySeconds=30)):
        assert made.create(obj).accepted
    made.run(quiet=2)
    assert "numberAvailable" not in status(made)
    made.run(quiet=40)
    assert status(made)["numberAvailable"] == 1


def test_a_name_that_other_data_has_makes_the_next_hash() -> None:
    first = cluster(node("n1"), daemon_set())
    (revision,) = first.objects("ControllerRevision")
    strange = {k: v for k, v in revision.items() if k != "metadata"} | {"data": {"spec": {}}}
    made = kplan.Cluster()
    made.restore([{**strange, "metadata": {"name": revision["metadata"]["name"], "namespace": "default"}}])
    for obj in (node("n1"), daemon_set()):
        assert made.create(obj).accepted
    made.run()
    assert status(made)["collisionCount"] == 1
    assert len(made.objects("ControllerRevision")) == 2
    assert len(where(made)) == 1


def test_pods_of_one_template_share_what_is_equal() -> None:
    made = cluster(node("n1"), node("n2"), daemon_set())
    one, other = made.objects("Pod")
    assert one["spec"]["containers"] is other["spec"]["containers"]
    assert one["spec"]["affinity"] != other["spec"]["affinity"]


def test_deleting_the_set_orphaning_its_pods_lets_the_next_one_take_them() -> None:
    made = cluster(node("n1"), daemon_set())
    before = made.objects("Pod")[0]["metadata"]["uid"]
    made.delete(REF, propagation="Orphan")
    made.run()
    assert "ownerReferences" not in made.objects("Pod")[0]["metadata"]
    assert made.create(daemon_set()).accepted
    made.run()
    assert [p["metadata"]["uid"] for p in made.objects("Pod")] == [before]
    assert len(made.objects("ControllerRevision")) == 1
