"""Clusters and plans of manifests that are written in the tests."""

from __future__ import annotations

import json
from typing import Any

import yaml

from kplan.cluster import Cluster
from kplan.manifests.sources import Sources, load
from kplan.plan import Options, Plan, applied, plan

Object = dict[str, Any]


def read(*objects: Object) -> Sources:
    """Manifests as sources."""
    return load(["-"], stdin=b"\n---\n".join(json.dumps(o).encode() for o in objects))


def objects(text: str) -> list[Object]:
    """The objects of a YAML text."""
    return [o for o in yaml.safe_load_all(text) if o]


def cluster_of(*given: Object, **options: Any) -> Cluster:
    """A cluster to which objects have been applied."""
    return applied(read(*given), Options(**options)).cluster


def changed(new: list[Object], old: list[Object], **options: Any) -> Plan:
    """The plan from the old manifests to the new."""
    return plan(read(*new), Options(base=read(*old), **options))


def meta(name: str, namespace: str = "", **labels: str) -> Object:
    """metadata."""
    found: Object = {"name": name}
    if namespace:
        found["namespace"] = namespace
    if labels:
        found["labels"] = labels
    return found


def workload(
    name: str,
    replicas: int = 1,
    *,
    kind: str = "Deployment",
    namespace: str = "",
    image: str = "r.example.com/x:1",
    cpu: str = "100m",
    notes: dict[str, str] | None = None,
    container: Object | None = None,
    pod: Object | None = None,
    **spec: Any,
) -> Object:
    """A Deployment or StatefulSet whose pods have the label app=NAME."""
    main = {"name": "c", "image": image, "resources": {"requests": {"cpu": cpu}}, **(container or {})}
    template = {"metadata": {"labels": {"app": name}, **({"annotations": notes} if notes else {})}, "spec": {"containers": [main], **(pod or {})}}
    own = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": meta(name, namespace), "spec": own}


def config(name: str, **data: str) -> Object:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(name), "data": data}


def service(name: str, app: str, namespace: str = "", **spec: Any) -> Object:
    """A Service for the pods app=APP, port 80."""
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta(name, namespace), "spec": {"selector": {"app": app}, "ports": [{"port": 80}], **spec}}


def budget(name: str, app: str, **spec: Any) -> Object:
    """A PodDisruptionBudget for the pods app=APP."""
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta(name), "spec": {"selector": {"matchLabels": {"app": app}}, **spec}}
