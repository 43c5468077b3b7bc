"""One sync of a Deployment: what it holds, and its writes.

Upstream: scaleReplicaSet and cleanupDeployment in pkg/controller/deployment/sync.go.
"""

from __future__ import annotations

from dataclasses import dataclass

from kplan.api.objects import Object, annotations_of, replace
from kplan.apiserver.client import Client
from kplan.controllers import rollout
from kplan.controllers.rollout import replicas, stated


class StoppedError(Exception):
    """A write failed: the sync ends here and is tried again."""


@dataclass(slots=True)
class Sync:
    """One sync of one Deployment; `deployment` and `sets` (oldest first) are as last written or read."""

    api: Client
    deployment: Object
    sets: list[Object]
    new: Object | None = None

    @property
    def old(self) -> list[Object]:
        """All ReplicaSets but the new one, oldest first."""
        uid = self.new["metadata"]["uid"] if self.new else None
        return [s for s in self.sets if s["metadata"]["uid"] != uid]

    def scale(self, one: Object, size: int, *, force: bool = False) -> bool:
        """Give a ReplicaSet another size; True if it got one.   Upstream: scaleReplicaSet."""
        before = replicas(one)
        if before == size and not force:
            return False
        notes = {**annotations_of(one), **rollout.size_notes(self.deployment)}
        if before == size and notes == annotations_of(one):
            return False
        changed = replace(replace(one, ("metadata", "annotations"), notes), ("spec", "replicas"), size)
        self.put(changed)
        if before == size:
            return False
        way = "up" if before < size else "down"
        self.api.event(self.deployment, "Normal", "ScalingReplicaSet", f"Scaled {way} replica set {one['metadata']['name']} from {before} to {size}")
        return True

    def put(self, obj: Object) -> Object:
        """Write a ReplicaSet (or the Deployment) and keep what came of it."""
        answer = self.api.write(obj)
        if not answer.accepted or answer.object is None:
            raise StoppedError
        stored = answer.object
        if stored["kind"] == "ReplicaSet":
            self.sets = [stored if s["metadata"]["uid"] == stored["metadata"]["uid"] else s for s in self.sets]
            if self.new is not None and self.new["metadata"]["uid"] == stored["metadata"]["uid"]:
                self.new = stored
        return stored

    def clean_up(self) -> None:
        """Delete empty old ReplicaSets beyond the history limit.   Upstream: cleanupDeployment."""
        limit = self.deployment["spec"].get("revisionHistoryLimit", 10)
        old = [s for s in self.old if "deletionTimestamp" not in s["metadata"]]
        for one in sorted(old, key=lambda s: (rollout.revision(s), s["metadata"]["creationTimestamp"]))[: max(0, len(old) - limit)]:
            behind = stated(one, "observedGeneration") < int(one["metadata"].get("generation") or 0)
            if stated(one, "replicas") == 0 and replicas(one) == 0 and not behind:
                self.api.delete(one)

    def write(self, status: Object) -> None:
        """Write the Deployment's status."""
        answer = self.api.write_status(self.deployment, status)
        if not answer.accepted or answer.object is None:
            raise StoppedError
        self.deployment = answer.object
