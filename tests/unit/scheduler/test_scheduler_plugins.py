"""What each plugin says of small clusters, in upstream's words."""

from __future__ import annotations

import pytest
from scheduler_objects import HOST, ZONE, Store, node, pod, preferred, required, spread

from kplan.scheduler import Decision, Scheduler


def explain(asked: dict, *objects: dict) -> Decision:
    return Scheduler(Store(*objects)).explain(asked)


def reasons(decision: Decision) -> dict[str, tuple[str, ...]]:
    return {name: verdict.reasons for name, verdict in decision.nodes.items() if not verdict.fits}


def test_resources_beyond_the_node_are_unresolvable_and_all_are_told() -> None:
    d = explain(pod("p", "3", "2Gi"), node("a", "2", "1Gi"), node("b", "4", "4Gi"), pod("x", "2", on="b"))
    assert reasons(d) == {"a": ("Insufficient cpu", "Insufficient memory"), "b": ("Insufficient cpu",)}
    assert d.nodes["a"].unresolvable and not d.nodes["b"].unresolvable
    assert d.message == (
        "0/2 nodes are available: 1 Insufficient memory, 2 Insufficient cpu. no new claims to deallocate, "
        "preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling."
    )


def test_requests_come_from_limits_sidecars_and_pod_level() -> None:
    asked = pod("p")
    asked["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "1"}}
    asked["spec"]["initContainers"] = [
        {"name": "side", "restartPolicy": "Always", "resources": {"requests": {"cpu": "500m"}}},
        {"name": "init", "resources": {"requests": {"cpu": "1200m"}}},
    ]
    assert reasons(explain(asked, node("a", "1600m"), node("b", "1700m"))) == {"a": ("Insufficient cpu",)}
    asked["spec"]["resources"] = {"requests": {"cpu": "3"}}
    assert set(reasons(explain(asked, node("a", "1600m"), node("b", "1700m")))) == {"a", "b"}


def test_a_resize_in_progress_counts_with_the_larger_amount() -> None:
    running = pod("x", "1", on="a", status={"containerStatuses": [{"name": "c", "resources": {"requests": {"cpu": "3"}}, "allocatedResources": {"cpu": "1"}}]})
    assert reasons(explain(pod("p", "2"), node("a", "4"), running)) == {"a": ("Insufficient cpu",)}


def test_least_allocated_takes_defaults_for_who_asks_nothing() -> None:
    d = explain(pod("p"), node("a", "1", "1000Mi"))
    assert d.nodes["a"].scores["NodeResourcesFit"] == (90 + 80) // 2
    assert "NodeResourcesBalancedAllocation" not in d.nodes["a"].scores


def test_taints_reject_and_cost() -> None:
    hard, soft = [{"key": "k", "value": "v", "effect": "NoExecute"}], [{"key": "s", "effect": "PreferNoSchedule"}]
    d = explain(pod("p"), node("a", taints=hard), node("b", taints=soft), node("c"))
    assert reasons(d) == {"a": ("node(s) had untolerated taint(s)",)}
    assert [d.nodes[n].scores["TaintToleration"] for n in "bc"] == [0, 300]
    assert d.ties == ("c",)
    assert explain(pod("p", tolerations=[{"key": "k", "operator": "Exists"}]), node("a", taints=hard)).chosen == "a"
    assert explain(pod("p", tolerations=[{"key": "k", "operator": "Gt", "value": "1"}]), node("a", taints=hard)).chosen is None


def test_node_affinity_by_name_looks_at_no_other_node() -> None:
    terms = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["b"]}]}]
    rule = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    d = explain(pod("p", affinity=rule), node("a"), node("b"))
    assert d.chosen == "b"
    assert reasons(d) == {"a": ("node(s) didn't satisfy plugin(s) [NodeAffinity]",)}
    terms[0]["matchFields"].append({"key": "metadata.name", "operator": "In", "values": ["a"]})
    d = explain(pod("p", affinity=rule), node("a"), node("b"))
    assert d.message == "0/2 nodes are available: pod affinity terms conflict. not found"
    assert d.nodes == {}


@pytest.mark.parametrize(("operator", "values", "fits"), [("Gt", ["3"], True), ("Lt", ["3"], False), ("NotIn", ["5"], False), ("DoesNotExist", [], False)])
def test_node_affinity_operators(operator: str, values: list[str], fits: bool) -> None:
    terms = [{"matchExpressions": [{"key": "gen", "operator": operator, "values": values}]}]
    rule = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    assert (explain(pod("p", affinity=rule), node("a", labels={"gen": "5"})).chosen == "a") is fits


