"""Laws of the scheduler: rows are independent, caches change nothing, what is asked later was true then."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "scheduler"))

from scheduler_objects import Store, random_nodes, random_pod

from kplan.scheduler import Scheduler
from kplan.scheduler.cluster_state import ClusterState
from kplan.scheduler.framework import Plugin
from kplan.scheduler.plugins import PLUGINS
from kplan.scheduler.plugins.node_affinity import NodeAffinity
from kplan.scheduler.plugins.node_resources_balanced_allocation import NodeResourcesBalancedAllocation
from kplan.scheduler.plugins.node_resources_fit import NodeResourcesFit

SHAPE = [(0, 0), (70, 10), (100, 2)]
THREE = (("cpu", 1), ("memory", 2), ("example.com/gpu", 5))
LOCAL = [
    *(cls() for cls in PLUGINS if issubclass(cls, Plugin)),
    NodeResourcesFit("MostAllocated", THREE),
    NodeResourcesFit("RequestedToCapacityRatio", THREE, SHAPE),
    NodeResourcesBalancedAllocation(THREE),
    NodeAffinity({"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "disk", "operator": "Exists"}]}]}}),
]


def cluster(rng: random.Random, nodes: int, pods: int) -> ClusterState:
    made = random_nodes(rng, nodes)
    placed = [random_pod(rng, f"old-{i}", on=rng.choice(made)["metadata"]["name"]) for i in range(pods)]
    return ClusterState(Store(*made, *placed))


@pytest.mark.parametrize("plugin", LOCAL, ids=lambda p: p.name)
@pytest.mark.parametrize("seed", range(6))
def test_rows_are_independent(plugin: Plugin, seed: int) -> None:
    rng = random.Random(seed)
    state = cluster(rng, 17, 25)
    table = state.table
    rows = np.array(sorted(rng.sample(range(table.size), 7)))
    for i in range(12):
        pod = state.read(random_pod(rng, f"new-{i}")).cls
        if plugin.key(pod) is None:
            continue
        whole = list(plugin.filter(pod, table))
        some = list(plugin.filter(pod, table.take(rows)))
        assert [r.reason for r in some] == [r.reason for r in whole]
        for full, part in zip(whole, some, strict=True):
            mask = np.broadcast_to(full.mask, table.size)
            assert (np.broadcast_to(part.mask, len(rows)) == mask[rows]).all()
            could = np.broadcast_to(full.could_help(), table.size)
            assert (np.broadcast_to(part.could_help(), len(rows)) == could[rows]).all()
            for row in rows.tolist():
                one = next(r for r in plugin.filter(pod, table.at(row)) if r.reason == full.reason)
                assert bool(one.mask) == bool(mask[row])
                assert bool(one.could_help()) == bool(could[row])
        scores = plugin.score(pod, table)
        if scores is not None:
            column = np.broadcast_to(scores, table.size).astype(np.int64)
            assert (np.broadcast_to(plugin.score(pod, table.take(rows)), len(rows)).astype(np.int64) == column[rows]).all()
            assert [int(plugin.score(pod, table.at(row))) for row in rows.tolist()] == column[rows].tolist()


def told(decisions: list) -> list[tuple]:
    return [(d.pod, d.chosen, d.total, d.message, d.gated, d.nominated, d.victims) for d in decisions]


@pytest.mark.parametrize("preemption", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_caches_change_nothing(seed: int, preemption: bool) -> None:
    def queue() -> tuple[Store, list]:
        rng = random.Random(seed)
        nodes = random_nodes(rng, rng.randrange(3, 40))
        store = Store(*nodes, *(random_pod(rng, f"old-{i}", on=rng.choice(nodes)["metadata"]["name"]) for i in range(10)))
        kinds = [random_pod(rng, "kind") for _ in range(6)]
        pods = [{**(kind := rng.choice(kinds)), "metadata": {**kind["metadata"], "name": f"p{i}", "uid": f"p{i}"}} for i in range(60)]
        return store, pods

    with_caches, without = (Scheduler(queue()[0], cached=cached) for cached in (True, False))
    for part in (slice(0, 25), slice(25, 60)):
        assert told(with_caches.schedule(queue()[1][part], preemption)) == told(without.schedule(queue()[1][part], preemption))


@pytest.mark.parametrize("seed", range(5))
def test_what_is_asked_later_was_true_then(seed: int) -> None:
    rng = random.Random(seed)
    nodes = random_nodes(rng, 9)
    store = Store(*nodes)
    pods = [random_pod(rng, f"p{i}") for i in range(30)]
    pods.sort(key=lambda p: -p["spec"]["priority"])
    scheduler = Scheduler(store)
    then, decisions = [], []
    for pod in pods:
        explained = scheduler.explain(pod)
        then.append((explained.nodes, explained.ties))
        decisions += scheduler.schedule([pod], preemption=False)
    for decision, (verdicts, ties) in sorted(zip(decisions, then, strict=True), key=lambda _: rng.random()):
        assert decision.nodes == verdicts
        assert decision.ties == ties
        assert decision.chosen is None or decision.chosen == ties[0]


@pytest.mark.parametrize("seed", range(5))
def test_following_the_log_is_reading_anew(seed: int) -> None:
    rng = random.Random(seed)
    nodes = random_nodes(rng, 8)
    store = Store(*nodes)
    scheduler = Scheduler(store)
    present: list[str] = []
    for i in range(40):
        if present and rng.random() < 0.3:
            scheduler.observe(store.remove("Pod", "default", present.pop(rng.randrange(len(present)))))
        elif rng.random() < 0.1:
            changed = rng.choice(nodes)
            scheduler.observe(store.put({**changed, "spec": {"unschedulable": rng.random() < 0.5}}))
        else:
            scheduler.observe(store.put(random_pod(rng, f"p{i}", on=rng.choice(nodes)["metadata"]["name"])))
            present.append(f"p{i}")
        asked = random_pod(rng, "asked")
        mine, anew = scheduler.explain(asked), Scheduler(store).explain(asked)
        assert told([mine]) == told([anew])
        assert mine.nodes == anew.nodes


@pytest.mark.parametrize("seed", range(5))
def test_the_loop_can_be_asked_later_too(seed: int) -> None:
    rng = random.Random(seed)
    store = Store(*random_nodes(rng, 4))
    scheduler = Scheduler(store)
    then, decisions = [], []
    for i in range(30):
        if rng.random() < 0.3:
            scheduler.observe(store.put(random_nodes(rng, 9)[rng.randrange(9)]))
        pod = random_pod(rng, f"p{i}")
        pod["spec"].pop("priority")
        scheduler.observe(store.put(pod))
        explained = scheduler.explain(pod)
        then.append((explained.nodes, explained.ties))
        decision = scheduler.schedule_one(pod)
        decisions.append(decision)
        if decision.chosen and rng.random() < 0.7:
            scheduler.observe(store.put({**pod, "spec": {**pod["spec"], "nodeName": decision.chosen}}))
        elif decision.chosen and rng.random() < 0.5:
            scheduler.forget(pod, decision)
    for decision, (verdicts, ties) in sorted(zip(decisions, then, strict=True), key=lambda _: rng.random()):
        assert decision.nodes == verdicts
        assert decision.ties == ties
