"""The queue, preemption, what the loop relies on, the configuration, and the recordings."""

from __future__ import annotations

import gzip
import json
import sys
import types
from pathlib import Path

import pytest
from scheduler_objects import HOST, Store, node, pod, required

from kplan.scheduler import Scheduler
from kplan.scheduler.config import read_config

RECORDINGS = Path(__file__).parents[4] / "shared" / "conformance"


def budget(app: str, allowed: int) -> dict:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": app, "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": app}}},
        "status": {"disruptionsAllowed": allowed},
    }


def test_the_more_important_first_and_ties_by_name() -> None:
    decisions = Scheduler(Store(node("b"), node("a"))).schedule([pod("low"), pod("high", priority=5), pod("later")])
    assert [(d.pod, d.chosen) for d in decisions] == [("default/high", "a"), ("default/low", "b"), ("default/later", "a")]
    assert decisions[0].ties == ("a", "b")


def test_preemption_takes_the_least_and_the_pod_is_tried_again() -> None:
    store = Store(node("a", "2"), node("b", "2"), pod("old", "2", on="a", start="2026-01-01T00:00:00Z"), pod("new", "2", on="b", start="2026-01-01T00:00:09Z"))
    first, second = Scheduler(store).schedule([pod("p", "1", priority=1)])
    assert (first.nominated, first.victims, first.chosen) == ("b", ("default/new",), None)
    assert second.chosen == "b" and second.ties == ("b",)


def test_budgets_weigh_more_than_priorities_and_nodes_that_help_not_are_counted() -> None:
    store = Store(node("a", "2"), node("b", "2"), pod("x", "2", on="a", labels={"app": "x"}), pod("y", "2", on="b", priority=3), budget("x", 0))
    assert Scheduler(store).explain(pod("p", "1", priority=5)).nominated == "b"
    never = Scheduler(store).explain(pod("p", "1", priority=5, preemptionPolicy="Never"))
    assert never.message.endswith("no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.")


def test_only_what_must_go_goes_most_important_kept() -> None:
    placed = [pod("one", "1", on="a", priority=1), pod("two", "1", on="a", priority=2), pod("three", "1", on="a", priority=3)]
    decision = Scheduler(Store(node("a", "3"), *placed)).explain(pod("p", "2", priority=9))
    assert decision.victims == ("default/two", "default/one")
    anti = pod("p", "1", priority=9, affinity=required("podAntiAffinity", "web"))
    store = Store(node("a", "4"), pod("web", "1", on="a", labels={"app": "web"}), pod("db", "1", on="a"))
    assert Scheduler(store).explain(anti).victims == ("default/web",)


def test_a_pod_yields_to_who_is_nominated() -> None:
    waiting = pod("waits", "2", priority=5, status={"nominatedNodeName": "a"})
    scheduler = Scheduler(Store(node("a", "2"), waiting))
    assert scheduler.explain(pod("p", "1")).nodes["a"].reasons == ("Insufficient cpu",)
    assert scheduler.explain(pod("p", "1", priority=6)).chosen == "a"
    assert scheduler.explain(waiting).ties == ("a",)


def test_schedule_one_assumes_until_the_store_says_so_or_it_is_forgotten() -> None:
    store = Store(node("a", "2"))
    scheduler = Scheduler(store)
    first, second = pod("first", "2"), pod("second", "2")
    decision = scheduler.schedule_one(first)
    assert decision.chosen == "a" and scheduler.schedule_one(second).chosen is None
    scheduler.forget(first, decision)
    assert scheduler.schedule_one(second).chosen == "a"
    bound = pod("second", "2", on="a")
    scheduler.observe(store.put(bound))
    assert scheduler.explain(first).chosen is None
    scheduler.observe(store.put({**bound, "status": {"phase": "Succeeded"}}))
    assert scheduler.explain(first).chosen == "a"


