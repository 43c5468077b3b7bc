"""Laws of the simulated cluster: order does not matter, rest is rest, nothing stored ever changes in place, and what never rests is told of."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

import kplan
from kplan.apiserver.store import Store
from kplan.node.kubelet import Kubelet

Object = dict[str, Any]
VOLATILE = ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation")


def meta(name: str, **more: Any) -> Object:
    return {"name": name, **more}


def pod_spec(*names: str, **more: Any) -> Object:
    return {"containers": [{"name": n, "image": f"{n}:1", "resources": {"requests": {"cpu": "100m"}}} for n in names or ("app",)], **more}


def workload(kind: str, name: str, app: str | None = None, **spec: Any) -> Object:
    labels = {"app": app or name}
    template = {"metadata": {"labels": labels}, "spec": spec.pop("pod", pod_spec())}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": meta(name), "spec": {"selector": {"matchLabels": labels}, "template": template, **spec}}


def autoscaler(name: str, target: str, least: int, most: int) -> Object:
    ref = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}
    spec = {"scaleTargetRef": ref, "minReplicas": least, "maxReplicas": most}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta(name), "spec": spec}


def node(name: str) -> Object:
    room = {"cpu": "16", "memory": "32Gi", "pods": "110"}
    labels = {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": f"zone-{name}"}
    return {"apiVersion": "v1", "kind": "Node", "metadata": meta(name, labels=labels), "status": {"capacity": room, "allocatable": room}}


NODES = [node("n1"), node("n2")]
MANIFESTS: list[Object] = [
    {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": meta("disk"), "provisioner": "sim.kplan.dev/disk"},
    {"apiVersion": "v1", "kind": "Service", "metadata": meta("web"), "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}},
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("settings"), "data": {"a": "1"}},
    workload("Deployment", "web", replicas=3, pod=pod_spec("web", volumes=[{"name": "c", "configMap": {"name": "settings"}}])),
    workload("DaemonSet", "agent"),
    workload(
        "StatefulSet",
        "db",
        serviceName="db",
        replicas=2,
        volumeClaimTemplates=[
            {"metadata": meta("data"), "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "disk", "resources": {"requests": {"storage": "1Gi"}}}}
        ],
    ),
    {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta("once"), "spec": {"template": {"spec": pod_spec(restartPolicy="Never")}}},
    {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": meta("web"),
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}},
    },
    autoscaler("web", "web", 4, 6),
]


def cluster(*manifests: Object, rest: bool = True) -> kplan.Cluster:
    """A cluster to which manifests were applied, with a rest after each or with one for all."""
    made = kplan.Cluster()
    for one in NODES:
        assert made.create(one).accepted
    made.run()
    for one in manifests:
        answer = made.apply(one)
        assert answer.accepted, answer.message
        if rest:
            made.run(quiet=0.3)
    return made


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _bare(v) for k, v in value.items() if k not in VOLATILE and not k.endswith("Time")}
    return [_bare(v) for v in value] if isinstance(value, list) else value


def reached(made: kplan.Cluster) -> Object:
    """What was reached, without names and numbers that are dealt out: phases, owners and counts of pods, statuses of the rest."""
    found: dict[str, Any] = {}
    for obj in made.objects():
        where = (obj["kind"], obj["metadata"].get("namespace", ""))
        status = obj.get("status") or {}
        if obj["kind"] == "Pod":
            owner = (obj["metadata"].get("ownerReferences") or [{}])[0].get("name", "")
            ready = [c["status"] for c in status.get("conditions", ()) if c["type"] == "Ready"]
            key = json.dumps([*where, owner, status.get("phase"), ready])
            found[key] = found.get(key, 0) + 1
        elif obj["kind"] in ("EndpointSlice", "Endpoints"):
            key = json.dumps([*where, obj["metadata"]["labels"].get("kubernetes.io/service-name", obj["metadata"]["name"])])
            found[key] = [len(obj.get("endpoints") or ()), len(obj.get("ports") or ())]
        elif obj["kind"] not in ("Event", "Lease", "PersistentVolume", "Node", "IPAddress"):
            conditions = sorted((c["type"], c["status"]) for c in status.get("conditions") or () if isinstance(c, dict))
            counts = {k: v for k, v in _bare(status).items() if isinstance(v, (int, str))}
            found[json.dumps([*where, obj["metadata"]["name"]])] = [conditions, counts]
    return found


@pytest.mark.parametrize("seed", range(6))
def test_the_same_manifests_in_any_order_reach_the_same_state(seed: int) -> None:
    shuffled = list(MANIFESTS)
    random.Random(seed).shuffle(shuffled)
    expected, other = cluster(*MANIFESTS), cluster(*shuffled, rest=seed % 2 == 0)
    for one in (expected, other):
        assert one.run(quiet=31, horizon=300).converged
    assert reached(other) == reached(expected)


def versions(made: kplan.Cluster) -> dict[tuple[str, str, str], str]:
    return {
        (o["kind"], o["metadata"].get("namespace", ""), o["metadata"]["name"]): o["metadata"]["resourceVersion"] for o in made.objects() if o["kind"] != "Event"
    }


def test_running_again_and_applying_again_change_nothing() -> None:
    made = cluster(*MANIFESTS)
    made.run(quiet=31, horizon=300)
    before = versions(made)
    assert made.run(quiet=31).converged
    assert versions(made) == before
    for manifest in MANIFESTS:
        if manifest["metadata"]["name"] != "web" or manifest["kind"] != "Deployment":  # its replicas are the autoscaler's by now
            assert made.apply(manifest).accepted
    made.run(quiet=31)
    assert versions(made) == before


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[int, tuple[Any, str]]]:
    """Everything that is ever stored, with the text that it had then."""
    kept: dict[int, tuple[Any, str]] = {}
    put = Store.put

    def guard(self: Store, kind: str, obj: Any) -> Any:
        stored = put(self, kind, obj)
        held = self.get(kind, obj["metadata"].get("namespace") or "", obj["metadata"]["name"])
        kept[id(held)] = (held, json.dumps(held, sort_keys=True))
        return stored

    monkeypatch.setattr(Store, "put", guard)
    yield kept


def test_what_is_stored_is_never_changed_in_place(guarded: dict[int, tuple[Any, str]]) -> None:
    made = cluster(*MANIFESTS)
    made.run(quiet=31, horizon=300)
    made.patch({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, {"spec": {"template": {"spec": {"priority": None, "hostNetwork": True}}}})
    made.patch({"apiVersion": "v1", "kind": "Node", "name": "n1"}, {"spec": {"taints": [{"key": "k", "effect": "NoExecute"}]}}, type="merge")
    made.run(quiet=31, horizon=300)
    made.delete({"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db"}, propagation="Foreground")
    made.run()
    assert len(guarded) > 100
    changed = [obj["metadata"]["name"] for obj, text in guarded.values() if json.dumps(obj, sort_keys=True) != text]
    assert not changed


def _merge(made: kplan.Cluster, kind: str, name: str, body: Object) -> None:
    versions = {"Node": "v1", "Service": "v1", "Job": "batch/v1", "PodDisruptionBudget": "policy/v1"}
    made.patch({"apiVersion": versions.get(kind, "apps/v1"), "kind": kind, "name": name}, body, type="merge")


DISTURBANCES = ("scale", "template", "outcome", "delete pod", "relabel", "evict", "cordon", "taint", "condition", "delete", "apply", "suspend", "select")


def disturb(made: kplan.Cluster, chance: random.Random) -> str:
    """Something that users and clouds do; says what."""
    pods = made.objects("Pod")
    scaled = chance.choice([("Deployment", "web"), ("StatefulSet", "db")])
    templated = chance.choice([scaled, ("DaemonSet", "agent")])
    what = chance.choice(DISTURBANCES)
    match what:
        case "scale":
            _merge(made, *scaled, {"spec": {"replicas": chance.randrange(9)}})
        case "template" | "outcome":
            notes = {"version": str(chance.randrange(4))} if what == "template" else {"kplan.dev/outcome": chance.choice(["Running", "NotReady", "CrashLoop"])}
            _merge(made, *templated, {"spec": {"template": {"metadata": {"annotations": notes}}}})
        case "delete pod" | "relabel" | "evict" if pods:
            pod = chance.choice(pods)
            if what == "relabel":
                made.patch(pod, {"metadata": {"labels": {"app": chance.choice(["web", "db", "other"])}}}, type="merge")
            else:
                made.evict(pod) if what == "evict" else made.delete(pod)
        case "cordon":
            _merge(made, "Node", chance.choice(["n1", "n2"]), {"spec": {"unschedulable": chance.random() < 0.5}})
        case "taint":
            effect = chance.choice(["NoSchedule", "NoExecute"])
            _merge(made, "Node", chance.choice(["n1", "n2"]), {"spec": {"taints": chance.choice([None, [{"key": "k", "effect": effect}]])}})
        case "condition":
            notes = {"kplan.dev/conditions": chance.choice(['{"Ready": "False"}', "{}", '{"DiskPressure": "True"}'])}
            _merge(made, "Node", chance.choice(["n1", "n2"]), {"metadata": {"annotations": notes}})
        case "delete":
            victim = chance.choice(MANIFESTS)
            made.delete({**victim, "name": victim["metadata"]["name"]}, propagation=chance.choice(["Background", "Foreground", "Orphan"]))
        case "apply":
            for manifest in MANIFESTS:
                made.apply(manifest)
        case "suspend":
            _merge(made, "Job", "once", {"spec": {"suspend": chance.random() < 0.5, "parallelism": chance.randrange(4)}})
        case "select":
            _merge(made, "Service", "web", {"spec": {"selector": {"app": chance.choice(["web", "db"])}}})
    return what


def broken(made: kplan.Cluster) -> Iterator[str]:
    """What is not as it must be in a cluster at rest whose kubelets all run."""
    pods = made.objects("Pod")
    there = {o["metadata"]["uid"] for o in made.objects()}
    live = [p for p in pods if p["status"]["phase"] not in ("Succeeded", "Failed")]
    yield from (f"{p['metadata']['name']} is still terminating" for p in pods if "deletionTimestamp" in p["metadata"])
    for obj in made.objects():
        if obj["kind"] != "Event" and any(o["uid"] not in there for o in obj["metadata"].get("ownerReferences", ())):
            yield f"{obj['kind']} {obj['metadata']['name']} outlives its owner"
    for owner in made.objects("ReplicaSet"):
        mine = sum(1 for p in live if any(o["uid"] == owner["metadata"]["uid"] for o in p["metadata"].get("ownerReferences", ())))
        if not mine == owner["spec"]["replicas"] == owner["status"]["replicas"]:
            yield f"{owner['metadata']['name']} has {mine} pods of {owner['spec']['replicas']}"
    for service in made.objects("Service", "default"):
        wanted = service["spec"].get("selector")
        if not wanted:
            continue
        slices = [s for s in made.objects("EndpointSlice") if s["metadata"].get("labels", {}).get("kubernetes.io/service-name") == service["metadata"]["name"]]
        named = {e["targetRef"]["name"] for s in slices for e in s.get("endpoints") or ()}
        if named != {p["metadata"]["name"] for p in live if p["status"].get("podIP") and wanted.items() <= p["metadata"].get("labels", {}).items()}:
            yield f"the endpoints of {service['metadata']['name']} are {sorted(named)}"


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_the_cluster_comes_to_rest_as_it_should(seed: int) -> None:
    chance, made, history = random.Random(seed), cluster(*MANIFESTS), list[str]()
    for _ in range(12):
        history += [disturb(made, chance) for _ in range(chance.choice([1, 1, 3]))]
        assert made.run(quiet=chance.choice([2, 16, 70]), horizon=400).converged, history
    made.run(quiet=400, horizon=2000)
    assert list(broken(made)) == [], history


def test_autoscalers_that_undo_each_other_are_told_of() -> None:
    fighting = (workload("Deployment", "web", replicas=2), autoscaler("high", "web", 5, 9), autoscaler("low", "web", 1, 3))
    endless = cluster(*fighting).run(quiet=20)
    assert not endless.converged and endless.elapsed < 300
    capped = cluster(*fighting).run(quiet=600, horizon=600)
    assert not capped.converged and capped.elapsed == 600
    for run in (endless, capped):
        (told,) = run.diagnostics
        assert (told.rule, str(told.ref)) == ("simulate/rivals", "deployment/web")
        assert "horizontal-pod-autoscaler on default/high" in told.message and "horizontal-pod-autoscaler on default/low" in told.message


def test_workloads_with_the_same_selector_come_to_rest() -> None:
    sizes = (("Deployment", "a", 2), ("Deployment", "b", 3), ("ReplicaSet", "c", 1))
    made = cluster(*(workload(kind, name, "shared", replicas=size) for kind, name, size in sizes))
    assert made.run(quiet=60).converged
    owners = [p["metadata"]["ownerReferences"][0]["name"].partition("-")[0] for p in made.objects("Pod")]
    assert sorted(owners) == ["a", "a", "b", "b", "b", "c"]


def test_pods_that_are_driven_away_as_fast_as_they_are_made_are_a_livelock() -> None:
    made = cluster(workload("Deployment", "pinned", replicas=1, pod=pod_spec(nodeName="n1")), rest=False)
    made.patch({"apiVersion": "v1", "kind": "Node", "name": "n1"}, {"spec": {"taints": [{"key": "k", "effect": "NoExecute"}]}}, type="merge")
    run = made.run()
    (told,) = run.diagnostics
    assert not run.converged and told.rule == "simulate/livelock"
    assert "replicaset-controller" in told.message


def test_what_never_ends_ends_after_a_day() -> None:
    spec = {"schedule": "*/30 * * * *", "jobTemplate": {"spec": {"template": {"spec": pod_spec(restartPolicy="Never")}}}}
    made = cluster({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta("often"), "spec": spec})
    run = made.run(quiet=1900)
    (told,) = run.diagnostics
    assert not run.converged and told.rule == "simulate/restless" and "cronjob-controller on default/often" in told.message
    assert 86400 <= run.elapsed < 90000


ROLLOUTS = [
    [workload("Deployment", "web", replicas=7, pod=pod_spec("web"))],
    [workload("Deployment", "web", replicas=7, pod=pod_spec("web")), workload("Deployment", "web", replicas=12, pod=pod_spec("web"))],
    [workload("Deployment", "web", replicas=5, pod=pod_spec("web")), workload("Deployment", "web", replicas=6, pod=pod_spec("next"))],
    [workload("Deployment", "web", replicas=4, strategy={"type": "Recreate"}), workload("Deployment", "web", replicas=4, pod=pod_spec("next"))],
    [workload("Deployment", "web", replicas=4, minReadySeconds=5), workload("Deployment", "web", replicas=4, minReadySeconds=5, pod=pod_spec("next"))],
    [workload("ReplicaSet", "web", replicas=6), workload("ReplicaSet", "web", replicas=2), workload("ReplicaSet", "web", replicas=8)],
    [workload("DaemonSet", "web"), workload("DaemonSet", "web", pod=pod_spec("next"))],
    [workload("StatefulSet", "web", replicas=4, podManagementPolicy="Parallel", serviceName="web")],
]


@pytest.mark.parametrize("steps", ROLLOUTS)
def test_pods_that_start_together_come_to_what_they_come_to_singly(steps: list[Object], monkeypatch: pytest.MonkeyPatch) -> None:
    around = [m for m in MANIFESTS if m["kind"] in ("Service", "PodDisruptionBudget")]

    def played() -> tuple[Any, Any]:
        made = cluster(*around, *steps)
        told = [(e["reason"], e["message"]) for e in made.events()]
        return told, [({k: v for k, v in o["metadata"].items() if k not in VOLATILE}, o.get("spec"), o.get("status")) for o in made.objects()]

    together = played()
    monkeypatch.setattr(Kubelet, "seen_singly", lambda *_: True)
    assert played() == together
