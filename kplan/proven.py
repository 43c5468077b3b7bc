"""What the pods of a dump prove: objects without which they would not be there, where the dump has nothing of their kind.

`kubectl get all` leaves out ConfigMaps, Secrets, ServiceAccounts, claims and classes. A pod that was admitted had its ServiceAccount and its classes, one
that started had its volumes and its environment; without them the next pod of the same template would be refused or wait for ever. What a dump
has some of is taken as whole: there a missing object is missing. Contents are unknown and empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kplan.api.objects import Object, group_kind_of
from kplan.api.ref import Ref
from kplan.kinds.kind import Reference
from kplan.kinds.podspec.references import pod_spec_references
from kplan.standins import core, metadata

AT_ADMISSION = ("ServiceAccount", "PriorityClass.scheduling.k8s.io", "RuntimeClass.node.k8s.io")
AT_START = ("ConfigMap", "Secret", "PersistentVolumeClaim")
MADE_BY_CONTROLLERS = ("default", "kube-root-ca.crt")  # in every namespace: a ServiceAccount, a ConfigMap
STARTED = ("Running", "Succeeded", "Failed")


def proven(objects: Sequence[Object]) -> Iterator[Object]:
    """The objects that pods of a dump prove, by kind, namespace and name."""
    kinds = {group_kind_of(o) for o in objects}
    wanted = frozenset(k for k in (*AT_ADMISSION, *AT_START) if k not in kinds)
    found: dict[Ref, list[tuple[Reference, Object]]] = {}
    for pod in objects:
        if wanted and group_kind_of(pod) == "Pod" and pod.get("spec"):
            for reference in _needed(pod):
                if reference.kind in wanted and not reference.optional and reference.name not in MADE_BY_CONTROLLERS:
                    kind, _, group = reference.kind.partition(".")
                    found.setdefault(Ref(group, kind, reference.namespace, reference.name), []).append((reference, pod))
    for ref in sorted(found):
        yield _made(ref, found[ref])


def _needed(pod: Object) -> Iterable[Reference]:
    """What a pod needed to be where it is."""
    started = (pod.get("status") or {}).get("phase") in STARTED
    for reference in pod_spec_references(pod["spec"], pod["metadata"].get("namespace") or "default", "spec"):
        if reference.kind in AT_ADMISSION or started:
            yield reference


def _made(ref: Ref, uses: Sequence[tuple[Reference, Object]]) -> Object:
    """An object that would do for the pods that use it."""
    meta, spec = metadata(ref), uses[0][1]["spec"]
    match ref.kind:
        case "PriorityClass":
            policy = spec.get("preemptionPolicy", "PreemptLowerPriority")
            return {"apiVersion": "scheduling.k8s.io/v1", "kind": ref.kind, "metadata": meta, "value": spec.get("priority", 0), "preemptionPolicy": policy}
        case "RuntimeClass":
            overhead = {"overhead": {"podFixed": spec["overhead"]}} if spec.get("overhead") else {}
            return {"apiVersion": "node.k8s.io/v1", "kind": ref.kind, "metadata": meta, "handler": ref.name, **overhead}
        case "PersistentVolumeClaim":
            return _claim(meta, {pod["spec"].get("nodeName") for _, pod in uses})
    return core(ref, {reference.key for reference, _ in uses if reference.key})


def _claim(meta: Object, nodes: set[str | None]) -> Object:
    """A bound claim; of many writers where pods on several nodes use it."""
    modes = ["ReadWriteMany" if len(nodes) > 1 else "ReadWriteOnce"]
    size = {"storage": "1Gi"}
    volume = f"pvc-{meta['namespace']}-{meta['name']}"
    bound = {**meta, "uid": volume, "annotations": {"pv.kubernetes.io/bind-completed": "yes"}, "finalizers": ["kubernetes.io/pvc-protection"]}
    spec = {"accessModes": modes, "resources": {"requests": size}, "volumeName": volume, "volumeMode": "Filesystem", "storageClassName": ""}
    status = {"phase": "Bound", "accessModes": modes, "capacity": size}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": bound, "spec": spec, "status": status}
