"""Draining and losing nodes: real evictions, one round after another."""

from __future__ import annotations

import io

from questions import Object, budget, cluster_of, meta, service, workload
from rich.console import Console

from kplan.cluster import Cluster
from kplan.losing import lost_nodes
from kplan.questions.drain import Drain, drain
from kplan.report.drain import render_text

THREE = "3x8cpu,32Gi,zones=a/b/c"


def moved(found: Drain) -> dict[str, tuple[int, dict[str, int], int, int]]:
    return {str(m.ref): (m.pods, m.to, m.pending, m.gone) for m in found.moved}


def on(cluster: Cluster, node: str) -> list[str]:
    return [p["metadata"]["labels"].get("app", "") for p in cluster.door.store.on_node(node)]


def test_pods_move_to_the_other_nodes() -> None:
    cluster = cluster_of(workload("web", 3), nodes=THREE)
    found = drain(cluster, ["node-1"])
    assert (found.ok, found.rounds, found.blocked) == (True, 1, ())
    ((pods, to, pending, gone),) = moved(found).values()
    assert (pods, sum(to.values()), pending, gone) == (1, 1, 0, 0)
    assert "node-1" not in to
    assert on(cluster, "node-1") == []


def test_pods_of_one_budget_leave_one_round_after_another() -> None:
    cluster = cluster_of(workload("web", 3), budget("web", "web", maxUnavailable=1), service("web", "web"), nodes="1x8cpu,32Gi;2x4cpu,16Gi,prefix=b")
    first = max(("node-1", "b-2", "b-3"), key=lambda n: len(on(cluster, n)))
    count = len(on(cluster, first))
    found = drain(cluster, [first])
    assert found.ok
    assert found.rounds == count
    everything = drain(cluster_of(workload("web", 4), budget("web", "web", maxUnavailable=1), nodes="2x8cpu,32Gi"), ["node-1"])
    assert (everything.ok, everything.rounds) == (True, 2)


def test_a_budget_that_lets_none_go_blocks_for_ever() -> None:
    cluster = cluster_of(workload("web", 3), workload("api", 3), budget("web", "web", minAvailable=3), nodes=THREE)
    found = drain(cluster, ["node-1"])
    assert not found.ok
    ((blocked),) = found.blocked
    assert blocked.reason == "The disruption budget web needs 3 healthy pods and has 3 currently"
    assert "use maxUnavailable: 1" in blocked.help
    assert set(moved(found)) == {"deployment/api"}
    assert on(cluster, "node-1") == ["web"]


def test_a_budget_of_another_namespace_counts_for_nothing() -> None:
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}}
    elsewhere = {**budget("web", "web", minAvailable=3), "metadata": meta("web", "other")}
    assert drain(cluster_of(space, workload("web", 3), elsewhere, nodes=THREE), ["node-1"]).ok


def test_two_budgets_of_one_pod_block_it() -> None:
    cluster = cluster_of(workload("web", 3), budget("a", "web", maxUnavailable=1), budget("b", "web", maxUnavailable=1), nodes=THREE)
    (blocked,) = drain(cluster, ["node-1"]).blocked
    assert "more than one PodDisruptionBudget" in blocked.reason
    assert "more than one PodDisruptionBudget" in blocked.help


def test_what_fits_nowhere_else_waits() -> None:
    found = drain(cluster_of(workload("web", 2, cpu="6"), nodes="2x8cpu,32Gi"), ["node-2"])
    assert not found.ok
    assert moved(found) == {"deployment/web": (1, {}, 1, 0)}
    assert "Insufficient cpu" in found.moved[0].reasons[0]
    assert "were unschedulable" in found.moved[0].reasons[0]


def test_a_pod_without_a_controller_is_gone_and_told() -> None:
    pod: Object = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta("alone"),
        "spec": {"containers": [{"name": "c", "image": "x:1"}], "volumes": [{"name": "t", "emptyDir": {}}]},
    }
    found = drain(cluster_of(pod, nodes="1x8cpu,32Gi"), ["node-1"])
    assert moved(found) == {"pod/alone": (1, {}, 0, 1)}
    assert [n.split(":")[0] for n in found.notes] == ["kubectl drain needs --force", "kubectl drain needs --delete-emptydir-data"]


def test_daemons_stay() -> None:
    daemons = workload("agent", kind="DaemonSet")
    del daemons["spec"]["replicas"]
    cluster = cluster_of(daemons, nodes=THREE)
    found = drain(cluster, ["node-1"])
    assert found.moved == ()
    assert on(cluster, "node-1") == ["agent"]


def test_a_zone_is_lost_and_a_budget_broken() -> None:
    cluster = cluster_of(workload("web", 3), service("web", "web"), budget("web", "web", minAvailable=3), nodes=THREE)
    assert lost_nodes(cluster.objects("Node"), (), ("b",)) == ("node-2",)
    found = drain(cluster, ["node-2"], lost=True)
    assert (found.rounds, found.blocked, found.ok) == (0, (), False)
    assert [(b.ref.name, b.healthy, b.desired) for b in found.budgets] == [("web", 2, 3)]
    assert moved(found)["deployment/web"][2:] == (0, 0)
    assert [(s.before, s.after, s.lowest) for s in found.services] == [(3, 3, 2)]
    assert cluster.get({"apiVersion": "v1", "kind": "Node", "name": "node-2"}) is None


def test_pods_of_the_node_itself_need_a_flag_and_pods_of_nobody_are_lost() -> None:
    agent = workload("agent", kind="DaemonSet")
    agent = {**agent, "spec": {k: v for k, v in agent["spec"].items() if k != "replicas"}}
    bare = {"apiVersion": "v1", "kind": "Pod", "metadata": meta("p"), "spec": {"containers": [{"name": "c", "image": "r.example.com/x:1"}]}}
    done = {**bare, "metadata": {**meta("done"), "annotations": {"kplan.dev/outcome": "Succeeded"}}, "spec": {**bare["spec"], "restartPolicy": "Never"}}
    found = drain(cluster_of(agent, bare, done), ["node-1", "node-2", "node-3"])
    assert found.notes[0] == "kubectl drain needs --ignore-daemonsets: pods of daemonset/agent stay"
    assert found.notes[1].startswith("kubectl drain needs --force: pod/p has no controller")
    assert [(str(m.ref), m.gone) for m in found.moved] == [("pod/p", 1)]
    out = io.StringIO()
    render_text(found, Console(file=out, width=80, no_color=True, highlight=False))
    assert out.getvalue().rstrip().endswith(", 1 pod lost.")
