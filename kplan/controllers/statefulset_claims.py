"""The volume claims of a StatefulSet's pods: made from its claim templates, owned as its retention policy says.

Upstream: pkg/controller/statefulset/{stateful_set_utils,stateful_pod_control}.go. Several claim templates become volumes in their order
(upstream's order is that of a Go map: chance).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kplan.api.objects import Object, replace, without
from kplan.apiserver.client import Client
from kplan.apiserver.loops import owner_reference

CLAIM = "PersistentVolumeClaim"
OWNERS = ("metadata", "ownerReferences")


class SyncError(Exception):
    """A write failed or something stands in the way: the sync ends here and is tried again."""


def ordinals(owner: Object) -> range:
    """The ordinals that a set wants."""
    spec = owner["spec"]
    start: int = (spec.get("ordinals") or {}).get("start") or 0
    return range(start, start + spec.get("replicas", 1))


def _templates(owner: Object) -> Sequence[Object]:
    return owner["spec"].get("volumeClaimTemplates") or ()


def _name(owner: Object, template: Object, ordinal: int) -> str:
    return f"{template['metadata']['name']}-{owner['metadata']['name']}-{ordinal}"


def _made(owner: Object, template: Object, ordinal: int) -> Object:
    """The claim for a pod.   Upstream: getPersistentVolumeClaims."""
    meta = template["metadata"]
    labels = {**(meta.get("labels") or {}), **((owner["spec"].get("selector") or {}).get("matchLabels") or {})}
    meta = {**meta, "name": _name(owner, template, ordinal), "namespace": owner["metadata"]["namespace"], **({"labels": labels} if labels else {})}
    return {**template, "apiVersion": "v1", "kind": CLAIM, "metadata": meta}


def _held(api: Client, owner: Object, ordinal: int) -> Iterator[Object]:
    """The claims of a pod that are there."""
    for template in _templates(owner):
        held = api.get(CLAIM, owner["metadata"]["namespace"], _name(owner, template, ordinal))
        if held is not None:
            yield held


def with_volumes(owner: Object, spec: Object, ordinal: int) -> Object:
    """The pod spec with the claims as its first volumes, in place of its own of the same names.   Upstream: updateStorage."""
    templates = _templates(owner)
    if not templates:
        return spec
    names = {t["metadata"]["name"] for t in templates}
    volumes = [{"name": t["metadata"]["name"], "persistentVolumeClaim": {"claimName": _name(owner, t, ordinal)}} for t in templates]
    return {**spec, "volumes": [*volumes, *(v for v in spec.get("volumes") or () if v["name"] not in names)]}


def volumes_match(owner: Object, pod: Object, ordinal: int) -> bool:
    """The pod uses its claims.   Upstream: storageMatches."""
    templates = _templates(owner)
    if not templates:
        return True
    volumes = {v["name"]: v for v in pod["spec"].get("volumes") or ()}
    return all(
        (volumes.get(t["metadata"]["name"], {}).get("persistentVolumeClaim") or {}).get("claimName") == _name(owner, t, ordinal) for t in templates
    )


def create_missing(api: Client, owner: Object, pod: Object, ordinal: int) -> None:
    """Make the claims that are not there; raises SyncError, also for one that is being deleted.   Upstream: createPersistentVolumeClaims."""
    errors: list[str] = []
    namespace = owner["metadata"]["namespace"]
    for template in _templates(owner):
        name = _name(owner, template, ordinal)
        held = api.get(CLAIM, namespace, name)
        if held is not None:
            if "deletionTimestamp" in held["metadata"]:
                errors.append(f"pvc {name} is being deleted")
            continue
        answer = api.create(_made(owner, template, ordinal))
        pod_name, set_name = pod["metadata"]["name"], owner["metadata"]["name"]
        if answer.accepted:
            api.event(owner, "Normal", "SuccessfulCreate", f"Create Claim {name} Pod {pod_name} in StatefulSet {set_name} success")
        else:
            errors.append(f"failed to create PVC {name}: {answer.message}")
            api.event(owner, "Warning", "FailedCreate", f"Create Claim {name} for Pod {pod_name} in StatefulSet {set_name} failed error: {answer.message}")
    if errors:
        distinct = list(dict.fromkeys(errors))
        raise SyncError(distinct[0] if len(distinct) == 1 else f"[{', '.join(distinct)}]")


# -- who owns the claims


def _policy(owner: Object) -> tuple[bool, bool]:
    """Whether claims are deleted with scaled-down pods, and with the set."""
    policy = owner["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    return policy.get("whenScaled") == "Delete", policy.get("whenDeleted") == "Delete"


def _refers(reference: Object, obj: Object) -> bool:
    """The reference names this object, whatever its uid.   Upstream: matchesRef."""
    return bool(reference["apiVersion"] == obj["apiVersion"] and reference["kind"] == obj["kind"] and reference["name"] == obj["metadata"]["name"])


def _owners(claim: Object) -> Sequence[Object]:
    return claim["metadata"].get("ownerReferences") or ()


def _uid(obj: Object) -> str:
    return obj["metadata"].get("uid") or ""


def _owned_by(claim: Object, obj: Object) -> bool:
    return any(o["uid"] == _uid(obj) for o in _owners(claim))


def _stale(claim: Object, obj: Object) -> bool:
    """The claim is owned by a former object of this name.   Upstream: hasStaleOwnerRef."""
    named = next((o for o in _owners(claim) if _refers(o, obj)), None)
    return named is not None and named["uid"] != _uid(obj)


def _conflicting(claim: Object, owner: Object, pod: Object) -> bool:
    """Another controller has the claim, or former ones of these names.   Upstream: hasUnexpectedController."""
    if not any(_policy(owner)):
        return False
    for reference in _owners(claim):
        ours = next((obj for obj in (owner, pod) if _refers(reference, obj)), None)
        if ours is not None and reference["uid"] != _uid(ours):
            return True
        if ours is None and reference.get("controller"):
            return True
    return False


def _wanted_owner(owner: Object, pod: Object, ordinal: int) -> Object | None:
    """Who is to own the claims of a pod: the set, the pod when it is scaled down, or nobody."""
    with_pod, with_set = _policy(owner)
    if with_pod and ordinal not in ordinals(owner):
        return pod
    return owner if with_set else None


def _up_to_date(claim: Object, owner: Object, pod: Object, ordinal: int) -> bool:
    """Nothing is to be done about the claim's owners.   Upstream: isClaimOwnerUpToDate."""
    if _stale(claim, owner) or _stale(claim, pod):
        return True
    owned = (_owned_by(claim, owner), _owned_by(claim, pod))
    if _conflicting(claim, owner, pod):
        return not any(owned)
    if any(o["uid"] in (_uid(owner), _uid(pod)) and not o.get("controller") for o in _owners(claim)):
        return False
    wanted = _wanted_owner(owner, pod, ordinal)
    return owned == (wanted is owner, wanted is pod)


