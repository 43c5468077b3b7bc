"""Writes of the control plane's own loops, which cannot be malformed: the door without the reading.

Controllers, scheduler and kubelets build their writes from stored objects with `kplan.api.objects.replace`. Such a write keeps
the door's order but skips strict decoding, and pods of one template are admitted and validated once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplan.admission import Request
from kplan.admission.pod_topology_labels import topology_labels
from kplan.api import status
from kplan.api.objects import Object, group_kind_of
from kplan.apiserver import writes
from kplan.apiserver.ownership import Touch
from kplan.apiserver.reading import as_read
from kplan.apiserver.writes import Call

if TYPE_CHECKING:
    from kplan.apiserver.door import Door

# Kinds whose objects decide what admission makes of a pod; a write to one of them ends what was remembered.
DECIDING = frozenset(
    {
        "Namespace",
        "LimitRange",
        "ServiceAccount",
        "PriorityClass.scheduling.k8s.io",
        "RuntimeClass.node.k8s.io",
        "ValidatingAdmissionPolicy.admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io",
        "MutatingAdmissionPolicy.admissionregistration.k8s.io",
        "MutatingAdmissionPolicyBinding.admissionregistration.k8s.io",
    }
)

BINDINGS = tuple(sorted(kind for kind in DECIDING if "PolicyBinding." in kind))


class Admitted:
    """The pods that came of each template, by identity: templates are frozen, so the same dict is the same template."""

    LIMIT = 4096

    def __init__(self) -> None:
        self._pods: dict[tuple[int, str], tuple[Object, Object, Object]] = {}

    def clear(self) -> None:
        """What admission decides may have changed."""
        self._pods.clear()

    def get(self, template: Object, pod: Object) -> Object | None:
        """The pod stored first for this template, where the new one differs from it in name and affinity alone."""
        held = self._pods.get((id(template), pod["metadata"]["namespace"]))
        if held is None or held[0] is not template or held[2] != _said(pod):
            return None
        return held[1]

    def keep(self, template: Object, pod: Object, stored: Object) -> None:
        """Remember what came of a template."""
        if len(self._pods) >= self.LIMIT:
            self._pods.clear()
        self._pods[id(template), pod["metadata"]["namespace"]] = (template, stored, _said(pod))


def _with_affinity(door: Door, first: Object, pod: Object) -> Object | None:
    """The spec of the pod stored first, with the affinity of a new one; None where policies might judge the two differently."""
    spec, affinity = first["spec"], pod["spec"].get("affinity")
    if spec.get("affinity") == affinity:
        return spec  # type: ignore[no-any-return]
    if affinity is None or "affinity" not in spec or any(door.store.list(kind) for kind in BINDINGS):
        return None
    return {**spec, "affinity": affinity}


def _said(pod: Object) -> Object:
    """What a controller says of a pod, but for its name and affinity: DaemonSets' pods differ in the node that theirs names."""
    meta = pod["metadata"]
    return {
        "labels": meta.get("labels"),
        "annotations": meta.get("annotations"),
        "finalizers": meta.get("finalizers"),
        "ownerReferences": meta.get("ownerReferences"),
        "generateName": meta.get("generateName"),
        "spec": {key: value for key, value in pod["spec"].items() if key != "affinity"},
    }


def create_pod(door: Door, pod: Object, template: Object, call: Call) -> Object:
    """Create a pod made from `template`. Only the first of equal pods goes the whole way; quotas count every one."""
    first = None if "name" in pod["metadata"] else door.admitted.get(template, pod)
    served = door.registry.preferred("Pod")
    assert served is not None  # Pod is built in
    spec = _with_affinity(door, first, pod) if first is not None else None
    if first is None or spec is None:
        stored = writes.create(door, served, pod, call)
        if "name" not in pod["metadata"]:
            door.admitted.keep(template, pod, stored)
        return stored
    kind, namespace = served.kind, pod["metadata"]["namespace"]
    name = door.identity.name("Pod", namespace, pod["metadata"]["generateName"])
    meta = {**first["metadata"], "name": name, "uid": door.identity.uid("Pod", namespace, name), "creationTimestamp": door.store.clock.text()}
    del meta["resourceVersion"]
    new = {**first, "metadata": meta, "spec": spec}
    request = Request(operation="CREATE", kind=kind, namespace=namespace, name=name, object=new, user=call.user, warnings=call.warnings)
    for plugin in door.plugins:
        if plugin.counts:
            plugin.validate(request, door.store)
    stored = door.store.put("Pod", new)
    door.ownership.touched(("Pod", namespace, name), Touch(None, new, call.manager, "", door.store.clock.text()))
    door.settle(request)
    return stored


def write(door: Door, obj: Object, call: Call) -> Object:
    """Replace a stored object. Refused with a conflict where it is not the one that the writer saw."""
    gk = group_kind_of(obj)
    served = door.registry.preferred(gk)
    if served is None:
        raise status.not_found(gk, obj["metadata"]["name"])
    meta = obj["metadata"]
    namespace, name = meta.get("namespace") or "", meta["name"]
    old = door.store.get(gk, namespace, name)
    if old is None or old["metadata"]["uid"] != meta.get("uid"):
        raise status.not_found(served.kind.resource, name)
    if old["metadata"]["resourceVersion"] != meta.get("resourceVersion"):
        raise status.conflict(served.kind.resource, name, writes.MODIFIED)
    request = Request(operation="UPDATE", kind=served.kind, namespace=namespace, name=name, object=obj, old=old, subresource=call.subresource, user=call.user)
    new = {**obj, "metadata": dict(meta)}
    if call.subresource == "" and ("spec" not in new or new["spec"] != old.get("spec")):
        served.kind.prepare_update(new, as_read(door, old))
    return door.commit(served.kind, new, old, request, Touch(old, new, call.manager, call.subresource, door.store.clock.text()))


def bind(door: Door, pod: Object, node: str, call: Call) -> Object:
    """Assign a pod to a node, of which it takes zone and region over.   Upstream: registry/core/pod/storage (assignPod)."""
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    old = door.store.get("Pod", namespace, name)
    if old is None or old["metadata"]["uid"] != pod["metadata"]["uid"]:
        raise status.not_found("pods", name)
    if old["spec"].get("nodeName"):
        raise status.conflict("pods/binding", name, f"pod {name} is already assigned to node \"{old['spec']['nodeName']}\"")
    if "deletionTimestamp" in old["metadata"]:
        raise status.conflict("pods/binding", name, f"pod {name} is being deleted, cannot be assigned to a host")
    scheduled = {"type": "PodScheduled", "status": "True", "lastTransitionTime": door.store.clock.text()}
    generation = old["metadata"].get("generation")
    if generation:
        scheduled["observedGeneration"] = generation
    state = old.get("status") or {}
    others = [c for c in state.get("conditions") or () if c["type"] != "PodScheduled"]
    new_state = {**state, "conditions": [*others, scheduled]}
    new_state.pop("nominatedNodeName", None)
    meta, labels = old["metadata"], topology_labels(door.store, node)
    if labels:
        meta = {**meta, "labels": {**(meta.get("labels") or {}), **labels}}
    new = {**old, "metadata": meta, "spec": {**old["spec"], "nodeName": node}, "status": new_state}
    return door.store.put("Pod", new)
