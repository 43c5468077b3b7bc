"""PodDisruptionBudgets say how many of their pods may be evicted now.

Upstream: pkg/controller/disruption. Where a pod has several budgets upstream brings one of them, any, up to date; here all are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from kplan.api.intstr import IntOrStringError, scaled_value
from kplan.api.objects import Object, controller_of, group_of, labels_of
from kplan.api.reader import Entry, Reader
from kplan.api.selectors import selector
from kplan.api.times import parse_time
from kplan.apiserver.client import Client
from kplan.apiserver.loops import RETRY, Controller, Key, Watch, itself
from kplan.controllers import pods
from kplan.controllers.conditions import condition
from kplan.controllers.scaletarget import NO_SCALE, ScaleError, get_scale
from kplan.controllers.selectortext import label_selector_text

KIND = "PodDisruptionBudget.policy"
DELETION_TIMEOUT = STALE_AFTER = timedelta(minutes=2)
ALLOWED = "DisruptionAllowed"
UNMANAGED = (
    "Pods selected by this PodDisruptionBudget (selector: {}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, "
    'which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
)
POD = "pod"


class BudgetsOfPods:
    """Which budgets select a pod. Remembers the answer for each set of labels until a budget of the namespace is written."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Sequence[Object], dict[frozenset[tuple[str, str]], list[Object]]]] = {}

    def of(self, pod: Object, reader: Reader) -> list[Object]:
        """By name.   Upstream: GetPodPodDisruptionBudgets."""
        namespace, labels = pod["metadata"]["namespace"], labels_of(pod)
        budgets = reader.list(KIND, namespace)
        if not budgets:
            return []
        known = self._known.get(namespace)
        if known is None or known[0] is not budgets:
            known = self._known[namespace] = (budgets, {})
        key = frozenset(labels.items())
        found = known[1].get(key)
        if found is None:
            found = known[1][key] = [b for b in budgets if selector((b["spec"] or {}).get("selector"))(labels)]
        return found

    def keys(self, entry: Entry, reader: Reader) -> Iterable[Key]:
        """The budgets of a pod; the pod itself where it has several, or waits for a disruption that may not come."""
        pod = entry.object
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        budgets = self.of(pod, reader)
        keys: list[Key] = [(namespace, b["metadata"]["name"]) for b in budgets]
        if entry.new is not None and (len(budgets) > 1 or _disrupted(entry.new) is not None):
            keys.append((POD, namespace, name))
        return keys


def _disrupted(pod: Object) -> Object | None:
    """The condition that says that the pod is about to go, while it has not ended nor been deleted."""
    if pods.terminating(pod) or pods.phase(pod) in pods.ENDED:
        return None
    held = condition(pod.get("status") or {}, "DisruptionTarget")
    return held if held is not None and held["status"] == "True" and held.get("reason") != "TerminationByKubelet" else None


class _FailedError(Exception):
    """The budget cannot be worked out."""


