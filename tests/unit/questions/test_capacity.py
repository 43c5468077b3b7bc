"""Room, how many more fit, how many nodes are needed."""

from __future__ import annotations

import pytest
from questions import Object, cluster_of, meta, workload

from kplan.api.ref import Ref
from kplan.cluster import Cluster
from kplan.questions.capacity import NoReplicasError, capacity, fit, need
from kplan.report.capacity import amount

WEB = Ref("apps", "Deployment", "default", "web")
THREE = "3x8cpu,32Gi,zones=a/b/a"


def test_room_by_node_zone_and_in_all() -> None:
    found = capacity(cluster_of(workload("web", 3, cpu="2"), nodes=THREE))
    assert [(n.name, n.zone, n.allocatable["cpu"], n.used["cpu"], n.used["pods"]) for n in found.nodes] == [
        ("node-1", "a", 8000, 2000, 1),
        ("node-2", "b", 8000, 2000, 1),
        ("node-3", "a", 8000, 2000, 1),
    ]
    assert [(z.name, z.nodes, z.free("cpu")) for z in found.zones] == [("a", 2, 12000), ("b", 1, 6000)]
    assert (found.total.free("cpu"), found.total.nodes) == (18000, 3)


def test_finished_pods_use_nothing_and_cordoned_nodes_offer_nothing() -> None:
    cluster = cluster_of(workload("web", 3, cpu="2"), nodes=THREE)
    cluster.patch(Ref("", "Node", "", "node-2"), {"spec": {"unschedulable": True}})
    found = capacity(cluster)
    assert (found.total.nodes, found.total.free("cpu")) == (2, 12000)
    assert found.largest("cpu").name == "node-1"  # type: ignore[union-attr]
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta("once"), "spec": {"template": workload("x", cpu="3")["spec"]["template"]}}
    job["spec"]["template"]["spec"]["restartPolicy"] = "Never"
    assert capacity(cluster_of(job, nodes="1x8cpu,32Gi")).total.used["pods"] == 0


def test_how_many_more_fit_and_what_stops_the_next() -> None:
    found = fit(cluster_of(workload("web", 3, cpu="3"), nodes=THREE), WEB)
    assert (found.more, found.at_least, found.to) == (3, False, {"node-1": 1, "node-2": 1, "node-3": 1})
    assert found.stopped_by.startswith("0/3 nodes are available: 3 Insufficient cpu")


def test_anti_affinity_counts() -> None:
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "web"}}}
    apart = {"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}
    found = fit(cluster_of(workload("web", 1, pod=apart), nodes=THREE), WEB)
    assert found.more == 2
    assert "anti-affinity" in found.stopped_by


def test_a_quota_stops_before_the_nodes_do() -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta("q"), "spec": {"hard": {"requests.cpu": "5"}}}
    found = fit(cluster_of(quota, workload("web", 1, cpu="1"), nodes=THREE), WEB)
    assert (found.more, sum(found.to.values())) == (4, 4)
    assert found.stopped_by == "quota q: requests.cpu is 1 of 5, each pod asks for 1"


def test_none_fits_where_the_server_refuses_every_pod() -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta("q"), "spec": {"hard": {"pods": "0"}}}
    found = fit(cluster_of(quota, workload("web", 1), nodes=THREE), WEB)
    assert (found.more, found.at_least) == (0, False)
    assert "exceeded quota: q" in found.stopped_by
    assert need(cluster_of(quota, workload("web", 1), nodes=THREE), WEB, 2, "8cpu,32Gi").nodes is None


def test_a_workload_without_pods_is_asked_by_its_template() -> None:
    assert fit(cluster_of(workload("web", 0, cpu="4"), nodes=THREE), WEB).more == 6


def storage(mode: str = "Immediate") -> Object:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": meta("disk"),
        "provisioner": "sim.kplan.dev/disk",
        "volumeBindingMode": mode,
    }


def database(replicas: int) -> Object:
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": "disk", "resources": {"requests": {"storage": "1Gi"}}}
    return workload("db", replicas, kind="StatefulSet", cpu="3", serviceName="db", volumeClaimTemplates=[{"metadata": {"name": "data"}, "spec": spec}])


@pytest.mark.parametrize("mode", ["Immediate", "WaitForFirstConsumer"])
def test_replicas_of_a_set_get_their_claims(mode: str) -> None:
    ref = Ref("apps", "StatefulSet", "default", "db")
    assert fit(cluster_of(storage(mode), database(2), nodes=THREE), ref).more == 4
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta("q"), "spec": {"hard": {"persistentvolumeclaims": "3"}}}
    found = fit(cluster_of(quota, storage(mode), database(2), nodes=THREE), ref)
    assert found.more == 1
    assert "exceeded quota: q" in found.stopped_by


def test_the_smallest_number_of_nodes() -> None:
    def cluster() -> Cluster:
        return cluster_of(workload("web", 3, cpu="3"), nodes="1x8cpu,32Gi")

    found = need(cluster(), WEB, 9, "8cpu,32Gi")
    assert (found.running, found.nodes) == (2, 4)  # two on each node
    assert need(cluster(), WEB, 2, "8cpu,32Gi").nodes == 0
    assert need(cluster(), WEB, 11, "16cpu,64Gi").nodes == 2  # five on each


def test_daemons_take_their_share_of_new_nodes() -> None:
    agent = workload("agent", kind="DaemonSet", cpu="2")
    del agent["spec"]["replicas"]
    found = need(cluster_of(agent, workload("web", 2, cpu="3"), nodes="1x8cpu,32Gi"), WEB, 6, "8cpu,32Gi")
    assert found.nodes == 2
    agent["spec"]["template"]["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "3"}}
    assert need(cluster_of(agent, workload("web", 1, cpu="3"), nodes="1x8cpu,32Gi"), WEB, 4, "8cpu,32Gi").nodes == 3


def test_no_number_of_nodes_that_are_too_small_is_enough() -> None:
    found = need(cluster_of(workload("web", 1, cpu="3"), nodes=THREE), WEB, 30, "2cpu,4Gi")
    assert found.nodes is None
    assert "Insufficient cpu" in found.why


def test_what_makes_no_replicas_is_refused() -> None:
    agent = workload("agent", kind="DaemonSet")
    del agent["spec"]["replicas"]
    cluster = cluster_of(agent, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("c")})
    for ref in (Ref("apps", "DaemonSet", "default", "agent"), Ref("", "ConfigMap", "default", "c")):
        with pytest.raises(NoReplicasError):
            fit(cluster, ref)


@pytest.mark.parametrize(("resource", "number", "text"), [("cpu", 250, "0.25"), ("cpu", 8000, "8"), ("memory", 3 * 2**29, "1.5Gi"), ("pods", 110, "110")])
def test_amounts_for_people(resource: str, number: int, text: str) -> None:
    assert amount(resource, number) == text
