"""Further replicas of a workload, as its controller would make them: for questions about pods that are not there."""

from __future__ import annotations

from collections.abc import Sequence

from kplan.admission.quota_evaluators import evaluator_of
from kplan.api.objects import Object, controller_of
from kplan.api.podrequests import quantities
from kplan.api.reader import Reader
from kplan.api.ref import Ref
from kplan.apiserver.registry import BUILT_IN
from kplan.apiserver.store import Store
from kplan.cluster import Cluster

FINISHED = ("Succeeded", "Failed")
MARK = "kplan"


class NoReplicasError(LookupError):
    """The object makes no pods, or one for each node."""


class RefusedError(LookupError):
    """The server would refuse any pod of the workload, in its own words."""


def pods_of(cluster: Cluster, ref: Ref) -> list[Object]:
    """The pods of a workload (or the pod itself) that have not ended."""
    store = cluster.door.store
    obj = store.get(ref.group_kind, ref.namespace, ref.name)
    if obj is None:
        return []
    found = [obj] if ref.group_kind == "Pod" else _controlled(store, obj)
    return [p for p in found if (p.get("status") or {}).get("phase") not in FINISHED]


def _controlled(store: Store, obj: Object) -> list[Object]:
    """The pods under an object, directly or through its ReplicaSets and Jobs, by name."""
    pods: list[Object] = []
    for kind, child in store.dependents(obj["metadata"]["uid"]):
        if (controller_of(child) or {}).get("uid") != obj["metadata"]["uid"]:
            continue
        if kind == "Pod":
            pods.append(child)
        elif kind in ("ReplicaSet.apps", "Job.batch"):
            pods += _controlled(store, child)
    return sorted(pods, key=lambda p: str(p["metadata"]["name"]))


def replicas_like(cluster: Cluster, ref: Ref, count: int) -> list[Object]:
    """So many pods as the workload would make next, on no node yet."""
    if ref.kind in ("DaemonSet", "Node"):
        raise NoReplicasError(f"{ref}: a DaemonSet has one pod on each node")
    pattern = _pattern(cluster, ref)
    taken = {p["metadata"]["name"] for p in cluster.door.store.list("Pod", ref.namespace)}
    made: list[Object] = []
    number = 0
    while len(made) < count:
        name = f"{ref.name}-{number}" if ref.kind == "StatefulSet" else f"{ref.name}-{MARK}-{number}"
        number += 1
        if name not in taken:
            made.append(_named(pattern, name, ref))
    return made


def _pattern(cluster: Cluster, ref: Ref) -> Object:
    """The newest pod of the workload, or one of its template as the server would take it."""
    live = [p for p in pods_of(cluster, ref) if "deletionTimestamp" not in p["metadata"]]
    if live:
        return max(live, key=lambda p: (p["metadata"].get("creationTimestamp", ""), int(p["metadata"].get("resourceVersion") or 0)))
    return of_template(cluster, ref)


def of_template(cluster: Cluster, ref: Ref) -> Object:
    """A pod of the workload's template as the server would take it. Raises RefusedError where it would not, NoReplicasError where there is no template."""
    obj = cluster.door.store.get(ref.group_kind, ref.namespace, ref.name)
    spec = (obj or {}).get("spec") or {}
    template = spec.get("template") or ((spec.get("jobTemplate") or {}).get("spec") or {}).get("template")
    if template is None:
        raise NoReplicasError(f"{ref} makes no pods")
    meta = {**{k: v for k, v in (template.get("metadata") or {}).items() if k in ("labels", "annotations")}, "name": f"{ref.name}-{MARK}"}
    answer = cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template["spec"]}, ref.namespace, dry_run=True)
    if answer.object is None:
        raise RefusedError(answer.message)
    return answer.object


def _named(pattern: Object, name: str, ref: Ref) -> Object:
    meta = {k: v for k, v in pattern["metadata"].items() if k in ("namespace", "labels", "annotations", "ownerReferences", "creationTimestamp")}
    spec = {k: v for k, v in pattern["spec"].items() if k not in ("nodeName", "hostname")}
    if ref.kind == "StatefulSet":
        old = pattern["metadata"]["name"]
        spec["volumes"] = [_moved(v, old, name) for v in spec.get("volumes") or ()]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {**meta, "name": name, "uid": f"{MARK}-{name}"}, "spec": spec, "status": {"phase": "Pending"}}


def _moved(volume: Object, old: str, new: str) -> Object:
    """A claim of the set's template is the new pod's own."""
    claim = (volume.get("persistentVolumeClaim") or {}).get("claimName", "")
    if not claim.endswith(f"-{old}"):
        return volume
    return {**volume, "persistentVolumeClaim": {**volume["persistentVolumeClaim"], "claimName": f"{claim.removesuffix(old)}{new}"}}


def claims_for(cluster: Cluster, ref: Ref, pods: Sequence[Object]) -> tuple[int, str]:
    """Make the claims that a StatefulSet would make for further pods: for how many pods the server takes them, and why not for the next."""
    obj = cluster.door.store.get(ref.group_kind, ref.namespace, ref.name) if ref.kind == "StatefulSet" else None
    templates = ((obj or {}).get("spec") or {}).get("volumeClaimTemplates") or ()
    taken, refusal = 0, ""
    for pod in pods:
        for template in templates:
            name = f"{template['metadata']['name']}-{pod['metadata']['name']}"
            if cluster.door.store.get("PersistentVolumeClaim", ref.namespace, name) is None:
                meta = {**{k: v for k, v in template["metadata"].items() if k in ("labels", "annotations")}, "name": name}
                answer = cluster.create({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": template["spec"]}, ref.namespace)
                refusal = "" if answer.accepted else answer.message
        if refusal:
            break
        taken += 1
    if templates:
        cluster.run(quiet=5)
    return taken, refusal


def quota_room(reader: Reader, pod: Object) -> tuple[int | None, str]:
    """How many more such pods the quotas of the namespace allow, and which stops them; None: any number."""
    evaluator = evaluator_of(BUILT_IN["Pod"])
    usage = evaluator.usage(pod, reader)
    least: tuple[int | None, str] = (None, "")
    for quota in reader.list("ResourceQuota", pod["metadata"]["namespace"]):
        if not evaluator.matches(quota, pod, reader):
            continue
        status = quota.get("status") or {}
        hard, used = quantities(status.get("hard")), quantities(status.get("used"))
        for name in evaluator.matching(hard, reader):
            asked = usage[name].milli_value() if name in usage else 0
            if asked <= 0:
                continue
            left = hard[name].milli_value() - (used[name].milli_value() if name in used else 0)
            many = max(0, left // asked)
            if least[0] is None or many < least[0]:
                words = f"quota {quota['metadata']['name']}: {name} is {used.get(name, 0)} of {hard[name]}, each pod asks for {usage[name]}"
                least = (many, words)
    return least
