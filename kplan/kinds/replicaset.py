"""ReplicaSet: so many pods of one template.

Upstream: pkg/apis/apps/{v1,validation}, pkg/registry/apps/replicaset.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object
from kplan.kinds.checks import immutable, label_selector, nonnegative
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.podspec import PodValidationOptions, default_pod_template, options_for_template
from kplan.kinds.strategy import keep_all_but_status
from kplan.kinds.workload import (
    TEMPLATE_LABELS,
    default_replicas,
    prepare_template,
    prepare_template_update,
    references,
    update_warnings,
    validate_counts,
    validate_replica_template,
    validate_selector,
    validate_shares,
    warnings,
)


def default(obj: Object) -> None:
    """One replica, and a pod template's defaults."""
    default_replicas(obj)
    default_pod_template(obj["spec"]["template"])


def prepare(obj: Object) -> None:
    """A new ReplicaSet."""
    prepare_template(obj, replicas=0)


def validate(obj: Object) -> FieldErrors:
    """A new ReplicaSet."""
    yield from validate_object_meta(obj["metadata"], True, name_is_dns_subdomain)
    yield from validate_spec(obj["spec"], options_for_template(obj["spec"]["template"]))


def validate_spec(spec: Object, options: PodValidationOptions) -> FieldErrors:
    """Counts, selector, template."""
    yield from nonnegative(spec.get("replicas"), "spec.replicas")
    yield from nonnegative(spec.get("minReadySeconds"), "spec.minReadySeconds")
    selector = spec.get("selector")
    yield from validate_selector(selector, "deployment")
    yield from validate_replica_template(selector, spec["template"], options)


def validate_update(new: Object, old: Object) -> FieldErrors:
    """A changed ReplicaSet: its selector stays."""
    spec, was = new["spec"], old["spec"]
    yield from validate_spec(spec, options_for_template(spec["template"], was["template"]))
    yield from immutable(spec.get("selector"), was.get("selector"), "spec.selector", label_selector(spec.get("selector")))


def validate_status(new: Object, _old: Object) -> FieldErrors:
    """What the controller may write."""
    status = new.get("status") or {}
    yield from validate_counts(
        status, "replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration", "terminatingReplicas"
    )
    yield from validate_shares(status, "fullyLabeledReplicas", "readyReplicas", "availableReplicas")


KIND = Kind(
    group="apps",
    version="v1",
    kind="ReplicaSet",
    plural="replicasets",
    namespaced=True,
    short_names=("rs",),
    status=True,
    empties=(TEMPLATE_LABELS,),
    default=default,
    prepare=prepare,
    prepare_update=prepare_template_update,
    prepare_status=keep_all_but_status,
    validate=validate,
    validate_update=validate_update,
    validate_status=validate_status,
    warnings=warnings,
    update_warnings=update_warnings,
    references=references,
)
