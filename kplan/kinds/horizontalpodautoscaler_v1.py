"""HorizontalPodAutoscaler of autoscaling/v1, to and from v2: what v1 has no field for travels in annotations.

Upstream: pkg/apis/autoscaling/v1/conversion.go, pkg/apis/autoscaling/helpers.go. Annotations that cannot be read are ignored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from kplan.api.gotext import Struct, go_json
from kplan.api.objects import Object
from kplan.api.quantity import QuantityError, canonical, parse_json
from kplan.kinds.checks import label_selector

METRICS = "autoscaling.alpha.kubernetes.io/metrics"
CURRENT_METRICS = "autoscaling.alpha.kubernetes.io/current-metrics"
CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions"
BEHAVIOR = "autoscaling.alpha.kubernetes.io/behavior"
TOLERANCES = ("autoscaling.alpha.kubernetes.io/scale-down-tolerance", "autoscaling.alpha.kubernetes.io/scale-up-tolerance")
ROUND_TRIP = (METRICS, CURRENT_METRICS, CONDITIONS, BEHAVIOR, *TOLERANCES)
DEFAULT_CPU_UTILIZATION = 80
REFERENCE = ("kind", "name", "apiVersion")
CONDITION = ("type", "status", "lastTransitionTime", "reason", "message")
SOURCES = ("object", "pods", "resource", "containerResource", "external")
_UNREADABLE = (ValueError, TypeError, AttributeError, QuantityError)


def drop_round_trip_annotations(obj: Object) -> None:
    """Annotations that only v1 shows are in no stored object."""
    meta = obj.get("metadata") or {}
    annotations = meta.get("annotations") or {}
    if any(key in annotations for key in ROUND_TRIP):
        meta["annotations"] = {k: v for k, v in annotations.items() if k not in ROUND_TRIP}
        if not meta["annotations"]:
            del meta["annotations"]


def to_preferred(_version: str, obj: Object) -> Object:
    """A v1 object as v2."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    annotations = (obj.get("metadata") or {}).get("annotations") or {}
    new_spec = {k: spec[k] for k in ("scaleTargetRef", "minReplicas", "maxReplicas") if k in spec}
    cpu = spec.get("targetCPUUtilizationPercentage")
    metrics = _read(annotations.get(METRICS), _specs) or []
    if cpu is not None or not metrics:
        metrics.append(_cpu({"type": "Utilization", "averageUtilization": DEFAULT_CPU_UTILIZATION if cpu is None else cpu}, "target"))
    new_spec["metrics"] = metrics
    behavior = _read(annotations.get(BEHAVIOR), _behavior)
    if behavior:
        new_spec["behavior"] = behavior

    new_status = {k: status[k] for k in ("observedGeneration", "lastScaleTime", "currentReplicas", "desiredReplicas") if status.get(k)}
    new_status.setdefault("desiredReplicas", 0)
    cpu = status.get("currentCPUUtilizationPercentage")
    current = _read(annotations.get(CURRENT_METRICS), _statuses)
    if current is None:
        current = None if cpu is None else [_cpu({"averageUtilization": cpu}, "current")]
    new_status["currentMetrics"] = current
    conditions = _read(annotations.get(CONDITIONS), _conditions)
    if conditions:
        new_status["conditions"] = conditions
    new = {**obj, "apiVersion": "autoscaling/v2", "spec": new_spec, "status": new_status}
    drop_round_trip_annotations(new)
    return new


def from_preferred(_version: str, obj: Object) -> Object:
    """A v2 object as v1; `obj` stays as it is."""
    spec, status, meta = obj.get("spec") or {}, obj.get("status") or {}, obj.get("metadata") or {}
    annotations = {k: v for k, v in (meta.get("annotations") or {}).items() if k not in ROUND_TRIP}
    new_spec = {k: spec[k] for k in ("scaleTargetRef", "minReplicas", "maxReplicas") if k in spec}
    metrics = spec.get("metrics") or []
    utilizations = [m["resource"]["target"]["averageUtilization"] for m in metrics if _is_cpu_utilization(m, "target")]
    if utilizations:
        new_spec["targetCPUUtilizationPercentage"] = utilizations[0]
    others = [_metric(m, _SPEC_TO_V1) for m in metrics if not _is_cpu_utilization(m, "target")]
    if others:
        annotations[METRICS] = go_json(others)

    new_status = {k: status[k] for k in ("observedGeneration", "lastScaleTime") if k in status}
    new_status |= {k: status.get(k) or 0 for k in ("currentReplicas", "desiredReplicas")}
    current = status.get("currentMetrics") or []
    utilizations = [m["resource"]["current"]["averageUtilization"] for m in current if _is_cpu_utilization(m, "current")]
    if utilizations:
        new_status["currentCPUUtilizationPercentage"] = utilizations[-1]
    if current:
        annotations[CURRENT_METRICS] = go_json([_metric(m, _STATUS_TO_V1) for m in current])
    if spec.get("behavior") is not None:
        annotations[BEHAVIOR] = go_json(_printed_behavior(spec["behavior"]))
    if status.get("conditions"):
        annotations[CONDITIONS] = go_json([_ordered(c, CONDITION) for c in status["conditions"]])
    new_meta = {k: v for k, v in meta.items() if k != "annotations"}
    if annotations:
        new_meta["annotations"] = annotations
    return {**obj, "apiVersion": "autoscaling/v1", "metadata": new_meta, "spec": new_spec, "status": new_status}


