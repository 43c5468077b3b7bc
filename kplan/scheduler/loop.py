"""The scheduling loop: takes waiting pods by priority, decides, and writes what it decided through the door.

Upstream: pkg/scheduler/schedule_one.go and backend/queue. One key, `("queue",)`: the order among pods is the queue's own.
A pod that found no node is tried again when something was written that can help it (by the plugins that stood in its way), after a
back-off of 1 s, 2 s .. 10 s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kplan.api.objects import Object
from kplan.api.reader import Entry, Reader
from kplan.apiserver.client import Client
from kplan.apiserver.loops import EVERYTHING, Controller, Key, Watch
from kplan.scheduler.decision import Decision
from kplan.scheduler.scheduler import Scheduler

DEFAULT_SCHEDULER = "default-scheduler"
FIRST_BACKOFF, LAST_BACKOFF = 1.0, 10.0  # seconds
QUEUE: Key = ("queue",)
STORAGE = frozenset({"VolumeBinding", "VolumeZone", "VolumeRestrictions", "NodeVolumeLimits"})
SPREADING = frozenset({"InterPodAffinity", "PodTopologySpread"})
COUNTING = SPREADING | {"NodeResourcesFit", "NodePorts", "VolumeRestrictions", "NodeVolumeLimits", "VolumeBinding", "DynamicResources"}
# Which plugins a write to a kind can satisfy; writes to Nodes can satisfy all.
HELPS: dict[str, frozenset[str]] = {
    "PersistentVolumeClaim": STORAGE,
    "PersistentVolume": STORAGE,
    "StorageClass.storage.k8s.io": STORAGE,
    "CSINode.storage.k8s.io": STORAGE,
    "CSIDriver.storage.k8s.io": STORAGE,
    "CSIStorageCapacity.storage.k8s.io": STORAGE,
    "VolumeAttachment.storage.k8s.io": STORAGE,
    "Namespace": frozenset({"InterPodAffinity"}),
    "ResourceClaim.resource.k8s.io": frozenset({"DynamicResources"}),
    "ResourceSlice.resource.k8s.io": frozenset({"DynamicResources"}),
    "DeviceClass.resource.k8s.io": frozenset({"DynamicResources", "NodeResourcesFit"}),
}


@dataclass(slots=True)
class Waiting:
    """A pod that found no node: by which plugins, how often, and when it was last tried."""

    rejected_by: frozenset[str]
    attempts: int
    tried: datetime
    hopeful: bool = False

    @property
    def due(self) -> datetime:
        """When its back-off is over."""
        return self.tried + timedelta(seconds=min(FIRST_BACKOFF * 2 ** (self.attempts - 1), LAST_BACKOFF))


def _wakes(entry: Entry, reader: Reader) -> Iterable[Key]:
    return (QUEUE,) if entry.kind in ("Pod", "Node") or entry.kind in HELPS else ()


class SchedulerLoop(Controller):
    """kube-scheduler at work. `decisions` has every attempt, in order."""

    name = DEFAULT_SCHEDULER
    watches = (Watch(EVERYTHING, _wakes),)

    def __init__(self, config: Any = None) -> None:
        self.decisions: list[Decision] = []
        self._config = config
        self._scheduler: Scheduler | None = None
        self._active: dict[tuple[str, str], int] = {}  # pods to try, with their order of arrival
        self._waiting: dict[tuple[str, str], Waiting] = {}
        self._binding: dict[tuple[str, str], Decision] = {}  # pods whose volumes are being bound
        self._arrivals = 0

    def start(self, api: Client) -> Iterable[Key]:
        """Follow the store from now on; what is there already counts as arrived."""
        self._scheduler = Scheduler(api.door.store, self._config)
        for pod in api.list("Pod"):
            self._arrived(pod)
        api.door.store.listeners.append(self._observe)
        return (QUEUE,)

    def sync(self, key: Key, api: Client) -> float | None:
        """Try all pods that are due; seconds until the next one is."""
        self._bind_ready(api)
        self._wake(api.now)
        while self._active:
            namespace, name = min(self._active, key=lambda k: self._rank(api, k))
            self._active.pop((namespace, name))
            pod = api.get("Pod", namespace, name)
            if pod is not None and self._waits(pod):
                self._try(api, pod)
            self._bind_ready(api)
            self._wake(api.now)
        times = [w.due for w in self._waiting.values() if w.hopeful]
        return max(0.0, (min(times) - api.now).total_seconds()) if times else None

    # -- the queue

    def _rank(self, api: Client, key: tuple[str, str]) -> tuple[int, int]:
        pod = api.get("Pod", *key)
        return (-int((pod or {}).get("spec", {}).get("priority") or 0), self._active[key])

    def _arrived(self, pod: Object) -> None:
        meta = pod["metadata"]
        key = (meta["namespace"], meta["name"])
        if self._waits(pod):
            self._arrivals += 1
            self._active.setdefault(key, self._arrivals)
            self._waiting.pop(key, None)
        else:
            self._active.pop(key, None)
            self._waiting.pop(key, None)

    def _observe(self, entry: Entry) -> None:
        """Every write: the scheduler's cache follows, and pods that it can help get hope."""
        assert self._scheduler is not None
        self._scheduler.observe(entry)
        if entry.kind == "Pod":
            self._observe_pod(entry)
        elif entry.kind == "Node":
            if entry.old is None or entry.new is None or _node_matters(entry.old, entry.new):
                self._hope(None)
        elif entry.kind in HELPS:
            self._hope(HELPS[entry.kind])

    def _observe_pod(self, entry: Entry) -> None:
        old, new = entry.old, entry.new
        if new is None:
            assert old is not None
            key = (old["metadata"]["namespace"], old["metadata"]["name"])
            self._active.pop(key, None)
            self._waiting.pop(key, None)
            self._binding.pop(key, None)
            if old["spec"].get("nodeName"):
                self._hope(COUNTING)
            return
        if old is None or (not new["spec"].get("nodeName") and _asks_otherwise(old, new)):
            self._arrived(new)
        elif new["spec"].get("nodeName"):
            phase_before, phase = (old.get("status") or {}).get("phase"), (new.get("status") or {}).get("phase")
            if phase != phase_before and phase in ("Succeeded", "Failed"):
                self._hope(COUNTING)
            elif not old["spec"].get("nodeName") or old["metadata"].get("labels") != new["metadata"].get("labels"):
                self._hope(SPREADING)
        elif "deletionTimestamp" in new["metadata"]:
            self._arrived(new)

    def _hope(self, plugins: frozenset[str] | None) -> None:
        for waiting in self._waiting.values():
            if plugins is None or not waiting.rejected_by or waiting.rejected_by & plugins:
                waiting.hopeful = True

    def _wake(self, now: datetime) -> None:
        for key, waiting in self._waiting.items():
            if waiting.hopeful and waiting.due <= now and key not in self._active:
                self._arrivals += 1
                self._active[key] = self._arrivals

    # -- one pod

    def _try(self, api: Client, pod: Object) -> None:
        assert self._scheduler is not None
        key = (pod["metadata"]["namespace"], pod["metadata"]["name"])
        decision = self._scheduler.schedule_one(pod)
        self.decisions.append(decision)
        if decision.gated:
            self._waiting.pop(key, None)
            return
        if decision.chosen is not None:
            self._waiting.pop(key, None)
            for _, obj in decision.updates:
                api.write(obj)
            self._binding[key] = decision
            return
        before = self._waiting.get(key)
        self._waiting[key] = Waiting(decision.rejected_by, before.attempts + 1 if before else 1, api.now)
        for victim in decision.victims:
            self._preempt(api, pod, victim, decision.nominated or "")
        api.event(pod, "Warning", "FailedScheduling", decision.event_message)
        self._tell(api, key, decision)

    def _bind_ready(self, api: Client) -> None:
        """Bind the pods whose claims are bound; the others wait for them."""
        assert self._scheduler is not None
        for key, decision in list(self._binding.items()):
            pod, node = api.get("Pod", *key), decision.chosen or ""
            if pod is None or not self._waits(pod):
                del self._binding[key]
            elif all(c is not None and _bound(c) for c in _claims(api, pod)):
                del self._binding[key]
                if api.bind(pod, node).accepted:
                    api.event(pod, "Normal", "Scheduled", f"Successfully assigned {key[0]}/{key[1]} to {node}")
                else:
                    self._scheduler.forget(pod, decision)
                    self._arrived(pod)

    def _waits(self, pod: Object) -> bool:
        """A pod that waits for one of this scheduler's profiles."""
        assert self._scheduler is not None
        return _schedulable(pod) and self._scheduler.responsible(pod)

    def _preempt(self, api: Client, pod: Object, victim_key: str, node: str) -> None:
        """Mark a victim and delete it.   Upstream: framework/preemption/executor.go."""
        victim = api.get("Pod", *victim_key.split("/", 1))
        if victim is None:
            return
        status = victim.get("status") or {}
        condition = {
            "type": "DisruptionTarget",
            "status": "True",
            "lastTransitionTime": api.now_text,
            "reason": "PreemptionByScheduler",
            "message": f"{self.name}: preempting to accommodate a higher priority pod",
            **_generation(victim),
        }
        others = [c for c in status.get("conditions") or () if c["type"] != "DisruptionTarget"]
        marked = api.write_status(victim, {**status, "conditions": [*others, condition]}).object or victim
        api.delete(marked)
        api.event(victim, "Normal", "Preempted", f"Preempted by pod {pod['metadata']['uid']} on node {node}")

    def _tell(self, api: Client, key: tuple[str, str], decision: Decision) -> None:
        """The condition PodScheduled, and the node that is kept for the pod."""
        pod = api.get("Pod", *key)
        if pod is None:
            return
        status = pod.get("status") or {}
        held = next((c for c in status.get("conditions") or () if c["type"] == "PodScheduled"), None)
        condition = {"type": "PodScheduled", "status": "False", "reason": decision.reason, "message": decision.message, **_generation(pod)}
        since = held["lastTransitionTime"] if held and held["status"] == "False" and "lastTransitionTime" in held else api.now_text
        condition["lastTransitionTime"] = since
        others = [c for c in status.get("conditions") or () if c["type"] != "PodScheduled"]
        told = {**status, "conditions": [*others, condition]}
        if decision.nominated:
            told["nominatedNodeName"] = decision.nominated
        elif decision.clears_nomination:
            told.pop("nominatedNodeName", None)
        if held is None or {**held, **condition} != held or told.get("nominatedNodeName") != status.get("nominatedNodeName"):
            api.write_status(pod, told)


