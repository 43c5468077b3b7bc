"""How long a cluster takes to settle: Deployments through controllers, scheduler and kubelets until nothing moves.

    python benchmarks/cluster.py [--deployments 1000] [--replicas 10] [--nodes 200] [--profile]

All Deployments are created first, then the cluster runs; a tenth of them have a Service. Prints seconds by phase, pods a second and
peak memory. The target is 20 s for 10,000 pods on 200 nodes.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import resource
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from kplan import Cluster

TARGET = 20.0  # seconds for the default size


def main() -> int:
    """Run and print; exit code 1 where pods are missing or, at the default size, the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deployments", type=int, default=1000)
    parser.add_argument("--replicas", type=int, default=10)
    parser.add_argument("--nodes", type=int, default=200)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    profile = cProfile.Profile() if arguments.profile else None
    if profile:
        profile.enable()
    figures = settle(arguments.deployments, arguments.replicas, arguments.nodes)
    if profile:
        profile.disable()
        pstats.Stats(profile).sort_stats("tottime").print_stats(40)
    wanted = arguments.deployments * arguments.replicas
    print(f"{arguments.deployments} Deployments of {arguments.replicas} replicas on {arguments.nodes} nodes")
    for phase in ("nodes", "creating", "settling"):
        print(f"  {phase:10} {figures[phase]:7.2f} s")
    print(f"  {wanted / figures['settling']:.0f} pods a second, {figures['megabytes']:.0f} MB, {figures['running']} of {wanted} pods running")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    late = (arguments.deployments, arguments.replicas, arguments.nodes) == (1000, 10, 200) and figures["creating"] + figures["settling"] > TARGET
    return int(figures["running"] != wanted or (late and not profile))


def settle(deployments: int, replicas: int, nodes: int) -> dict[str, Any]:
    """Seconds of each phase."""
    marks = [time.perf_counter()]
    cluster = Cluster()
    cluster.run()
    for i in range(nodes):
        accept(cluster.create(node(i)))
        ref = {"apiVersion": "v1", "kind": "Node", "name": f"node-{i:04}"}
        accept(cluster.patch(ref, {"status": node(i)["status"]}, type="merge", subresource="status"))
    cluster.run()
    marks.append(time.perf_counter())
    for i in range(deployments):
        accept(cluster.create(deployment(i, replicas)))
        if i % 10 == 0:
            accept(cluster.create(service(i)))
    marks.append(time.perf_counter())
    run = cluster.run()
    marks.append(time.perf_counter())
    running = sum(1 for p in cluster.objects("Pod") if p["status"].get("phase") == "Running")
    assert run.converged
    nodes_took, creating, settling = (b - a for a, b in pairwise(marks))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"nodes": nodes_took, "creating": creating, "settling": settling, "running": running, "megabytes": peak}


def accept(answer: Any) -> None:
    """Nothing in here is refused."""
    if not answer.accepted:
        sys.exit(answer.message)


def node(i: int) -> dict[str, Any]:
    """A node of 32 cpu in one of three zones."""
    amounts = {"cpu": "32", "memory": "128Gi", "pods": "110"}
    labels = {"kubernetes.io/hostname": f"node-{i:04}", "topology.kubernetes.io/zone": f"zone-{i % 3}"}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"node-{i:04}", "labels": labels}, "status": {"capacity": amounts, "allocatable": amounts}}


def deployment(i: int, replicas: int) -> dict[str, Any]:
    """A Deployment as they are: probes, requests, a few labels."""
    labels = {"app.kubernetes.io/name": f"app-{i}", "app.kubernetes.io/part-of": f"suite-{i % 20}"}
    container = {
        "name": "app",
        "image": f"registry.example.com/app-{i}:1.0.0",
        "ports": [{"name": "http", "containerPort": 8080}],
        "resources": {"requests": {"cpu": f"{100 + i % 5 * 50}m", "memory": f"{128 * (1 + i % 3)}Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
    }
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app.kubernetes.io/name": f"app-{i}"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": f"app-{i}", "namespace": "default"}, "spec": spec}


def service(i: int) -> dict[str, Any]:
    """The Service of a Deployment."""
    spec = {"selector": {"app.kubernetes.io/name": f"app-{i}"}, "ports": [{"port": 80, "targetPort": "http"}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"app-{i}", "namespace": "default"}, "spec": spec}


if __name__ == "__main__":
    sys.exit(main())
