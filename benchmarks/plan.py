"""Seconds that `kplan plan` takes for many manifests on an empty cluster: 1,000 documents, 200 nodes, 2,000 pods.

    python benchmarks/plan.py [--documents 1000] [--nodes 200] [--runs 3] [--profile]

Wall-clock time of the whole command in a process of its own (the best of some runs), peak memory, and the last line.
`--profile` prints where the time goes, in this process.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Object = dict[str, Any]
GIBIBYTE = 1 << 30
PER_APP = 5  # documents: Deployment, Service, two ConfigMaps, PodDisruptionBudget
REPLICAS = 10
APPS_PER_NAMESPACE = 20


def documents(count: int) -> Iterator[Object]:
    """Apps of five documents each, with their namespaces among them."""
    made = number = 0
    while made < count:
        namespace = f"team-{number // APPS_PER_NAMESPACE:02}"
        if number % APPS_PER_NAMESPACE == 0:
            yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
            made += 1
        yield from app(f"app-{number:03}", namespace)
        made, number = made + PER_APP, number + 1


def app(name: str, namespace: str) -> Iterator[Object]:
    """One app."""
    meta: Object = {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/name": name}}
    labels = {"app.kubernetes.io/name": name}
    container = {
        "name": "main",
        "image": f"registry.example.com/{name}:1.0.0",
        "ports": [{"name": "http", "containerPort": 8080}],
        "envFrom": [{"configMapRef": {"name": name}}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "readinessProbe": {"httpGet": {"path": "/", "port": "http"}},
        "volumeMounts": [{"name": "files", "mountPath": "/etc/app"}],
    }
    pod = {"containers": [container], "volumes": [{"name": "files", "configMap": {"name": f"{name}-files"}}]}
    template = {"metadata": {"labels": labels}, "spec": pod}
    selector = {"matchLabels": labels}
    yield {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": {"replicas": REPLICAS, "selector": selector, "template": template}}
    yield {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": "http"}]}}
    yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"MODE": "fast"}}
    yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {**meta, "name": f"{name}-files"}, "data": {"app.conf": "a = 1\n" * 20}}
    yield {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta, "spec": {"minAvailable": 1, "selector": selector}}


def yaml_of(value: Any, indent: int = 0) -> str:
    """Block YAML, as people write it."""
    space = "  " * indent
    if isinstance(value, dict):
        return "".join(f"{space}{k}:{_inner(v, indent)}" for k, v in value.items())
    return "".join(f"{space}-{_inner(v, indent)}" for v in value)


def _inner(value: Any, indent: int) -> str:
    return f"\n{yaml_of(value, indent + 1)}" if isinstance(value, dict | list) and value else f" {json.dumps(value)}\n"


def main() -> None:
    """Write, plan, tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--nodes", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = list(documents(given.documents))
        for i in range(0, len(found), 10):
            Path(folder, f"{i:05}.yaml").write_text("---\n".join(yaml_of(o) for o in found[i : i + 10]), encoding="utf-8")
        arguments = ["plan", folder, "--nodes", f"{given.nodes}x8cpu,32Gi,zones=a/b/c"]
        if given.profile:
            from kplan.cli.main import cli

            profile = cProfile.Profile()
            profile.runcall(cli.main, args=[*arguments, "--quiet"], standalone_mode=False)
            pstats.Stats(profile).sort_stats("tottime").print_stats(30)
            return
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        best = []
        for _ in range(1 + given.runs):  # the first leaves the byte code, as an installation does
            before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            done = subprocess.run([sys.executable, "-m", "kplan", *arguments], capture_output=True, text=True, env=environment)
            seconds, usage = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
            best.append((seconds, usage.ru_utime + usage.ru_stime - before.ru_utime - before.ru_stime))
        print(f"{len(found)} documents, exit code {done.returncode}: {' '.join(done.stdout.splitlines()[-2:])}")
        seconds, processor = min(best[1:])
        print(f"{seconds:.1f} s ({processor:.1f} s of processor), the best of {given.runs}; {usage.ru_maxrss * 1024 / GIBIBYTE:.2f} GiB")


if __name__ == "__main__":
    main()
