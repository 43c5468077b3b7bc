"""Deployment: ReplicaSets of one template after the other, by a strategy.

Upstream: pkg/apis/apps/{v1,validation}, pkg/registry/apps/deployment.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors, forbidden, invalid, not_supported, required
from kplan.api.gotext import Struct
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object
from kplan.kinds.checks import amount_of, at_most_100_percent, count_kept, immutable, label_selector, nonnegative, positive_int_or_percent, typed
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.podspec import PodValidationOptions, default_pod_template, drop_disabled_template_fields, options_for_template
from kplan.kinds.strategy import count_generation, keep_all_but_status, keep_status
from kplan.kinds.workload import (
    TEMPLATE_LABELS,
    cannot_convert,
    default_replicas,
    parse_error,
    parse_int64,
    prepare_template,
    references,
    update_warnings,
    validate_counts,
    validate_replica_template,
    validate_selector,
    validate_shares,
    warnings,
)

ROLLBACK = "deprecated.deployment.rollback.to"
STRATEGIES = ("Recreate", "RollingUpdate")


def default(obj: Object) -> None:
    """One replica, rolling updates by a quarter, ten old ReplicaSets, ten minutes to make progress."""
    spec = obj["spec"]
    default_replicas(obj)
    strategy = spec.setdefault("strategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    default_pod_template(spec["template"])
    convert_rollback(obj)


def convert_rollback(obj: Object) -> None:
    """The annotation that stands for the rollback field of old versions is a number, or is dropped.   Upstream: v1 conversion."""
    meta = obj.get("metadata") or {}
    text = (meta.get("annotations") or {}).get(ROLLBACK)
    if text is None:
        return
    number = parse_int64(text) if text else 0
    if number is None:
        raise cannot_convert("Deployment", f"failed to parse annotation[{ROLLBACK}]={text} as int64: {parse_error(text)}")
    meta["annotations"] = {k: v for k, v in meta["annotations"].items() if k != ROLLBACK} | ({ROLLBACK: str(number)} if text else {})
    if not meta["annotations"]:
        del meta["annotations"]


def prepare_update(new: Object, old: Object) -> None:
    """Annotations count too: they are copied to ReplicaSets."""
    keep_status(new, old)
    drop_disabled_template_fields(new["spec"]["template"], old["spec"]["template"])
    count_generation(new, old, "spec", "metadata.annotations")


def prepare_status(new: Object, old: Object) -> None:
    """A status update cannot change labels either."""
    keep_all_but_status(new, old)
    if old["metadata"].get("labels"):
        new["metadata"]["labels"] = old["metadata"]["labels"]
    else:
        new["metadata"].pop("labels", None)


def validate(obj: Object) -> FieldErrors:
    """A new Deployment."""
    yield from validate_object_meta(obj["metadata"], True, name_is_dns_subdomain)
    yield from validate_spec(obj, options_for_template(obj["spec"]["template"]))


def validate_spec(obj: Object, options: PodValidationOptions) -> FieldErrors:
    """Counts, selector, template, strategy, deadlines."""
    spec = obj["spec"]
    yield from nonnegative(spec.get("replicas"), "spec.replicas")
    selector = spec.get("selector")
    yield from validate_selector(selector, "deployment")
    yield from validate_replica_template(selector, spec["template"], options)
    yield from validate_strategy(spec.get("strategy") or {}, "spec.strategy")
    yield from nonnegative(spec.get("minReadySeconds"), "spec.minReadySeconds")
    yield from nonnegative(spec.get("revisionHistoryLimit"), "spec.revisionHistoryLimit")
    annotations = obj["metadata"].get("annotations")
    if annotations and ROLLBACK in annotations:
        yield from nonnegative(int(annotations[ROLLBACK]), "spec.rollback.version")
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None:
        yield from nonnegative(deadline, "spec.progressDeadlineSeconds")
        if deadline <= (spec.get("minReadySeconds") or 0):
            yield invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")


def validate_strategy(strategy: Object, path: str) -> FieldErrors:
    """Recreate, or a rolling update that can move."""
    kind, rolling = strategy.get("type") or "", strategy.get("rollingUpdate")
    if kind == "Recreate":
        if rolling is not None:
            yield forbidden(f"{path}.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")
    elif kind != "RollingUpdate":
        printed = None if rolling is None else Struct(MaxUnavailable=rolling.get("maxUnavailable", 0), MaxSurge=rolling.get("maxSurge", 0))
        yield not_supported(path, Struct(Type=kind, RollingUpdate=printed), STRATEGIES)
    elif rolling is None:
        yield required(f"{path}.rollingUpdate", "this should be defaulted and never be nil")
    else:
        unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
        yield from positive_int_or_percent(unavailable, f"{path}.rollingUpdate.maxUnavailable")
        yield from positive_int_or_percent(surge, f"{path}.rollingUpdate.maxSurge")
        if not amount_of(unavailable) and not amount_of(surge):
            yield invalid(f"{path}.rollingUpdate.maxUnavailable", typed(unavailable), "may not be 0 when `maxSurge` is 0")
        yield from at_most_100_percent(unavailable, f"{path}.rollingUpdate.maxUnavailable")


def validate_update(new: Object, old: Object) -> FieldErrors:
    """A changed Deployment: its selector stays."""
    spec, was = new["spec"], old["spec"]
    yield from validate_spec(new, options_for_template(spec["template"], was["template"]))
    yield from immutable(spec.get("selector"), was.get("selector"), "spec.selector", label_selector(spec.get("selector")))


def validate_status(new: Object, old: Object) -> FieldErrors:
    """What the controller may write."""
    status = new.get("status") or {}
    yield from validate_counts(
        status,
        "observedGeneration",
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
        "unavailableReplicas",
        "terminatingReplicas",
        "collisionCount",
    )
    yield from validate_shares(status, "updatedReplicas", "readyReplicas", "availableReplicas")
    yield from count_kept(status, old.get("status") or {}, "status")


KIND = Kind(
    group="apps",
    version="v1",
    kind="Deployment",
    plural="deployments",
    namespaced=True,
    short_names=("deploy",),
    status=True,
    empties=(TEMPLATE_LABELS,),
    default=default,
    prepare=prepare_template,
    prepare_update=prepare_update,
    prepare_status=prepare_status,
    validate=validate,
    validate_update=validate_update,
    validate_status=validate_status,
    warnings=warnings,
    update_warnings=update_warnings,
    references=references,
)
