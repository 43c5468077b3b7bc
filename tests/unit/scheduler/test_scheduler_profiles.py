"""Several schedulers in one cluster, as a KubeSchedulerConfiguration has them."""

from __future__ import annotations

from typing import Any

import pytest
from scheduler_objects import node, pod

from kplan import Cluster
from kplan.scheduler.config import read_config

MOST = {"scoringStrategy": {"type": "MostAllocated", "resources": [{"name": "cpu", "weight": 1}]}}
PACKING = {"schedulerName": "packing", "pluginConfig": [{"name": "NodeResourcesFit", "args": MOST}]}
TAINT = [{"key": "dedicated", "value": "x", "effect": "NoSchedule"}]


def cluster(*profiles: dict[str, Any], **more: Any) -> Cluster:
    """Two nodes, of which `a` is half full."""
    found = Cluster(scheduler_config={"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration", "profiles": [*profiles], **more})
    found.restore([node("a"), node("b"), pod("there", "2", "4Gi", on="a")])
    return found


def where(made: Cluster, name: str) -> str:
    ref = {"apiVersion": "v1", "kind": "Pod", "name": name}
    return str((made.get(ref) or {})["spec"].get("nodeName"))


def create(made: Cluster, name: str, scheduler: str | None = None, **spec: Any) -> None:
    manifest = pod(name, "500m", "128Mi", **({"schedulerName": scheduler} if scheduler else {}), **spec)
    del manifest["spec"]["priority"], manifest["metadata"]["uid"]
    answer = made.create(manifest)
    assert answer.accepted, answer.message


def test_each_profile_places_its_own_pods_and_nobody_those_of_others() -> None:
    made = cluster({"schedulerName": "default-scheduler"}, PACKING)
    for name, scheduler in (("spread", None), ("packed", "packing"), ("elsewhere", "unheard-of")):
        create(made, name, scheduler)
    made.run()
    assert [where(made, name) for name in ("spread", "packed", "elsewhere")] == ["b", "a", "None"]
    said = {e["involvedObject"]["name"]: e["source"]["component"] for e in made.events() if e["reason"] == "Scheduled"}
    assert said == {"spread": "default-scheduler", "packed": "packing"}


def test_a_configuration_without_the_default_name_leaves_its_pods_alone() -> None:
    made = cluster(PACKING)
    create(made, "p")
    made.run()
    assert where(made, "p") == "None"


def test_explain_and_schedule_follow_the_pods_profile() -> None:
    made = cluster({}, PACKING)
    assert made.explain(pod("p", "500m", "128Mi")).chosen == "b"
    assert made.explain(pod("p", "500m", "128Mi", schedulerName="packing")).chosen == "a"
    assert [d.chosen for d in made.schedule([pod("p", "500m", "128Mi", schedulerName="packing")])] == ["a"]


@pytest.mark.parametrize("point", ["multiPoint", "filter"])
def test_a_disabled_plugin_rejects_nobody(point: str) -> None:
    made = cluster({"plugins": {point: {"disabled": [{"name": "TaintToleration"}]}}})
    made.restore([node("c", taints=TAINT)])
    assert made.explain(pod("p", "3500m", nodeSelector={"kubernetes.io/hostname": "c"})).chosen == "c"
    assert cluster().explain(pod("p", "3500m")).chosen == "b"


def test_weights() -> None:
    plugins = {"score": {"disabled": [{"name": "*"}], "enabled": [{"name": "NodeResourcesFit", "weight": 5}, {"name": "TaintToleration"}]}}
    scores = cluster({"plugins": plugins}).explain(pod("p", "500m", "128Mi")).nodes["b"].scores
    plain = cluster().explain(pod("p", "500m", "128Mi")).nodes["b"].scores
    assert scores["NodeResourcesFit"] == 5 * plain["NodeResourcesFit"]
    assert scores["TaintToleration"] * 3 == plain["TaintToleration"]  # what names no weight has 1
    assert not scores.get("NodeResourcesBalancedAllocation")


def test_arguments_of_plugins() -> None:
    added = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchFields": [
        {"key": "metadata.name", "operator": "In", "values": ["a"]}]}]}}  # fmt: skip
    made = cluster({"pluginConfig": [{"name": "NodeAffinity", "args": {"addedAffinity": added}}]})
    decision = made.explain(pod("p", "500m", "128Mi"))
    assert decision.chosen == "a"
    assert decision.nodes["b"].reasons == ("node(s) didn't match scheduler-enforced node affinity",)


def test_what_is_left_out_is_named_by_every_run() -> None:
    made = cluster({"plugins": {"multiPoint": {"enabled": [{"name": "Coscheduling"}]}}}, percentageOfNodesToScore=10, extenders=[{"urlPrefix": "http://x"}])
    create(made, "p")
    said = [(d.rule, d.message) for d in made.run().diagnostics]
    assert said == [
        ("scheduler/config", "plugin 'Coscheduling' of profile 'default-scheduler' is not simulated and left out"),
        ("scheduler/config", "extenders are not simulated"),
    ]
    assert where(made, "p") == "b"
    assert cluster(PACKING).run().diagnostics == ()


def test_plugins_that_are_no_plugins_here_can_be_taken_out() -> None:
    profiles, diagnostics = read_config({"profiles": [{"plugins": {"postFilter": {"disabled": [{"name": "DefaultPreemption"}]}}}]})
    assert not diagnostics
    assert not profiles["default-scheduler"].has("DefaultPreemption")
    made = cluster({"plugins": {"postFilter": {"disabled": [{"name": "DefaultPreemption"}]}}})
    decision = made.explain(pod("p", "3900m", priority=10, nodeSelector={"kubernetes.io/hostname": "a"}))
    assert decision.nominated is None and "preemption" not in decision.message
