"""ResourceClaims of pods: made from their templates, reserved for pods that were bound otherwise, given back by pods that are done.

Upstream: pkg/controller/resourceclaim/controller.go. Leaves out claims of PodGroups (off by default).
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.api.objects import Object, annotations_of, controller_of, replace, without
from kplan.api.reader import Entry, Reader
from kplan.apiserver.client import Client
from kplan.apiserver.loops import RETRY, Controller, Key, Watch
from kplan.controllers import pods

CLAIM, TEMPLATE = "ResourceClaim.resource.k8s.io", "ResourceClaimTemplate.resource.k8s.io"
FINALIZER = "resource.kubernetes.io/delete-protection"
POD_CLAIM = "resource.kubernetes.io/pod-claim-name"
MAX_CONSUMERS = 256
MAX_PREFIX = 57  # what a hyphen and 5 random characters leave of a DNS label
POD = "pod"


class _FailedError(Exception):
    """Why a claim cannot be made; the text is upstream's."""


def _entries(pod: Object) -> list[Object]:
    return pod["spec"].get("resourceClaims") or []


def _named(pod: Object, entry: Object) -> str | None:
    """The name of the claim behind an entry of a pod; empty where it is said that none is needed, None where it is not made yet."""
    if entry.get("resourceClaimName") is not None:
        return str(entry["resourceClaimName"])
    for status in (pod.get("status") or {}).get("resourceClaimStatuses") or ():
        if status["name"] == entry["name"]:
            return str(status.get("resourceClaimName") or "")
    return None


def _done(pod: Object) -> bool:
    """The pod will not run any more: it has ended, or goes without ever having had a node."""
    return pods.phase(pod) in pods.ENDED or (pods.terminating(pod) and not pod["spec"].get("nodeName"))


def _pod(entry: Entry, reader: Reader) -> Iterable[Key]:
    """A pod with claims; its claims too, where it does not need them any more."""
    pod = entry.object
    extended = (pod.get("status") or {}).get("extendedResourceClaimStatus")
    if not _entries(pod) and extended is None:
        return ()
    meta = pod["metadata"]
    keys: list[Key] = [(POD, meta["namespace"], meta["name"])]
    if entry.new is None or _done(pod):
        names = [*(_named(pod, e) for e in _entries(pod)), *([extended["resourceClaimName"]] if extended is not None else [])]
        keys += [(meta["namespace"], name) for name in names if name]
    return keys


def _claim(entry: Entry, reader: Reader) -> Iterable[Key]:
    """A claim, and the pods that name it."""
    meta = entry.object["metadata"]
    keys: list[Key] = [(meta["namespace"], meta["name"])] if entry.new is not None else []
    owner = controller_of(entry.object)
    if owner is not None and owner["kind"] == "Pod":
        return [*keys, (POD, meta["namespace"], owner["name"])]
    users = (p for p in reader.list("Pod", meta["namespace"]) if any(e.get("resourceClaimName") == meta["name"] for e in _entries(p)))
    return [*keys, *((POD, meta["namespace"], p["metadata"]["name"]) for p in users)]


def _template(entry: Entry, reader: Reader) -> Iterable[Key]:
    """The pods that have claims from a template that was written."""
    if entry.new is None:
        return ()
    meta = entry.object["metadata"]
    users = (p for p in reader.list("Pod", meta["namespace"]) if any(e.get("resourceClaimTemplateName") == meta["name"] for e in _entries(p)))
    return [(POD, meta["namespace"], p["metadata"]["name"]) for p in users]


class ResourceClaimController(Controller):
    """Keys: (namespace, name) of claims, ("pod", namespace, name) of pods."""

    name = "resource-claim-controller"
    watches = (Watch("Pod", _pod), Watch(CLAIM, _claim), Watch(TEMPLATE, _template))

    def sync(self, key: Key, api: Client) -> float | None:
        """One pod or one claim; again after a while if a write was refused."""
        if len(key) == 2:
            return None if _sync_claim(api, *key) else RETRY
        pod = api.get("Pod", key[1], key[2])
        if pod is None or pods.terminating(pod) or _done(pod):
            return None
        return None if _sync_pod(api, pod) else RETRY


def _sync_pod(api: Client, pod: Object) -> bool:
    """Make what is missing, say so in the pod's status, and reserve for a pod that has its node already."""
    made: dict[str, str] = {}
    for entry in _entries(pod):
        try:
            name = _make(api, pod, entry)
        except _FailedError as failure:
            api.event(pod, "Warning", "FailedResourceClaimCreation", f"PodResourceClaim {entry['name']}: {failure}")
            return False
        if name:
            made[entry["name"]] = name
    if made:
        status = pod.get("status") or {}
        kept = [s for s in status.get("resourceClaimStatuses") or () if s["name"] not in made]
        new = [{"name": name, "resourceClaimName": claim} for name, claim in made.items()]
        answer = api.write_status(pod, {**status, "resourceClaimStatuses": [*kept, *new]})
        if not answer.accepted or answer.object is None:
            return False
        pod = answer.object
    return not pod["spec"].get("nodeName") or all(_reserve(api, pod, entry) for entry in _entries(pod))


