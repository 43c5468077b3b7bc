"""The workloads of scheduler_perf that carry a floor, by its names, and a few of our own.

Upstream: test/integration/scheduler_perf. What upstream does by the clock (churn once a second) happens here after as many pods as the
floor asks for in that time. Left out: what takes place outside the scheduler (queue, binding, API calls).
"""

from __future__ import annotations

from collections.abc import Callable

from scheduler_objects import HOST, ZONE, Scale, Store, Workload, affinity, in_namespaces, make_nodes, make_pods, namespaces, spread, term

from kplan.api.objects import Object
from kplan.api.reader import Entry

Definition = Callable[[Scale], Workload]


def basic(scale: Scale) -> Workload:
    return Workload(make_nodes(scale(5000)), make_pods(scale(1000), "sched-0"), make_pods(scale(10000)), floor=270, real=75)


def distinct(scale: Scale) -> Workload:
    pods = make_pods(scale(50000))
    for i, pod in enumerate(pods):
        pod["metadata"]["labels"] = {"app": f"app-{i}"}
        pod["spec"]["containers"][0]["resources"]["requests"] = {"cpu": f"{20 + i % 97}m", "memory": f"{100 + i % 89}Mi"}
    return Workload(make_nodes(scale(5000), pods="250"), [], pods)