def owners_match(api: Client, owner: Object, pod: Object, ordinal: int) -> bool:
    """All claims of a pod are owned as the retention policy says.   Upstream: ClaimsMatchRetentionPolicy."""
    return not _templates(owner) or all(_up_to_date(claim, owner, pod, ordinal) for claim in _held(api, owner, ordinal))


def set_owners(api: Client, owner: Object, pod: Object, ordinal: int) -> None:
    """Have the claims owned as the retention policy says; raises SyncError.   Upstream: UpdatePodClaimForRetentionPolicy."""
    for claim in _held(api, owner, ordinal):
        name, conflicting = claim["metadata"]["name"], _conflicting(claim, owner, pod)
        if conflicting:
            message = "has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim"
            api.event(owner, "Warning", "ConflictingController", f"PersistentVolumeClaim {name} {message}")
        if _up_to_date(claim, owner, pod, ordinal):
            continue
        kept = [o for o in _owners(claim) if not _refers(o, owner) and not _refers(o, pod)]
        wanted = None if conflicting else _wanted_owner(owner, pod, ordinal)
        if wanted is not None and all(o["uid"] != _uid(wanted) for o in kept):
            kept.append(owner_reference(wanted))
        answer = api.write(replace(claim, OWNERS, kept) if kept else without(claim, OWNERS))
        if not answer.accepted:
            raise SyncError(f"could not update claim {name} for delete policy ownerRefs: {answer.message}")


def left_behind(api: Client, owner: Object, pod: Object, ordinal: int) -> bool:
    """A claim still belongs to a former pod of this name and will go with it.   Upstream: PodClaimIsStale."""
    return _policy(owner)[0] and any(_stale(claim, pod) for claim in _held(api, owner, ordinal))
