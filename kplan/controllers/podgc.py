"""Pods that nobody looks after any more: on nodes that are gone or out of service, or terminating without a node.

Upstream: pkg/controller/podgc. It looks every 20 s and gives a missing node 40 s. Leaves out the bound on ended pods (12,500).
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.api.objects import Object
from kplan.api.reader import Entry, Reader
from kplan.apiserver.client import Client
from kplan.apiserver.loops import Controller, Key, Watch

PERIOD, QUARANTINE = 20.0, 40.0
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"


def _of_node(entry: Entry, reader: Reader) -> Iterable[Key]:
    """The pods of a node that was deleted or taken out of service."""
    if entry.new is not None and not _out_of_service(entry.new):
        return ()
    return [(p["metadata"]["namespace"], p["metadata"]["name"]) for p in reader.on_node(entry.object["metadata"]["name"])]


def _lost(entry: Entry, reader: Reader) -> Iterable[Key]:
    """A pod that this loop has to wait for."""
    pod = entry.new
    return () if pod is None or _patience(pod, reader) is None else ((pod["metadata"]["namespace"], pod["metadata"]["name"]),)


def _out_of_service(node: Object) -> bool:
    """Somebody said that the node is down for good, and it is not ready."""
    if not any(t["key"] == OUT_OF_SERVICE for t in node["spec"].get("taints") or ()):
        return False
    return not any(c["type"] == "Ready" and c["status"] == "True" for c in (node.get("status") or {}).get("conditions") or ())


def _patience(pod: Object, reader: Reader) -> float | None:
    """Seconds after which a pod in this state is deleted for good; None: never."""
    name, terminating = pod["spec"].get("nodeName"), "deletionTimestamp" in pod["metadata"]
    node = reader.get("Node", "", name) if name else None
    if name and node is None:
        return QUARANTINE
    return PERIOD if terminating and (node is None or _out_of_service(node)) else None


class PodGarbageCollector(Controller):
    """Keys: (namespace, name) of pods."""

    name = "pod-garbage-collector-controller"
    watches = (Watch("Node", _of_node), Watch("Pod", _lost))

    def __init__(self) -> None:
        self._due: dict[Key, float] = {}

    def sync(self, key: Key, api: Client) -> float | None:
        """Delete the pod for good when its time is over."""
        pod = api.get("Pod", *key)
        patience = _patience(pod, api) if pod is not None else None
        if pod is None or patience is None:
            self._due.pop(key, None)
            return None
        now = api.now.timestamp()
        due = self._due.setdefault(key, now + patience)
        if now < due:
            return due - now
        del self._due[key]
        self._delete(api, pod, gone=patience == QUARANTINE)
        return None

    def _delete(self, api: Client, pod: Object, *, gone: bool) -> None:
        status, generation = pod.get("status") or {}, pod["metadata"].get("generation")
        if status.get("phase") not in ("Succeeded", "Failed"):
            seen = {"observedGeneration": generation} if generation else {}
            conditions = [c for c in status.get("conditions") or () if c["type"] != "DisruptionTarget" or not gone]
            if gone:
                message = {"reason": "DeletionByPodGC", "message": "PodGC: node no longer exists"}
                conditions.append({"type": "DisruptionTarget", "status": "True", "lastTransitionTime": api.now_text, **seen, **message})
            pod = api.write_status(pod, {**status, "phase": "Failed", "conditions": conditions, **seen}).object or pod
        api.delete(pod, grace=0)
