"""ReplicationController: what came before ReplicaSets; its selector is a plain map, its template may be missing.

Upstream: pkg/apis/core/v1/defaults.go, pkg/apis/core/validation/validation.go, pkg/registry/core/replicationcontroller.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kplan.api.field import NOT_FOUND, FieldError, FieldErrors, invalid, required
from kplan.api.names import long_name
from kplan.api.objects import Object, annotations_of
from kplan.api.selectors import selector_from_set
from kplan.kinds.checks import nonnegative, same, typed
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.podspec import (
    PodValidationOptions,
    default_pod_template,
    drop_disabled_template_fields,
    options_for_template,
    pod_template_warnings,
    validate_pod_template_spec,
)
from kplan.kinds.strategy import count_generation, first_generation, keep_all_but_status, keep_status
from kplan.kinds.workload import (
    MISMATCH,
    TEMPLATE_LABELS,
    default_replicas,
    labels_in,
    name_warnings,
    references,
    validate_always_running,
    validate_counts,
    validate_shares,
)

NON_CONVERTIBLE = "non-convertible.kubernetes.io"


def default(obj: Object) -> None:
    """One replica; selector and labels are the template's where there are none."""
    spec = obj["spec"]
    template = spec.get("template")
    labels = labels_in(template) if template is not None else None
    if labels:
        if not spec.get("selector"):
            spec["selector"] = dict(labels)
        meta = obj.setdefault("metadata", {})
        if not meta.get("labels"):
            meta["labels"] = dict(labels)
    default_replicas(obj)
    if template is not None:
        default_pod_template(template)


def prepare(obj: Object) -> None:
    """A new controller."""
    obj["status"] = {"replicas": 0}
    first_generation(obj)
    if obj["spec"].get("template") is not None:
        drop_disabled_template_fields(obj["spec"]["template"])


def prepare_update(new: Object, old: Object) -> None:
    """A changed controller."""
    keep_status(new, old)
    if new["spec"].get("template") is not None:
        drop_disabled_template_fields(new["spec"]["template"], old["spec"].get("template"))
    count_generation(new, old, "spec")


def name_rule(name: str, _prefix: bool) -> list[str]:
    """A DNS subdomain, in the words of declarative validation."""
    return long_name(name)


def validate(obj: Object) -> FieldErrors:
    """A new controller."""
    yield from validate_object_meta(obj["metadata"], True, name_rule, check_generate_name=False)
    yield from validate_spec(obj["spec"], options_for_template(obj["spec"].get("template")))


def validate_spec(spec: Object, options: PodValidationOptions) -> FieldErrors:
    """Counts, selector, template."""
    selector, template = spec.get("selector"), spec.get("template")
    yield from nonnegative(spec.get("minReadySeconds"), "spec.minReadySeconds")
    if not selector:
        yield required("spec.selector")
    yield from nonnegative(spec.get("replicas"), "spec.replicas")
    if template is None:
        yield required("spec.template")
        return
    if selector and not selector_from_set(selector)(labels_in(template)):
        yield invalid("spec.template.metadata.labels", typed((template.get("metadata") or {}).get("labels")), MISMATCH)
    yield from validate_pod_template_spec(template, "spec.template", options)
    yield from validate_always_running(template, "spec.template", "ReplicationController")


def validate_update(new: Object, old: Object) -> FieldErrors:
    """A changed controller; fields that an old version could not convert stay."""
    spec, was = new["spec"], old["spec"]
    yield from validate_spec(spec, options_for_template(spec.get("template"), was.get("template")))
    for key, value in sorted(annotations_of(old).items()):
        parts = key.split("/")
        if not key.startswith(NON_CONVERTIBLE) or len(parts) != 2:
            continue
        if "selector" not in parts[1]:
            yield FieldError(NOT_FOUND, parts[1], value, "unknown non-convertible field")
        elif not same(spec.get("selector"), was.get("selector")):
            yield invalid("spec.selector", typed(spec.get("selector")), "cannot update non-convertible selector")


def validate_status(new: Object, _old: Object) -> FieldErrors:
    """What the controller may write."""
    status = new.get("status") or {}
    shares = ("fullyLabeledReplicas", "readyReplicas", "availableReplicas")
    yield from validate_counts(status, "replicas", *shares, "observedGeneration")
    yield from validate_shares(status, *shares)


def warnings(obj: Object) -> Iterator[str]:
    """Of a new controller."""
    yield from name_warnings(obj)
    if obj["spec"].get("template") is not None:
        yield from pod_template_warnings(obj["spec"]["template"], "spec.template")


def update_warnings(new: Object, old: Object) -> Iterable[str]:
    """Of the template of a changed controller: upstream warns of the old one, against the new."""
    template = old["spec"].get("template")
    if template is not None and new["metadata"].get("generation") != old["metadata"].get("generation"):
        return pod_template_warnings(template, "spec.template", new["spec"].get("template"))
    return ()


KIND = Kind(
    group="",
    version="v1",
    kind="ReplicationController",
    plural="replicationcontrollers",
    namespaced=True,
    short_names=("rc",),
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
