"""What was written while a change was applied: the steps by which pods, sets and endpoints came to where they are.

The simulated kubelets start pods at once, so that many steps share one moment of the virtual clock: their order is what tells a rollout.
"""

from __future__ import annotations

from datetime import datetime
from types import TracebackType
from typing import NamedTuple

from kplan.api.reader import Entry
from kplan.cluster import Cluster

RECORDED = frozenset(
    {"Pod", "ReplicaSet.apps", "Deployment.apps", "StatefulSet.apps", "DaemonSet.apps", "EndpointSlice.discovery.k8s.io", "PodDisruptionBudget.policy"}
)


class Moment(NamedTuple):
    """One write, `at` seconds after the recording began."""

    at: float
    entry: Entry


class Recording:
    """Keeps the writes to a cluster while it is open. Kinds that no question asks about are left out."""

    def __init__(self, cluster: Cluster) -> None:
        self._store = cluster.door.store
        self.began: datetime = self._store.now
        self.moments: list[Moment] = []

    def __enter__(self) -> Recording:
        self._store.listeners.append(self._on_write)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._store.listeners.remove(self._on_write)

    def _on_write(self, entry: Entry) -> None:
        if entry.kind in RECORDED:
            self.moments.append(Moment((self._store.now - self.began).total_seconds(), entry))
