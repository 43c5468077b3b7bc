"""What a pod asks of a node: resource requests by name, exactly, in billionths of the unit.

Upstream: staging/src/k8s.io/component-helpers/resource/helpers.go (PodRequests) and the v1 defaults that fill in
requests from limits (pkg/apis/core/v1/defaults.go), because pods may be restored as they were written. Left out: limits,
resource claims of node-allocatable resources (a gate that is off).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from kplan.api.objects import Object
from kplan.api.podrequests import is_pod_level, is_sidecar
from kplan.api.quantity import parse_json

Amounts = dict[str, int]
"""Resource name to billionths: a whole number whatever the quantity, so sums are exact and rounded only once."""

CPU = "cpu"
MEMORY = "memory"
EPHEMERAL_STORAGE = "ephemeral-storage"
PODS = "pods"
HUGEPAGES = "hugepages-"

# What a container that names no request counts for in scores.   Upstream: pkg/scheduler/util/pod_resources.go.
DEFAULT_MILLI_CPU = 100
DEFAULT_MEMORY = 200 * 1024 * 1024
DEFAULTS: Amounts = {CPU: DEFAULT_MILLI_CPU * 10**6, MEMORY: DEFAULT_MEMORY * 10**9}


@lru_cache(maxsize=16384)
def billionths(text: str | int | float) -> int:
    """A quantity in billionths."""
    quantity = parse_json(text)
    return int(quantity.number * 10 ** (quantity.scale + 9))


def whole(amount: int) -> int:
    """Whole units, rounded up."""
    return -(-amount // 10**9)


def milli(amount: int) -> int:
    """Thousandths, rounded up."""
    return -(-amount // 10**6)


def is_scalar(name: str) -> bool:
    """Whether the scheduler counts a resource by name: extended ones, huge pages, attachable volumes.   Upstream: IsScalarResourceName."""
    if name.startswith((HUGEPAGES, "attachable-volumes-")) or "kubernetes.io/" in name:
        return True
    return "/" in name and not name.startswith("requests.")


def amounts(resources: Mapping[str, Any] | None) -> Amounts:
    """A JSON resource list in billionths."""
    return {name: billionths(text) for name, text in resources.items()} if resources else {}


def container_requests(container: Object) -> Amounts:
    """A container's requests, those that only limits name included."""
    resources = container.get("resources")
    if not resources:
        return {}
    limits = resources.get("limits")
    requests = resources.get("requests")
    return amounts({**limits, **requests} if limits and requests else requests or limits)


def add(total: Amounts, more: Amounts) -> None:
    """Sum up in place."""
    for name, amount in more.items():
        total[name] = total.get(name, 0) + amount


def raise_to(total: Amounts, floor: Amounts) -> None:
    """The larger of the two for each resource, in place."""
    for name, amount in floor.items():
        if name not in total or amount > total[name]:
            total[name] = amount


def pod_requests(spec: Object, status: Object | None = None, missing: Amounts | None = None, pod_level: bool = True) -> Amounts:
    """All that a pod asks, overhead included.

    `status`: take the larger of what is asked, allocated and in use (a resize in progress); `missing`: what a container
    that does not name a resource counts for; `pod_level`: whether `spec.resources` counts.
    """
    total = _of_containers(spec, status, missing)
    if pod_level:
        asked = pod_level_requests(spec)
        if asked:
            effective = asked
            if status is not None and status.get("resources") is not None:
                in_use = amounts(status["resources"].get("requests"))
                effective = _effective(status, asked, in_use, amounts(status.get("allocatedResources")))
            total.update({name: effective.get(name, 0) for name in asked})
    overhead = spec.get("overhead")
    if overhead:
        add(total, amounts(overhead))
    return total


def pod_level_requests(spec: Object) -> Amounts:
    """`spec.resources.requests` with its defaults: the containers' sum, then the limits. Empty where nothing is set."""
    resources = spec.get("resources")
    if not resources or not (resources.get("requests") or resources.get("limits")):
        return {}
    found = amounts(resources.get("requests"))
    for name, amount in _of_containers(spec, None, None).items():
        if is_pod_level(name) and not name.startswith(HUGEPAGES):
            found.setdefault(name, amount)
    for name, amount in amounts(resources.get("limits")).items():
        found.setdefault(name, amount)
    return {name: amount for name, amount in found.items() if is_pod_level(name)}


def non_missing(requests: Amounts, pod_level_set: bool) -> Amounts:
    """The defaults that count on a node: none for what a pod with pod-level requests names anywhere."""
    if not pod_level_set:
        return DEFAULTS
    return {name: amount for name, amount in DEFAULTS.items() if name not in requests}


def _of_containers(spec: Object, status: Object | None, missing: Amounts | None) -> Amounts:
    statuses = _container_statuses(status) if status else {}

    def asked(container: Object, resizable: bool = True) -> Amounts:
        requests = container_requests(container)
        state = statuses.get(container["name"]) if statuses and resizable else None
        if state is not None:
            in_use = amounts((state["resources"] or {}).get("requests"))
            requests = _effective(status or {}, requests, in_use, amounts(state.get("allocatedResources")))
        return {**missing, **requests} if missing else requests

    total: Amounts = {}
    for container in spec.get("containers") or ():
        add(total, asked(container))
    sidecars: Amounts = {}
    highest: Amounts = {}
    for container in spec.get("initContainers") or ():
        if is_sidecar(container):
            requests = asked(container)
            add(total, requests)
            add(sidecars, requests)
            raise_to(highest, sidecars)
        else:
            requests = dict(asked(container, resizable=False))
            add(requests, sidecars)
            raise_to(highest, requests)
    raise_to(total, highest)
    return total


def _container_statuses(status: Object) -> dict[str, Object]:
    lists: Iterable[list[Object] | None] = (status.get("containerStatuses"), status.get("initContainerStatuses"))
    return {state["name"]: state for states in lists for state in states or () if state.get("resources") is not None}


def _effective(status: Object, asked: Amounts, in_use: Amounts, allocated: Amounts) -> Amounts:
    pending = next((c for c in status.get("conditions") or () if c.get("type") == "PodResizePending"), None)
    found = {} if pending is not None and pending.get("reason") == "Infeasible" else dict(asked)
    raise_to(found, in_use)
    raise_to(found, allocated)
    return found
