"""What the cluster looked like when a decision was made: for who asks later why.

A scheduler decides tens of thousands of pods a second; the verdict of each node on each of them is worked out when somebody wants
it. For that the log of what happened is replayed over the objects as they were at the start, which costs nothing until asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from kplan.api.objects import Object
from kplan.api.reader import Entry, Reader
from kplan.scheduler.cluster_state import READ, ClusterState
from kplan.scheduler.podinfo import PodInfo


class Snapshot:
    """A Reader of the objects as they were when it was made. They are never changed in place, so references are enough."""

    def __init__(self, reader: Reader) -> None:
        self.version = reader.version
        self.now: datetime = reader.now
        self._lists: dict[str, Sequence[Object]] = {kind: reader.list(kind) for kind in READ}
        self._by_name: dict[str, dict[tuple[str, str], Object]] = {}

    def copy(self) -> Snapshot:
        """Another one, to go on from here."""
        return Snapshot(self)

    def follow(self, entry: Entry) -> None:
        """The store was written."""
        if entry.kind not in READ:
            return
        meta = entry.object["metadata"]
        known = self._named(entry.kind)
        key = meta.get("namespace") or "", meta["name"]
        if entry.new is None:
            known.pop(key, None)
        else:
            known[key] = entry.new
        self._lists.pop(entry.kind, None)

    def _named(self, kind: str) -> dict[tuple[str, str], Object]:
        known = self._by_name.get(kind)
        if known is None:
            metas = ((o["metadata"], o) for o in self._lists.get(kind) or ())
            known = self._by_name[kind] = {(m.get("namespace") or "", m["name"]): o for m, o in metas}
        return known

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """One object, or None."""
        return self._named(kind).get((namespace, name))

    def list(self, kind: str, namespace: str | None = None) -> Sequence[Object]:
        """All objects of a kind."""
        found = self._lists.get(kind)
        if found is None:
            found = self._lists[kind] = [obj for _, obj in sorted(self._named(kind).items(), key=lambda item: item[0])]
        return found if namespace is None else [o for o in found if (o["metadata"].get("namespace") or "") == namespace]

    def owned(self, kind: str, uid: str) -> Sequence[Object]:
        """The objects of a kind that have an owner reference to `uid`."""
        return [o for o in self.list(kind) if any(r.get("uid") == uid for r in o["metadata"].get("ownerReferences") or ())]

    def on_node(self, node: str) -> Sequence[Object]:
        """The Pods bound to a node."""
        return [p for p in self.list("Pod") if (p.get("spec") or {}).get("nodeName") == node]


class History:
    """The objects at the start and every step since. `at` gives the cluster as it was before a step."""

    def __init__(self, reader: Reader) -> None:
        self.start = Snapshot(reader)
        self.steps: list[tuple[Any, ...]] = []
        self._reader = self.start
        self._replica: ClusterState | None = None
        self._position = 0

    def placed(self, pod: PodInfo, node: str, start: str, assumed: Sequence[tuple[str, Object]]) -> None:
        """A pod was taken for placed, and these objects for written."""
        self.steps.append(("placed", pod.pod, node, start, tuple(assumed)))

    def removed(self, key: str) -> None:
        """A pod was taken for gone."""
        self.steps.append(("removed", key))

    def nominated(self, pod: PodInfo, node: str) -> None:
        """A node was kept for a pod."""
        self.steps.append(("nominated", pod.pod, node))

    def forgotten(self, kind: str, obj: Object) -> None:
        """An object was not written after all."""
        self.steps.append(("forgotten", kind, obj))

    def observed(self, entry: Entry) -> None:
        """The store was written."""
        self.steps.append(("observed", entry))

    def at(self, position: int) -> ClusterState:
        """The cluster as it was after so many steps. Asking in order costs one step each; going back starts anew."""
        if self._replica is None or position < self._position:
            self._reader = self.start.copy()
            self._replica = ClusterState(self._reader)
            self._position = 0
        for step in self.steps[self._position : position]:
            if step[0] == "observed":
                self._reader.follow(step[1])
            replay(self._replica, step)
        self._position = position
        return self._replica


def replay(cluster: ClusterState, step: tuple[Any, ...]) -> None:
    """Do one step again."""
    if step[0] == "placed":
        _, pod, node, start, assumed = step
        for kind, obj in assumed:
            cluster.assume(kind, obj)
        info = cluster.read(pod)
        info.start = start
        cluster.place(info, node)
    elif step[0] == "removed":
        cluster.remove(step[1])
    elif step[0] == "nominated":
        info = cluster.read(step[1])
        for other in tuple((cluster.nominated.get(step[2]) or {}).values()):
            if other.priority < info.priority:
                cluster.withdraw_nomination(other)
        cluster.nominate(info, step[2])
    elif step[0] == "forgotten":
        cluster.forget(step[1], step[2])
    else:
        cluster.observe(step[1])
