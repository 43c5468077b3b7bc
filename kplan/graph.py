"""The dependency graph over objects: references, selections, ownership; what dangles; in which order to apply.

Edges come from the kinds (`references`), selections from label selectors, ownership from ownerReferences. Pods and sets that controllers
made stand for nothing: the templates of their owners do. An object that an operator will make (the Secret of a Certificate) is there
if the one that it is made for is: the edge leads to that one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from kplan.api.objects import Object, annotations_of, controller_of, group_kind, group_kind_of, group_of, labels_of
from kplan.api.ref import Ref
from kplan.api.selectors import selector
from kplan.kinds import KINDS, Reference
from kplan.kinds.customreferences import CUSTOM_REFERENCES, METADATA_NAME, made_by
from kplan.kinds.entries import has_entry, is_stub
from kplan.kinds.given import given
from kplan.kinds.podspec.podlabels import GIVEN, any_pod

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
INGRESS_CLASS = "kubernetes.io/ingress.class"
# The annotations that make a class the default one.
DEFAULTS = {
    "StorageClass.storage.k8s.io": "storageclass.kubernetes.io/is-default-class",
    "IngressClass.networking.k8s.io": "ingressclass.kubernetes.io/is-default-class",
}
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
_REFERENCES: dict[str, Callable[[Object], Iterable[Reference]]] = {**CUSTOM_REFERENCES, **{k.group_kind: k.references for k in KINDS}}
_NAMESPACED = {k.group_kind: k.namespaced for k in KINDS}
_CRD = "CustomResourceDefinition.apiextensions.k8s.io"


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
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else None


@dataclass(frozen=True)
class Graph:
    """Objects and the edges between them."""

    objects: dict[Ref, Object]
    edges: tuple[Edge, ...]

    @cached_property
    def incoming(self) -> dict[Ref, tuple[Edge, ...]]:
        """The edges that end at each object."""
        found: dict[Ref, list[Edge]] = {}
        for edge in self.edges:
            if edge.target is not None:
                found.setdefault(edge.target, []).append(edge)
        return {ref: tuple(edges) for ref, edges in found.items()}

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

    @property
    def order(self) -> list[Ref]:
        """The objects in the order in which to apply them."""
        refs = sorted(self.objects)
        return [refs[i] for i in apply_order([self.objects[r] for r in refs])]

    def cycles(self) -> list[list[Ref]]:
        """References that go round in a circle, each once, sorted. Selections do not count: a StatefulSet names the Service that selects its pods."""
        import networkx

        named = networkx.DiGraph((e.source, e.target) for e in self.edges if e.target is not None and e.kind != SELECTS)
        return sorted(sorted(c) for c in networkx.strongly_connected_components(named) if len(c) > 1)


def build(objects: Iterable[Object], also: Iterable[Object] = ()) -> Graph:
    """The graph of `objects`; `also` are objects that may be pointed at (a base state) and whose own edges do not matter."""
    stated = {Ref.of(o, "default" if _namespaced(o) else ""): o for o in objects}
    known = {**{Ref.of(o): o for o in also}, **stated}
    index = _Index(known, frozenset(ref for ref, obj in known.items() if ref not in stated and is_stub(obj)))
    edges: list[Edge] = []
    for ref in sorted(stated):
        obj = stated[ref]
        for reference in _REFERENCES.get(ref.group_kind, _none)(obj):
            edges += index.resolve(ref, reference)
        edges += index.implied(ref, obj)
        definition = index.definitions.get(ref.group_kind)
        if definition is not None:
            edges.append(Edge(ref, definition, REFERS, "kind", Reference("kind", _CRD, "", definition.name)))
        for i, owner in enumerate(obj["metadata"].get("ownerReferences") or ()):
            target = next((Ref(*g) for g in _owner_refs(owner, ref.namespace) if Ref(*g) in known), None)
            edges.append(Edge(ref, target, OWNS, f"metadata.ownerReferences[{i}]"))
    return Graph(known, tuple(edges))


def _none(obj: Object) -> Iterable[Reference]:
    return ()


def _namespaced(obj: Object) -> bool:
    return _NAMESPACED.get(group_kind_of(obj), bool(obj["metadata"].get("namespace")))


def _owner_refs(owner: Object, namespace: str) -> Iterable[tuple[str, str, str, str]]:
    group = owner["apiVersion"].rpartition("/")[0]
    return ((group, owner["kind"], namespace, owner["name"]), (group, owner["kind"], "", owner["name"]))


class _Index:
    """What there is, by the ways in which it is pointed at."""

    def __init__(self, known: dict[Ref, Object], stubs: Collection[Ref]) -> None:
        self.known, self.stubs = known, stubs
        self.made: dict[Ref, Ref] = {}
        self.definitions: dict[str, Ref] = {}
        self.namespaces: dict[str, dict[str, str]] = {}
        self.labelled: dict[str, dict[str, list[tuple[Ref, dict[str, str]]]]] = {}
        self.defaults: dict[str, Ref] = {}
        self.pairs: dict[tuple[str, str, str, str], list[tuple[Ref, dict[str, str]]]] = {}
        for ref in sorted(known):
            self._add(ref, known[ref])

    def _add(self, ref: Ref, obj: Object) -> None:
        gk = ref.group_kind
        labels = labels_of(obj)
        if gk == "Namespace":
            self.namespaces[ref.name] = {METADATA_NAME: ref.name, **labels}
        elif ref.namespace:
            self.namespaces.setdefault(ref.namespace, {METADATA_NAME: ref.namespace})
        if gk == _CRD:
            spec = obj["spec"]
            self.definitions[group_kind(spec["names"]["kind"], spec["group"])] = ref
        if annotations_of(obj).get(DEFAULTS.get(gk, "")) == "true":
            self.defaults.setdefault(gk, ref)
        for kind, namespace, name in made_by(obj):
            if name:
                self.made.setdefault(Ref("", kind, namespace or ref.namespace, name), ref)
        if gk in TEMPLATES:
            template = pod_template(obj)
            if template is None or (controller_of(obj) is not None and gk in ("Pod", "ReplicaSet.apps", "Job.batch")):
                return
            gk, labels = "Pod", labels_of(template)
        elif gk == "Namespace":
            labels = self.namespaces[ref.name]
        entry = (ref, labels)
        self.labelled.setdefault(gk, {}).setdefault(ref.namespace, []).append(entry)
        if gk in ("Pod", "Service"):
            for key, value in labels.items():
                self.pairs.setdefault((gk, ref.namespace, key, value), []).append(entry)

    def resolve(self, source: Ref, reference: Reference) -> list[Edge]:
        """The edges that a reference comes to."""
        if reference.selects is not None:
            return self._selected(source, reference)
        kind, _, group = reference.kind.partition(".")
        target = Ref(group, kind, reference.namespace, reference.name)
        found = self.known.get(target)
        if found is None:
            maker = self.made.get(target)
            if maker is not None:
                return [Edge(source, maker, REFERS, reference.path, reference)] if maker != source else []
            if given(reference.kind, reference.namespace, reference.name):
                reference = reference._replace(optional=True)
        elif reference.key and target not in self.stubs and not has_entry(found, reference.key):
            return [Edge(source, None, REFERS, reference.path, reference)]
        return [Edge(source, target if found is not None else None, REFERS, reference.path, reference)]

    def implied(self, source: Ref, obj: Object) -> Iterator[Edge]:
        """What an object leads to without naming it, or only with another's help: default classes, the parameters of a policy."""
        spec = obj.get("spec") or {}
        if source.group_kind == "Ingress.networking.k8s.io":
            if not spec.get("ingressClassName") and INGRESS_CLASS not in annotations_of(obj):
                yield from self._default(source, "IngressClass.networking.k8s.io", "spec")
        elif source.group_kind == "PersistentVolumeClaim":
            if "storageClassName" not in spec:
                yield from self._default(source, "StorageClass.storage.k8s.io", "spec")
        elif source.group_kind == "StatefulSet.apps":
            for i, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
                if "storageClassName" not in (claim.get("spec") or {}):
                    yield from self._default(source, "StorageClass.storage.k8s.io", f"spec.volumeClaimTemplates[{i}].spec")
        elif source.kind.endswith("AdmissionPolicyBinding") and source.group == "admissionregistration.k8s.io":
            yield from self._parameters(source, spec)

    def _default(self, source: Ref, group_kind: str, path: str) -> Iterator[Edge]:
        """An edge to the class that is marked as default; of several the first by name, as their ages are not known."""
        target = self.defaults.get(group_kind)
        if target is not None:
            yield Edge(source, target, REFERS, path, Reference(path, group_kind, "", target.name, optional=True))

    def _parameters(self, source: Ref, spec: Object) -> Iterator[Edge]:
        """What an admission policy's binding gives it: of the kind that the policy says. Without a namespace it is that of each request."""
        policy = self.known.get(Ref(source.group, source.kind.removesuffix("Binding"), "", spec.get("policyName") or ""))
        wanted, given_by = ((policy or {}).get("spec") or {}).get("paramKind"), spec.get("paramRef")
        if not wanted or not given_by:
            return
        kind, optional = group_kind(wanted["kind"], group_of(wanted["apiVersion"])), given_by.get("parameterNotFoundAction") == "Allow"
        namespace = given_by.get("namespace") or ""
        same = [r for r in self.known if r.group_kind == kind and (not namespace or r.namespace == namespace)]
        if given_by.get("name"):
            reference = Reference("spec.paramRef.name", kind, namespace, given_by["name"], optional=optional)
            named: Sequence[Ref | None] = sorted(r for r in same if r.name == given_by["name"])
            yield from (Edge(source, target, REFERS, reference.path, reference) for target in named or [None])
        if given_by.get("selector") is not None:
            matches = selector(given_by["selector"])
            chosen = Reference("spec.paramRef.selector", kind, namespace, "", optional=True, selects=given_by["selector"])
            found = sorted(r for r in same if matches(labels_of(self.known[r])))
            yield from (Edge(source, target, SELECTS, chosen.path, chosen) for target in found)

    def _selected(self, source: Ref, reference: Reference) -> list[Edge]:
        """Edges to what a label selector selects; workloads stand for the pods of their templates."""
        matches, wanted = selector(reference.selects), (reference.selects or {}).get("matchLabels") or {}
        common, found = next((pair for pair in wanted.items() if pair[0] not in GIVEN), None), []
        for namespace in (reference.namespace,) if reference.within is None else self._within(reference.within):
            if common and reference.kind in ("Pod", "Service"):
                candidates = self.pairs.get((reference.kind, namespace, *common), ())
            else:
                candidates = self.labelled.get(reference.kind, {}).get(namespace, ())
            selected = (ref for ref, own in candidates if ref != source and any_pod(matches, wanted, self.known[ref], own))
            found += [Edge(source, ref, SELECTS, reference.path, reference) for ref in selected]
        return found or [Edge(source, None, SELECTS, reference.path, reference)]

    def _within(self, selects: Object) -> list[str]:
        matches = selector(selects)
        return [name for name, labels in self.namespaces.items() if matches(labels)]


__all__ = ["OWNS", "REFERS", "SELECTS", "Edge", "Graph", "apply_order", "build", "pod_template", "rank"]
