"""What the scheduler writes through the door: claims and volumes as decided, conditions, nominations, evictions.

Upstream: pkg/scheduler/schedule_one.go (handleSchedulingFailure), framework/preemption/executor.go, and PreBind of VolumeBinding and DynamicResources.
"""

from __future__ import annotations

from kplan.api.objects import Object, replace
from kplan.apiserver.client import Client
from kplan.apiserver.response import Response
from kplan.scheduler.cluster_state import CLAIM, RESOURCE_CLAIM, VOLUME
from kplan.scheduler.config import DEFAULT_NAME
from kplan.scheduler.decision import Decision
from kplan.scheduler.volume_waits import BINDING


def scheduler_name(pod: Object) -> str:
    """The profile under whose name the scheduler speaks of a pod."""
    return pod["spec"].get("schedulerName") or DEFAULT_NAME


def write_updates(api: Client, decision: Decision) -> str:
    """Write what was decided about claims and volumes; returns why that cannot be."""
    for kind, obj in decision.updates:
        answer = _write_claim(api, obj) if kind == RESOURCE_CLAIM else api.write(obj)
        if not answer.accepted:
            return f'running PreBind plugin "{BINDING if kind in (CLAIM, VOLUME) else "DynamicResources"}": {answer.message}'
    return ""


def _write_claim(api: Client, claim: Object) -> Response:
    """The finalizer that protects an allocated claim, then its status."""
    meta = claim["metadata"]
    stored = api.get(RESOURCE_CLAIM, meta["namespace"], meta["name"]) or claim
    if meta.get("finalizers") != stored["metadata"].get("finalizers"):
        answer = api.write(replace(stored, ("metadata", "finalizers"), meta.get("finalizers") or []))
        if not answer.accepted or answer.object is None:
            return answer
        stored = answer.object
    return api.write_status(stored, claim.get("status") or {})


def expect(api: Client, pod: Object, node: str) -> None:
    """Say where the pod will be when its volumes are bound.   Upstream: NominatedNodeNameForExpectation."""
    status = pod.get("status") or {}
    if status.get("nominatedNodeName") != node:
        api.write_status(pod, {**status, "nominatedNodeName": node})


def preempt(api: Client, pod: Object, victim_key: str, node: str) -> None:
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
        "message": f"{scheduler_name(pod)}: preempting to accommodate a higher priority pod",
        **_generation(victim),
    }
    others = [c for c in status.get("conditions") or () if c["type"] != "DisruptionTarget"]
    marked = api.write_status(victim, {**status, "conditions": [*others, condition]}).object or victim
    api.delete(marked)
    api.event(victim, "Normal", "Preempted", f"Preempted by pod {pod['metadata']['uid']} on node {node}", scheduler_name(pod))


def displace(api: Client, key: str) -> None:
    """The node is kept for a less important pod no more."""
    pod = api.get("Pod", *key.split("/", 1))
    if pod is not None and "nominatedNodeName" in (pod.get("status") or {}):
        api.write_status(pod, {name: value for name, value in pod["status"].items() if name != "nominatedNodeName"})


def tell(api: Client, key: tuple[str, str], decision: Decision) -> None:
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


def _generation(pod: Object) -> Object:
    generation = pod["metadata"].get("generation")
    return {"observedGeneration": generation} if generation else {}