def _schedulable(pod: Object) -> bool:
    """Without a node, without gates, not on its way out."""
    spec = pod["spec"]
    waiting = not spec.get("nodeName") and not spec.get("schedulingGates") and "deletionTimestamp" not in pod["metadata"]
    return bool(waiting and (pod.get("status") or {}).get("phase", "Pending") == "Pending")


def _asks_otherwise(old: Object, new: Object) -> bool:
    """Whether an update of a waiting pod changes what the scheduler looks at."""
    return old["spec"] != new["spec"] or old["metadata"].get("labels") != new["metadata"].get("labels")


def _node_matters(old: Object, new: Object) -> bool:
    """Whether an update of a node can let a pod in."""

    def looked_at(node: Object) -> tuple[Any, ...]:
        spec, status = node.get("spec") or {}, node.get("status") or {}
        conditions = {c["type"]: c["status"] for c in status.get("conditions") or ()}
        features = status.get("declaredFeatures")
        return (node["metadata"].get("labels"), spec.get("taints"), spec.get("unschedulable"), status.get("allocatable"), conditions, features)

    return looked_at(old) != looked_at(new)


def _generation(pod: Object) -> Object:
    generation = pod["metadata"].get("generation")
    return {"observedGeneration": generation} if generation else {}


def _claims(api: Client, pod: Object) -> list[Object | None]:
    """The claims of a pod's volumes, ephemeral ones included."""
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    found = []
    for volume in pod["spec"].get("volumes") or ():
        if "persistentVolumeClaim" in volume:
            found.append(api.get("PersistentVolumeClaim", namespace, volume["persistentVolumeClaim"]["claimName"]))
        elif "ephemeral" in volume:
            found.append(api.get("PersistentVolumeClaim", namespace, f"{name}-{volume['name']}"))
    return found


def _bound(claim: Object) -> bool:
    return bool(claim["spec"].get("volumeName")) and "pv.kubernetes.io/bind-completed" in (claim["metadata"].get("annotations") or {})
