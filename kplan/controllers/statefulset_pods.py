"""The pods of a StatefulSet: their names and ordinals, how they are made, brought into line and deleted.

Upstream: pkg/controller/statefulset/{stateful_set_utils,stateful_pod_control}.go.
"""

from __future__ import annotations

import re
from functools import lru_cache

from kplan.api.objects import Object, labels_of
from kplan.apiserver.client import Client
from kplan.controllers import statefulset_claims as claims
from kplan.controllers.podcontrol import pod_from_template
from kplan.controllers.statefulset_claims import SyncError

POD_NAME = "statefulset.kubernetes.io/pod-name"
POD_INDEX = "apps.kubernetes.io/pod-index"
REVISION_LABEL = "controller-revision-hash"
_MEMBER = re.compile(r"(.*)-([0-9]+)", re.ASCII | re.DOTALL)
_MAX_ORDINAL = 2**31 - 1


def parent_and_ordinal(pod: Object) -> tuple[str, int]:
    """`web-3` is (`web`, 3); -1 where there is no ordinal.   Upstream: getParentNameAndOrdinal."""
    return _split(pod["metadata"]["name"])


@lru_cache(maxsize=65536)
def _split(name: str) -> tuple[str, int]:
    found = _MEMBER.fullmatch(name)
    if found is None:
        return "", -1
    number = int(found[2])
    return found[1], number if number <= _MAX_ORDINAL else -1


def ordinal_of(pod: Object) -> int:
    """The ordinal in a pod's name, or -1."""
    return parent_and_ordinal(pod)[1]


def revision_of(pod: Object) -> str:
    """The name of the revision that a pod was made from."""
    return labels_of(pod).get(REVISION_LABEL, "")


def exists(pod: Object) -> bool:
    """The pod is one of the cluster's, not one that is yet to be created.   Upstream: isCreated."""
    return "uid" in pod["metadata"]


def new_pod(owner: Object, template: Object, revision: str, ordinal: int) -> Object:
    """The pod that is to be created at an ordinal.   Upstream: newStatefulSetPod."""
    pod = pod_from_template(template, owner)
    meta = pod["metadata"]
    meta["name"] = f"{owner['metadata']['name']}-{ordinal}"
    meta["labels"] = {**(meta.get("labels") or {}), **_identity(meta["name"], ordinal), REVISION_LABEL: revision}
    spec = {**pod["spec"], "hostname": meta["name"]}
    if owner["spec"].get("serviceName"):
        spec["subdomain"] = owner["spec"]["serviceName"]
    else:
        spec.pop("subdomain", None)
    pod["spec"] = claims.with_volumes(owner, spec, ordinal)
    return pod


def _identity(name: str, ordinal: int) -> dict[str, str]:
    return {POD_NAME: name, POD_INDEX: str(ordinal)}


def in_line(owner: Object, pod: Object) -> bool:
    """Name label and volumes are as the set wants them.   Upstream: identityMatches, storageMatches."""
    parent, ordinal = parent_and_ordinal(pod)
    name = pod["metadata"]["name"]
    if ordinal < 0 or parent != owner["metadata"]["name"] or name != f"{parent}-{ordinal}" or labels_of(pod).get(POD_NAME) != name:
        return False
    return claims.volumes_match(owner, pod, ordinal)


def create(api: Client, owner: Object, pod: Object, template: Object) -> None:
    """Make the claims, then the pod; raises SyncError.   Upstream: CreateStatefulPod."""
    ordinal = ordinal_of(pod)
    try:
        claims.create_missing(api, owner, pod, ordinal)
    except SyncError as failure:
        tell(api, owner, "Create", pod, str(failure))
        raise
    answer = api.create_pod(pod, template)
    if answer.reason == "AlreadyExists":
        raise SyncError(answer.message)
    try:
        claims.set_owners(api, owner, pod, ordinal)
    except SyncError as failure:
        tell(api, owner, "Update", pod, str(failure))
        raise
    tell(api, owner, "Create", pod, answer.message)
    if not answer.accepted:
        raise SyncError(answer.message)


def bring_into_line(api: Client, owner: Object, pod: Object) -> None:
    """Correct labels, volumes and the owners of claims; raises SyncError.   Upstream: UpdateStatefulPod."""
    ordinal = ordinal_of(pod)
    meta, changed = pod["metadata"], pod
    if labels_of(pod).get(POD_NAME) != meta["name"]:
        changed = {**changed, "metadata": {**meta, "labels": {**labels_of(pod), **_identity(meta["name"], ordinal)}}}
    try:
        if not claims.volumes_match(owner, pod, ordinal):
            changed = {**changed, "spec": claims.with_volumes(owner, pod["spec"], ordinal)}
            claims.create_missing(api, owner, pod, ordinal)
        if not claims.owners_match(api, owner, pod, ordinal):
            claims.set_owners(api, owner, pod, ordinal)
    except SyncError as failure:
        tell(api, owner, "Update", pod, str(failure))
        raise
    answer = api.update(changed)
    tell(api, owner, "Update", pod, answer.message)
    if not answer.accepted:
        raise SyncError(answer.message)


def complete_claims(api: Client, owner: Object, pod: Object) -> None:
    """Make the claims that a pending pod misses; raises SyncError.   Upstream: createMissingPersistentVolumeClaims."""
    ordinal = ordinal_of(pod)
    claims.create_missing(api, owner, pod, ordinal)
    try:
        claims.set_owners(api, owner, pod, ordinal)
    except SyncError as failure:
        tell(api, owner, "Update", pod, str(failure))
        raise


def delete(api: Client, owner: Object, pod: Object) -> None:
    """Delete a pod; raises SyncError.   Upstream: DeleteStatefulPod."""
    answer = api.delete(pod)
    failed = not answer.accepted and answer.code != 404
    tell(api, owner, "Delete", pod, answer.message if failed else "")
    if failed:
        raise SyncError(answer.message)


def tell(api: Client, owner: Object, verb: str, pod: Object, failure: str) -> None:
    """The event about what was done to a pod."""
    message = f"{verb} Pod {pod['metadata']['name']} in StatefulSet {owner['metadata']['name']}"
    if failure:
        api.event(owner, "Warning", f"Failed{verb}", f"{message} failed error: {failure}")
    else:
        api.event(owner, "Normal", f"Successful{verb}", f"{message} successful")
