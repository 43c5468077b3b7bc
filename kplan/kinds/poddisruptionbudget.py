"""PodDisruptionBudget: how many of the selected pods may be evicted.

Upstream: pkg/apis/policy/validation, pkg/registry/policy/poddisruptionbudget. What v1beta1 understood by selectors is left
out with that version, but for the label that stood for its "match none", which v1 strips.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.field import FieldErrors, invalid, not_supported
from kplan.api.gotext import Struct
from kplan.api.objects import Object, namespace_of
from kplan.kinds.checks import at_most_100_percent, label_selector, nonnegative, positive_int_or_percent, typed
from kplan.kinds.conditions import validate_conditions
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.labelselector import validate_label_selector
from kplan.kinds.strategy import count_generation, first_generation, keep_all_but_status, keep_status

EVICTION_POLICIES = ("AlwaysAllow", "IfHealthyBudget")
V1BETA1_LABEL = "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match"
MATCH_NONE = {"matchExpressions": [{"key": V1BETA1_LABEL, "operator": "Exists"}]}
COUNTS = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")


def default(obj: Object) -> None:
    """The label that v1beta1 used for selectors of its own never stands beside others."""
    selector = (obj.get("spec") or {}).get("selector")
    if selector and selector != MATCH_NONE and selector.get("matchExpressions"):
        kept = [e for e in selector["matchExpressions"] if e.get("key") != V1BETA1_LABEL]
        if kept:
            selector["matchExpressions"] = kept
        else:
            del selector["matchExpressions"]


def prepare(obj: Object) -> None:
    """No status, first generation."""
    obj["status"] = dict.fromkeys(COUNTS, 0)
    first_generation(obj)


def prepare_update(new: Object, old: Object) -> None:
    """Status stays, a changed spec counts."""
    keep_status(new, old)
    count_generation(new, old, "spec")


def validate(obj: Object) -> FieldErrors:
    """A new budget; upstream checks no name beyond what all objects must have."""
    return validate_spec(obj.get("spec") or {}, allow_invalid_values=False)


def validate_update(new: Object, old: Object) -> FieldErrors:
    """A changed budget: selector values may be as wrong as they were."""
    selector = (old.get("spec") or {}).get("selector")
    was_invalid = any(True for _ in validate_label_selector(selector, ""))
    return validate_spec(new.get("spec") or {}, allow_invalid_values=was_invalid)


def validate_spec(spec: Object, *, allow_invalid_values: bool) -> FieldErrors:
    """One of the two bounds, its value, the selector."""
    least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    if least is not None and most is not None:
        yield invalid("spec", printed_spec(spec), "minAvailable and maxUnavailable cannot be both set")
    if least is not None:
        yield from positive_int_or_percent(least, "spec.minAvailable")
        yield from at_most_100_percent(least, "spec.minAvailable")
    if most is not None:
        yield from positive_int_or_percent(most, "spec.maxUnavailable")
        yield from at_most_100_percent(most, "spec.maxUnavailable")
    yield from validate_label_selector(spec.get("selector"), "spec.selector", allow_invalid_values=allow_invalid_values)
    policy = spec.get("unhealthyPodEvictionPolicy")
    if policy is not None and policy not in EVICTION_POLICIES:
        yield not_supported("spec.unhealthyPodEvictionPolicy", typed(policy), EVICTION_POLICIES)


def printed_spec(spec: Object) -> Object:
    """A spec as messages print the Go struct."""
    return Struct(
        MinAvailable=spec.get("minAvailable"),
        Selector=label_selector(spec["selector"]) if spec.get("selector") is not None else None,
        MaxUnavailable=spec.get("maxUnavailable"),
        UnhealthyPodEvictionPolicy=spec.get("unhealthyPodEvictionPolicy"),
    )


def validate_status(new: Object, _old: Object) -> FieldErrors:
    """What the disruption controller may write."""
    status = new.get("status") or {}
    yield from validate_conditions(status.get("conditions") or (), "status.conditions")
    for field in COUNTS:
        yield from nonnegative(status.get(field), f"status.{field}")


def references(obj: Object) -> Iterator[Reference]:
    """The pods it protects."""
    selector = (obj.get("spec") or {}).get("selector")
    if selector is not None:
        yield Reference("spec.selector", "Pod", namespace_of(obj), "", selects=selector)


KIND = Kind(
    group="policy",
    version="v1",
    kind="PodDisruptionBudget",
    plural="poddisruptionbudgets",
    namespaced=True,
    short_names=("pdb",),
    status=True,
    unconditional_update=False,
    default=default,
    prepare=prepare,
    prepare_update=prepare_update,
    prepare_status=keep_all_but_status,
    validate=validate,
    validate_update=validate_update,
    validate_status=validate_status,
    references=references,
)
