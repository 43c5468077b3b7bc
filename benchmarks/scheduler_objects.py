"""What scheduler workloads are made of: a store, nodes, pods, and what pods ask of each other, as scheduler_perf's templates have it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kplan.api.objects import Object, group_kind_of
from kplan.api.reader import Entry

HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
Scale = Callable[[int], int]


class Store:
    """The objects of a workload, as a Reader; what is written comes back as an entry of the watch log."""

    version = "1.36"
    now = datetime(2026, 1, 1)

    def __init__(self, objects: Sequence[Object]) -> None:
        self._kinds: dict[str, dict[tuple[str, str], Object]] = {}
        self._lists: dict[str, list[Object]] = {}
        for obj in objects:
            meta = obj["metadata"]
            self._kinds.setdefault(group_kind_of(obj), {})[meta.get("namespace") or "", meta["name"]] = obj

    def put(self, obj: Object) -> Entry:
        kind, meta = group_kind_of(obj), obj["metadata"]
        here, key = self._kinds.setdefault(kind, {}), (meta.get("namespace") or "", meta["name"])
        old, here[key] = here.get(key), obj
        self._lists.pop(kind, None)
        return Entry("MODIFIED" if old else "ADDED", kind, old, obj)

    def remove(self, obj: Object) -> Entry:
        kind, meta = group_kind_of(obj), obj["metadata"]
        self._kinds.get(kind, {}).pop((meta.get("namespace") or "", meta["name"]), None)
        self._lists.pop(kind, None)
        return Entry("DELETED", kind, obj, None)

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        return self._kinds.get(kind, {}).get((namespace, name))

    def list(self, kind: str, namespace: str | None = None) -> list[Object]:
        found = self._lists.get(kind)
        if found is None:
            known = self._kinds.get(kind, {})
            found = self._lists[kind] = [known[key] for key in sorted(known)]
        return found if namespace is None else [o for o in found if o["metadata"].get("namespace") == namespace]

    def owned(self, kind: str, uid: str) -> list[Object]:
        return []

    def on_node(self, node: str) -> list[Object]:
        return [p for p in self.list("Pod") if p["spec"].get("nodeName") == node]


@dataclass
class Workload:
    """Nodes and other objects, pods placed before the clock starts, pods to place.

    `floor`: pods a second that upstream asks for; `times`: the factor over it that is aimed at; `real`: what a real scheduler did.
    `meanwhile`: what happens to the store after every so many pods (`every`), and which pods come on top of those that are measured.
    """

    nodes: list[Object]
    init: list[Object]
    pods: list[Object]
    objects: Sequence[Object] = ()
    floor: float = 0
    real: float = 0
    times: float = 10
    every: int = 0
    meanwhile: Callable[[int, Store], tuple[list[Entry], list[Object]]] | None = None


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
    count: int, namespace: str = "sched-1", prefix: str = "pod", labels: Object | None = None, cpu: str = "100m", memory: str = "500Mi",
    asks: Object | None = None, **spec: Any,
) -> list[Object]:  # fmt: skip
    """Pods of one template, each an object of its own as a store would hold it. `asks`: their requests, in place of cpu and memory."""
    container = {
        "name": "pause",
        "image": "registry.k8s.io/pause:3.10",
        "ports": [{"containerPort": 80}],
        "resources": {"requests": {"cpu": cpu, "memory": memory} if asks is None else asks},
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
