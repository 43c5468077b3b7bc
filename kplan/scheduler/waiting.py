"""What the scheduling queue keeps of pods that wait, and which writes can change a verdict.

Upstream: pkg/scheduler/backend/queue and the events that plugins register (EventsToRegister).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from kplan.api.objects import Object
from kplan.scheduler.cluster_state import ATTACHMENT, CLAIM, CSI_CAPACITY, CSI_DRIVER, CSI_NODE, STORAGE_CLASS, VOLUME
from kplan.scheduler.decision import Decision

FIRST_BACKOFF, LAST_BACKOFF = 1.0, 10.0  # seconds
# The plugins that a pod given up by its node can satisfy.
COUNTING = frozenset(
    {"InterPodAffinity", "PodTopologySpread", "NodeResourcesFit", "NodePorts", "VolumeRestrictions", "NodeVolumeLimits", "DynamicResources"}
)
STORAGE_KINDS = frozenset({CLAIM, VOLUME, STORAGE_CLASS, CSI_NODE, CSI_DRIVER, CSI_CAPACITY, ATTACHMENT})
# Which plugins a write to a kind can satisfy; for pods and nodes see `hints`, for storage `volume_waits`.
HELPS: dict[str, frozenset[str]] = {
    "Namespace": frozenset({"InterPodAffinity"}),
    "ResourceClaim.resource.k8s.io": frozenset({"DynamicResources"}),
    "ResourceSlice.resource.k8s.io": frozenset({"DynamicResources"}),
    "DeviceClass.resource.k8s.io": frozenset({"DynamicResources", "NodeResourcesFit"}),
}


@dataclass(slots=True)
class Waiting:
    """A pod that found no node: by which plugins, how often, and when it was last tried."""

    rejected_by: frozenset[str]
    claims: frozenset[str]
    priority: int
    attempts: int
    tried: datetime
    hopeful: bool = False
    at_once: bool = False

    @property
    def due(self) -> datetime:
        """When its back-off is over."""
        return self.tried if self.at_once else self.tried + timedelta(seconds=min(FIRST_BACKOFF * 2 ** (self.attempts - 1), LAST_BACKOFF))


@dataclass(slots=True)
class Binding:
    """A pod whose volumes are being bound: what was decided, since when it waits, and when it is looked at next."""

    decision: Decision
    since: datetime
    due: datetime


def schedulable(pod: Object) -> bool:
    """Without a node, without gates, not on its way out."""
    spec = pod["spec"]
    waiting = not spec.get("nodeName") and not spec.get("schedulingGates") and "deletionTimestamp" not in pod["metadata"]
    return bool(waiting and (pod.get("status") or {}).get("phase", "Pending") == "Pending")


def asks_otherwise(old: Object, new: Object) -> bool:
    """Whether an update of a waiting pod changes what the scheduler looks at."""
    if old["spec"] != new["spec"] or old["metadata"].get("labels") != new["metadata"].get("labels"):
        return True
    return bool((old.get("status") or {}).get("resourceClaimStatuses") != (new.get("status") or {}).get("resourceClaimStatuses"))
