"""What a dump leaves out and a cluster has: made up where something points at it, so that a part of a cluster rests as the whole did.

A dump of some kinds or namespaces has claims without their volumes, pods without their nodes and ReplicaSets, objects without their namespaces; what
is made up has what the pointing objects say of it. Owner references whose owner cannot be made up are taken off, or the garbage collector
would delete what they hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from kplan.api import selectors
from kplan.api.objects import Object, annotations_of, controller_of, group_kind, group_kind_of, group_of, labels_of
from kplan.api.ref import Ref
from kplan.api.words import some
from kplan.node.shapes import GENERIC, nodes
from kplan.proven import proven
from kplan.standins import namespace

HASH = "pod-template-hash"
BUILT_IN_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")


def completed(
    objects: Sequence[Object], known: Callable[[Ref], bool], stated: Callable[[Ref], bool] = lambda _: False, *, nodes_given: bool = False
) -> tuple[list[Object], list[str]]:
    """The objects with what they lack, and notes on it.

    `known` says whether the cluster has an object besides, `stated` whether the manifests do: what they state is new, whatever pods prove.
    """
    have: dict[Ref, Object] = {Ref.of(o): o for o in objects}
    made: list[Object] = []
    notes: list[str] = []

    def add(found: Iterable[Object], words: str) -> None:
        new = {ref: o for o in found if (ref := Ref.of(o)) not in have and not known(ref)}
        have.update(new)
        made.extend(new.values())
        if new:
            notes.append(words.format(some(sorted(r.name for r in new))))

    add(_namespaces(objects), "not in the state and taken as plain namespaces: {}")
    if not nodes_given and not any(r.group_kind == "Node" for r in have):
        add(_nodes(objects), f"not in the state, and pods run on them: nodes taken as {GENERIC.partition('x')[2]}: {{}}")
    shown: dict[str, list[Object]] = defaultdict(list)
    for obj in proven(objects):
        if not stated(Ref.of(obj)):
            shown[obj["kind"]].append(obj)
    for kind, there in shown.items():
        add(there, f"no {kind} in the state, and pods that it has need some: taken as there: {{}}")
    add(_volumes([*objects, *shown["PersistentVolumeClaim"]], have), "not in the state, and claims are bound to them: volumes made from the claims: {}")
    add(_sets(objects, have), "not in the state, and pods belong to them: ReplicaSets made from their Deployments: {}")
    kept, cut = _with_known_owners(objects, have, known)
    if cut:
        notes.append(f"owners not in the state: {some(sorted(cut))}; what they own is taken as standing alone")
    return [*made, *kept], notes


def _namespaces(objects: Iterable[Object]) -> Iterable[Object]:
    for name in sorted({str(o["metadata"].get("namespace") or "") for o in objects} - {"", *BUILT_IN_NAMESPACES}):
        yield namespace(name)


def _nodes(objects: Iterable[Object]) -> Iterable[Object]:
    names = {o["spec"].get("nodeName") for o in objects if group_kind_of(o) == "Pod" and o.get("spec")}
    shape = nodes(GENERIC)[0]
    for name in sorted(filter(None, names)):
        labels = {**shape["metadata"]["labels"], "kubernetes.io/hostname": name}
        yield {**shape, "metadata": {"name": name, "labels": labels}, "spec": {}}


def _volumes(objects: Iterable[Object], have: dict[Ref, Object]) -> Iterable[Object]:
    for claim in objects:
        spec, status = claim.get("spec") or {}, claim.get("status") or {}
        name = spec.get("volumeName")
        if group_kind_of(claim) != "PersistentVolumeClaim" or not name or Ref("", "PersistentVolume", "", name) in have:
            continue
        meta, notes = claim["metadata"], annotations_of(claim)
        provisioner = notes.get("volume.kubernetes.io/storage-provisioner") or notes.get("volume.beta.kubernetes.io/storage-provisioner")
        claim_ref = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": meta.get("namespace", "default"), "name": meta["name"]}
        volume_spec = {
            "accessModes": status.get("accessModes") or spec.get("accessModes") or [],
            "capacity": status.get("capacity") or (spec.get("resources") or {}).get("requests") or {},
            "claimRef": {**claim_ref, **({"uid": meta["uid"]} if meta.get("uid") else {})},
            "csi": {"driver": provisioner or "unknown.example.com", "volumeHandle": name},
            "persistentVolumeReclaimPolicy": "Delete" if provisioner else "Retain",
            "volumeMode": spec.get("volumeMode", "Filesystem"),
            **({"storageClassName": spec["storageClassName"]} if spec.get("storageClassName") else {}),
        }
        said = {"pv.kubernetes.io/provisioned-by": provisioner} if provisioner else {}
        volume_meta = {"name": name, "annotations": {**said, "pv.kubernetes.io/bound-by-controller": "yes"}, "finalizers": ["kubernetes.io/pv-protection"]}
        yield {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": volume_meta, "spec": volume_spec, "status": {"phase": "Bound"}}


def _sets(objects: Iterable[Object], have: dict[Ref, Object]) -> Iterable[Object]:
    """ReplicaSets that pods name as their owners, each with the template of the Deployment that selects the pods."""
    deployments: dict[str, list[Object]] = defaultdict(list)
    pods: dict[Ref, list[Object]] = defaultdict(list)
    for obj in objects:
        kind = group_kind_of(obj)
        if kind == "Deployment.apps":
            deployments[obj["metadata"].get("namespace", "")].append(obj)
        elif kind == "Pod" and (owner := controller_of(obj)) is not None and owner["kind"] == "ReplicaSet":
            ref = Ref("apps", "ReplicaSet", obj["metadata"].get("namespace", ""), owner["name"])
            if ref not in have:
                pods[ref].append(obj)
    for ref, owned in pods.items():
        labels, owner = labels_of(owned[0]), controller_of(owned[0])
        assert owner is not None
        mark = labels.get(HASH, "")
        for deployment in deployments[ref.namespace]:
            if ref.name == f"{deployment['metadata']['name']}-{mark}" and selectors.selector(deployment["spec"].get("selector"))(labels):
                yield _set(ref, owner["uid"], deployment, owned, mark)
                break


def _set(ref: Ref, uid: str, deployment: Object, pods: Sequence[Object], mark: str) -> Object:
    spec, meta = deployment["spec"], deployment["metadata"]
    template_meta = spec["template"].get("metadata") or {}
    labels = {**(template_meta.get("labels") or {}), HASH: mark}
    selector = {**spec["selector"], "matchLabels": {**(spec["selector"].get("matchLabels") or {}), HASH: mark}}
    revision = annotations_of(deployment).get("deployment.kubernetes.io/revision", "1")
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": meta["name"], "uid": meta.get("uid", ""), "controller": True, "blockOwnerDeletion": True}
    counts = dict.fromkeys(("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas"), len(pods))
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": ref.name,
            "namespace": ref.namespace,
            "uid": uid,
            "generation": 1,
            "labels": labels,
            "annotations": {"deployment.kubernetes.io/revision": revision, "deployment.kubernetes.io/desired-replicas": str(spec.get("replicas", 1))},
            "ownerReferences": [owner],
        },
        "spec": {"replicas": len(pods), "selector": selector, "template": {**spec["template"], "metadata": {**template_meta, "labels": labels}}},
        "status": {**counts, "observedGeneration": 1},
    }


def _with_known_owners(objects: Iterable[Object], have: dict[Ref, Object], known: Callable[[Ref], bool]) -> tuple[list[Object], set[str]]:
    """The objects without references to owners that are nowhere; the names of those owners."""
    cut: set[str] = set()
    kept = []
    for obj in objects:
        owners = obj["metadata"].get("ownerReferences")
        if owners:
            there = [o for o in owners if any(r in have or known(r) for r in _owner_refs(o, obj["metadata"].get("namespace") or ""))]
            if len(there) != len(owners):
                cut.update(f"{group_kind(o['kind'], group_of(o['apiVersion']))}/{o['name']}" for o in owners if o not in there)
                meta = {k: v for k, v in obj["metadata"].items() if k != "ownerReferences"}
                obj = {**obj, "metadata": {**meta, **({"ownerReferences": there} if there else {})}}
        kept.append(obj)
    return kept, cut


def _owner_refs(owner: Object, namespace: str) -> tuple[Ref, Ref]:
    group = group_of(owner["apiVersion"])
    return Ref(group, owner["kind"], namespace, owner["name"]), Ref(group, owner["kind"], "", owner["name"])
