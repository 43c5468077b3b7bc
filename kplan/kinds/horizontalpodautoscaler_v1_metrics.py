"""The metrics of a HorizontalPodAutoscaler in the form that autoscaling/v1 has in annotations, to and from that of v2.

Upstream: the conversions of metric sources in pkg/apis/autoscaling/v1/conversion.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kplan.api.gotext import Struct
from kplan.api.objects import Object
from kplan.api.quantity import canonical, parse_json
from kplan.kinds.checks import label_selector

SOURCES = ("object", "pods", "resource", "containerResource", "external")


def specs_from_v1(metrics: list[Object] | None) -> list[Object]:
    """`spec.metrics` as v2 has them."""
    return [dict(_metric(m, _SPEC_FROM_V1)) for m in metrics or ()]


def specs_to_v1(metrics: list[Object]) -> list[Struct]:
    """`spec.metrics` as the annotation has them."""
    return [_metric(m, _SPEC_TO_V1) for m in metrics]


def statuses_from_v1(metrics: list[Object] | None) -> list[Object]:
    """`status.currentMetrics` as v2 has them."""
    return [dict(_metric(m, _STATUS_FROM_V1)) for m in metrics or ()]


def statuses_to_v1(metrics: list[Object]) -> list[Struct]:
    """`status.currentMetrics` as the annotation has them."""
    return [_metric(m, _STATUS_TO_V1) for m in metrics]


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
