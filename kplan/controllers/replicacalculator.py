"""How many replicas a metric asks for.

Upstream: pkg/controller/podautoscaler/replica_calculator.go and metrics/. Metrics are stated, not measured: the annotation
`kplan.dev/usage: cpu=250m,memory=300Mi` of a pod says what it uses now (`app/cpu=100m` what one container does); of other pods
recorded PodMetrics do. Where there are neither, the cluster has no metrics API. Custom and external metrics do not exist.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from kplan.api.objects import Object, annotations_of
from kplan.api.podrequests import is_pod_level, is_sidecar, pod_request_quantities
from kplan.api.quantity import QuantityError, parse_json
from kplan.api.times import parse_time
from kplan.apiserver.client import Client
from kplan.controllers import pods

USAGE = "kplan.dev/usage"
NO_RESOURCE_METRICS = "unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)"
NO_METRICS = "no metrics returned from resource metrics API"
NO_CUSTOM_METRICS = "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered"
NO_EXTERNAL_METRICS = "unable to fetch metrics from external metrics API: the server could not find the requested resource (get {}.external.metrics.k8s.io)"
CPU_INITIALIZATION = timedelta(minutes=5)
INITIAL_READINESS_DELAY = timedelta(seconds=30)


Ratio = Callable[[], float]
Assumed = Callable[[str], int]


class MetricError(Exception):
    """Why a metric gives no number; the text is upstream's."""


class Measured(NamedTuple):
    """Pods, and what they use by name: milli-units by resource or container/resource. `served` says whether there is a metrics API."""

    pods: Sequence[Object]
    usage: dict[str, dict[str, int]]
    served: bool


class Tolerances(NamedTuple):
    """How far from 1 a ratio may be without a change."""

    down: float
    up: float

    def within(self, ratio: float) -> bool:
        """Whether the ratio is as good as 1."""
        return 1.0 - self.down <= ratio <= 1.0 + self.up


class Proposal(NamedTuple):
    """Replicas that a metric asks for; `usage` is the average in milli-units, `utilization` in percent of the requests."""

    replicas: int
    usage: int
    utilization: int | None = None


def stated_usage(pod: Object) -> dict[str, int]:
    """What a pod's annotation says, in milli-units, by resource or container/resource; unreadable parts are left out."""
    found: dict[str, int] = {}
    for part in annotations_of(pod).get(USAGE, "").split(","):
        name, equals, text = part.partition("=")
        if equals:
            try:
                found[name.strip()] = parse_json(text.strip()).milli_value()
            except QuantityError:
                continue
    return found


def measured(selected: Sequence[Object], api: Client) -> Measured:
    """What pods of one namespace use that run: as their annotation says, or else as PodMetrics do."""
    running = [p for p in selected if pods.phase(p) == "Running"]
    metrics = api.door.metrics

    def known(namespace: str, name: str) -> bool:
        return api.get("Pod", namespace, name) is not None

    recorded = metrics.usages(running, known) if metrics is not None else {}
    usage = {name: stated_usage(p) or recorded.get(name, {}) for p in running for name in (p["metadata"]["name"],)}
    return Measured(selected, usage, metrics is not None)


def resource_metrics(reports: Measured, resource: str, container: str) -> dict[str, int]:
    """The usage of each pod that reports it; raises MetricError where none reports anything.   Upstream: GetResourceMetric."""
    if not any(reports.usage.values()):
        raise MetricError(f"unable to get metrics for resource {resource}: {NO_METRICS if reports.served else NO_RESOURCE_METRICS}")
    found: dict[str, int] = {}
    for pod in reports.pods:
        name = pod["metadata"]["name"]
        usage = reports.usage.get(name, {})
        value = _of_container(pod, usage, resource, container) if container else _of_pod(usage, resource)
        if value is not None:
            found[name] = value
    return found


def _of_pod(usage: dict[str, int], resource: str) -> int | None:
    if resource in usage:
        return usage[resource]
    parts = [value for name, value in usage.items() if name.endswith(f"/{resource}")]
    return sum(parts) if parts else None


def _of_container(pod: Object, usage: dict[str, int], resource: str, container: str) -> int | None:
    if f"{container}/{resource}" in usage:
        return usage[f"{container}/{resource}"]
    alone = [c["name"] for c in pod["spec"]["containers"]] == [container]
    return usage.get(resource) if alone else None


class Groups(NamedTuple):
    """Pods by what their metrics are worth."""

    ready: int
    unready: set[str]
    missing: set[str]
    ignored: set[str]


def group_pods(selected: Sequence[Object], metrics: dict[str, int], resource: str, now: datetime) -> Groups:
    """Upstream: groupPods. A metric is as old as the moment it is asked for."""
    groups = Groups(0, set(), set(), set())
    ready = 0
    for pod in selected:
        name = pod["metadata"]["name"]
        if pods.terminating(pod) or pods.phase(pod) == "Failed":
            groups.ignored.add(name)
        elif pods.phase(pod) == "Pending":
            groups.unready.add(name)
        elif name not in metrics:
            groups.missing.add(name)
        elif resource == "cpu" and _starting(pod, now):
            groups.unready.add(name)
        else:
            ready += 1
    return groups._replace(ready=ready)


