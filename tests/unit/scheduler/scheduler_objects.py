"""A store in memory and plain builders for scheduler tests."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

from kplan.api.objects import Object, group_kind_of
from kplan.api.reader import Entry

HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"


class Store:
    """A Reader whose writes come back as watch-log entries."""

    version = "1.36"
    now = datetime(2026, 1, 1)

    def __init__(self, *objects: Object) -> None:
        self._kinds: dict[str, dict[tuple[str, str], Object]] = {}
        self._revision = 0
        for obj in objects:
            self.put(obj)

    def put(self, obj: Object) -> Entry:
        self._revision += 1
        meta = obj["metadata"]
        kind, key = group_kind_of(obj), (meta.get("namespace") or "", meta["name"])
        old = self._kinds.setdefault(kind, {}).get(key)
        new = {**obj, "metadata": {**meta, "resourceVersion": str(self._revision)}}
        self._kinds[kind][key] = new
        return Entry("MODIFIED" if old else "ADDED", kind, old, new)

    def remove(self, kind: str, namespace: str, name: str) -> Entry:
        return Entry("DELETED", kind, self._kinds[kind].pop((namespace, name)), None)

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        return self._kinds.get(kind, {}).get((namespace, name))

    def list(self, kind: str, namespace: str | None = None) -> list[Object]:
        found = sorted(self._kinds.get(kind, {}).items(), key=lambda item: item[0])
        return [obj for (ns, _), obj in found if namespace is None or ns == namespace]

    def owned(self, kind: str, uid: str) -> list[Object]:
        return [o for o in self.list(kind) if any(r.get("uid") == uid for r in o["metadata"].get("ownerReferences") or ())]

    def on_node(self, node: str) -> list[Object]:
        return [p for p in self.list("Pod") if p["spec"].get("nodeName") == node]


def node(
    name: str,
    cpu: str = "4",
    memory: str = "8Gi",
    pods: str = "110",
    zone: str | None = None,
    labels: Object | None = None,
    taints: list[Object] | None = None,
    images: list[Object] | None = None,
    **more: Any,
) -> Object:
    amounts = {"cpu": cpu, "memory": memory, "pods": pods, **more}
    all_labels = {HOST: name, **({ZONE: zone} if zone else {}), **(labels or {})}
    spec = {"taints": taints} if taints else {}
    status: Object = {"allocatable": amounts, "capacity": amounts}
    if images:
        status["images"] = images
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": all_labels}, "spec": spec, "status": status}


def pod(
    name: str,
    cpu: str | None = None,
    memory: str | None = None,
    on: str = "",
    labels: Object | None = None,
    priority: int = 0,
    namespace: str = "default",
    start: str = "",
    status: Object | None = None,
    **spec: Any,
) -> Object:
    requests = {k: v for k, v in (("cpu", cpu), ("memory", memory)) if v is not None}
    container: Object = {"name": "c", "image": "example.com/app:v1", **({"resources": {"requests": requests}} if requests else {})}
    found: Object = {"containers": [container], "priority": priority, **spec}
    if on:
        found["nodeName"] = on
    told = {**({"startTime": start} if start else {}), **(status or {})}
    meta = {"name": name, "namespace": namespace, "uid": f"{namespace}/{name}", **({"labels": labels} if labels else {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": found, **({"status": told} if told else {})}


def pod_term(app: str, key: str = HOST) -> Object:
    return {"topologyKey": key, "labelSelector": {"matchLabels": {"app": app}}}


def required(kind: str, app: str, key: str = HOST) -> Object:
    return {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [pod_term(app, key)]}}


def preferred(kind: str, app: str, weight: int = 10, key: str = HOST) -> Object:
    return {kind: {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": weight, "podAffinityTerm": pod_term(app, key)}]}}


def spread(app: str, key: str = ZONE, skew: int = 1, mode: str = "DoNotSchedule", **more: Any) -> Object:
    return {"maxSkew": skew, "topologyKey": key, "whenUnsatisfiable": mode, "labelSelector": {"matchLabels": {"app": app}}, **more}


def random_nodes(rng: random.Random, count: int) -> list[Object]:
    taints: list[list[Object]] = [
        [],
        [],
        [{"key": "dedicated", "value": "x", "effect": "NoSchedule"}],
        [{"key": "slow", "effect": "PreferNoSchedule"}, {"key": "old", "effect": "PreferNoSchedule"}],
    ]
    images = [{"names": ["example.com/app:v1"], "sizeBytes": 700_000_000}]
    made = []
    for i in range(count):
        extra = {"example.com/gpu": str(rng.randrange(3))} if rng.random() < 0.4 else {}
        found = node(
            f"n{i:02d}",
            cpu=rng.choice(["1", "2", "4"]),
            memory=rng.choice(["2Gi", "4Gi", "0"]),
            pods=rng.choice(["4", "110"]),
            zone=rng.choice(["a", "b", None]),
            labels=rng.choice([{}, {"disk": "ssd"}, {"gen": str(rng.randrange(5))}]),
            taints=rng.choice(taints),
            images=images if rng.random() < 0.3 else None,
            **extra,
        )
        if rng.random() < 0.1:
            found["spec"]["unschedulable"] = True
        made.append(found)
    return made


def random_pod(rng: random.Random, name: str, on: str = "") -> Object:
    app = rng.choice(["web", "db", "api"])
    spec: Object = {}
    rules: Object = {}
    if rng.random() < 0.3:
        rules |= rng.choice(
            [
                required("podAntiAffinity", app),
                preferred("podAffinity", rng.choice(["web", "db"]), key=ZONE),
                preferred("podAntiAffinity", app),
                required("podAffinity", "web", ZONE),
            ]
        )
    if rng.random() < 0.3:
        terms = [{"matchExpressions": [rng.choice([{"key": "disk", "operator": "In", "values": ["ssd"]}, {"key": "gen", "operator": "Gt", "values": ["2"]}])]}]
        weighted = [{"weight": rng.randrange(1, 100), "preference": terms[0]}]
        rules["nodeAffinity"] = rng.choice(
            [{"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}, {"preferredDuringSchedulingIgnoredDuringExecution": weighted}]
        )
    if rules:
        spec["affinity"] = rules
    if rng.random() < 0.3:
        mode = rng.choice(["DoNotSchedule", "ScheduleAnyway"])
        spec["topologySpreadConstraints"] = [spread(app, rng.choice([ZONE, HOST]), rng.randrange(1, 3), mode)]
    if rng.random() < 0.5:
        spec["tolerations"] = rng.choice(
            [[{"operator": "Exists"}], [{"key": "dedicated", "operator": "Equal", "value": "x"}], [{"key": "slow", "operator": "Exists"}]]
        )
    found = pod(name, rng.choice([None, "100m", "700m"]), rng.choice([None, "128Mi", "1Gi"]), on, {"app": app}, rng.choice([0, 0, 10, 100]), **spec)
    container = found["spec"]["containers"][0]
    if rng.random() < 0.15:
        container["ports"] = [{"containerPort": 80, "hostPort": rng.choice([80, 81]), "hostIP": rng.choice(["", "10.0.0.1"])}]
    if rng.random() < 0.15:
        container.setdefault("resources", {})["limits"] = {"example.com/gpu": "1"}
    if rng.random() < 0.1:
        found["spec"]["volumes"] = [{"name": "d", "gcePersistentDisk": {"pdName": "disk", "readOnly": rng.random() < 0.5}}]
    return found
