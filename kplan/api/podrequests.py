"""What a pod asks for: requests and limits over all its containers, and its quality-of-service class.

Upstream: component-helpers' resource/helpers.go (PodRequests, PodLimits), pkg/apis/core/v1/helper/qos. Integers are
millicores for `cpu`, whole units (bytes, counts; rounded up) for all else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from kplan.api.objects import Object
from kplan.api.quantity import Quantity, parse_json

Amounts = dict[str, Quantity]

BEST_EFFORT, BURSTABLE, GUARANTEED = "BestEffort", "Burstable", "Guaranteed"


def is_pod_level(resource: str) -> bool:
    """Whether `spec.resources` of a pod may name it.   Upstream: IsSupportedPodLevelResource."""
    return resource in ("cpu", "memory") or resource.startswith("hugepages-")


def is_sidecar(container: Object) -> bool:
    """An init container that keeps running."""
    return container.get("restartPolicy") == "Always"


def pod_requests(pod: Object, *, use_status: bool = False, overhead: bool = True) -> dict[str, int]:
    """Requests of a pod in integers.   Upstream: PodRequests.

    `use_status`: pods that are being resized count with the greater of what they have and what they ask for.
    """
    return in_integers(pod_request_quantities(pod, use_status=use_status, overhead=overhead))


def pod_limits(pod: Object, *, overhead: bool = True) -> dict[str, int]:
    """Limits of a pod in integers.   Upstream: PodLimits."""
    return in_integers(pod_limit_quantities(pod, overhead=overhead))


def in_integers(amounts: Mapping[str, Quantity]) -> dict[str, int]:
    """Millicores for `cpu`, whole units for all else."""
    return {name: q.milli_value() if name == "cpu" else q.value() for name, q in amounts.items()}


def quantities(resources: Mapping[str, str] | None) -> Amounts:
    """A resource list in JSON form, read."""
    return {name: parse_json(text) for name, text in resources.items()} if resources else {}


def pod_request_quantities(pod: Object, *, use_status: bool = False, overhead: bool = True) -> Amounts:
    """Requests of a pod, exactly."""
    spec = pod["spec"]
    statuses = _statuses(pod) if use_status else {}
    infeasible = bool(statuses) and _resize_infeasible(pod)

    def of_container(container: Object) -> Amounts:
        asked = quantities((container.get("resources") or {}).get("requests"))
        status = statuses.get(container["name"]) if statuses else None
        if status is None or "resources" not in status:
            return asked
        return _effective(asked, status["resources"].get("requests"), status.get("allocatedResources"), infeasible)

    total = _over_containers(spec, of_container)
    pod_level = quantities((spec.get("resources") or {}).get("requests"))
    if pod_level:
        status = pod.get("status") or {}
        if use_status and "resources" in status:
            infeasible = _resize_infeasible(pod)
            effective = _effective(pod_level, status["resources"].get("requests"), status.get("allocatedResources"), infeasible)
            pod_level = {name: effective.get(name, Quantity(0)) for name in pod_level}
        total.update((name, q) for name, q in pod_level.items() if is_pod_level(name))
    if overhead and spec.get("overhead"):
        add(total, quantities(spec["overhead"]))
    return total


def pod_limit_quantities(pod: Object, *, overhead: bool = True) -> Amounts:
    """Limits of a pod, exactly; overhead counts only where there is a limit."""
    spec = pod["spec"]
    total = _over_containers(spec, lambda container: quantities((container.get("resources") or {}).get("limits")))
    pod_level = quantities((spec.get("resources") or {}).get("limits"))
    total.update((name, q) for name, q in pod_level.items() if is_pod_level(name))
    if overhead:
        for name, q in quantities(spec.get("overhead")).items():
            if name in total and total[name].sign:
                total[name] = total[name] + q
    return total


def add(total: Amounts, more: Mapping[str, Quantity]) -> None:
    """Add a resource list to `total`, in place."""
    for name, q in more.items():
        total[name] = total[name] + q if name in total else q


def raise_to(total: Amounts, more: Mapping[str, Quantity]) -> None:
    """Make `total` at least `more`, in place."""
    for name, q in more.items():
        if name not in total or q > total[name]:
            total[name] = q


def _over_containers(spec: Object, of_container: Callable[[Object], Amounts]) -> Amounts:
    """Containers run together; init containers one after the other, each beside the sidecars before it."""
    total: Amounts = {}
    for container in spec.get("containers") or ():
        add(total, of_container(container))
    init = spec.get("initContainers")
    if init:
        peak: Amounts = {}
        sidecars: Amounts = {}
        for container in init:
            mine = of_container(container)
            if is_sidecar(container):
                add(total, mine)
                add(sidecars, mine)
                raise_to(peak, sidecars)
            else:
                add(mine, sidecars)
                raise_to(peak, mine)
        raise_to(total, peak)
    return total


def _statuses(pod: Object) -> dict[str, Object]:
    status = pod.get("status") or {}
    sidecars = {c["name"] for c in pod["spec"].get("initContainers") or () if is_sidecar(c)}
    found = {s["name"]: s for s in status.get("containerStatuses") or ()}
    found.update((s["name"], s) for s in status.get("initContainerStatuses") or () if s["name"] in sidecars)
    return found


def _resize_infeasible(pod: Object) -> bool:
    conditions: Iterable[Object] = (pod.get("status") or {}).get("conditions") or ()
    return next((c.get("reason") == "Infeasible" for c in conditions if c.get("type") == "PodResizePending"), False)


def _effective(asked: Amounts, actuated: Mapping[str, str] | None, allocated: Mapping[str, str] | None, infeasible: bool) -> Amounts:
    total = {} if infeasible else dict(asked)
    raise_to(total, quantities(actuated))
    raise_to(total, quantities(allocated))
    return total


def qos_class(spec: Object) -> str:
    """`Guaranteed`, `Burstable` or `BestEffort`.   Upstream: ComputePodQOS."""
    requests: Amounts = {}
    limits: Amounts = {}
    guaranteed = True
    pod_level = spec.get("resources")
    parts = [pod_level] if pod_level is not None else [c.get("resources") or {} for c in _all_containers(spec)]
    for resources in parts:
        add(requests, _compute(resources.get("requests")))
        limited = _compute(resources.get("limits"))
        add(limits, limited)
        if len(limited) < 2 and (pod_level is None or resources.get("limits")):
            guaranteed = False
    if not requests and not limits:
        return BEST_EFFORT
    if guaranteed and requests == limits:
        return GUARANTEED
    return BURSTABLE


def _all_containers(spec: Object) -> list[Object]:
    return [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]


def _compute(resources: Mapping[str, str] | None) -> Amounts:
    return {name: q for name in ("cpu", "memory") if resources and name in resources and (q := parse_json(resources[name])).sign > 0}
