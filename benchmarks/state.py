"""A cluster's dump of any size, as `kubectl get … -A -o json` prints it, and a change to plan on it.

    python benchmarks/state.py FOLDER [--nodes 5000] [--pods 50000] [--change 100] [--plan]

Writes FOLDER/state.json and FOLDER/change/*.yaml. One namespace is simulated and then copied, so the state is at rest: Deployments with their
ReplicaSets, Services with their slices, a DaemonSet; pods and nodes carry what real kubelets write. `--plan` also plans the change in a process of
its own and prints seconds and peak memory.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kplan

Object = dict[str, Any]
DEPLOYMENTS = 4
NODE = {"cpu": "16", "memory": "64Gi", "pods": "110", "ephemeral-storage": "200Gi"}
_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
_SLOT = re.compile(r"slot-(\d+)-x")
_ADDRESS = re.compile(r'"10\.244\.(\d+)\.(\d+)"')
_SERVICE = re.compile(r'"10\.96\.\d+\.(\d+)"')
GIBIBYTE = 1 << 30


def node(name: str, zone: int) -> Object:
    """A node as a kubelet reports it."""
    said = (("MemoryPressure", "False", "KubeletHasSufficientMemory"), ("DiskPressure", "False", "KubeletHasNoDiskPressure"))
    conditions = [*said, ("PIDPressure", "False", "KubeletHasSufficientPID"), ("Ready", "True", "KubeletReady")]
    stamp = {"lastHeartbeatTime": "2026-03-01T11:58:00Z", "lastTransitionTime": "2026-02-01T08:00:00Z"}
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "topology.kubernetes.io/zone": f"zone-{zone}"}
    images = [{"names": [f"registry.example.com/team/image-{i}@sha256:{i:064x}"], "sizeBytes": 30_000_000 + i} for i in range(20)]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": labels,
            "annotations": {"node.alpha.kubernetes.io/ttl": "0", "volumes.kubernetes.io/controller-managed-attach-detach": "true"},
            "creationTimestamp": "2026-02-01T07:59:00Z",
        },
        "spec": {"providerID": f"example://{zone}/{name}"},
        "status": {
            "capacity": NODE,
            "allocatable": NODE,
            "conditions": [{"type": t, "status": s, "reason": r, "message": f"kubelet: {r}", **stamp} for t, s, r in conditions],
            "addresses": [{"type": "Hostname", "address": name}],
            "nodeInfo": {"kubeletVersion": "v1.36.2", "containerRuntimeVersion": "containerd://2.1.0", "operatingSystem": "linux", "architecture": "amd64"},
            "images": images,
        },
    }


def workload(kind: str, name: str, namespace: str, replicas: int) -> Object:
    """A Deployment or DaemonSet with what people usually write."""
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "shop"}
    env = [{"name": f"SETTING_{i}", "value": f"value of setting {i}"} for i in range(2)]
    resources = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}
    probe = {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10}
    container = {
        "name": "main",
        "image": "registry.example.com/team/image-1:1.2.3",
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": env,
        "resources": resources,
        "readinessProbe": probe,
    }
    spec: Object = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}}
    if kind == "Deployment":
        spec["replicas"] = replicas
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": namespace, "labels": labels}, "spec": spec}


def service(name: str, namespace: str) -> Object:
    """The Service of a workload."""
    spec = {"selector": {"app.kubernetes.io/name": name}, "ports": [{"port": 80, "targetPort": "http"}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def lived_in(pod: Object) -> Object:
    """A pod as a real kubelet reports it: ids of containers and images, one more condition."""
    status = pod["status"]
    for container in status.get("containerStatuses") or ():
        container["containerID"] = "containerd://" + pod["metadata"]["uid"].replace("-", "") * 2
        container["imageID"] = "registry.example.com/team/image-1@sha256:" + "ab" * 32
        container["resources"] = {"requests": {"cpu": "100m", "memory": "128Mi"}}
    started = {"type": "PodReadyToStartContainers", "status": "True", "lastTransitionTime": status["startTime"], "lastProbeTime": None}
    status["conditions"] = [started, *({**c, "lastProbeTime": None} for c in status["conditions"])]
    return pod


def cell(pods: int) -> list[Object]:
    """The objects of one namespace `cell-0000`, its pods on nodes `slot-0-x`, `slot-1-x` …"""
    cluster = kplan.Cluster()
    cluster.run()
    for i in range(pods):
        cluster.create(node(f"slot-{i}-x", i % 3))
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "cell-0000"}})
    cluster.run()
    for i in range(DEPLOYMENTS):
        cluster.create(workload("Deployment", f"web-{i}", "cell-0000", pods // DEPLOYMENTS))
        cluster.create(service(f"web-{i}", "cell-0000"))
        settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"settings-{i}", "namespace": "cell-0000"}, "data": {"a": "x" * 500}}
        cluster.create(settings)
    cluster.run()
    own = [o for o in cluster.objects() if o["metadata"].get("namespace") == "cell-0000" or (o["kind"], o["metadata"]["name"]) == ("Namespace", "cell-0000")]
    return [lived_in(o) if o["kind"] == "Pod" else o for o in own if o["kind"] != "Event"]


def daemons(nodes: int) -> Iterator[Object]:
    """A DaemonSet with its pods on all nodes, and its namespace."""
    cluster = kplan.Cluster()
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "agents"}})
    cluster.run()
    cluster.create(node("slot-0-x", 0))
    cluster.create(workload("DaemonSet", "agent", "agents", 0))
    cluster.run()
    for found in cluster.objects():
        if (found["kind"], found["metadata"]["name"]) == ("Namespace", "agents"):
            yield found
        elif found["metadata"].get("namespace") == "agents" and found["kind"] == "Pod":
            text = json.dumps(lived_in(found))
            for i in range(nodes):
                copied = _moved(text, f"{i:08x}"[::-1], lambda _, i=i: i).replace("zone-0", f"zone-{i % 3}")
                yield json.loads(copied.replace(found["metadata"]["name"], f"agent-{i:05}"))
        elif found["metadata"].get("namespace") == "agents" and found["kind"] != "Event":
            if found["kind"] == "DaemonSet":
                found = {**found, "status": {k: nodes if v == 1 and k != "observedGeneration" else v for k, v in found["status"].items()}}
            yield json.loads(_UID.sub(r"dddddddd\1", json.dumps(found)))


def _moved(text: str, mark: str, place: Any) -> str:
    """A copied pod: an id of its own, the ids of its owners as they are, a node of its own."""
    own = re.search(r'"uid": "([^"]+)", "creationTimestamp"', text)
    text = _UID.sub(r"dddddddd\1", text) if mark.startswith("d") or own is None else _UID.sub(lambda m: (mark if m[0] == own[1] else "dddddddd") + m[1], text)
    return _SLOT.sub(lambda m: f"node-{place(int(m[1])):05}", text)


def dump(nodes: int, pods: int) -> Iterator[Object]:
    """All objects of the cluster."""
    per_cell = 180 if pods > 5000 else 36
    ttl = next((s for most, s in ((100, "0"), (500, "15"), (1000, "30"), (2000, "60")) if nodes <= most), "300")
    for i in range(nodes):
        made = node(f"node-{i:05}", i % 3)
        made["metadata"].update(uid=f"{i:08x}-0000-4000-8000-000000000000", resourceVersion="1")
        made["metadata"]["annotations"]["node.alpha.kubernetes.io/ttl"] = ttl
        made["metadata"]["labels"].update({"beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": "amd64"})
        cidr = f"10.{128 + i // 256}.{i % 256}.0/24"
        made["spec"].update(podCIDR=cidr, podCIDRs=[cidr])
        yield made
    yield from daemons(nodes)
    template = [json.dumps(o) for o in cell(per_cell)]
    for number in range(max(1, (pods - nodes) // per_cell)):

        def place(slot: int, number: int = number) -> int:
            return (number * per_cell + slot) % (nodes // 3 * 3)  # the node's zone is the slot's

        def address(found: re.Match[str], number: int = number) -> str:
            return f'"10.{16 + number // 256}.{number % 256}.{int(found[2])}"'

        def service_address(found: re.Match[str], number: int = number) -> str:
            return f'"10.{96 + number // 256}.{number % 256}.{found[1]}"'

        for text in template:
            text = text.replace("cell-0000", f"cell-{number:04}")
            text = _UID.sub(rf"{number + 1:08x}\1", text)
            text = _SERVICE.sub(service_address, _ADDRESS.sub(address, text))
            yield json.loads(_SLOT.sub(lambda m: f"node-{place(int(m[1])):05}", text))


def change(count: int, cells: int) -> Iterator[Object]:
    """New images for some Deployments, a few new objects."""
    for i in range(count):
        namespace, name = f"cell-{i % cells:04}", f"web-{i // cells % DEPLOYMENTS}"
        if i % 5 == 0:
            made = workload("Deployment", name, namespace, 45)
            made["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example.com/team/image-2:2.0.0"
            del made["spec"]["replicas"]
            yield made
        elif i % 5 == 1:
            yield workload("Deployment", f"new-{i}", namespace, 3)
        elif i % 5 == 2:
            yield service(f"new-{i}", namespace)
        else:
            yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"new-{i}", "namespace": namespace}, "data": {"a": str(i)}}


def write(folder: Path, nodes: int, pods: int, changes: int) -> Path:
    """FOLDER/state.json and FOLDER/change; the path of the state."""
    (folder / "change").mkdir(parents=True, exist_ok=True)
    state = folder / "state.json"
    with state.open("w", encoding="utf-8") as out:
        out.write('{\n    "apiVersion": "v1",\n    "items": [\n')
        for i, obj in enumerate(dump(nodes, pods)):
            text = json.dumps(obj, indent=4, sort_keys=True).replace("\n", "\n        ")
            out.write((",\n" if i else "") + "        " + text)
        out.write('\n    ],\n    "kind": "List",\n    "metadata": {\n        "resourceVersion": ""\n    }\n}\n')
    cells = max(1, (pods - nodes) // (180 if pods > 5000 else 36))
    for i, obj in enumerate(change(changes, cells)):
        (folder / "change" / f"{i:04}.yaml").write_text(json.dumps(obj), encoding="utf-8")
    return state


def main() -> None:
    """Write, and plan if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--nodes", type=int, default=5000)
    parser.add_argument("--pods", type=int, default=50_000)
    parser.add_argument("--change", type=int, default=100)
    parser.add_argument("--plan", action="store_true")
    given = parser.parse_args()
    state = given.folder / "state.json"
    if not state.exists():
        write(given.folder, given.nodes, given.pods, given.change)
    print(f"{state}: {state.stat().st_size / 1e6:.0f} MB")
    if given.plan:
        start = time.perf_counter()
        command = [sys.executable, "-m", "kplan", "plan", str(given.folder / "change"), "--state", str(state), "--format", "json"]
        done = subprocess.run(command, capture_output=True, text=True)
        seconds, peak = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        found = json.loads(done.stdout)
        print(f"exit code {done.returncode}; {found['summary']['text']} {len(found['changes'])} changes")
        print(f"{seconds:.1f} s, {peak * 1024 / GIBIBYTE:.2f} GiB")
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
