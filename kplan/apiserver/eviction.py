"""The eviction subresource: a deletion that asks the PodDisruptionBudgets first.

Upstream: registry/core/pod/storage/eviction.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplan.api import status
from kplan.api.objects import Object
from kplan.api.selectors import selector
from kplan.api.status import Cause
from kplan.apiserver.deletion import ENDED, delete
from kplan.apiserver.registry import Served
from kplan.apiserver.writes import Call

if TYPE_CHECKING:
    from kplan.apiserver.door import Door

REFUSAL = "Cannot evict pod as it would violate the pod's disruption budget."
TWO_BUDGETS = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
MAX_DISRUPTED = 2000


def evict(door: Door, served: Served, namespace: str, name: str, call: Call, grace: int | None = None) -> Object:
    """Evict a pod; returns it as it stands. Refused (429) where its budget allows no disruption."""
    pod = door.store.get("Pod", namespace, name)
    if pod is None:
        raise status.not_found("pods", name)
    phase = (pod.get("status") or {}).get("phase")
    if phase not in (*ENDED, "Pending") and "deletionTimestamp" not in pod["metadata"]:
        _charge(door, pod, call)
    if not call.dry_run:
        _mark_disrupted(door, pod)
    return delete(door, served, namespace, name, call, grace=grace)


def _ready(pod: Object) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in (pod.get("status") or {}).get("conditions") or ())


def _charge(door: Door, pod: Object, call: Call) -> None:
    """Take one disruption off the budget of a pod that counts for it.   Upstream: checkAndDecrement."""
    labels, namespace = pod["metadata"].get("labels") or {}, pod["metadata"]["namespace"]
    budgets = [b for b in door.store.list("PodDisruptionBudget.policy", namespace) if selector(b["spec"].get("selector"))(labels)]
    if len(budgets) > 1:
        raise status.StatusError(status.Status(500, "", TWO_BUDGETS))
    if not budgets:
        return
    budget = budgets[0]
    spec, state, title = budget["spec"], budget.get("status") or {}, budget["metadata"]["name"]
    healthy, desired, allowed = state.get("currentHealthy") or 0, state.get("desiredHealthy") or 0, state.get("disruptionsAllowed") or 0
    if not _ready(pod) and (spec.get("unhealthyPodEvictionPolicy") == "AlwaysAllow" or healthy >= desired > 0):
        return
    if (state.get("observedGeneration") or 0) < (budget["metadata"].get("generation") or 0):
        raise _refused(f"The disruption budget {title} is still being processed by the server.")
    if allowed < 0:
        raise status.forbidden("poddisruptionbudget.policy", title, "pdb disruptions allowed is negative")
    if len(state.get("disruptedPods") or {}) > MAX_DISRUPTED:
        raise status.forbidden("poddisruptionbudget.policy", title, "DisruptedPods map too big - too many evictions not confirmed by PDB controller")
    if allowed == 0:
        raise _refused(_why(title, healthy, desired, state.get("conditions") or ()))
    if call.dry_run:
        return
    left = allowed - 1
    charged = {**state, "disruptionsAllowed": left, "disruptedPods": {**(state.get("disruptedPods") or {}), pod["metadata"]["name"]: door.store.clock.text()}}
    if left == 0:
        now = {"type": "DisruptionAllowed", "status": "False", "reason": "InsufficientPods", "message": "", "lastTransitionTime": door.store.clock.text()}
        charged["conditions"] = [
            {**c, **now} if c["type"] == "DisruptionAllowed" and c["status"] != "False" else c for c in state.get("conditions") or ()
        ]
    door.store.put("PodDisruptionBudget.policy", {**budget, "status": charged})


def _refused(why: str) -> status.StatusError:
    return status.too_many_requests(REFUSAL, (Cause("DisruptionBudget", "", why),))


def _why(title: str, healthy: int, desired: int, conditions: list[Object] | tuple[Object, ...]) -> str:
    told = next((c for c in conditions if c["type"] == "DisruptionAllowed" and c["status"] == "False" and c.get("message")), None)
    if told and told["reason"] == "SyncFailed":
        return f"The disruption budget {title} does not allow evicting pods currently because it failed sync: {told['message']}"
    if healthy <= desired:
        return f"The disruption budget {title} needs {desired} healthy pods and has {healthy} currently"
    if told:
        return f"The disruption budget {title} does not allow evicting pods currently ({told['reason']}): {told['message']}"
    return f"The disruption budget {title} does not allow evicting pods currently"


def _mark_disrupted(door: Door, pod: Object) -> None:
    """The condition that tells everyone why the pod goes."""
    state = pod.get("status") or {}
    condition = {
        "type": "DisruptionTarget",
        "status": "True",
        "lastTransitionTime": door.store.clock.text(),
        "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting",
    }
    others = [c for c in state.get("conditions") or () if c["type"] != "DisruptionTarget"]
    door.store.put("Pod", {**pod, "status": {**state, "conditions": [*others, condition]}})