def _cpu(amount: Object, field: str) -> Object:
    return {"type": "Resource", "resource": {"name": "cpu", field: amount}}


def _is_cpu_utilization(metric: Object, field: str) -> bool:
    source = metric.get("resource") or {}
    return metric.get("type") == "Resource" and source.get("name") == "cpu" and (source.get(field) or {}).get("averageUtilization") is not None


def _read(text: str | None, convert: Callable[[Any], Any]) -> Any:
    if text is None:
        return None
    try:
        return convert(json.loads(text))
    except _UNREADABLE:
        return None


def _ordered(value: Object, order: tuple[str, ...]) -> Struct:
    return Struct({k: value[k] for k in order if value.get(k) not in (None, "")})


def _reference(value: Object | None) -> Struct:
    value = value or {}
    return Struct(kind=value.get("kind") or "", name=value.get("name") or "", **({"apiVersion": value["apiVersion"]} if value.get("apiVersion") else {}))


def _metric(metric: Object, converters: Mapping[str, Callable[[Object], Object]]) -> Struct:
    """One metric, its sources converted, in the order of the Go struct."""
    out = Struct(type=metric.get("type") or "")
    for source in SOURCES:
        if metric.get(source) is not None:
            out[source] = converters[source](metric[source])
    return out


def _filled(**values: Any) -> Struct:
    return Struct({k: v for k, v in values.items() if v is not None})


def _quantity(value: Any) -> str | None:
    return None if value is None else canonical(value)


def _identifier(name: Any, selector: Object | None) -> Object:
    return _filled(name=name or "", selector=selector)


def _shown(selector: Object | None) -> Any:
    return None if selector is None else label_selector(selector)


def _specs(metrics: list[Object] | None) -> list[Object]:
    return [dict(_metric(m, _SPEC_FROM_V1)) for m in metrics or ()]


def _statuses(metrics: list[Object] | None) -> list[Object]:
    return [dict(_metric(m, _STATUS_FROM_V1)) for m in metrics or ()]


def _conditions(conditions: list[Object] | None) -> list[Object]:
    return [dict(_ordered(c, CONDITION)) for c in conditions or ()]


def _object_from_v1(v1: Object) -> Object:
    value, average = _quantity(v1.get("targetValue", "0")), _quantity(v1.get("averageValue"))
    if average is None:
        target = _filled(type="Value", value=value)
    else:
        target = _filled(type="AverageValue", value=value if value and parse_json(value).sign else None, averageValue=average)
    return {"describedObject": _reference(v1.get("target")), "target": target, "metric": _identifier(v1.get("metricName"), v1.get("selector"))}


def _object_to_v1(v2: Object) -> Object:
    target, metric = v2.get("target") or {}, v2.get("metric") or {}
    return _filled(
        target=_reference(v2.get("describedObject")),
        metricName=metric.get("name") or "",
        targetValue=target.get("value") or "0",
        selector=_shown(metric.get("selector")),
        averageValue=target.get("averageValue"),
    )


def _pods_from_v1(v1: Object) -> Object:
    target = {"type": "AverageValue", "averageValue": _quantity(v1.get("targetAverageValue", "0"))}
    return {"metric": _identifier(v1.get("metricName"), v1.get("selector")), "target": target}


def _pods_to_v1(v2: Object) -> Object:
    target, metric = v2.get("target") or {}, v2.get("metric") or {}
    return _filled(metricName=metric.get("name") or "", targetAverageValue=target.get("averageValue") or "0", selector=_shown(metric.get("selector")))


def _resource_from_v1(v1: Object) -> Object:
    utilization = v1.get("targetAverageUtilization")
    kind = "AverageValue" if utilization is None else "Utilization"
    target = _filled(type=kind, averageValue=_quantity(v1.get("targetAverageValue")), averageUtilization=utilization)
    return _filled(name=v1.get("name") or "", container=v1.get("container"), target=target)


def _resource_to_v1(v2: Object) -> Object:
    target = v2.get("target") or {}
    return _filled(
        name=v2.get("name") or "",
        targetAverageUtilization=target.get("averageUtilization"),
        targetAverageValue=target.get("averageValue"),
        container=v2.get("container"),
    )


def _external_from_v1(v1: Object) -> Object:
    value = _quantity(v1.get("targetValue"))
    target = _filled(type="AverageValue" if value is None else "Value", value=value, averageValue=_quantity(v1.get("targetAverageValue")))
    return {"metric": _identifier(v1.get("metricName"), v1.get("metricSelector")), "target": target}


