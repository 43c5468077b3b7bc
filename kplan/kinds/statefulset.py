"""StatefulSet: pods with names and volumes of their own, one after the other.

Upstream: pkg/apis/apps/{v1,validation}, pkg/registry/apps/statefulset. `maxUnavailable` is dropped: its gate is off.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.field import FieldErrors, forbidden, invalid, not_supported, required
from kplan.api.gotext import Struct
from kplan.api.names import is_dns1123_label, name_is_dns_label
from kplan.api.objects import Object, name_of, namespace_of
from kplan.kinds.checks import amount_of, at_most_100_percent, count_kept, label_selector, nonnegative, positive_int_or_percent, same, typed
from kplan.kinds.claimspec import claim_spec_references, claim_spec_warnings, validate_claim_spec
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import validate_annotations, validate_labels, validate_object_meta
from kplan.kinds.persistentvolumeclaim import default_claim
from kplan.kinds.podspec import (
    PodValidationOptions,
    default_pod_template,
    drop_disabled_template_fields,
    options_for_template,
    validate_pod_template_spec,
)
from kplan.kinds.podspec.annotations import validate_pod_annotations
from kplan.kinds.strategy import count_generation, keep_all_but_status, keep_status
from kplan.kinds.workload import (
    TEMPLATE_LABELS,
    default_replicas,
    is_selector,
    labels_in,
    prepare_template,
    template_warnings,
    validate_always_running,
    validate_counts,
    validate_match,
    validate_selector,
    validate_shares,
)
from kplan.kinds.workload import references as template_references
from kplan.kinds.workload import update_warnings as template_update_warnings

ORDERED, PARALLEL = "OrderedReady", "Parallel"
RETENTION = ("Retain", "Delete")
MUTABLE = frozenset(
    ("replicas", "template", "updateStrategy", "minReadySeconds", "ordinals", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy")
)
IMMUTABLE_SPEC = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', "
    "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
NEGATIVE_HISTORY = "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"


def default(obj: Object) -> None:
    """One replica at a time, in order; claims are kept; ten old revisions."""
    spec = obj["spec"]
    if not spec.get("podManagementPolicy"):
        spec["podManagementPolicy"] = ORDERED
    strategy = spec.setdefault("updateStrategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
        strategy.setdefault("rollingUpdate", {})
    if strategy["type"] == "RollingUpdate" and strategy.get("rollingUpdate") is not None:
        strategy["rollingUpdate"].setdefault("partition", 0)
    retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    for occasion in ("whenDeleted", "whenScaled"):
        if not retention.get(occasion):
            retention[occasion] = "Retain"
    default_replicas(obj)
    spec.setdefault("revisionHistoryLimit", 10)
    default_pod_template(spec["template"])
    for claim in spec.get("volumeClaimTemplates") or ():
        default_claim(claim)
        claim["apiVersion"], claim["kind"] = "v1", "PersistentVolumeClaim"


def drop_max_unavailable(obj: Object, old: Object | None = None) -> None:
    """Behind a gate that is off; what a stored set has it keeps."""
    rolling = (obj["spec"].get("updateStrategy") or {}).get("rollingUpdate")
    kept = ((old or {}).get("spec") or {}).get("updateStrategy") or {}
    had = (kept.get("rollingUpdate") or {}).get("maxUnavailable") is not None
    if rolling and not had:
        rolling.pop("maxUnavailable", None)


def prepare(obj: Object) -> None:
    """A new StatefulSet."""
    drop_max_unavailable(obj)
    prepare_template(obj, replicas=0, availableReplicas=0)


def prepare_update(new: Object, old: Object) -> None:
    """A changed StatefulSet."""
    keep_status(new, old)
    drop_max_unavailable(new, old)
    drop_disabled_template_fields(new["spec"]["template"], old["spec"]["template"])
    count_generation(new, old, "spec")


def validate(obj: Object) -> FieldErrors:
    """A new StatefulSet."""
    spec = obj["spec"]
    yield from validate_object_meta(obj["metadata"], True, name_is_dns_label)
    yield from validate_spec(spec, options_for_template(spec["template"]))


def validate_spec(spec: Object, options: PodValidationOptions, *, update: bool = False, check_template: bool = True) -> FieldErrors:
    """The spec; on `update` what cannot change is not judged again, nor a template that was bad before."""
    policy = spec.get("podManagementPolicy") or ""
    if not policy:
        yield required("spec.podManagementPolicy")
    elif policy not in (ORDERED, PARALLEL):
        yield invalid("spec.podManagementPolicy", typed(policy), f"must be '{ORDERED}' or '{PARALLEL}'")
    yield from validate_strategy(spec.get("updateStrategy") or {}, "spec.updateStrategy")
    retention = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    for occasion, choice in ((k, retention[k]) for k in ("whenDeleted", "whenScaled") if k in retention):
        if choice not in RETENTION:
            yield not_supported(f"spec.persistentVolumeClaimRetentionPolicy.{occasion}", typed(choice), RETENTION)
    if not update:
        for i, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
            yield from validate_claim_spec(claim.get("spec") or {}, f"spec.volumeClaimTemplates[{i}].spec")
    yield from nonnegative(spec.get("replicas"), "spec.replicas")
    yield from nonnegative(spec.get("minReadySeconds"), "spec.minReadySeconds")
    yield from nonnegative((spec.get("ordinals") or {}).get("start"), "spec.ordinals.start")
    service = spec.get("serviceName")
    if service and not update:
        for message in is_dns1123_label(service):
            yield invalid("spec.serviceName", service, message)
    selector, template = spec.get("selector"), spec["template"]
    yield from validate_selector(selector, "statefulset")
    if not is_selector(selector):
        yield invalid("spec.selector", label_selector(selector))
    else:
        yield from validate_template(selector, pod_template(spec), "spec.template", options, check_template)
    yield from validate_always_running(template, "spec.template", "StatefulSet")


def pod_template(spec: Object) -> Object:
    """The template as its pods will have it: claims as volumes, hostname and subdomain left to the controller."""
    template: Object = spec["template"]
    pod, claims = template.get("spec") or {}, spec.get("volumeClaimTemplates")
    if not (claims or pod.get("subdomain") or pod.get("hostname")):
        return template
    pod = {k: v for k, v in pod.items() if k not in ("subdomain", "hostname")}
    if claims:
        names = dict.fromkeys(name_of(claim) for claim in claims)
        volumes: list[Object] = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in names]
        pod["volumes"] = [*volumes, *(v for v in pod.get("volumes") or () if (v.get("name") or "") not in names)]
    return {**template, "spec": pod}


def validate_template(selector: Object | None, template: Object, path: str, options: PodValidationOptions, check: bool) -> FieldErrors:
    """Selected, well-formed; labels and annotations are looked at once more.   Upstream: ValidatePodTemplateSpecForStatefulSet."""
    yield from validate_match(selector, template, path)
    if check:
        yield from validate_pod_template_spec(template, path, options)
    labels, annotations = labels_in(template), (template.get("metadata") or {}).get("annotations") or {}
    yield from validate_labels(labels, f"{path}.labels")
    yield from validate_annotations(annotations, f"{path}.annotations")
    yield from validate_pod_annotations(annotations, template.get("spec") or {}, f"{path}.annotations", options)


def validate_strategy(strategy: Object, path: str) -> FieldErrors:
    """On delete, or rolling."""
    kind, rolling = strategy.get("type") or "", strategy.get("rollingUpdate")
    if not kind:
        yield required(path)
    elif kind == "OnDelete":
        if rolling is not None:
            yield invalid(f"{path}.rollingUpdate", printed_rolling(rolling), "only allowed for updateStrategy 'RollingUpdate'")
    elif kind == "RollingUpdate":
        yield from validate_rolling_update(rolling or {}, f"{path}.rollingUpdate")
    else:
        yield invalid(path, Struct(Type=kind, RollingUpdate=printed_rolling(rolling)), "must be 'RollingUpdate' or 'OnDelete'")


def validate_rolling_update(rolling: Object, path: str) -> FieldErrors:
    """Partition, and how many pods may be away."""
    yield from nonnegative(rolling.get("partition"), f"{path}.partition")
    unavailable = rolling.get("maxUnavailable")
    if unavailable is not None:
        yield from positive_int_or_percent(unavailable, f"{path}.maxUnavailable")
        if not amount_of(unavailable):
            yield invalid(f"{path}.maxUnavailable", typed(unavailable), "cannot be 0")
        yield from at_most_100_percent(unavailable, f"{path}.maxUnavailable")


def printed_rolling(rolling: Object | None) -> Object | None:
    """A rolling update as messages print the Go struct."""
    return None if rolling is None else Struct(Partition=rolling.get("partition") or 0, MaxUnavailable=rolling.get("maxUnavailable"))


def validate_update(new: Object, old: Object) -> FieldErrors:
    """A changed StatefulSet: little of its spec may change."""
    spec, was = new["spec"], old["spec"]
    options = options_for_template(spec["template"], was["template"])
    was_valid = not any(True for _ in validate_spec(was, options, update=True))
    yield from validate_spec(spec, options, update=True, check_template=was_valid)
    if not same({k: v for k, v in spec.items() if k not in MUTABLE}, {k: v for k, v in was.items() if k not in MUTABLE}):
        yield forbidden("spec", IMMUTABLE_SPEC)


def validate_status(new: Object, old: Object) -> FieldErrors:
    """What the controller may write."""
    status = new.get("status") or {}
    shares = ("readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")
    yield from validate_counts(status, "replicas", *shares, "observedGeneration", "collisionCount")
    yield from validate_shares(status, *shares, ready="status.readyReplicas")
    yield from count_kept(status, old.get("status") or {}, "status")


def warnings(obj: Object) -> Iterator[str]:
    """Template, claim templates, history."""
    yield from template_warnings(obj)
    yield from own_warnings(obj["spec"], "")


def update_warnings(new: Object, old: Object) -> Iterator[str]:
    """The template if anything changed, the rest always."""
    yield from template_update_warnings(new, old)
    yield from own_warnings(new["spec"], ".Spec")


def own_warnings(spec: Object, suffix: str) -> Iterator[str]:
    """Claim templates (upstream's path on update ends in `.Spec`) and a history without end."""
    for i, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
        yield from claim_spec_warnings(claim.get("spec") or {}, f"spec.volumeClaimTemplates[{i}]{suffix}")
    if (spec.get("revisionHistoryLimit") or 0) < 0:
        yield NEGATIVE_HISTORY


def references(obj: Object) -> Iterator[Reference]:
    """The governing service, what its claims and pods name."""
    spec, namespace = obj.get("spec") or {}, namespace_of(obj)
    if spec.get("serviceName"):
        yield Reference("spec.serviceName", "Service", namespace, spec["serviceName"])
    for i, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
        yield from claim_spec_references(claim.get("spec") or {}, namespace, f"spec.volumeClaimTemplates[{i}].spec")
    own = {name_of(claim) for claim in spec.get("volumeClaimTemplates") or ()}
    yield from (r for r in template_references(obj) if not (r.kind == "PersistentVolumeClaim" and r.name in own))


KIND = Kind(
    group="apps",
    version="v1",
    kind="StatefulSet",
    plural="statefulsets",
    namespaced=True,
    short_names=("sts",),
    status=True,
    empties=(TEMPLATE_LABELS,),
    default=default,
    prepare=prepare,
    prepare_update=prepare_update,
    prepare_status=keep_all_but_status,
    validate=validate,
    validate_update=validate_update,
    validate_status=validate_status,
    warnings=warnings,
    update_warnings=update_warnings,
    references=references,
)
