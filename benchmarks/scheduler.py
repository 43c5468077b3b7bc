"""Pods a second, under scheduler_perf's names.

    python benchmarks/scheduler.py [NAME...] [--scale 0.1]

For each workload: pods a second of `Scheduler.schedule` on one core, every node scored, Decisions included; the ratio to the floor
that upstream's own benchmark asks for; to what a real kube-scheduler 1.36 did on one idle machine with all nodes scored, where that
was measured; peak memory. Nodes and init pods are in the store before the clock starts.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from kplan.api.objects import Object, group_kind_of
from kplan.scheduler import Scheduler

HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"


class Store:
    """The objects of a workload, as a Reader."""

    version = "1.36"
    now = datetime(2026, 1, 1)

    def __init__(self, objects: Sequence[Object]) -> None:
        self._kinds: dict[str, dict[tuple[str, str], Object]] = {}
        for obj in objects:
            meta = obj["metadata"]
            self._kinds.setdefault(group_kind_of(obj), {})[meta.get("namespace") or "", meta["name"]] = obj
        self._lists = {kind: [found[key] for key in sorted(found)] for kind, found in self._kinds.items()}

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        return self._kinds.get(kind, {}).get((namespace, name))

    def list(self, kind: str, namespace: str | None = None) -> list[Object]:
        found = self._lists.get(kind, [])
        return found if namespace is None else [o for o in found if o["metadata"].get("namespace") == namespace]

    def owned(self, kind: str, uid: str) -> list[Object]:
        return []

    def on_node(self, node: str) -> list[Object]:
        return [p for p in self.list("Pod") if p["spec"].get("nodeName") == node]


class Workload:
    """Nodes and other objects, pods placed before the clock starts, pods to place. `times`: the factor over the floor that is aimed at."""

    def __init__(
        self, nodes: list[Object], init: list[Object], pods: list[Object], objects: Sequence[Object] = (), floor: float = 0, real: float = 0, times: float = 10
    ) -> None:
        self.nodes, self.init, self.pods, self.objects = nodes, init, pods, objects
        self.floor, self.real, self.times = floor, real, times


def make_nodes(
    count: int, zones: Sequence[str] = ("zone1",), labels: Object | None = None, prefix: str = "node", pods: str = "110", spec: Object | None = None
) -> list[Object]:
    amounts = {"cpu": "4", "memory": "32Gi", "pods": pods, "ephemeral-storage": "100Gi"}
    return [
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": f"{prefix}-{i:05d}", "labels": {HOST: f"{prefix}-{i:05d}", ZONE: zones[i % len(zones)], **(labels or {})}},
            "spec": spec or {},
            "status": {"allocatable": amounts, "capacity": amounts},
        }
        for i in range(count)
    ]


def make_pods(
    count: int, namespace: str = "sched-1", prefix: str = "pod", labels: Object | None = None, cpu: str = "100m", memory: str = "500Mi", **spec: Any
) -> list[Object]:
    """Pods of one template, each an object of its own as a store would hold it."""
    container = {
        "name": "pause",
        "image": "registry.k8s.io/pause:3.10",
        "ports": [{"containerPort": 80}],
        "resources": {"requests": {"cpu": cpu, "memory": memory}},
    }
    text = json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"namespace": namespace, "name": "@", "labels": labels or {}},
            "spec": {"containers": [container], **spec},
        }
    )
    return [json.loads(text.replace('"@"', f'"{prefix}-{i:06d}"')) for i in range(count)]


def term(color: str, key: str = HOST, namespaces: Sequence[str] | None = ("sched-1", "sched-0"), selector: Object | None = None) -> Object:
    found: Object = {"topologyKey": key, "labelSelector": {"matchLabels": {"color": color}}}
    if selector is not None:
        return {**found, "namespaceSelector": selector}
    return {**found, "namespaces": list(namespaces or ())}


def affinity(kind: str, required: Object | None = None, preferred: Object | None = None) -> Object:
    rules: Object = {}
    if required is not None:
        rules["requiredDuringSchedulingIgnoredDuringExecution"] = [required]
    if preferred is not None:
        rules["preferredDuringSchedulingIgnoredDuringExecution"] = [{"weight": 1, "podAffinityTerm": preferred}]
    return {"affinity": {kind: rules}}


def spread(mode: str, skew: int = 5, key: str = ZONE, **more: Any) -> Object:
    return {
        "topologySpreadConstraints": [
            {"maxSkew": skew, "topologyKey": key, "whenUnsatisfiable": mode, "labelSelector": {"matchLabels": {"color": "blue"}}, **more}
        ]
    }


def namespaces(count: int) -> list[Object]:
    names = [f"init-ns-{i}" for i in range(count)] + ["measure-ns-0"]
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": n, "labels": {"team": "devops", "kubernetes.io/metadata.name": n}}} for n in names]


def in_namespaces(count: int, each: int, **template: Any) -> list[Object]:
    return [p for i in range(count) for p in make_pods(each, f"init-ns-{i}", **template)]


def basic(scale: Callable[[int], int]) -> Workload:
    return Workload(make_nodes(scale(5000)), make_pods(scale(1000), "sched-0"), make_pods(scale(10000)), floor=270, real=75)


def distinct(scale: Callable[[int], int]) -> Workload:
    pods = make_pods(scale(50000))
    for i, pod in enumerate(pods):
        pod["metadata"]["labels"] = {"app": f"app-{i}"}
        pod["spec"]["containers"][0]["resources"]["requests"] = {"cpu": f"{20 + i % 97}m", "memory": f"{100 + i % 89}Mi"}
    return Workload(make_nodes(scale(5000), pods="250"), [], pods)


def templates(nodes: int, pods: int) -> Callable[[Callable[[int], int]], Workload]:
    def make(scale: Callable[[int], int]) -> Workload:
        found = [make_pods(scale(pods) // 20, prefix=f"t{t}", labels={"app": f"app-{t}"}, cpu=f"{50 + 10 * t}m", memory=f"{64 + 16 * t}Mi") for t in range(20)]
        return Workload(make_nodes(scale(nodes), ("a", "b", "c")), [], [p for group in zip(*found, strict=True) for p in group])

    return make


def anti_affinity(scale: Callable[[int], int]) -> Workload:
    template: Object = {"labels": {"color": "green", "name": "test"}, **affinity("podAntiAffinity", term("green"))}
    return Workload(make_nodes(scale(5000)), make_pods(scale(1000), "sched-0", **template), make_pods(scale(2000), **template), floor=60, real=32)


def matching_anti_affinity(scale: Callable[[int], int]) -> Workload:
    init = make_pods(scale(1000), "sched-0", labels={"color": "green", "name": "test"}, **affinity("podAntiAffinity", term("green")))
    return Workload(make_nodes(scale(5000)), init, make_pods(scale(5000), labels={"color": "green"}), floor=540)


def pod_affinity(scale: Callable[[int], int]) -> Workload:
    template: Object = {"labels": {"color": "blue"}, **affinity("podAffinity", term("blue", ZONE))}
    return Workload(make_nodes(scale(5000)), make_pods(scale(5000), "sched-0", **template), make_pods(scale(5000), **template), floor=35, real=42)


def preferred_affinity(scale: Callable[[int], int]) -> Workload:
    template: Object = {"labels": {"color": "red"}, **affinity("podAffinity", preferred=term("red"))}
    return Workload(make_nodes(scale(5000)), make_pods(scale(5000), "sched-0", **template), make_pods(scale(5000), **template), floor=90)


def preferred_anti_affinity(scale: Callable[[int], int]) -> Workload:
    template: Object = {"labels": {"color": "yellow"}, **affinity("podAntiAffinity", preferred=term("yellow"))}
    return Workload(make_nodes(scale(5000)), make_pods(scale(5000), "sched-0", **template), make_pods(scale(5000), **template), floor=90, real=25)


def node_affinity(scale: Callable[[int], int]) -> Workload:
    rule = {"nodeSelectorTerms": [{"matchExpressions": [{"key": ZONE, "operator": "In", "values": ["zone1", "zone2"]}]}]}
    template: Object = {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": rule}}}
    return Workload(make_nodes(scale(5000)), make_pods(scale(5000), "sched-0", **template), make_pods(scale(10000), **template), floor=220)


def mixed(scale: Callable[[int], int]) -> Workload:
    kinds: list[Object] = [
        {},
        {"labels": {"color": "blue"}, **affinity("podAffinity", term("blue", ZONE))},
        {"labels": {"color": "green"}, **affinity("podAntiAffinity", term("green"))},
        {"labels": {"color": "red"}, **affinity("podAffinity", preferred=term("red"))},
        {"labels": {"color": "yellow"}, **affinity("podAntiAffinity", preferred=term("yellow"))},
    ]
    init = [p for i, kind in enumerate(kinds) for p in make_pods(scale(2000), "sched-0", prefix=f"init-{i}", **kind)]
    return Workload(make_nodes(scale(5000)), init, make_pods(scale(5000)), floor=140)


def with_ns_selector(kind: str, required: bool, nodes: int, each: int, count: int, floor: float) -> Callable[[Callable[[int], int]], Workload]:
    def make(scale: Callable[[int], int]) -> Workload:
        color, key = ("green", HOST) if kind == "podAntiAffinity" else ("blue", ZONE)
        rule = term(color, key, selector={"matchLabels": {"team": "devops"}})
        template: Object = {"labels": {"color": color}, **(affinity(kind, rule) if required else affinity(kind, preferred=rule))}
        return Workload(
            make_nodes(scale(nodes)),
            in_namespaces(100, max(1, scale(each * 100) // 100), **template),
            make_pods(scale(count), "measure-ns-0", **template),
            namespaces(100),
            floor=floor,
        )

    return make


def topology_spreading(mode: str, floor: float, real: float = 0) -> Callable[[Callable[[int], int]], Workload]:
    def make(scale: Callable[[int], int]) -> Workload:
        nodes = make_nodes(scale(5000), ("moon-1", "moon-2", "moon-3"))
        pods = make_pods(scale(5000), labels={"color": "blue"}, **spread(mode))
        return Workload(nodes, make_pods(scale(5000), "sched-0"), pods, floor=floor, real=real)

    return make


def node_inclusion(scale: Callable[[int], int]) -> Workload:
    taints = {"taints": [{"key": "foo", "value": "bar", "effect": "NoSchedule"}]}
    nodes = make_nodes(scale(1000), prefix="taint", spec=taints) + make_nodes(scale(4000))
    pods = make_pods(scale(4000), labels={"color": "blue"}, **spread("DoNotSchedule", 1, HOST, nodeTaintsPolicy="Honor"))
    return Workload(nodes, [], pods, floor=68)


def daemon_set(scale: Callable[[int], int]) -> Workload:
    nodes = make_nodes(scale(15000))
    pods = make_pods(scale(30000), cpu="10m", memory="10Mi")
    for i, pod in enumerate(pods):
        name = nodes[i % len(nodes)]["metadata"]["name"]
        terms = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [name]}]}]
        pod["spec"]["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    return Workload(nodes, [], pods, floor=390)


def preemption(scale: Callable[[int], int]) -> Workload:
    init = make_pods(scale(20000), "sched-0", cpu="900m", priority=0)
    for i, pod in enumerate(init):
        pod["status"] = {"startTime": f"2026-01-01T{i // 3600:02d}:{i // 60 % 60:02d}:{i % 60:02d}Z"}
    return Workload(make_nodes(scale(5000)), init, make_pods(scale(5000), cpu="3000m", priority=10), floor=160, times=3)


def unschedulable(scale: Callable[[int], int]) -> Workload:
    large = make_pods(scale(100), prefix="large", cpu="9")
    return Workload(make_nodes(scale(5000)), [], [*large, *make_pods(scale(10000))], floor=170)


def gated(scale: Callable[[int], int]) -> Workload:
    waiting = make_pods(scale(10000), prefix="gated", schedulingGates=[{"name": "example.com/gate"}], **affinity("podAffinity", term("blue", ZONE)))
    node = make_nodes(1, pods="100000")
    node[0]["status"]["allocatable"]["cpu"] = "4000"
    return Workload(node, [], [*waiting, *make_pods(scale(20000), cpu="1m", memory="1Mi")], floor=130)


def secrets(scale: Callable[[int], int]) -> Workload:
    volumes = [{"name": "secret", "secret": {"secretName": "secret"}}]
    return Workload(make_nodes(scale(5000)), make_pods(scale(1000), "sched-0", volumes=volumes), make_pods(scale(10000), volumes=volumes), floor=260)


def volumes(source: Callable[[int], Object], driver: str, init: int, count: int, floor: float) -> Callable[[Callable[[int], int]], Workload]:
    def make(scale: Callable[[int], int]) -> Workload:
        nodes = make_nodes(scale(5000))
        objects: list[Object] = [
            {
                "apiVersion": "storage.k8s.io/v1",
                "kind": "CSINode",
                "metadata": {"name": n["metadata"]["name"]},
                "spec": {"drivers": [{"name": driver, "nodeID": "x", "allocatable": {"count": 39}}]},
            }
            for n in nodes
        ]

        def with_claims(pods: list[Object], first: int) -> list[Object]:
            for i, pod in enumerate(pods, first):
                pod["spec"]["volumes"] = [{"name": "vol", "persistentVolumeClaim": {"claimName": f"pvc-{i}"}}]
                meta = {"name": f"pvc-{i}", "namespace": pod["metadata"]["namespace"], "annotations": {"pv.kubernetes.io/bind-completed": "yes"}}
                objects.append(
                    {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": {"accessModes": ["ReadOnlyMany"], "volumeName": f"pv-{i}"}}
                )
                objects.append(
                    {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": f"pv-{i}"}, "spec": {"accessModes": ["ReadOnlyMany"], **source(i)}}
                )
            return pods

        before = with_claims(make_pods(scale(init), "sched-0"), 0)
        return Workload(nodes, before, with_claims(make_pods(scale(count)), len(before)), objects, floor=floor)

    return make


def devices(nodes: int, init: int, count: int, floor: float) -> Callable[[Callable[[int], int]], Workload]:
    def make(scale: Callable[[int], int]) -> Workload:
        made = make_nodes(scale(nodes))
        objects: list[Object] = [
            {
                "apiVersion": "resource.k8s.io/v1",
                "kind": "DeviceClass",
                "metadata": {"name": "test-class"},
                "spec": {"selectors": [{"cel": {"expression": 'device.driver == "test-driver.cdi.k8s.io"'}}]},
            }
        ]
        for node in made:
            name = node["metadata"]["name"]
            listed = [{"name": f"device-{d}"} for d in range(10)]
            objects.append(
                {
                    "apiVersion": "resource.k8s.io/v1",
                    "kind": "ResourceSlice",
                    "metadata": {"name": name},
                    "spec": {
                        "driver": "test-driver.cdi.k8s.io",
                        "nodeName": name,
                        "pool": {"name": name, "generation": 1, "resourceSliceCount": 1},
                        "devices": listed,
                    },
                }
            )
        pods = make_pods(scale(init) + scale(count), cpu="1m", memory="1Mi")
        for i, pod in enumerate(pods):
            pod["spec"]["resourceClaims"] = [{"name": "resource", "resourceClaimName": f"claim-{i}"}]
            objects.append(
                {
                    "apiVersion": "resource.k8s.io/v1",
                    "kind": "ResourceClaim",
                    "metadata": {"name": f"claim-{i}", "namespace": "sched-1", "uid": f"claim-{i}"},
                    "spec": {
                        "devices": {"requests": [{"name": "req-0", "exactly": {"deviceClassName": "test-class", "allocationMode": "ExactCount", "count": 1}}]}
                    },
                }
            )
        return Workload(made, pods[: scale(init)], pods[scale(init) :], objects, floor=floor)

    return make


WORKLOADS: dict[str, Callable[[Callable[[int], int]], Workload]] = {
    "SchedulingBasic/5000Nodes_10000Pods": basic,
    "Templates/5000Nodes_50000Pods_20Templates": templates(5000, 50000),
    "Templates/15000Nodes_150000Pods_20Templates": templates(15000, 150000),
    "Distinct/5000Nodes_50000Pods": distinct,
    "SchedulingPodAntiAffinity/5000Nodes_2000Pods": anti_affinity,
    "SchedulingPodMatchingAntiAffinity/5000Nodes_5000Pods": matching_anti_affinity,
    "SchedulingPodAffinity/5000Nodes_5000Pods": pod_affinity,
    "SchedulingPreferredPodAffinity/5000Nodes_5000Pods": preferred_affinity,
    "SchedulingPreferredPodAntiAffinity/5000Nodes_5000Pods": preferred_anti_affinity,
    "SchedulingNodeAffinity/5000Nodes_10000Pods": node_affinity,
    "MixedSchedulingBasePod/5000Nodes_5000Pods": mixed,
    "SchedulingRequiredPodAntiAffinityWithNSSelector/5000Nodes_2000Pods": with_ns_selector("podAntiAffinity", True, 6000, 40, 2000, 24),
    "SchedulingPreferredAntiAffinityWithNSSelector/5000Nodes_2000Pods": with_ns_selector("podAntiAffinity", False, 5000, 40, 2000, 55),
    "SchedulingRequiredPodAffinityWithNSSelector/5000Nodes_2000Pods": with_ns_selector("podAffinity", True, 5000, 50, 2000, 35),
    "SchedulingPreferredAffinityWithNSSelector/5000Nodes_5000Pods": with_ns_selector("podAffinity", False, 5000, 50, 5000, 90),
    "SchedulingGatedPodsWithPodAffinityImpactForThroughput/1Node_10000GatedPods": gated,
    "SchedulingWithResourceClaimTemplate/5000pods_500nodes": devices(500, 2500, 2500, 56),
    "SteadyStateClusterResourceClaimTemplate/half_500nodes": devices(500, 2500, 1000, 70),
    "SchedulingDaemonset/15000Nodes": daemon_set,
    "PreemptionAsync/5000Nodes": preemption,
    "Unschedulable/5kNodes_100Init_10kPods": unschedulable,
    "SchedulingWhileGated/1Node_10000GatedPods": gated,
    "TopologySpreading/5000Nodes_5000Pods": topology_spreading("DoNotSchedule", 85, 0),
    "PreferredTopologySpreading/5000Nodes_5000Pods": topology_spreading("ScheduleAnyway", 125),
    "SchedulingWithNodeInclusionPolicy/5000Nodes": node_inclusion,
    "SchedulingSecrets/5000Nodes_10000Pods": secrets,
    "SchedulingInTreePVs/5000Nodes_2000Pods": volumes(lambda i: {"nfs": {"server": "x", "path": f"/{i}"}}, "ebs.csi.aws.com", 1000, 2000, 90),
    "SchedulingMigratedInTreePVs/5000Nodes_5000Pods": volumes(lambda i: {"awsElasticBlockStore": {"volumeID": f"vol-{i}"}}, "ebs.csi.aws.com", 5000, 5000, 35),
    "SchedulingCSIPVs/5000Nodes_5000Pods": volumes(
        lambda i: {"csi": {"driver": "ebs.csi.aws.com", "volumeHandle": f"vol-{i}"}}, "ebs.csi.aws.com", 5000, 5000, 48
    ),
}


def run(name: str, scale: float) -> tuple[float, int, int, Workload]:
    """Pods a second, placed and asked."""
    workload = WORKLOADS[name](lambda n: max(1, int(n * scale)))
    scheduler = Scheduler(Store([*workload.nodes, *workload.objects]))
    if workload.init:
        scheduler.schedule(workload.init, preemption=False)
    else:
        scheduler.schedule([])
    start = time.perf_counter()
    decisions = scheduler.schedule(workload.pods)
    seconds = time.perf_counter() - start
    return len(workload.pods) / seconds, sum(d.chosen is not None for d in decisions), len(workload.pods), workload


def lines(names: Sequence[str], scale: float) -> Iterator[str]:
    yield f"{'workload':<78} {'pods/s':>9} {'floor x':>8} {'real x':>7} {'placed':>14} {'MiB':>6}"
    for name in names:
        rate, placed, asked, workload = run(name, scale)
        floor = f"{rate / workload.floor:8.1f}" if workload.floor else " " * 8
        real = f"{rate / workload.real:7.0f}" if workload.real else " " * 7
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        short = "" if not workload.floor or rate >= workload.times * workload.floor else f"  below {workload.times:g} x {workload.floor:g}"
        yield f"{name:<78} {rate:9.0f} {floor} {real} {placed:>6}/{asked:<7} {peak:6}{short}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="parts of workload names")
    parser.add_argument("--scale", type=float, default=1.0)
    given = parser.parse_args()
    chosen = [n for n in WORKLOADS if not given.names or any(part in n for part in given.names)]
    for line in lines(chosen, given.scale):
        print(line, flush=True)


if __name__ == "__main__":
    main()
