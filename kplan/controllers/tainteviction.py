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


def _allowed(pod: Object, taints: list[Object]) -> float | None:
    """Seconds for which the pod tolerates the taints; None for ever."""
    seconds = []
    for taint in taints:
        used = next((t for t in pod["spec"].get("tolerations") or () if tolerates(t, taint)), None)
        if used is None:
            return 0.0
        if used.get("tolerationSeconds") is not None:
            seconds.append(used["tolerationSeconds"])
    return max(0.0, float(min(seconds))) if seconds else None


class TaintEvictionController(Controller):
    """Keys: (namespace, name) of bound pods."""

    name = "taint-eviction-controller"
    watches = (Watch("Pod", _bound), Watch("Node", _pods_of_node))

    def __init__(self) -> None:
        self._countdowns: dict[Key, tuple[str, datetime]] = {}  # the uid of the pod, and when it is due

    def sync(self, key: Key, api: Client) -> float | None:
        """Delete the pod, or say after how many seconds to do so. A countdown that runs is only ever cancelled, not changed."""
        pod = api.get("Pod", *key)
        uid, due = self._countdowns.get(key, ("", None))
        if due is not None and (pod is None or pod["metadata"]["uid"] != uid):
            self._cancel(key, api)
            due = None
        if pod is None:
            return None
        if _evicted(pod):
            self._countdowns.pop(key, None)
            return None
        if due is None or due > api.now:
            node = api.get("Node", "", pod["spec"].get("nodeName", ""))
            allowed = _allowed(pod, _taints(node))
            if node is None and due is not None:
                return (due - api.now).total_seconds()  # nobody says that the taint is gone
            if allowed is None:
                self._cancel(key, api)
                return None
            if allowed > 0:
                _, due = self._countdowns.setdefault(key, (pod["metadata"]["uid"], api.now + timedelta(seconds=allowed)))
                return (due - api.now).total_seconds()
            self._cancel(key, api)
        self._countdowns.pop(key, None)
        api.event(pod, "Normal", "TaintManagerEviction", f"Marking for deletion Pod {key[0]}/{key[1]}")
        self._delete(api, pod)
        return None

    def _cancel(self, key: Key, api: Client) -> None:
        """Stop a countdown and say so."""
        if self._countdowns.pop(key, None) is not None:
            pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": key[0], "name": key[1]}}
            api.event(pod, "Normal", "TaintManagerEviction", f"Cancelling deletion of Pod {key[0]}/{key[1]}")

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
