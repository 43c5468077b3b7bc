"""DaemonSet: a pod on every node that fits.

Upstream: pkg/apis/apps/{v1,validation}, pkg/registry/apps/daemonset. The template generation lives in an annotation, as
apps/v1 shows it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from kplan.api.field import FieldErrors, invalid, not_supported, required
from kplan.api.gotext import Struct
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object, annotations_of
from kplan.api.selectors import is_empty
from kplan.kinds.checks import (
    amount_of,
    at_most_100_percent,
    count_kept,
    immutable,
    label_selector,
    nonnegative,
    positive_int_or_percent,
    same,
    typed,
)
from kplan.kinds.kind import Kind
from kplan.kinds.labelselector import has_invalid_label_value, validate_label_selector
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.podspec import PodValidationOptions, default_pod_template, options_for_template, pod_template_warnings, validate_pod_template_spec
from kplan.kinds.strategy import keep_all_but_status
from kplan.kinds.workload import (
    TEMPLATE_LABELS,
    cannot_convert,
    is_selector,
    parse_error,
    parse_int64,
    prepare_template,
    prepare_template_update,
    references,
    template_warnings,
    validate_always_running,
    validate_counts,
    validate_match,
)

TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
STRATEGIES = ("RollingUpdate", "OnDelete")


def default(obj: Object) -> None:
    """Rolling updates of one node after the other, ten old revisions."""
    spec = obj["spec"]
    strategy = spec.setdefault("updateStrategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", 1)
        rolling.setdefault("maxSurge", 0)
    elif strategy.get("rollingUpdate") is not None:
        for bound in ("maxUnavailable", "maxSurge"):  # upstream's own type has numbers where v1 has pointers
            strategy["rollingUpdate"].setdefault(bound, 0)
    spec.setdefault("revisionHistoryLimit", 10)
    default_pod_template(spec["template"])
    text = annotations_of(obj).get(TEMPLATE_GENERATION)
    if text is not None and parse_int64(text) is None:
        raise cannot_convert("DaemonSet", parse_error(text))


def template_generation(obj: Object) -> int:
    """Which template this is, counted from 1."""
    return parse_int64(annotations_of(obj).get(TEMPLATE_GENERATION, "0")) or 0


def number_template(obj: Object, generation: int) -> None:
    """Write the template generation."""
    meta = obj["metadata"]
    meta["annotations"] = {**(meta.get("annotations") or {}), TEMPLATE_GENERATION: str(generation)}


def prepare(obj: Object) -> None:
    """A new DaemonSet."""
    prepare_template(obj, currentNumberScheduled=0, numberMisscheduled=0, desiredNumberScheduled=0, numberReady=0)
    number_template(obj, max(template_generation(obj), 1))


def prepare_update(new: Object, old: Object) -> None:
    """A changed template counts for itself, too."""
    prepare_template_update(new, old)
    changed = not same(new["spec"]["template"], old["spec"]["template"])
    number_template(new, template_generation(old) + changed)


def validate(obj: Object) -> FieldErrors:
    """A new DaemonSet."""
    yield from validate_object_meta(obj["metadata"], True, name_is_dns_subdomain)
    yield from validate_spec(obj["spec"], options_for_template(obj["spec"]["template"]))


def validate_spec(spec: Object, options: PodValidationOptions) -> FieldErrors:
    """Selector, template, strategy."""
    selector, template = spec.get("selector"), spec["template"]
    yield from validate_label_selector(selector, "spec.selector", allow_invalid_values=options.allow_invalid_label_value_in_selector)
    if is_selector(selector):
        yield from validate_match(selector, template, "spec.template")
    if selector is not None and is_empty(selector):
        yield invalid("spec.selector", label_selector(selector), "empty selector is invalid for daemonset")
    yield from validate_pod_template_spec(template, "spec.template", options)
    yield from validate_always_running(template, "spec.template", "DaemonSet")
    yield from nonnegative(spec.get("minReadySeconds"), "spec.minReadySeconds")
    yield from validate_strategy(spec.get("updateStrategy") or {}, "spec.updateStrategy")
    yield from nonnegative(spec.get("revisionHistoryLimit"), "spec.revisionHistoryLimit")


def validate_strategy(strategy: Object, path: str) -> FieldErrors:
    """On delete, or a rolling update either way."""
    kind, rolling = strategy.get("type") or "", strategy.get("rollingUpdate")
    if kind == "OnDelete":
        return
    if kind != "RollingUpdate":
        printed = None if rolling is None else Struct(MaxUnavailable=rolling.get("maxUnavailable", 0), MaxSurge=rolling.get("maxSurge", 0))
        yield not_supported(path, Struct(Type=kind, RollingUpdate=printed), STRATEGIES)
    elif rolling is None:
        yield required(f"{path}.rollingUpdate")
    else:
        yield from validate_rolling_update(rolling, f"{path}.rollingUpdate")


def validate_rolling_update(rolling: Object, path: str) -> FieldErrors:
    """Pods go first or come first: one of the two bounds is zero, the other is not."""
    bounds = {field: rolling.get(field, 0) for field in ("maxUnavailable", "maxSurge")}
    for field, bound in bounds.items():
        yield from positive_int_or_percent(bound, f"{path}.{field}")
    for field, bound in bounds.items():
        yield from at_most_100_percent(bound, f"{path}.{field}")
    unavailable, surge = (amount_of(bound) for bound in bounds.values())
    if unavailable and surge:
        yield invalid(f"{path}.maxSurge", typed(bounds["maxSurge"]), "may not be set when maxUnavailable is non-zero")
    elif not unavailable and not surge:
        yield required(f"{path}.maxUnavailable", "cannot be 0 when maxSurge is 0")


def validate_update(new: Object, old: Object) -> FieldErrors:
    """A changed DaemonSet: its selector stays."""
    spec, was = new["spec"], old["spec"]
    options = options_for_template(spec["template"], was["template"])
    if has_invalid_label_value(was.get("selector")):
        options = replace(options, allow_invalid_label_value_in_selector=True)
    yield from immutable(spec.get("selector"), was.get("selector"), "spec.selector", label_selector(spec.get("selector")))
    yield from validate_spec(spec, options)


def validate_status(new: Object, old: Object) -> FieldErrors:
    """What the controller may write."""
    status = new.get("status") or {}
    yield from validate_counts(
        status,
        "currentNumberScheduled",
        "numberMisscheduled",
        "desiredNumberScheduled",
        "numberReady",
        "observedGeneration",
        "updatedNumberScheduled",
        "numberAvailable",
        "numberUnavailable",
        "collisionCount",
    )
    yield from count_kept(status, old.get("status") or {}, "status")


def update_warnings(new: Object, old: Object) -> Iterable[str]:
    """Of a template that changed."""
    if template_generation(new) != template_generation(old):
        return pod_template_warnings(new["spec"]["template"], "spec.template", old["spec"]["template"])
    return ()


KIND = Kind(
    group="apps",
    version="v1",
    kind="DaemonSet",
    plural="daemonsets",
    namespaced=True,
    short_names=("ds",),
    status=True,
    empties=(TEMPLATE_LABELS,),
    default=default,
    prepare=prepare,
    prepare_update=prepare_update,
    prepare_status=keep_all_but_status,
    validate=validate,
    validate_update=validate_update,
    validate_status=validate_status,
    warnings=template_warnings,
    update_warnings=update_warnings,
    references=references,
)
