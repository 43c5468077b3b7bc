"""What exists outside the input: what `external` in kplan.yaml names, what a state states without its contents, namespaces that nobody states.

Manifests lean on objects that others apply. Those that the configuration names are taken as there, with the keys that the manifests read, and empty. A
ConfigMap or Secret of the state that has neither data nor uid is a stub, written by hand: it has the keys that are read of it. Where no state is given,
nobody knows the cluster's namespaces: those that the manifests live in are taken as there, as the nodes are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.api.words import some
from kplan.config import Config
from kplan.graph import Graph
from kplan.kinds.entries import is_stub
from kplan.lint.selection import elsewhere
from kplan.standins import core, metadata, namespace

CORE = ("ConfigMap", "Secret", "ServiceAccount")
CLASSES: Mapping[str, tuple[str, Object]] = {
    "PriorityClass.scheduling.k8s.io": ("scheduling.k8s.io/v1", {"value": 0, "preemptionPolicy": "PreemptLowerPriority"}),
    "RuntimeClass.node.k8s.io": ("node.k8s.io/v1", {"handler": "external"}),
    "StorageClass.storage.k8s.io": (
        "storage.k8s.io/v1",
        {"provisioner": "external.kplan.dev", "reclaimPolicy": "Delete", "volumeBindingMode": "WaitForFirstConsumer"},
    ),
}
"""The classes that the API server or the provisioner looks for, by their version and what they need."""


def namespaces(wanted: Iterable[str], config: Config, *, all_there: bool) -> list[Object]:
    """Namespaces that are taken as there: `all_there`, or those that the configuration names."""
    return [namespace(name) for name in sorted(set(wanted)) if all_there or _named(name, config)]


def stand_ins(graph: Graph, config: Config, known: Callable[[Ref], bool]) -> list[Object]:
    """What the manifests lean on and the configuration says is there, by kind, namespace and name."""
    keys: dict[Ref, set[str]] = {}
    for edge in graph.edges:
        reference = edge.reference
        if reference is None or edge.target is not None or reference.selects is not None or reference.kind not in (*CORE, *CLASSES):
            continue
        kind, _, group = reference.kind.partition(".")
        ref = Ref(group, kind, reference.namespace, reference.name)
        if elsewhere(reference, config) and not known(ref):
            keys.setdefault(ref, set()).update([reference.key] if reference.key else ())
    return [_stand_in(ref, keys[ref]) for ref in sorted(keys)]


def with_keys(state: Sequence[Object], graph: Graph) -> list[Object]:
    """The state, its stubs with the keys that the manifests read."""
    keys: dict[Ref, set[str]] = {}
    for edge in graph.edges:
        if edge.target is not None and edge.reference is not None and edge.reference.key:
            keys.setdefault(edge.target, set()).add(edge.reference.key)
    return [{**o, "data": dict.fromkeys(sorted(keys.get(Ref.of(o), ())), "")} if is_stub(o) else o for o in state]


def notes(spaces: Sequence[Object], others: Sequence[Object]) -> list[str]:
    """A line each on what is taken as there."""
    told = []
    if spaces:
        told.append("namespaces taken as there: " + some([o["metadata"]["name"] for o in spaces]))
    if others:
        told.append("external, taken as there: " + some([f"{o['kind']} {o['metadata']['name']}" for o in others]))
    return told


def _named(namespace: str, config: Config) -> bool:
    """Whether the configuration names a namespace, or says that there is something in it."""
    for external in config.external:
        if external.namespace != "*" and fnmatchcase(namespace, external.namespace):
            return True
        if external.namespace == "*" and fnmatchcase("Namespace", external.kind) and fnmatchcase(namespace, external.name):
            return True
    return False


def _stand_in(ref: Ref, keys: Iterable[str]) -> Object:
    if ref.group_kind not in CLASSES:
        return core(ref, keys)
    version, fields = CLASSES[ref.group_kind]
    return {"apiVersion": version, "kind": ref.kind, "metadata": metadata(ref), **fields}
