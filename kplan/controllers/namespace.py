"""A namespace that is deleted is emptied first: pods before all else, then the rest, then it goes.

Upstream: pkg/controller/namespace/deletion (namespaced_resources_deleter.go, status_condition_utils.go).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from kplan.api.objects import Object
from kplan.api.reader import Entry, Reader
from kplan.api.times import parse_time
from kplan.apiserver.client import Client
from kplan.apiserver.loops import RETRY, Controller, Key, Watch

FINALIZER = "kubernetes"
GRACE = 5.0  # seconds after a write to the namespace until it is looked at
FINALIZER_ESTIMATE = 15  # seconds that something with finalizers is given
FINE = (
    ("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
    ("NamespaceDeletionGroupVersionParsingFailure", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
    ("NamespaceDeletionContentFailure", "ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
    ("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed"),
    ("NamespaceFinalizersRemaining", "ContentHasNoFinalizers", "All content-preserving finalizers finished"),
)


def _deleted(entry: Entry, reader: Reader) -> Iterable[Key]:
    """A namespace on its way out."""
    new = entry.new
    return ((new["metadata"]["name"],),) if new is not None and "deletionTimestamp" in new["metadata"] else ()


class NamespaceController(Controller):
    """Keys: (namespace,)."""

    name = "namespace-controller"
    watches = (Watch("Namespace", _deleted, GRACE),)

    def sync(self, key: Key, api: Client) -> float | None:
        """Delete the content; finalize when nothing is left; else look again in half the time that it should take."""
        (name,) = key
        space = api.get("Namespace", "", name)
        if space is None or "deletionTimestamp" not in space["metadata"]:
            return None
        if FINALIZER not in (space["spec"].get("finalizers") or ()):
            return None
        since = (api.now - parse_time(space["metadata"]["deletionTimestamp"])).total_seconds()
        estimate = self._estimate(api, name, since)
        pods_left, held, failures = self._delete_all(api, name, "Pod", estimate)
        estimate = (estimate or (FINALIZER_ESTIMATE if held else 0)) if pods_left else 0
        told: dict[str, tuple[str, str]] = {}
        left: Counter[str] = Counter()
        if not pods_left:
            for kind in api.kinds():
                count, finalizers, failed = self._delete_all(api, name, kind, 0) if kind != "Pod" else (0, Counter(), [])
                if count:
                    left[_resource(api, kind)] = count
                    held.update(finalizers)
                    estimate = max(estimate, FINALIZER_ESTIMATE if finalizers else 0)
                failures += failed
            if left:
                text = ", ".join(sorted(f"{resource} has {n} resource instances" for resource, n in left.items()))
                told["NamespaceContentRemaining"] = ("SomeResourcesRemain", f"Some resources are remaining: {text}")
            if held:
                text = ", ".join(sorted(f"{f} in {n} resource instances" for f, n in held.items()))
                told["NamespaceFinalizersRemaining"] = ("SomeFinalizersRemain", f"Some content in the namespace has finalizers remaining: {text}")
        if failures:
            text = ", ".join(sorted(failures))
            told["NamespaceDeletionContentFailure"] = ("ContentDeletionFailed", f"Failed to delete all resource types, {len(failures)} remaining: {text}")
        space = self._tell(api, space, told)
        if failures:
            return RETRY
        if estimate:
            return estimate // 2 + 1
        api.finalize({**space, "spec": {**space["spec"], "finalizers": [f for f in space["spec"]["finalizers"] if f != FINALIZER]}})
        return None

    def _estimate(self, api: Client, name: str, since: float) -> int:
        """Seconds that the pods' grace may still take."""
        longest = max((p["spec"].get("terminationGracePeriodSeconds") or 0 for p in api.list("Pod", name) if _graceful(p)), default=0)
        return 0 if since >= longest else longest

    def _delete_all(self, api: Client, namespace: str, kind: str, estimate: int) -> tuple[int, Counter[str], list[str]]:
        """Delete all of a kind; how many are left, held by which finalizers, and what went wrong."""
        for obj in list(api.list(kind, namespace)):
            if "deletionTimestamp" not in obj["metadata"] or kind == "Pod":
                api.delete(obj)
        rest = api.list(kind, namespace)
        finalizers = Counter(f for obj in rest for f in obj["metadata"].get("finalizers") or ())
        failures = []
        if rest and not finalizers and not estimate:
            failures = [f"unexpected items still remain in namespace: {namespace} for gvr: {_versioned(api, kind)}"]
        return len(rest), finalizers, failures

    def _tell(self, api: Client, space: Object, told: dict[str, tuple[str, str]]) -> Object:
        status = space.get("status") or {}
        held = {c["type"]: c for c in status.get("conditions") or ()}
        conditions = []
        for type, reason, message in FINE:
            value = "True" if type in told else "False"
            reason, message = told.get(type, (reason, message))
            old = held.get(type)
            since = old["lastTransitionTime"] if old and old["status"] == value else api.now_text
            conditions.append({"type": type, "status": value, "lastTransitionTime": since, "reason": reason, "message": message})
        if conditions == status.get("conditions"):
            return space
        return api.write_status(space, {**status, "conditions": conditions}).object or space


def _graceful(pod: Object) -> bool:
    """Pods that have ended need no grace."""
    return (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")


def _resource(api: Client, kind: str) -> str:
    """`plural.group` as the message has it, with the dot even where the group is empty."""
    served = api.door.registry.preferred(kind)
    return f"{served.kind.plural}.{served.kind.group}" if served else kind


def _versioned(api: Client, kind: str) -> str:
    """As Go prints a GroupVersionResource."""
    served = api.door.registry.preferred(kind)
    return f"{served.kind.group}/{served.version}, Resource={served.kind.plural}" if served else kind
