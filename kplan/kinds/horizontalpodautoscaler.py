"""HorizontalPodAutoscaler: how many replicas a workload should have, by which metrics.

Upstream: pkg/apis/autoscaling/{v2,validation}, pkg/registry/autoscaling/horizontalpodautoscaler. autoscaling/v1 is
converted (`horizontalpodautoscaler_v1`). Scaling to zero is behind a gate that is off.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.field import FieldErrors, invalid, required
from kplan.api.names import is_path_segment_name, name_is_dns_subdomain
from kplan.api.objects import Object, group_kind, namespace_of
from kplan.kinds.checks import nonnegative
from kplan.kinds.horizontalpodautoscaler_v1 import drop_round_trip_annotations, from_preferred, to_preferred
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.scalingrules import validate_behavior, validate_metrics
from kplan.kinds.strategy import keep_all_but_status, keep_status

SCALE_UP = (("Pods", 4), ("Percent", 100))
SCALE_DOWN = (("Percent", 100),)
PERIOD_SECONDS = 15


def default(obj: Object) -> None:
    """One replica at least, CPU at 80 %, and whole scaling rules if there are any."""
    drop_round_trip_annotations(obj)
    spec = obj.setdefault("spec", {})
    if spec.get("minReplicas") is None:
        spec["minReplicas"] = 1
    if not spec.get("metrics"):
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}]
    behavior = spec.get("behavior")
    if behavior is not None:
        behavior["scaleUp"] = default_rules(behavior.get("scaleUp"), SCALE_UP, {"stabilizationWindowSeconds": 0})
        behavior["scaleDown"] = default_rules(behavior.get("scaleDown"), SCALE_DOWN, {})


def default_rules(rules: Object | None, policies: tuple[tuple[str, int], ...], window: Object) -> Object:
    """The scaling rules of one direction, with what they do not state filled in."""
    fresh = {
        **window,
        "selectPolicy": "Max",
        "policies": [{"type": kind, "value": value, "periodSeconds": PERIOD_SECONDS} for kind, value in policies],
    }
    return {**fresh, **{k: v for k, v in (rules or {}).items() if v is not None}}


def prepare(obj: Object) -> None:
    """Status is the controller's; a new autoscaler has no generation."""
    obj["status"] = {"desiredReplicas": 0, "currentMetrics": None}


def validate(obj: Object) -> FieldErrors:
    """A new autoscaler."""
    spec = obj.get("spec") or {}
    yield from validate_object_meta(obj["metadata"], True, name_is_dns_subdomain)
    yield from validate_spec(spec, lowest=1, check_target_version=True, check_object_versions=True)


def validate_update(new: Object, old: Object) -> FieldErrors:
    """A changed autoscaler: what was wrong with apiVersions may stay so."""
    spec, was = new.get("spec") or {}, old.get("spec") or {}
    target, was_target = spec.get("scaleTargetRef") or {}, was.get("scaleTargetRef") or {}
    unchanged = all((target.get(k) or "") == (was_target.get(k) or "") for k in ("apiVersion", "kind"))
    yield from validate_spec(
        spec,
        lowest=0 if was.get("minReplicas") == 0 else 1,
        check_target_version=not unchanged,
        check_object_versions=not any(
            m.get("type") == "Object" and m.get("object") is not None and api_version_error(m["object"].get("describedObject") or {}, group_optional=True)
            for m in was.get("metrics") or ()
        ),
    )


def validate_spec(spec: Object, *, lowest: int, check_target_version: bool, check_object_versions: bool) -> FieldErrors:
    """Bounds, target, metrics, behavior."""
    least, most = spec.get("minReplicas"), spec.get("maxReplicas") or 0
    if least is not None and least < lowest:
        yield invalid("spec.minReplicas", least, f"must be greater than or equal to {lowest}")
    if most == 0:
        yield required("spec.maxReplicas", "must be set and greater than 0")
    elif most < 0:
        yield invalid("spec.maxReplicas", most, "must be greater than or equal to 1")
    if least is not None and most < least:
        yield invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")
    target = spec.get("scaleTargetRef") or {}
    group_optional = target.get("kind") == "ReplicationController"
    yield from validate_object_reference(target, "spec.scaleTargetRef", check_version=check_target_version, group_optional=group_optional)

    def described_object(ref: Object, path: str) -> FieldErrors:
        return validate_object_reference(ref, path, check_version=check_object_versions, group_optional=True)

    yield from validate_metrics(spec.get("metrics") or [], "spec.metrics", least, described_object)
    if spec.get("behavior") is not None:
        yield from validate_behavior(spec["behavior"], "spec.behavior")


def validate_object_reference(ref: Object, path: str, *, check_version: bool, group_optional: bool) -> FieldErrors:
    """An object of any version.   Upstream: ValidateCrossVersionObjectReference."""
    for field in ("kind", "name"):
        value = ref.get(field) or ""
        if not value:
            yield required(f"{path}.{field}")
        for message in is_path_segment_name(value) if value else ():
            yield invalid(f"{path}.{field}", value, message)
    if check_version:
        why = api_version_error(ref, group_optional=group_optional)
        if why:
            yield invalid(f"{path}.apiVersion", ref.get("apiVersion") or "", why)


def api_version_error(ref: Object, *, group_optional: bool) -> str:
    """What is wrong with the apiVersion of a reference; empty if nothing is.   Upstream: ValidateAPIVersion."""
    text = ref.get("apiVersion") or ""
    if text.count("/") > 1:
        return f"unexpected GroupVersion string: {text}"
    if not group_optional and not text.rpartition("/")[0]:
        return "apiVersion must specify API group"
    return ""


def validate_status(new: Object, _old: Object) -> FieldErrors:
    """What the controller may write."""
    status = new.get("status") or {}
    yield from nonnegative(status.get("currentReplicas"), "status.currentReplicas")
    yield from nonnegative(status.get("desiredReplicas"), "status.desiredReplicas")


def references(obj: Object) -> Iterator[Reference]:
    """The workload that it scales and the objects that metrics describe."""
    spec, namespace = obj.get("spec") or {}, namespace_of(obj)
    refs = [("spec.scaleTargetRef", spec.get("scaleTargetRef") or {})]
    for i, metric in enumerate(spec.get("metrics") or ()):
        refs.append((f"spec.metrics[{i}].object.describedObject", (metric.get("object") or {}).get("describedObject") or {}))
    for path, ref in refs:
        if ref.get("kind") and ref.get("name"):
            yield Reference(f"{path}.name", group_kind(ref["kind"], (ref.get("apiVersion") or "").rpartition("/")[0]), namespace, ref["name"])


KIND = Kind(
    group="autoscaling",
    version="v2",
    kind="HorizontalPodAutoscaler",
    plural="horizontalpodautoscalers",
    namespaced=True,
    short_names=("hpa",),
    status=True,
    empties=(("spec", "behavior", "scaleUp", "policies"), ("spec", "behavior", "scaleDown", "policies")),
    default=default,
    prepare=prepare,
    prepare_update=keep_status,
    prepare_status=keep_all_but_status,
    validate=validate,
    validate_update=validate_update,
    validate_status=validate_status,
    references=references,
    other_versions=("v1",),
    to_preferred=to_preferred,
    from_preferred=from_preferred,
)
