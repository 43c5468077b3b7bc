"""Objects for admission tests, and a cluster that is a list of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from kplan.api.objects import Object, group_kind_of
from kplan.kinds.kind import Kind

NAMESPACED = {"Pod": "pods", "PersistentVolumeClaim": "persistentvolumeclaims", "Service": "services", "ConfigMap": "configmaps"}
CLUSTER = {"Node": "nodes", "PersistentVolume": "persistentvolumes", "Namespace": "namespaces"}


class FakeReader:
    """Objects in a list; the clock stands still."""

    version = "1.36"
    now = datetime(2026, 1, 1, tzinfo=UTC)

    def __init__(self, objects: Sequence[Object]) -> None:
        self.objects = sorted(objects, key=lambda o: (o["metadata"].get("namespace") or "", o["metadata"]["name"]))

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        return next((o for o in self.list(kind, namespace) if o["metadata"]["name"] == name), None)

    def list(self, kind: str, namespace: str | None = None) -> Sequence[Object]:
        return [o for o in self.objects if group_kind_of(o) == kind and namespace in (None, o["metadata"].get("namespace") or "")]

    def owned(self, kind: str, uid: str) -> Sequence[Object]:
        return [o for o in self.list(kind) if any(r["uid"] == uid for r in o["metadata"].get("ownerReferences") or ())]

    def on_node(self, node: str) -> Sequence[Object]:
        return [o for o in self.list("Pod") if o["spec"].get("nodeName") == node]


def kind_of(obj: Object) -> Kind:
    """A kind with nothing but its names."""
    group, _, version = obj["apiVersion"].rpartition("/")
    kind = obj["kind"]
    plural = NAMESPACED.get(kind) or CLUSTER.get(kind) or f"{kind.lower()}{'es' if kind.endswith('ss') else 's'}"
    return Kind(group=group, version=version, kind=kind, plural=plural, namespaced=bool(obj["metadata"].get("namespace")))


def make(kind: str, name: str = "x", api_version: str = "v1", namespace: str = "ns", **more: Any) -> Object:
    """An object; `labels` and `annotations` go into its metadata."""
    meta: Object = {"name": name, **({"namespace": namespace} if namespace else {})}
    for key in ("labels", "annotations", "creationTimestamp"):
        if key in more:
            meta[key] = more.pop(key)
    return {"apiVersion": api_version, "kind": kind, "metadata": meta, **more}


def pod(*containers: Object, **spec: Any) -> Object:
    """A pod; without containers it has one that says nothing."""
    return make("Pod", "p", spec={"containers": list(containers) or [{"name": "app", "image": "i"}], **spec})
