"""Metrics and scaling rules of a HorizontalPodAutoscaler.

Upstream: validateMetrics, validateBehavior and what they call in pkg/apis/autoscaling/validation/validation.go.
"""

from __future__ import annotations

from collections.abc import Callable

from kplan.api.field import FieldErrors, forbidden, invalid, not_supported, required
from kplan.api.names import is_dns1123_label, is_path_segment_name
from kplan.api.objects import Object
from kplan.api.quantity import parse_json
from kplan.kinds.checks import NEGATIVE, typed
from kplan.kinds.resourcenames import validate_container_resource_name

MAX_PERIOD_SECONDS, MAX_WINDOW_SECONDS = 1800, 3600
SELECT_POLICIES = ("Disabled", "Max", "Min")
POLICY_TYPES = ("Percent", "Pods")
SOURCES = {"ContainerResource": "containerResource", "External": "external", "Object": "object", "Pods": "pods", "Resource": "resource"}
TARGET_TYPES = ("Utilization", "Value", "AverageValue")
Validator = Callable[[Object, str], FieldErrors]


def validate_metrics(metrics: list[Object], path: str, min_replicas: int | None, described_object: Validator) -> FieldErrors:
    """`spec.metrics`; zero replicas need a metric that is there without pods."""
    for i, metric in enumerate(metrics):
        yield from validate_metric(metric, f"{path}[{i}]", described_object)
    if min_replicas == 0 and not any(m.get("type") in ("Object", "External") for m in metrics):
        yield forbidden(path, "must specify at least one Object or External metric to support scaling to zero replicas")


def validate_metric(metric: Object, path: str, described_object: Validator) -> FieldErrors:
    """One metric: a known type, and that type's source alone (only the first source that is there is looked into)."""
    kind = metric.get("type") or ""
    if not kind:
        yield required(f"{path}.type", "must specify a metric source type")
    if kind not in SOURCES:
        yield not_supported(f"{path}.type", typed(kind), SOURCES)
    validators: tuple[tuple[str, Validator], ...] = (
        ("object", lambda source, at: validate_object_source(source, at, described_object)),
        ("external", validate_external_source),
        ("pods", validate_pods_source),
        ("resource", validate_resource_source),
        ("containerResource", validate_container_resource_source),
    )
    present = [(field, validate) for field, validate in validators if metric.get(field) is not None]
    for field, validate in present[:1]:
        yield from validate(metric[field], f"{path}.{field}")
    expected = SOURCES.get(kind, "")
    if expected and metric.get(expected) is None:
        yield required(f"{path}.{expected}", "must populate information for the given metric source")
    if not expected:
        yield not_supported(f"{path}.type", typed(kind), SOURCES)
    if len(present) != 1:
        for field in sorted(field for field, _ in present if field != expected):
            yield forbidden(f"{path}.{field}", "must populate the given metric source only")


def validate_object_source(source: Object, path: str, described_object: Validator) -> FieldErrors:
    """A metric of one object."""
    yield from described_object(source.get("describedObject") or {}, f"{path}.describedObject")
    target = source.get("target") or {}
    yield from validate_identifier(source.get("metric") or {}, f"{path}.metric")
    yield from validate_target(target, f"{path}.target")
    if target.get("value") is None and target.get("averageValue") is None:
        yield required(f"{path}.target.averageValue", "must set either a target value or averageValue")


def validate_external_source(source: Object, path: str) -> FieldErrors:
    """A metric from outside the cluster."""
    target = source.get("target") or {}
    yield from validate_identifier(source.get("metric") or {}, f"{path}.metric")
    yield from validate_target(target, f"{path}.target")
    value, average = target.get("value") is not None, target.get("averageValue") is not None
    if not value and not average:
        yield required(f"{path}.target.averageValue", "must set either a target value for metric or a per-pod target")
    if value and average:
        yield forbidden(f"{path}.target.value", "may not set both a target value for metric and a per-pod target")


def validate_pods_source(source: Object, path: str) -> FieldErrors:
    """A metric of each pod."""
    target = source.get("target") or {}
    yield from validate_identifier(source.get("metric") or {}, f"{path}.metric")
    yield from validate_target(target, f"{path}.target")
    if target.get("averageValue") is None:
        yield required(f"{path}.target.averageValue", "must specify a positive target averageValue")