def templates(nodes: int, pods: int) -> Definition:
    def make(scale: Scale) -> Workload:
        found = [make_pods(scale(pods) // 20, prefix=f"t{t}", labels={"app": f"app-{t}"}, cpu=f"{50 + 10 * t}m", memory=f"{64 + 16 * t}Mi") for t in range(20)]
        return Workload(make_nodes(scale(nodes), ("a", "b", "c")), [], [p for group in zip(*found, strict=True) for p in group])

    return make


def anti_affinity(scale: Scale) -> Workload:
    template: Object = {"labels": {"color": "green", "name": "test"}, **affinity("podAntiAffinity", term("green"))}
    return Workload(make_nodes(scale(5000)), make_pods(scale(1000), "sched-0", **template), make_pods(scale(2000), **template), floor=60, real=32)


def matching_anti_affinity(scale: Scale) -> Workload:
    init = make_pods(scale(1000), "sched-0", labels={"color": "green", "name": "test"}, **affinity("podAntiAffinity", term("green")))
    return Workload(make_nodes(scale(5000)), init, make_pods(scale(5000), labels={"color": "green"}), floor=540)


def pod_affinity(scale: Scale) -> Workload:
    template: Object = {"labels": {"color": "blue"}, **affinity("podAffinity", term("blue", ZONE))}
    return Workload(make_nodes(scale(5000)), make_pods(scale(5000), "sched-0", **template), make_pods(scale(5000), **template), floor=35, real=42)


def preferred_affinity(scale: Scale) -> Workload:
    template: Object = {"labels": {"color": "red"}, **affinity("podAffinity", preferred=term("red"))}
    return Workload(make_nodes(scale(5000)), make_pods(scale(5000), "sched-0", **template), make_pods(scale(5000), **template), floor=90)


def preferred_anti_affinity(scale: Scale) -> Workload:
    template: Object = {"labels": {"color": "yellow"}, **affinity("podAntiAffinity", preferred=term("yellow"))}
    return Workload(make_nodes(scale(5000)), make_pods(scale(5000), "sched-0", **template), make_pods(scale(5000), **template), floor=90, real=25)


def node_affinity(scale: Scale) -> Workload:
    rule = {"nodeSelectorTerms": [{"matchExpressions": [{"key": ZONE, "operator": "In", "values": ["zone1", "zone2"]}]}]}
    template: Object = {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": rule}}}
    return Workload(make_nodes(scale(5000)), make_pods(scale(5000), "sched-0", **template), make_pods(scale(10000), **template), floor=220)


def mixed(scale: Scale) -> Workload:
    kinds: list[Object] = [
        {},
        {"labels": {"color": "blue"}, **affinity("podAffinity", term("blue", ZONE))},
        {"labels": {"color": "green"}, **affinity("podAntiAffinity", term("green"))},
        {"labels": {"color": "red"}, **affinity("podAffinity", preferred=term("red"))},
        {"labels": {"color": "yellow"}, **affinity("podAntiAffinity", preferred=term("yellow"))},
    ]
    init = [p for i, kind in enumerate(kinds) for p in make_pods(scale(2000), "sched-0", prefix=f"init-{i}", **kind)]
    return Workload(make_nodes(scale(5000)), init, make_pods(scale(5000)), floor=140)


def with_ns_selector(kind: str, required: bool, nodes: int, each: int, count: int, floor: float) -> Definition:
    def make(scale: Scale) -> Workload:
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


def topology_spreading(mode: str, floor: float, real: float = 0) -> Definition:
    def make(scale: Scale) -> Workload:
        nodes = make_nodes(scale(5000), ("moon-1", "moon-2", "moon-3"))
        pods = make_pods(scale(5000), labels={"color": "blue"}, **spread(mode))
        return Workload(nodes, make_pods(scale(5000), "sched-0"), pods, floor=floor, real=real)

    return make


def node_inclusion(scale: Scale) -> Workload:
    taints = {"taints": [{"key": "foo", "value": "bar", "effect": "NoSchedule"}]}
    nodes = make_nodes(scale(1000), prefix="taint", spec=taints) + make_nodes(scale(4000))
    pods = make_pods(scale(4000), labels={"color": "blue"}, **spread("DoNotSchedule", 1, HOST, nodeTaintsPolicy="Honor"))
    return Workload(nodes, [], pods, floor=68)


def daemon_set(scale: Scale) -> Workload:
    nodes = make_nodes(scale(15000))
    pods = make_pods(scale(30000), cpu="10m", memory="10Mi")
    for i, pod in enumerate(pods):
        name = nodes[i % len(nodes)]["metadata"]["name"]
        terms = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [name]}]}]
        pod["spec"]["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    return Workload(nodes, [], pods, floor=390)


def low_priority(scale: Scale) -> list[Object]:
    """Four pods for each node, which they fill but for a tenth."""
    init = make_pods(scale(20000), "sched-0", cpu="900m", priority=0)
    for i, pod in enumerate(init):
        pod["status"] = {"startTime": f"2026-01-01T{i // 3600:02d}:{i // 60 % 60:02d}:{i % 60:02d}Z"}
    return init


def preempting(scale: Scale) -> Workload:
    """Every pod must drive three others out."""
    return Workload(make_nodes(scale(5000)), low_priority(scale), make_pods(scale(5000), cpu="3000m", priority=10))


def beside(template: Object) -> Callable[[int, Store], tuple[list[Entry], list[Object]]]:
    """One more pod, after every so many that are measured."""

    def come(number: int, store: Store) -> tuple[list[Entry], list[Object]]:
        return [], make_pods(1, "namespace-1", f"churn-{number}", priority=10, **template)

    return come


def preemption(scale: Scale) -> Workload:
    """Pods that fit, and five a second (at the floor's speed) that must drive others out."""
    return Workload(make_nodes(scale(5000)), low_priority(scale), make_pods(scale(5000)), floor=160, every=32, meanwhile=beside({"cpu": "3000m"}))


def unschedulable(scale: Scale) -> Workload:
    """Pods that fit, and five a second that fit nowhere."""
    return Workload(make_nodes(scale(5000)), make_pods(scale(100), "sched-0"), make_pods(scale(10000)), floor=170, every=34, meanwhile=beside({"cpu": "9"}))


def one_node() -> list[Object]:
    return make_nodes(1, prefix="scheduler-perf", pods="90000")


def while_gated(scale: Scale) -> Workload:
    """Pods go all the time (50 a second, at the floor's speed) while many others are held by their gates."""
    held = make_pods(scale(10000), "namespace-2", "gated", asks={}, schedulingGates=[{"name": "test.k8s.io/hold"}])
    going = make_pods(scale(20000), "namespace-3", "going", asks={})

    def delete(number: int, store: Store) -> tuple[list[Entry], list[Object]]:
        return [store.remove(pod) for pod in going[50 * number : 50 * (number + 1)]], []

    return Workload(one_node(), [*held, *going], make_pods(scale(20000), prefix="light", asks={}), floor=130, every=130, meanwhile=delete)


def gated_with_affinity(scale: Scale) -> Workload:
    """Every pod that is placed is one that many gated ones want to be with."""
    label = {"app": "scheduler-perf"}
    wanted = {"topologyKey": HOST, "labelSelector": {"matchLabels": label}}
    held = make_pods(scale(10000), prefix="gated", labels=label, asks={}, schedulingGates=[{"name": "scheduling-gate-1"}], **affinity("podAffinity", wanted))
    return Workload(one_node(), held, make_pods(scale(20000), labels=label, asks={}), floor=110)


def mixed_churn(scale: Scale) -> Workload:
    """A node without room, a pod that fits nowhere and a Service come and go, one step a second at the floor's speed."""
    node: Object = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-churn"}, "spec": {}, "status": {"capacity": {"pods": "0"}}}
    large = make_pods(1, "namespace-1", "pod-h", cpu="9", priority=10)[0]
    ports = [{"protocol": "TCP", "port": 8080, "targetPort": 8080}]
    meta = {"name": "service-churn", "namespace": "namespace-1"}
    service: Object = {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"selector": {"app": "foo"}, "ports": ports}}
    coming_and_going = (node, large, service)

    def recreate(number: int, store: Store) -> tuple[list[Entry], list[Object]]:
        if number % 2:
            return [store.remove(obj) for obj in coming_and_going], []
        return [store.put(obj) for obj in coming_and_going], [large]

    return Workload(make_nodes(scale(5000)), [], make_pods(scale(10000)), floor=265, every=265, meanwhile=recreate)


