"""HorizontalPodAutoscaler of autoscaling/v1, to and from v2: what v1 has no field for travels in annotations.

Upstream: pkg/apis/autoscaling/v1/conversion.go, pkg/apis/autoscaling/helpers.go. Annotations that cannot be read are ignored.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from kplan.api.gotext import Struct, go_json
from kplan.api.objects import Object
from kplan.api.quantity import QuantityError
from kplan.kinds.horizontalpodautoscaler_v1_metrics import specs_from_v1, specs_to_v1, statuses_from_v1, statuses_to_v1

METRICS = "autoscaling.alpha.kubernetes.io/metrics"
CURRENT_METRICS = "autoscaling.alpha.kubernetes.io/current-metrics"
CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions"
BEHAVIOR = "autoscaling.alpha.kubernetes.io/behavior"
TOLERANCES = ("autoscaling.alpha.kubernetes.io/scale-down-tolerance", "autoscaling.alpha.kubernetes.io/scale-up-tolerance")
ROUND_TRIP = (METRICS, CURRENT_METRICS, CONDITIONS, BEHAVIOR, *TOLERANCES)
DEFAULT_CPU_UTILIZATION = 80
CONDITION = ("type", "status", "lastTransitionTime", "reason", "message")
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
    metrics = _read(annotations.get(METRICS), specs_from_v1) or []
    if cpu is not None or not metrics:
        metrics.append(_cpu({"type": "Utilization", "averageUtilization": DEFAULT_CPU_UTILIZATION if cpu is None else cpu}, "target"))
    new_spec["metrics"] = metrics
    behavior = _read(annotations.get(BEHAVIOR), _behavior)
    if behavior:
        new_spec["behavior"] = behavior

    new_status = {k: status[k] for k in ("observedGeneration", "lastScaleTime", "currentReplicas", "desiredReplicas") if status.get(k)}
    new_status.setdefault("desiredReplicas", 0)
    cpu = status.get("currentCPUUtilizationPercentage")
    current = _read(annotations.get(CURRENT_METRICS), statuses_from_v1)
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
    others = [m for m in metrics if not _is_cpu_utilization(m, "target")]
    if others:
        annotations[METRICS] = go_json(specs_to_v1(others))

    new_status = {k: status[k] for k in ("observedGeneration", "lastScaleTime") if k in status}
    new_status |= {k: status.get(k) or 0 for k in ("currentReplicas", "desiredReplicas")}
    current = status.get("currentMetrics") or []
    utilizations = [m["resource"]["current"]["averageUtilization"] for m in current if _is_cpu_utilization(m, "current")]
    if utilizations:
        new_status["currentCPUUtilizationPercentage"] = utilizations[-1]
    if current:
        annotations[CURRENT_METRICS] = go_json(statuses_to_v1(current))
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


def _conditions(conditions: list[Object] | None) -> list[Object]:
    return [dict(_ordered(c, CONDITION)) for c in conditions or ()]


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