def test_what_kubelets_tell_changes_nothing_until_the_pod_ends_or_is_resized() -> None:
    store = Store(node("a", "2"), pod("x", "1500m", on="a"))
    scheduler = Scheduler(store)

    def told(**status: object) -> bool:
        old = store.get("Pod", "default", "x")
        assert old is not None
        scheduler.observe(store.put({**old, "status": status}))
        return scheduler.explain(pod("p", "1")).chosen == "a"

    assert not told(phase="Running", startTime="2026-01-01T00:00:00Z")
    known = scheduler.cluster.pod("default/x")
    assert known is not None and known.start == "2026-01-01T00:00:00Z"
    smaller = {"name": "c", "resources": {"requests": {"cpu": "1800m"}}}
    assert not told(phase="Running", containerStatuses=[smaller])
    assert told(phase="Succeeded")


def test_rejecting_plugins_are_named() -> None:
    decision = Scheduler(Store(node("a", "1"), node("b", taints=[{"key": "k", "effect": "NoSchedule"}]))).explain(pod("p", "2"))
    assert decision.rejected_by == {"NodeResourcesFit", "TaintToleration"}
    assert decision.reason == "Unschedulable"


def test_configuration_takes_plugins_out_and_names_what_it_does_not_know() -> None:
    config = {
        "profiles": [
            {
                "schedulerName": "packs",
                "plugins": {
                    "multiPoint": {"disabled": [{"name": "TaintToleration"}], "enabled": [{"name": "Coscheduling"}]},
                    "score": {"disabled": [{"name": "ImageLocality"}]},
                },
                "pluginConfig": [
                    {"name": "NodeResourcesFit", "args": {"scoringStrategy": {"type": "MostAllocated", "resources": [{"name": "cpu", "weight": 1}]}}}
                ],
            }
        ]
    }
    profiles, diagnostics = read_config(config)
    assert not profiles["packs"].has("TaintToleration")
    assert [d.message for d in diagnostics] == ["plugin 'Coscheduling' of profile 'packs' is not simulated and left out"]
    scheduler = Scheduler(Store(node("a", taints=[{"key": "k", "effect": "NoSchedule"}]), node("b"), pod("x", "3", on="a")), config)
    decision = scheduler.explain(pod("p", "1", schedulerName="packs"))
    assert decision.chosen == "a"
    assert "ImageLocality" not in decision.nodes["a"].scores
    assert scheduler.responsible(pod("p", schedulerName="packs")) and not scheduler.responsible(pod("p"))


def test_replicas_share_a_class_and_hostnames_do_not_matter() -> None:
    nodes = [node(f"n{i:02d}", "4", "8Gi") for i in range(30)]
    decisions = Scheduler(Store(*nodes)).schedule([pod(f"p{i}", "500m", "64Mi") for i in range(300)])
    assert sum(d.chosen is not None for d in decisions) == 240
    assert {d.message.partition(".")[0] for d in decisions if d.chosen is None} == {"0/30 nodes are available: 30 Insufficient cpu"}
    assert HOST in nodes[0]["metadata"]["labels"]


@pytest.mark.skipif(not (RECORDINGS / "compare.py").exists(), reason="no recordings here")
@pytest.mark.parametrize("suite", ["decisions", "sequences"])
def test_recordings(suite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(RECORDINGS))
    import compare

    class Cluster:
        def __init__(self, version: str) -> None:
            self.store, self._scheduler = Store(), None

        def restore(self, objects: list) -> None:
            for obj in objects:
                self.store.put(obj)

        def __getattr__(self, name: str) -> object:
            if self._scheduler is None:
                self._scheduler = Scheduler(self.store)
            return getattr(self._scheduler, name)

    stub = types.SimpleNamespace(Cluster=Cluster)
    tally = compare.Tally(suite, 5)
    getattr(compare, suite)(stub, RECORDINGS, lambda cases: cases, tally)
    assert tally.failed == {}
    with gzip.open(RECORDINGS / "scheduling" / f"{suite}.jsonl.gz", "rt") as lines:
        assert tally.counts["all"][0] == sum(1 for line in lines if json.loads(line)["id"])
    assert "compare" in sys.modules