def secrets(scale: Scale) -> Workload:
    volumes = [{"name": "secret", "secret": {"secretName": "secret"}}]
    return Workload(make_nodes(scale(5000)), make_pods(scale(1000), "sched-0", volumes=volumes), make_pods(scale(10000), volumes=volumes), floor=260)


def volumes(source: Callable[[int], Object], driver: str, init: int, count: int, floor: float) -> Definition:
    def make(scale: Scale) -> Workload:
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


DRIVER = "test-driver.cdi.k8s.io"


def device_objects(nodes: list[Object]) -> list[Object]:
    """A class of devices, and ten devices on each node."""
    expression = f'device.driver == "{DRIVER}"'
    selectors = [{"cel": {"expression": expression}}]
    found: list[Object] = [{"apiVersion": "resource.k8s.io/v1", "kind": "DeviceClass", "metadata": {"name": "test-class"}, "spec": {"selectors": selectors}}]
    for node in nodes:
        name = node["metadata"]["name"]
        pool = {"name": name, "generation": 1, "resourceSliceCount": 1}
        spec = {"driver": DRIVER, "nodeName": name, "pool": pool, "devices": [{"name": f"device-{d}"} for d in range(10)]}
        found.append({"apiVersion": "resource.k8s.io/v1", "kind": "ResourceSlice", "metadata": {"name": name}, "spec": spec})
    return found


def device_claim(number: int, node: str = "") -> Object:
    """A claim on one device; with a node, one that has it."""
    request = {"name": "req-0", "exactly": {"deviceClassName": "test-class", "allocationMode": "ExactCount", "count": 1}}
    name = f"claim-{number}"
    claim: Object = {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim", "spec": {"devices": {"requests": [request]}}}
    claim["metadata"] = {"name": name, "namespace": "sched-1", "uid": name}
    if node:
        result = {"request": "req-0", "driver": DRIVER, "pool": node, "device": f"device-{number % 10}"}
        claim["status"] = {"allocation": {"devices": {"results": [result]}}}
    return claim


def with_claims(pods: list[Object], first: int = 0) -> list[Object]:
    """Each pod asks for one device; the claims."""
    for i, pod in enumerate(pods, first):
        pod["spec"]["resourceClaims"] = [{"name": "resource", "resourceClaimName": f"claim-{i}"}]
    return [device_claim(i) for i in range(first, first + len(pods))]


def devices(scale: Scale) -> Workload:
    nodes, pods = make_nodes(scale(500)), make_pods(scale(2500) * 2, asks={})
    half = len(pods) // 2
    return Workload(nodes, pods[:half], pods[half:], [*device_objects(nodes), *with_claims(pods)], floor=56)


def steady_state(taken: int, floor: float) -> Definition:
    """Ten pods at a time come, are placed and go, on nodes of whose devices so many are taken."""

    def make(scale: Scale) -> Workload:
        nodes = make_nodes(scale(500))
        count = min(len(nodes) * taken // 500, 10 * len(nodes) - 10)
        held = [device_claim(i, nodes[i // 10]["metadata"]["name"]) for i in range(count)]
        pods = make_pods(scale(1000) // 10 * 10, asks={})
        claims = with_claims(pods, count)

        def turn(number: int, store: Store) -> tuple[list[Entry], list[Object]]:
            gone, come = slice(10 * number, 10 * number + 10), slice(10 * number + 10, 10 * number + 20)
            entries = [store.remove(obj) for pair in zip(pods[gone], claims[gone], strict=True) for obj in pair]
            return [*entries, *map(store.put, claims[come])], []

        return Workload(nodes, [], pods, [*device_objects(nodes), *held, *claims[:10]], floor=floor, every=10, meanwhile=turn)

    return make


WORKLOADS: dict[str, Definition] = {
    "SchedulingBasic/5000Nodes_10000Pods": basic,
    "Templates/5000Nodes_50000Pods_20Templates": templates(5000, 50000),
    "Templates/15000Nodes_150000Pods_20Templates": templates(15000, 150000),
    "Distinct/5000Nodes_50000Pods": distinct,
    "Preempting/5000Nodes_5000Pods": preempting,
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
    "SchedulingGatedPodsWithPodAffinityImpactForThroughput/1Node_10000GatedPods": gated_with_affinity,
    "SchedulingWithResourceClaimTemplate/5000pods_500nodes": devices,
    "SteadyStateClusterResourceClaimTemplate/empty_500nodes": steady_state(0, 64),
    "SteadyStateClusterResourceClaimTemplate/half_500nodes": steady_state(2500, 70),
    "SteadyStateClusterResourceClaimTemplate/full_500nodes": steady_state(4990, 60),
    "SchedulingDaemonset/15000Nodes": daemon_set,
    "PreemptionAsync/5000Nodes": preemption,
    "Unschedulable/5kNodes_100Init_10kPods": unschedulable,
    "SchedulingWithMixedChurn/5000Nodes_10000Pods": mixed_churn,
    "SchedulingWhileGated/1Node_10000GatedPods": while_gated,
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