def validate_resource_source(source: Object, path: str) -> FieldErrors:
    """What pods use of what they request."""
    if not source.get("name"):
        yield required(f"{path}.name", "must specify a resource name")
    yield from validate_resource_target(source.get("target") or {}, f"{path}.target")


def validate_container_resource_source(source: Object, path: str) -> FieldErrors:
    """What one container of each pod uses of what it requests."""
    if not source.get("name"):
        yield required(f"{path}.name", "must specify a resource name")
    else:
        yield from validate_container_resource_name(source["name"], f"{path}.name")
    container = source.get("container")
    if not container:
        yield required(f"{path}.container", "must specify a container")
    else:
        for message in is_dns1123_label(container):
            yield invalid(f"{path}.container", container, message)
    yield from validate_resource_target(source.get("target") or {}, f"{path}.target")


def validate_resource_target(target: Object, path: str) -> FieldErrors:
    """A utilization or an amount."""
    yield from validate_target(target, path)
    utilization, average = target.get("averageUtilization") is not None, target.get("averageValue") is not None
    if not utilization and not average:
        yield required(f"{path}.averageUtilization", "must set either a target raw value or a target utilization")
    if utilization and average:
        yield forbidden(f"{path}.averageValue", "may not set both a target raw value and a target utilization")


def validate_target(target: Object, path: str) -> FieldErrors:
    """A target type, and positive numbers."""
    kind = target.get("type") or ""
    if not kind:
        yield required(f"{path}.type", "must specify a metric target type")
    if kind not in TARGET_TYPES:
        yield invalid(f"{path}.type", typed(kind), "must be either Utilization, Value, or AverageValue")
    for field in ("value", "averageValue"):
        amount = target.get(field)
        if amount is not None and parse_json(amount).sign != 1:
            yield invalid(f"{path}.{field}", typed(amount), "must be positive")
    utilization = target.get("averageUtilization")
    if utilization is not None and utilization < 1:
        yield invalid(f"{path}.averageUtilization", utilization, "must be greater than 0")


def validate_identifier(metric: Object, path: str) -> FieldErrors:
    """The name of a metric."""
    name = metric.get("name")
    if not name:
        yield required(f"{path}.name", "must specify a metric name")
    else:
        for message in is_path_segment_name(name):
            yield invalid(f"{path}.name", name, message)


def validate_behavior(behavior: Object, path: str) -> FieldErrors:
    """`spec.behavior`."""
    for direction in ("scaleUp", "scaleDown"):
        if behavior.get(direction) is not None:
            yield from validate_rules(behavior[direction], f"{path}.{direction}")


def validate_rules(rules: Object, path: str) -> FieldErrors:
    """The rules of one direction."""
    window, select, policies, tolerance = (rules.get(k) for k in ("stabilizationWindowSeconds", "selectPolicy", "policies", "tolerance"))
    if window is not None and window < 0:
        yield invalid(f"{path}.stabilizationWindowSeconds", window, "must be greater than or equal to zero")
    if window is not None and window > MAX_WINDOW_SECONDS:
        yield invalid(f"{path}.stabilizationWindowSeconds", window, f"must be less than or equal to {MAX_WINDOW_SECONDS}")
    if select is not None and select not in SELECT_POLICIES:
        yield not_supported(f"{path}.selectPolicy", typed(select), SELECT_POLICIES)
    if not policies:
        yield required(f"{path}.policies", "must specify at least one Policy")
    for i, policy in enumerate(policies or ()):
        yield from validate_policy(policy, f"{path}.policies[{i}]")
    if tolerance is not None and parse_json(tolerance).sign < 0:
        yield invalid(f"{path}.tolerance", tolerance, NEGATIVE)


def validate_policy(policy: Object, path: str) -> FieldErrors:
    """So many pods, or so many percent, a period."""
    kind, value, period = policy.get("type") or "", policy.get("value") or 0, policy.get("periodSeconds") or 0
    if kind not in POLICY_TYPES:
        yield not_supported(f"{path}.type", typed(kind), POLICY_TYPES)
    if value <= 0:
        yield invalid(f"{path}.value", value, "must be greater than zero")
    if period <= 0:
        yield invalid(f"{path}.periodSeconds", period, "must be greater than zero")
    if period > MAX_PERIOD_SECONDS:
        yield invalid(f"{path}.periodSeconds", period, f"must be less than or equal to {MAX_PERIOD_SECONDS}")