class DisruptionController(Controller):
    """Keys: (namespace, name) of budgets, ("pod", namespace, name) of pods."""

    name = "disruption-controller"

    def __init__(self) -> None:
        self._budgets = BudgetsOfPods()
        self.watches = (Watch(KIND, itself), Watch("Pod", self._budgets.keys))

    def sync(self, key: Key, api: Client) -> float | None:
        """Count, and write the status; upstream retries conflicts and puts all other errors into the status."""
        if len(key) == 3:
            return self._sync_pod(api, key[1], key[2])
        budget = api.get(KIND, *key)
        if budget is None:
            return None
        found = api.selected(budget["metadata"]["namespace"], selector(budget["spec"].get("selector")))
        if not found:
            api.event(budget, "Normal", "NoPods", "No matching pods found")
        try:
            expected, desired, unmanaged = self._expected(api, budget, found)
        except _FailedError as error:
            api.event(budget, "Warning", "CalculateExpectedPodCountFailed", f"Failed to calculate the number of expected pods: {error}")
            return self._fail(api, budget, str(error))
        if unmanaged:
            api.event(budget, "Warning", "UnmanagedPods", UNMANAGED.format(label_selector_text(budget["spec"].get("selector"))))
        disrupted, recheck = self._still_disrupted(api, budget, found)
        healthy = sum(1 for p in found if not pods.terminating(p) and p["metadata"]["name"] not in disrupted and pods.ready(p))
        if not self._write(api, budget, healthy, desired, expected, disrupted):
            return RETRY
        return recheck

    def _expected(self, api: Client, budget: Object, found: Sequence[Object]) -> tuple[int, int, bool]:
        """How many pods there should be, how many must be healthy, and whether some have no controller.   Upstream: getExpectedPodCount."""
        spec = budget["spec"]
        if "maxUnavailable" in spec:
            total, unmanaged = self._scale(api, found)
            return total, max(total - _scaled(spec["maxUnavailable"], total), 0), unmanaged
        wanted = spec.get("minAvailable")
        if isinstance(wanted, str):
            total, unmanaged = self._scale(api, found)
            return total, _scaled(wanted, total), unmanaged
        return (len(found), wanted, False) if wanted is not None else (0, 0, False)

    def _scale(self, api: Client, found: Sequence[Object]) -> tuple[int, bool]:
        """The replicas that the controllers of the pods state, taken together.   Upstream: getExpectedScale."""
        scales: dict[str, int] = {}
        seen: set[str] = set()
        unmanaged = False
        for pod in found:
            owner = controller_of(pod)
            if owner is None:
                unmanaged = True
            elif owner["uid"] not in seen:
                seen.add(owner["uid"])
                controller = self._controller(api, owner, pod["metadata"]["namespace"])
                if controller is None:
                    raise _FailedError(f'found no controllers for pod "{pod["metadata"]["name"]}"')
                scales[controller[0]] = controller[1]
        return sum(scales.values()), unmanaged

    def _controller(self, api: Client, owner: Object, namespace: str) -> tuple[str, int] | None:
        """uid and replicas of a pod's controller; a ReplicaSet's Deployment counts in its place."""
        if owner["kind"] == "ReplicaSet" and group_of(owner["apiVersion"]) == "apps":
            held = api.get("ReplicaSet.apps", namespace, owner["name"])
            above = controller_of(held) if held is not None and held["metadata"]["uid"] == owner["uid"] else None
            if above is not None and above["kind"] == "Deployment":
                owner = above
        try:
            scale = get_scale(api, owner["apiVersion"], owner["kind"], namespace, owner["name"])
        except ScaleError as error:
            if error.not_found:
                return None
            if error.no_kind:
                raise _FailedError(f'no matches for kind "{owner["kind"]}" in version "{owner["apiVersion"]}"') from None
            if str(error) == NO_SCALE:
                served = api.door.registry.resolve(owner["apiVersion"], owner["kind"])
                resource = served.kind.resource if served is not None else owner["kind"]
                raise _FailedError(f"{resource} does not implement the scale subresource") from None
            raise _FailedError(str(error)) from None
        return (owner["uid"], scale.spec) if scale.target["metadata"]["uid"] == owner["uid"] else None

    def _still_disrupted(self, api: Client, budget: Object, found: Sequence[Object]) -> tuple[Object, float | None]:
        """Which evicted pods have yet to be deleted, and seconds until the first of them is given up on.   Upstream: buildDisruptedPodMap."""
        marked = (budget.get("status") or {}).get("disruptedPods") or {}
        still: Object = {}
        recheck: float | None = None
        namespace = budget["metadata"]["namespace"]
        for pod in found if marked else ():
            since = marked.get(pod["metadata"]["name"])
            if since is None or pods.terminating(pod):
                continue
            left = (parse_time(since) + DELETION_TIMEOUT - api.now).total_seconds()
            if left <= 0:
                api.event(pod, "Warning", "NotDeleted", f"Pod was expected by PDB {namespace}/{namespace} to be deleted but it wasn't")
            else:
                still[pod["metadata"]["name"]] = since
                recheck = left if recheck is None else min(recheck, left)
        return still, recheck

    def _write(self, api: Client, budget: Object, healthy: int, desired: int, expected: int, disrupted: Object) -> bool:
        """Upstream: updatePdbStatus."""
        allowed = max(healthy - desired, 0) if expected > 0 else 0
        old, generation = budget.get("status") or {}, budget["metadata"].get("generation", 0)
        status: Object = {"currentHealthy": healthy, "desiredHealthy": desired, "disruptionsAllowed": allowed, "expectedPods": expected}
        if disrupted:
            status["disruptedPods"] = disrupted
        if generation:
            status["observedGeneration"] = generation
        said = {k: v for k, v in old.items() if k != "conditions"}
        held = condition(old, ALLOWED)
        if said == status and held is not None and held["status"] == ("True" if allowed > 0 else "False"):
            return True
        verdict = ("True", "SufficientPods") if allowed > 0 else ("False", "InsufficientPods")
        status["conditions"] = _with_verdict(old, verdict, "", generation, api.now_text)
        return api.write_status(budget, status).accepted

    def _fail(self, api: Client, budget: Object, why: str) -> float | None:
        """No disruption where nothing can be counted.   Upstream: failSafe."""
        old = budget.get("status") or {}
        conditions = _with_verdict(old, ("False", "SyncFailed"), why, old.get("observedGeneration", 0), api.now_text)
        status = {**dict.fromkeys(("currentHealthy", "desiredHealthy", "expectedPods"), 0), **old, "disruptionsAllowed": 0, "conditions": conditions}
        return None if status == old or api.write_status(budget, status).accepted else RETRY

    def _sync_pod(self, api: Client, namespace: str, name: str) -> float | None:
        """Tell of several budgets; take back a disruption that did not come within two minutes.   Upstream: syncStalePodDisruption."""
        pod = api.get("Pod", namespace, name)
        if pod is None:
            return None
        budgets = self._budgets.of(pod, api)
        if len(budgets) > 1:
            chosen = budgets[0]["metadata"]["name"]
            message = f'Pod "{namespace}"/"{name}" matches multiple PodDisruptionBudgets.  Chose "{chosen}" arbitrarily.'
            api.event(pod, "Warning", "MultiplePodDisruptionBudgets", message)
        held = _disrupted(pod)
        if held is None:
            return None
        left = (parse_time(held["lastTransitionTime"]) + STALE_AFTER - api.now).total_seconds()
        if left > 0:
            return left
        status = pod["status"]
        new: Object = {"type": "DisruptionTarget", "status": "False", "lastTransitionTime": api.now_text}
        if "observedGeneration" in held and pod["metadata"].get("generation"):
            new["observedGeneration"] = pod["metadata"]["generation"]
        conditions = [new if c is held else c for c in status["conditions"]]
        return None if api.write_status(pod, {**status, "conditions": conditions}).accepted else RETRY


def _scaled(value: int | str, total: int) -> int:
    try:
        return scaled_value(value, total, True)
    except IntOrStringError as error:
        raise _FailedError(str(error)) from None


def _with_verdict(status: Object, verdict: tuple[str, str], message: str, generation: int, now: str) -> list[Object]:
    """The conditions with DisruptionAllowed set.   Upstream: meta.SetStatusCondition."""
    value, reason = verdict
    held = condition(status, ALLOWED)
    since = held["lastTransitionTime"] if held is not None and held["status"] == value else now
    new: Object = {"type": ALLOWED, "status": value, "lastTransitionTime": since, "reason": reason, "message": message}
    if generation:
        new["observedGeneration"] = generation
    conditions = status.get("conditions") or []
    return [new if c is held else c for c in conditions] if held is not None else [*conditions, new]