def test_host_ports_clash_by_address() -> None:
    def with_port(name: str, address: str, on: str = "") -> dict:
        found = pod(name, on=on)
        found["spec"]["containers"][0]["ports"] = [{"containerPort": 1, "hostPort": 80, "hostIP": address}]
        return found

    taken = with_port("x", "10.0.0.1", on="a")
    assert reasons(explain(with_port("p", "0.0.0.0"), node("a"), taken)) == {"a": ("node(s) didn't have free ports for the requested pod ports",)}
    assert explain(with_port("p", "10.0.0.2"), node("a"), taken).chosen == "a"


def test_spread_counts_only_nodes_that_count() -> None:
    nodes = [node("a", zone="x"), node("b", zone="y"), node("c")]
    placed = [pod("1", on="a", labels={"app": "web"}), pod("2", on="a", labels={"app": "web"}, namespace="other")]
    asked = pod("p", labels={"app": "web"}, topologySpreadConstraints=[spread("web")])
    d = explain(asked, *nodes, *placed)
    assert reasons(d) == {
        "a": ("node(s) didn't match pod topology spread constraints",),
        "c": ("node(s) didn't match pod topology spread constraints (missing required label)",),
    }
    asked = pod("p", labels={"app": "web"}, topologySpreadConstraints=[spread("web", minDomains=3)])
    assert "b" not in reasons(explain(asked, *nodes, *placed))


def test_a_service_spreads_by_default() -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "default"}, "spec": {"selector": {"app": "web"}}}
    placed = [pod(str(i), on="a", labels={"app": "web"}) for i in range(4)]
    d = explain(pod("p", labels={"app": "web"}), node("a"), node("b"), service, *placed)
    assert d.nodes["b"].scores["PodTopologySpread"] > d.nodes["a"].scores["PodTopologySpread"]
    assert "PodTopologySpread" not in explain(pod("p"), node("a"), node("b"), service).nodes["a"].scores


def test_affinity_lets_the_first_of_a_kind_pass_and_anti_affinity_is_mutual() -> None:
    together = pod("p", labels={"app": "web"}, affinity=required("podAffinity", "web", ZONE))
    assert explain(together, node("a", zone="x"), node("b")).ties == ("a",)
    d = explain(pod("p", labels={"app": "db"}), node("a"), node("b"), pod("x", on="a", labels={"app": "web"}, affinity=required("podAntiAffinity", "db")))
    assert reasons(d) == {"a": ("node(s) didn't satisfy existing pods anti-affinity rules",)}
    d = explain(pod("p", affinity=preferred("podAntiAffinity", "web")), node("a"), node("b"), pod("x", on="a", labels={"app": "web"}))
    assert [d.nodes[n].scores["InterPodAffinity"] for n in "ab"] == [0, 200]


def test_image_size_is_what_the_first_node_said() -> None:
    big = [{"names": ["example.com/app:v1"], "sizeBytes": 1_000_000_000}]
    small = [{"names": ["example.com/app:v1"], "sizeBytes": 1}]
    d = explain(pod("p"), node("b", images=big), node("a", images=small))
    assert d.nodes["a"].scores["ImageLocality"] == d.nodes["b"].scores["ImageLocality"] > 0


def test_gates_and_features() -> None:
    assert explain(pod("p", schedulingGates=[{"name": "x"}, {"name": "y"}]), node("a")).gated == ("waiting for scheduling gates: [x y]",)
    d = explain(pod("p", hostNetwork=True, hostUsers=False), node("a"))
    assert reasons(d) == {"a": ("node(s) didn't match Pod's required features",)}


def test_a_pod_with_a_node_is_only_filtered() -> None:
    d = explain(pod("p", on="b"), node("a"))
    assert d.message == "0/1 nodes are available: 1 node(s) didn't match the requested node name."
    assert explain(pod("p"), *[]).message == "no nodes available to schedule pods"


def test_events_are_cut_to_an_events_length() -> None:
    d = Decision("default/p", message="x" * 2000)
    assert len(d.event_message) == 1024 and d.event_message.endswith("x ...")
    assert HOST not in d.event_message