def _external_to_v1(v2: Object) -> Object:
    target, metric = v2.get("target") or {}, v2.get("metric") or {}
    return _filled(
        metricName=metric.get("name") or "",
        metricSelector=_shown(metric.get("selector")),
        targetValue=target.get("value"),
        targetAverageValue=target.get("averageValue"),
    )


def _object_status_from_v1(v1: Object) -> Object:
    current = _filled(value=_quantity(v1.get("currentValue", "0")), averageValue=_quantity(v1.get("averageValue")))
    return {"metric": _identifier(v1.get("metricName"), v1.get("selector")), "current": current, "describedObject": _reference(v1.get("target"))}


def _object_status_to_v1(v2: Object) -> Object:
    current, metric = v2.get("current") or {}, v2.get("metric") or {}
    return _filled(
        target=_reference(v2.get("describedObject")),
        metricName=metric.get("name") or "",
        currentValue=current.get("value") or "0",
        selector=_shown(metric.get("selector")),
        averageValue=current.get("averageValue"),
    )


def _pods_status_from_v1(v1: Object) -> Object:
    current = {"averageValue": _quantity(v1.get("currentAverageValue", "0"))}
    return {"metric": _identifier(v1.get("metricName"), v1.get("selector")), "current": current}


def _pods_status_to_v1(v2: Object) -> Object:
    current, metric = v2.get("current") or {}, v2.get("metric") or {}
    return _filled(metricName=metric.get("name") or "", currentAverageValue=current.get("averageValue") or "0", selector=_shown(metric.get("selector")))


def _resource_status_from_v1(v1: Object) -> Object:
    current = _filled(averageValue=_quantity(v1.get("currentAverageValue", "0")), averageUtilization=v1.get("currentAverageUtilization"))
    return _filled(name=v1.get("name") or "", current=current, container=v1.get("container"))


def _resource_status_to_v1(v2: Object) -> Object:
    current = v2.get("current") or {}
    return _filled(
        name=v2.get("name") or "",
        currentAverageUtilization=current.get("averageUtilization"),
        currentAverageValue=current.get("averageValue") or "0",
        container=v2.get("container"),
    )


def _external_status_from_v1(v1: Object) -> Object:
    current = _filled(value=_quantity(v1.get("currentValue", "0")), averageValue=_quantity(v1.get("currentAverageValue")))
    return {"metric": _identifier(v1.get("metricName"), v1.get("metricSelector")), "current": current}


def _external_status_to_v1(v2: Object) -> Object:
    current, metric = v2.get("current") or {}, v2.get("metric") or {}
    return _filled(
        metricName=metric.get("name") or "",
        metricSelector=_shown(metric.get("selector")),
        currentValue=current.get("value") or "0",
        currentAverageValue=current.get("averageValue"),
    )


_SPEC_FROM_V1 = dict(zip(SOURCES, (_object_from_v1, _pods_from_v1, _resource_from_v1, _resource_from_v1, _external_from_v1), strict=True))
_SPEC_TO_V1 = dict(zip(SOURCES, (_object_to_v1, _pods_to_v1, _resource_to_v1, _resource_to_v1, _external_to_v1), strict=True))
_STATUS_FROM_V1 = dict(
    zip(SOURCES, (_object_status_from_v1, _pods_status_from_v1, _resource_status_from_v1, _resource_status_from_v1, _external_status_from_v1), strict=True)
)
_STATUS_TO_V1 = dict(
    zip(SOURCES, (_object_status_to_v1, _pods_status_to_v1, _resource_status_to_v1, _resource_status_to_v1, _external_status_to_v1), strict=True)
)


def _lowered(value: Object) -> Object:
    """Keys in the API's spelling; Go reads them in any case."""
    return {key[:1].lower() + key[1:]: item for key, item in value.items()}


def _behavior(behavior: Object | None) -> Object:
    directions = {k: v for k, v in _lowered(behavior or {}).items() if k in ("scaleUp", "scaleDown") and v is not None}
    out: Object = {}
    for direction, rules in directions.items():
        out[direction] = {k: v for k, v in _lowered(rules).items() if v is not None}
        if "policies" in out[direction]:
            out[direction]["policies"] = [_lowered(p) for p in out[direction]["policies"]]
    return out


def _printed_behavior(behavior: Object) -> Struct:
    """Behavior as Go prints its internal struct, which has no JSON names."""
    return Struct(ScaleUp=_printed_rules(behavior.get("scaleUp")), ScaleDown=_printed_rules(behavior.get("scaleDown")))


def _printed_rules(rules: Object | None) -> Struct | None:
    if rules is None:
        return None
    policies = rules.get("policies")
    return Struct(
        StabilizationWindowSeconds=rules.get("stabilizationWindowSeconds"),
        SelectPolicy=rules.get("selectPolicy"),
        Policies=policies
        and [Struct(Type=p.get("type") or "", Value=p.get("value") or 0, PeriodSeconds=p.get("periodSeconds") or 0) for p in policies],
        Tolerance=rules.get("tolerance"),
    )
