"""NoExecute taints drive pods away, at once or when their toleration runs out.

Upstream: pkg/controller/tainteviction/taint_eviction.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from kplan.api.objects import Object
from kplan.api.reader import Entry, Reader
from kplan.api.tolerations import tolerates
from kplan.apiserver.client import Client
from kplan.apiserver.loops import Controller, Key, Watch

REASON = "DeletionByTaintManager"


def _bound(entry: Entry, reader: Reader) -> Iterable[Key]:
    pod = entry.object
    return ((pod["metadata"]["namespace"], pod["metadata"]["name"]),) if pod["spec"].get("nodeName") else ()


def _pods_of_node(entry: Entry, reader: Reader) -> Iterable[Key]:
    if _taints(entry.old) == _taints(entry.new):
        return ()
    return [(p["metadata"]["namespace"], p["metadata"]["name"]) for p in reader.on_node(entry.object["metadata"]["name"])]


def _taints(node: Object | None) -> list[Object]:
    return [t for t in ((node or {}).get("spec") or {}).get("taints") or () if t["effect"] == "NoExecute"]


def _evicted(pod: Object) -> bool:
    """The pod is on its way out because this loop said so; one that others delete is told all the same."""
    held = (pod.get("status") or {}).get("conditions") or ()
    return "deletionTimestamp" in pod["metadata"] and any(c["type"] == "DisruptionTarget" and c.get("reason") == REASON for c in held)


class TaintEvictionController(Controller):
    """Keys: (namespace, name) of bound pods."""

    name = "taint-eviction-controller"
    watches = (Watch("Pod", _bound), Watch("Node", _pods_of_node))

    def __init__(self) -> None:
        self._since: dict[Key, tuple[datetime, float]] = {}  # when the countdown of a pod began, and its length

    def sync(self, key: Key, api: Client) -> float | None:
        """Delete the pod, or say after how many seconds to do so."""
        pod = api.get("Pod", *key)
        node = api.get("Node", "", pod["spec"].get("nodeName", "")) if pod else None
        if pod is None or node is None or _evicted(pod):
            self._since.pop(key, None)
            return None
        left = self._left(key, pod, _taints(node), api.now)
        if left is None:
            if self._since.pop(key, None) is not None:
                api.event(pod, "Normal", "TaintManagerEviction", f"Cancelling deletion of Pod {key[0]}/{key[1]}")
            return None
        if left > 0:
            return left
        self._since.pop(key, None)
        api.event(pod, "Normal", "TaintManagerEviction", f"Marking for deletion Pod {key[0]}/{key[1]}")
        self._delete(api, pod)
        return None

    def _left(self, key: Key, pod: Object, taints: list[Object], now: datetime) -> float | None:
        """Seconds that the pod may stay; None for ever."""
        if not taints:
            return None
        tolerations = pod["spec"].get("tolerations") or ()
        used = []
        for taint in taints:
            matching = next((t for t in tolerations if tolerates(t, taint)), None)
            if matching is None:
                return 0.0
            used.append(matching)
        seconds = [t["tolerationSeconds"] for t in used if t.get("tolerationSeconds") is not None]
        if not seconds:
            return None
        length = max(0.0, float(min(seconds)))
        begun, before = self._since.get(key, (now, length))
        if begun + timedelta(seconds=length) >= now + timedelta(seconds=before) and before != length:
            begun = now
        self._since[key] = (begun, length)
        return max(0.0, (begun + timedelta(seconds=length) - now).total_seconds())

    def _delete(self, api: Client, pod: Object) -> None:
        status = pod.get("status") or {}
        generation = pod["metadata"].get("generation")
        condition = {
            "type": "DisruptionTarget",
            "status": "True",
            "lastTransitionTime": api.now_text,
            "reason": REASON,
            "message": "Taint manager: deleting due to NoExecute taint",
            **({"observedGeneration": generation} if generation else {}),
        }
        others = [c for c in status.get("conditions") or () if c["type"] != "DisruptionTarget"]
        api.delete(api.write_status(pod, {**status, "conditions": [*others, condition]}).object or pod)
