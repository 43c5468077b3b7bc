"""Pods that nobody looks after any more: on nodes that are gone, or terminating without a node.

Upstream: pkg/controller/podgc. It looks every 20 s and gives a missing node 40 s.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.api.objects import Object
from kplan.api.reader import Entry, Reader
from kplan.apiserver.client import Client
from kplan.apiserver.loops import Controller, Key, Watch

PERIOD, QUARANTINE = 20.0, 40.0
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"


def _orphans(entry: Entry, reader: Reader) -> Iterable[Key]:
    """The pods of a node that was deleted."""
    if entry.action != "DELETED":
        return ()
    return [(p["metadata"]["namespace"], p["metadata"]["name"]) for p in reader.on_node(entry.object["metadata"]["name"])]


def _lost(entry: Entry, reader: Reader) -> Iterable[Key]:
    """A pod that is bound to a node that is not there, or terminating without one."""
    pod = entry.new
    if pod is None:
        return ()
    node = pod["spec"].get("nodeName")
    if node and reader.get("Node", "", node) is not None:
        return ()
    if not node and "deletionTimestamp" not in pod["metadata"]:
        return ()
    return ((pod["metadata"]["namespace"], pod["metadata"]["name"]),)


class PodGarbageCollector(Controller):
    """Keys: (namespace, name) of pods."""

    name = "pod-garbage-collector-controller"
    watches = (Watch("Node", _orphans), Watch("Pod", _lost))

    def __init__(self) -> None:
        self._missing: dict[Key, float] = {}

    def sync(self, key: Key, api: Client) -> float | None:
        """Delete the pod for good when its time is over."""
        pod = api.get("Pod", *key)
        if pod is None:
            self._missing.pop(key, None)
            return None
        node = pod["spec"].get("nodeName")
        if node and api.get("Node", "", node) is not None:
            self._missing.pop(key, None)
            return None
        now = api.now.timestamp()
        due = self._missing.setdefault(key, now + (QUARANTINE if node else PERIOD))
        if now < due:
            return due - now
        del self._missing[key]
        self._delete(api, pod, gone=bool(node))
        return None

    def _delete(self, api: Client, pod: Object, *, gone: bool) -> None:
        status = pod.get("status") or {}
        if status.get("phase") not in ("Succeeded", "Failed"):
            conditions = [c for c in status.get("conditions") or () if c["type"] != "DisruptionTarget" or not gone]
            if gone:
                message = {"reason": "DeletionByPodGC", "message": "PodGC: node no longer exists"}
                conditions.append({"type": "DisruptionTarget", "status": "True", "lastTransitionTime": api.now_text, **message})
            pod = api.write_status(pod, {**status, "phase": "Failed", "conditions": conditions}).object or pod
        api.delete(pod, grace=0)
