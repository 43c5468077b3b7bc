"""A name that nothing answers to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.grants import creates_secrets
from kplan.lint.rule import Context, Finding, rule

# Kinds that usually live outside a folder of manifests: missing, they are worth a word and no more.
ELSEWHERE = frozenset(
    {
        "Secret",
        "PriorityClass.scheduling.k8s.io",
        "RuntimeClass.node.k8s.io",
        "VolumeAttributesClass.storage.k8s.io",
        "DeviceClass.resource.k8s.io",
        "PersistentVolume",
        "ClusterRole.rbac.authorization.k8s.io",
        "Gateway.gateway.networking.k8s.io",
        "Issuer.cert-manager.io",
        "SecretStore.external-secrets.io",
        "VolumeSnapshot.snapshot.storage.k8s.io",
        "VolumeSnapshotContent.snapshot.storage.k8s.io",
        "SecretProviderClass.secrets-store.csi.x-k8s.io",
    }
)
# Those that are the cluster's own: a warning where the input has others of the kind, else a note.
CLUSTERS = frozenset(
    {
        "StorageClass.storage.k8s.io",
        "Node",
        "GatewayClass.gateway.networking.k8s.io",
        "ClusterIssuer.cert-manager.io",
        "VolumeSnapshotClass.snapshot.storage.k8s.io",
        "ClusterSecretStore.external-secrets.io",
    }
)
WORDS = re.compile(r"[\s=,:;'\"]+")  # what stands between the words of a command
OTHER_RULES = ("Ingress", "HorizontalPodAutoscaler", "ScaledObject")


@rule("dangling-reference", Severity.ERROR, whole=True)
def dangling_reference(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A field names an object, or a key in one, that is neither in the input nor in the base state.

    Why: pods that need it wait in ContainerCreating or CreateContainerConfigError, claims stay Pending, bindings grant nothing.
    Example: `configMapKeyRef: {name: settings, key: LEVEL}` where the ConfigMap `settings` has no key `LEVEL`.
    Fix: add the object or the key, correct the name, mark the reference `optional: true`, or declare the object as living elsewhere.
    Upstream: kube-linter env-value-from; the kubelet's and controllers' own errors at run time.
    """
    if obj["kind"] in OTHER_RULES:
        return
    for edge, reference in context.dangling(ref):
        if reference.kind == "ServiceAccount":
            continue
        kind, _, group = reference.kind.partition(".")
        if kind in ("Secret", "ConfigMap") and not reference.key and made_by_program(reference.name, reference.namespace, context):
            continue
        target = Ref(group, kind, reference.namespace, reference.name)
        if reference.key and target in context.graph.objects:
            word, part = {"Service": ("port", "spec.ports"), "Gateway": ("listener", "spec.listeners")}.get(kind, ("key", "data"))
            message = f'{kind} "{reference.name}" has no {word} "{reference.key}"'
            related = ((target, part, "the object that lacks it"),)
            yield Finding(key_path(reference.path), message, f"add the {word}, or correct it", Severity.NOTE if context.ambiguous(target) else None, related)
            continue
        place = f" in namespace {reference.namespace}" if reference.namespace else ""
        mild = reference.kind in ELSEWHERE or reference.kind in CLUSTERS or (ref.kind == "StatefulSet" and kind == "Service")
        message = f'{kind} "{reference.name}" not found{place}'
        severity = Severity.WARNING if mild else None
        if reference.kind in CLUSTERS and not context.of_kind(reference.kind):
            severity = Severity.NOTE
        if kind == "Secret" and creates_secrets(ref.namespace, context):
            severity = Severity.NOTE
        free = context.unplaced(reference.kind, reference.name) if reference.namespace else None
        if free is not None:
            hint, related = f"apply with -n {reference.namespace}, or correct the namespace", ((free, "metadata.name", "this one states no namespace"),)
            yield Finding(edge.path, message, hint, Severity.NOTE, related)
        else:
            yield Finding(edge.path, message, "add it, correct the name, or say that it lives elsewhere", severity)


def key_path(path: str) -> str:
    """Where the key stands beside the name of its object."""
    if "parentRefs[" in path:
        return path.removesuffix(".name") + ".sectionName"
    return path.removesuffix(".name") + ".key" if path.endswith("KeyRef.name") else path


def made_by_program(name: str, namespace: str, context: Context) -> bool:
    """Whether a container of the namespace gets the name on its command line: certificate generators and the like make the object."""
    for workload in context.workloads.get(namespace, ()):
        for c in context.pods(workload).containers:
            if any(_says(text, name, namespace) for field in ("command", "args") for text in c.data.get(field) or () if name in text):
                return True
    return False


def _says(text: str, name: str, namespace: str) -> bool:
    """Whether a word of a command is the name, alone or after its namespace; a flag or a file of that name is something else."""
    said = (word.rpartition("/") for word in WORDS.split(text))
    return any(last == name and (not slash or space == namespace or space.startswith("$")) for space, slash, last in said)
