"""A name that nothing answers to."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.graph import REFERS
from kplan.lint.rule import Context, Finding, rule

# Kinds that usually live outside a folder of manifests: missing, they are worth a word and no more.
ELSEWHERE = frozenset(
    {
        "Secret",
        "StorageClass.storage.k8s.io",
        "PriorityClass.scheduling.k8s.io",
        "RuntimeClass.node.k8s.io",
        "IngressClass.networking.k8s.io",
        "VolumeAttributesClass.storage.k8s.io",
        "DeviceClass.resource.k8s.io",
        "PersistentVolume",
        "Node",
        "ClusterRole.rbac.authorization.k8s.io",
    }
)
OTHER_RULES = frozenset({"ServiceAccount"})
BUILT_IN = frozenset({("PriorityClass.scheduling.k8s.io", "system-node-critical"), ("PriorityClass.scheduling.k8s.io", "system-cluster-critical")})


@rule("dangling-reference", Severity.ERROR, whole=True)
def dangling_reference(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A field names an object, or a key in one, that is neither in the input nor in the base state.

    Why: pods that need it wait in ContainerCreating or CreateContainerConfigError, claims stay Pending, bindings grant nothing.
    Example: `configMapKeyRef: {name: settings, key: LEVEL}` where the ConfigMap `settings` has no key `LEVEL`.
    Fix: add the object or the key, correct the name, mark the reference `optional: true`, or declare the object as living elsewhere.
    Upstream: the kubelet's and controllers' own errors at run time.
    """
    if obj["kind"] in ("Ingress", "HorizontalPodAutoscaler"):
        return
    for edge in context.edges.get(ref, ()):
        reference = edge.reference
        if edge.kind != REFERS or edge.target is not None or reference is None or reference.optional or reference.kind in OTHER_RULES:
            continue
        if (reference.kind, reference.name) in BUILT_IN or _given(ref, reference.kind, reference.name):
            continue
        kind, _, group = reference.kind.partition(".")
        target = Ref(group, kind, reference.namespace, reference.name)
        if reference.key and target in context.graph.objects:
            message = f'{kind} "{reference.name}" has no key "{reference.key}"'
            yield Finding(_key_path(reference.path), message, "add the key, or correct it", related=((target, "data", "the object that lacks it"),))
            continue
        place = f" in namespace {reference.namespace}" if reference.namespace else ""
        severity = Severity.WARNING if reference.kind in ELSEWHERE else None
        yield Finding(reference.path, f'{kind} "{reference.name}" not found{place}', "add it, correct the name, or say that it lives elsewhere", severity)


def _key_path(path: str) -> str:
    """Where the key stands beside the name of its object."""
    return path.removesuffix(".name") + ".key" if path.endswith("KeyRef.name") else path


def _given(ref: Ref, kind: str, name: str) -> bool:
    """What every cluster has."""
    if kind == "ConfigMap" and name == "kube-root-ca.crt":
        return True
    return kind.endswith("rbac.authorization.k8s.io") and (name.startswith("system:") or name in ("cluster-admin", "admin", "edit", "view"))
