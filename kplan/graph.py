"""The dependency graph over objects: references, selections, ownership; what dangles; in which order to apply.

Edges come from the kinds (`references`), selections from label selectors, ownership from ownerReferences. Replicas that controllers
make are not in it: it is a graph of what the manifests state (and of what the base state holds that they point at).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from kplan.api.objects import Object, group_kind_of, labels_of
from kplan.api.ref import Ref
from kplan.api.selectors import selector
from kplan.kinds import KINDS, Reference

if TYPE_CHECKING:
    import networkx

REFERS, SELECTS, OWNS = "refers", "selects", "owns"
# What must be there before what: namespaces, definitions, classes, nodes, identities, limits, configuration, storage, the rest.
RANKS: tuple[tuple[str, ...], ...] = (
    ("Namespace",),
    ("CustomResourceDefinition.apiextensions.k8s.io",),
    ("StorageClass.storage.k8s.io", "CSIDriver.storage.k8s.io", "PriorityClass.scheduling.k8s.io", "RuntimeClass.node.k8s.io"),
    ("IngressClass.networking.k8s.io",),
    ("Node",),
    ("ServiceAccount", "ClusterRole.rbac.authorization.k8s.io", "Role.rbac.authorization.k8s.io"),
    ("ClusterRoleBinding.rbac.authorization.k8s.io", "RoleBinding.rbac.authorization.k8s.io"),
    ("ResourceQuota", "LimitRange"),
    ("Secret", "ConfigMap"),
    ("PersistentVolume",),
    ("PersistentVolumeClaim",),
    ("Service", "Endpoints", "EndpointSlice.discovery.k8s.io"),
    ("NetworkPolicy.networking.k8s.io", "PodDisruptionBudget.policy"),
)
LAST = ("Ingress.networking.k8s.io", "HorizontalPodAutoscaler.autoscaling", "APIService.apiregistration.k8s.io")
RANK = {kind: i for i, kinds in enumerate(RANKS) for kind in kinds}
TEMPLATES: dict[str, tuple[str, ...]] = {
    "Pod": (),
    "ReplicaSet.apps": ("spec", "template"),
    "Deployment.apps": ("spec", "template"),
    "StatefulSet.apps": ("spec", "template"),
    "DaemonSet.apps": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job.batch": ("spec", "template"),
    "CronJob.batch": ("spec", "jobTemplate", "spec", "template"),
}
_REFERENCES: dict[str, Callable[[Object], Iterable[Reference]]] = {k.group_kind: k.references for k in KINDS}


class Edge(NamedTuple):
    """`source` points at `target` (None where nothing is there) by what its field `path` states."""

    source: Ref
    target: Ref | None
    kind: str
    path: str
    reference: Reference | None = None


def rank(gk: str) -> int:
    """How early a kind is applied."""
    return RANK.get(gk, len(RANKS) + (1 if gk in LAST else 0))


def apply_order(objects: Sequence[Object]) -> list[int]:
    """Indices of `objects` in the order in which to apply them; the same whatever their order."""
    keys = [(rank(group_kind_of(o)), group_kind_of(o), *Ref.of(o)[2:], i) for i, o in enumerate(objects)]
    return [key[-1] for key in sorted(keys)]


def pod_template(obj: Object) -> Object | None:
    """The pod template of a workload, a Pod itself, None for other kinds."""
    path = TEMPLATES.get(group_kind_of(obj))
    if path is None:
        return None
    value: Any = obj
    for key in path:
        value = (value or {}).get(key)
    return value if isinstance(value, dict) else None


@dataclass(frozen=True)
class Graph:
    """Objects and the edges between them."""

    objects: dict[Ref, Object]
    edges: tuple[Edge, ...]

    @property
    def dangling(self) -> tuple[Edge, ...]:
        """References to what is not there and must be."""
        return tuple(e for e in self.edges if e.target is None and e.reference is not None and not e.reference.optional)

    @cached_property
    def network(self) -> networkx.MultiDiGraph:
        """The same as a networkx graph: nodes are Refs, edges carry `kind` and `path`."""
        import networkx

        network = networkx.MultiDiGraph()
        network.add_nodes_from(self.objects)
        for edge in self.edges:
            if edge.target is not None:
                network.add_edge(edge.source, edge.target, kind=edge.kind, path=edge.path)
        return network

    def cycles(self) -> list[list[Ref]]:
        """References that go round in a circle, each once, sorted."""
        import networkx

        return sorted(sorted(c) for c in networkx.strongly_connected_components(self.network) if len(c) > 1)


def build(objects: Iterable[Object], also: Iterable[Object] = ()) -> Graph:
    """The graph of `objects`; `also` are objects that may be pointed at (a base state) and whose own edges do not matter."""
    stated = {Ref.of(o, "default" if _namespaced(o) else ""): o for o in objects}
    known = {**{Ref.of(o): o for o in also}, **stated}
    by_kind: dict[str, dict[str, list[tuple[Ref, Object]]]] = {}
    for ref, obj in known.items():
        by_kind.setdefault(ref.group_kind, {}).setdefault(ref.namespace, []).append((ref, obj))
    edges: list[Edge] = []
    for ref in sorted(stated):
        obj = stated[ref]
        for reference in _REFERENCES.get(ref.group_kind, _none)(obj):
            edges += _resolve(ref, reference, known, by_kind)
        for owner in obj["metadata"].get("ownerReferences") or ():
            target = next((Ref(*g) for g in _owner_refs(owner, ref.namespace) if Ref(*g) in known), None)
            edges.append(Edge(ref, target, OWNS, "metadata.ownerReferences"))
    return Graph(known, tuple(edges))


def _none(obj: Object) -> Iterable[Reference]:
    return ()


def _namespaced(obj: Object) -> bool:
    gk = group_kind_of(obj)
    return next((k.namespaced for k in KINDS if k.group_kind == gk), bool(obj["metadata"].get("namespace")))


def _owner_refs(owner: Object, namespace: str) -> Iterable[tuple[str, str, str, str]]:
    group = owner["apiVersion"].rpartition("/")[0]
    return ((group, owner["kind"], namespace, owner["name"]), (group, owner["kind"], "", owner["name"]))


def _resolve(source: Ref, reference: Reference, known: dict[Ref, Object], by_kind: dict[str, dict[str, list[tuple[Ref, Object]]]]) -> list[Edge]:
    if reference.selects is not None:
        return _selected(source, reference, by_kind)
    kind, _, group = reference.kind.partition(".")
    target = Ref(group, kind, reference.namespace, reference.name)
    found = known.get(target)
    if found is not None and reference.key and not _has(found, reference.key):
        return [Edge(source, None, REFERS, reference.path, reference)]
    return [Edge(source, target if found is not None else None, REFERS, reference.path, reference)]


def _has(obj: Object, key: str) -> bool:
    """Whether a ConfigMap, Secret or Service has an entry."""
    if obj["kind"] == "Service":
        return any(key in (str(p.get("port")), p.get("name")) for p in (obj.get("spec") or {}).get("ports") or ())
    return any(key in (obj.get(part) or {}) for part in ("data", "binaryData", "stringData"))


def _selected(source: Ref, reference: Reference, by_kind: dict[str, dict[str, list[tuple[Ref, Object]]]]) -> list[Edge]:
    """Edges to what a label selector selects; pods stand for the workloads whose templates they come from."""
    matches = selector(reference.selects)
    kinds = tuple(TEMPLATES) if reference.kind == "Pod" else (reference.kind,)
    found = []
    for kind in kinds:
        for ref, obj in sorted(by_kind.get(kind, {}).get(reference.namespace, ()), key=lambda pair: pair[0]):
            if ref == source:
                continue
            holder = (pod_template(obj) if reference.kind == "Pod" else obj) or {}
            if matches(labels_of(holder)):
                found.append(Edge(source, ref, SELECTS, reference.path, reference))
    return found or [Edge(source, None, SELECTS, reference.path, reference)]


__all__ = ["OWNS", "REFERS", "SELECTS", "Edge", "Graph", "apply_order", "build", "pod_template", "rank"]
