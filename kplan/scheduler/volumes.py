"""A pod's claims and volumes as the scheduler's plugins look them up.

Upstream: staging/src/k8s.io/component-helpers/storage.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object, annotations_of
from kplan.scheduler.cluster_state import CLAIM, STORAGE_CLASS, ClusterState
from kplan.scheduler.framework import Rejected
from kplan.scheduler.podinfo import PodInfo

BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
NO_PROVISIONER = "kubernetes.io/no-provisioner"


def class_name(obj: Object) -> str:
    """The storage class of a claim or volume; the beta annotation comes first."""
    found = annotations_of(obj).get(BETA_CLASS)
    return (obj["spec"].get("storageClassName") or "") if found is None else found


def claims_of(pod: PodInfo) -> Iterator[tuple[str, bool]]:
    """The claims of a pod's volumes by name, and whether the volume is ephemeral."""
    for volume in pod.cls.volumes:
        if volume.get("persistentVolumeClaim") is not None:
            yield volume["persistentVolumeClaim"]["claimName"], False
        elif volume.get("ephemeral") is not None:
            yield f"{pod.name}-{volume['name']}", True


def claim_or_reject(pod: PodInfo, name: str, cluster: ClusterState) -> Object:
    """A claim of a pod's own, which must be there."""
    claim = cluster.get(CLAIM, pod.cls.namespace, name)
    if claim is None:
        raise Rejected(f'persistentvolumeclaim "{name}" not found')
    return claim


def is_owned(claim: Object, pod: PodInfo) -> bool:
    """Whether a claim was made for an ephemeral volume of the pod."""
    return any(o.get("controller") and o.get("uid") == pod.uid for o in claim["metadata"].get("ownerReferences") or ())


def waits_for_consumer(claim: Object, cluster: ClusterState) -> bool:
    """Whether a claim is bound once a pod needs it."""
    name = class_name(claim)
    storage_class = cluster.get(STORAGE_CLASS, "", name) if name else None
    return storage_class is not None and storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"


def is_bound(claim: Object) -> bool:
    """Whether a claim has its volume for good."""
    return bool(claim["spec"].get("volumeName")) and BIND_COMPLETED in annotations_of(claim)