def _make(api: Client, pod: Object, entry: Object) -> str:
    """The name of a claim that is new to the pod; empty where nothing is to be done.   Upstream: handleClaim."""
    meta, name = pod["metadata"], _named(pod, entry)
    if name == "" or (name is not None and _of_pod(api, pod, name)):
        return ""
    wanted = entry.get("resourceClaimTemplateName")
    if wanted is None:
        return ""
    for held in api.owned(CLAIM, meta["uid"]):
        if annotations_of(held).get(POD_CLAIM) == entry["name"]:
            return str(held["metadata"]["name"])
    template = api.get(TEMPLATE, meta["namespace"], wanted)
    if template is None:
        raise _FailedError(f'resource claim template "{wanted}": resourceclaimtemplate.resource.k8s.io "{wanted}" not found')
    own = template["spec"].get("metadata") or {}
    prefix = f"{meta['name']}-{entry['name']}-"
    if len(prefix) > MAX_PREFIX:
        pod_part, claim_part = (part[: len(part) * MAX_PREFIX // len(prefix)] for part in (meta["name"], entry["name"]))
        prefix = f"{pod_part}-{claim_part}"
    owner = {"apiVersion": "v1", "kind": "Pod", "name": meta["name"], "uid": meta["uid"], "controller": True}
    made: Object = {
        "generateName": prefix,
        "namespace": meta["namespace"],
        "annotations": {**(own.get("annotations") or {}), POD_CLAIM: entry["name"]},
        "ownerReferences": [owner],
    }
    if own.get("labels"):
        made["labels"] = own["labels"]
    answer = api.create({"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim", "metadata": made, "spec": template["spec"]["spec"]})
    if not answer.accepted or answer.object is None:
        raise _FailedError(f"create ResourceClaim : {answer.message}")
    return str(answer.object["metadata"]["name"])


def _of_pod(api: Client, pod: Object, name: str) -> bool:
    """Whether a claim is there and the pod's own."""
    held = api.get(CLAIM, pod["metadata"]["namespace"], name)
    return held is not None and (controller_of(held) or {}).get("uid") == pod["metadata"]["uid"]


def _reserve(api: Client, pod: Object, entry: Object) -> bool:
    """Reserve an allocated claim for a pod that did not come by way of the scheduler."""
    meta, name = pod["metadata"], _named(pod, entry)
    claim = api.get(CLAIM, meta["namespace"], name) if name else None
    if claim is None or ("resourceClaimName" not in entry and not _of_pod(api, pod, name or "")):
        return True
    status = claim.get("status") or {}
    users = status.get("reservedFor") or []
    if status.get("allocation") is None or len(users) >= MAX_CONSUMERS or any(u.get("uid") == meta["uid"] for u in users):
        return True
    return api.write_status(claim, {**status, "reservedFor": [*users, {"resource": "pods", "name": meta["name"], "uid": meta["uid"]}]}).accepted


def _sync_claim(api: Client, namespace: str, name: str) -> bool:
    """Forget consumers that are done; a claim without any is given back, and deleted if it was made for a pod that is done.   Upstream: syncClaim."""
    claim = api.get(CLAIM, namespace, name)
    if claim is None:
        return True
    status = claim.get("status") or {}
    users = status.get("reservedFor") or []
    left = [u for u in users if _uses(api, namespace, u)]
    protected = FINALIZER in (claim["metadata"].get("finalizers") or ())
    if len(left) < len(users) or (protected and not left and "deletionTimestamp" in claim["metadata"]):
        idle = protected and not left
        kept = {k: v for k, v in status.items() if k != "reservedFor" and not (idle and k == "allocation")}
        answer = api.write_status(claim, {**kept, "reservedFor": left} if left else kept)
        if answer.accepted and answer.object is not None and idle:
            answer = api.write(_without_finalizer(answer.object))
        if not answer.accepted:
            return False
    owner = controller_of(claim)
    if left or owner is None or owner["kind"] != "Pod" or owner["apiVersion"] != "v1":
        return True
    pod = api.get("Pod", namespace, owner["name"])
    if pod is None or (pod["metadata"]["uid"] == owner["uid"] and not _done(pod)):
        return True
    current = api.get(CLAIM, namespace, name)
    return current is None or "deletionTimestamp" in current["metadata"] or api.delete(current).accepted


def _uses(api: Client, namespace: str, consumer: Object) -> bool:
    """Whether a consumer still needs the claim; what is no pod is left alone."""
    if consumer.get("apiGroup") or consumer.get("resource") != "pods":
        return True
    pod = api.get("Pod", namespace, consumer["name"])
    return pod is not None and pod["metadata"]["uid"] == consumer.get("uid") and not _done(pod)


def _without_finalizer(claim: Object) -> Object:
    path = ("metadata", "finalizers")
    kept = [f for f in claim["metadata"].get("finalizers") or () if f != FINALIZER]
    return replace(claim, path, kept) if kept else without(claim, path)