def _starting(pod: Object, now: datetime) -> bool:
    """Whether a pod's CPU usage does not count, since it is not up yet."""
    condition, started = pods.ready_condition(pod), (pod.get("status") or {}).get("startTime")
    if condition is None or not started:
        return True
    since = parse_time(started)
    if since + CPU_INITIALIZATION > now:
        return bool(condition["status"] == "False")
    return condition["status"] == "False" and since + INITIAL_READINESS_DELAY > parse_time(condition["lastTransitionTime"])


def utilization_replicas(
    reports: Measured, resource: str, container: str, target: int, current: int, tolerances: Tolerances, now: datetime
) -> Proposal:
    """By usage in percent of the requests.   Upstream: GetResourceReplicas."""
    metrics = resource_metrics(reports, resource, container)
    groups = _grouped(reports.pods, metrics, resource, now)
    requests = {p["metadata"]["name"]: _request(p, resource, container) for p in reports.pods}

    def ratio() -> tuple[float, int, int]:
        total = sum(value for name, value in metrics.items() if name in requests)
        asked = sum(requests[name] for name in metrics if name in requests)
        if asked == 0:
            raise MetricError("no metrics returned matched known pods")
        percent = total * 100 // asked
        return percent / target, percent, total // len(metrics)

    first, percent, usage = ratio()
    fallback = max(100, target)
    replicas = _replicas(metrics, groups, first, current, tolerances, lambda: ratio()[0], lambda name: requests[name] * fallback // 100)
    return Proposal(replicas, usage, percent)


def usage_replicas(reports: Measured, resource: str, container: str, target: int, current: int, tolerances: Tolerances, now: datetime) -> Proposal:
    """By plain average usage in milli-units.   Upstream: GetRawResourceReplicas, calcPlainMetricReplicas."""
    metrics = resource_metrics(reports, resource, container)
    groups = _grouped(reports.pods, metrics, resource, now)

    def average() -> int:
        return sum(metrics.values()) // len(metrics)

    usage = average()
    replicas = _replicas(metrics, groups, usage / target, current, tolerances, lambda: average() / target, lambda _name: target)
    return Proposal(replicas, usage)


def _grouped(selected: Sequence[Object], metrics: dict[str, int], resource: str, now: datetime) -> Groups:
    if not selected:
        raise MetricError("no pods returned by selector while calculating replica count")
    groups = group_pods(selected, metrics, resource, now)
    for name in groups.ignored | groups.unready:
        metrics.pop(name, None)
    if not metrics:
        raise MetricError("did not receive metrics for targeted pods (pods might be unready)")
    return groups


def _replicas(metrics: dict[str, int], groups: Groups, first: float, current: int, tolerances: Tolerances, again: Ratio, assumed: Assumed) -> int:
    """From a ratio to replicas: pods without metrics are assumed to be what keeps the change small."""
    upwards_with_unready = bool(groups.unready) and first > 1.0
    if not upwards_with_unready and not groups.missing:
        return current if tolerances.within(first) else math.ceil(first * groups.ready)
    if first != 1.0:
        metrics.update((name, assumed(name) if first < 1.0 else 0) for name in groups.missing)
    if upwards_with_unready:
        metrics.update(dict.fromkeys(groups.unready, 0))
    ratio = again()
    if tolerances.within(ratio) or (first < 1.0 < ratio) or (first > 1.0 > ratio):
        return current
    replicas = math.ceil(ratio * len(metrics))
    if (ratio < 1.0 and replicas > current) or (ratio > 1.0 and replicas < current):
        return current
    return replicas


def _request(pod: Object, resource: str, container: str) -> int:
    """Upstream: calculateRequests, in milli-units."""
    name, spec = pod["metadata"]["name"], pod["spec"]
    pod_level = (spec.get("resources") or {}).get("requests") or {}
    if not container and any(is_pod_level(r) for r in pod_level):
        asked = pod_request_quantities(pod).get(resource)
        if asked is None:
            raise MetricError(f"missing pod-level request for {resource} in Pod {name}")
        return asked.milli_value()
    total = 0
    for each in [*spec["containers"], *(c for c in spec.get("initContainers") or () if is_sidecar(c))]:
        if container in ("", each["name"]):
            request = ((each.get("resources") or {}).get("requests") or {}).get(resource)
            if request is None:
                raise MetricError(f"missing request for {resource} in container {each['name']} of Pod {name}")
            total += parse_json(request).milli_value()
            if container:
                return total
    if container:
        raise MetricError(f"container {container} not found in Pod {name}")
    return total
