"""Job: pods that run to their end.

Upstream: pkg/apis/batch/{v1,validation}, pkg/registry/batch/job. The spec's rules are in `jobspec`, the status's in `jobstatus`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from kplan.api.field import FieldErrors, invalid, required
from kplan.api.names import is_dns1123_label, name_is_dns_subdomain
from kplan.api.objects import Object, name_of, uid_of, without
from kplan.api.selectors import matches
from kplan.kinds.checks import IMMUTABLE, has_label, immutable, label_selector, same, typed
from kplan.kinds.internalform import internal
from kplan.kinds.jobpolicies import EXIT_CODES, printed_failure_policy, printed_success_policy
from kplan.kinds.jobspec import default_pod_conditions, is_indexed, job_spec_warnings, validate_job_spec
from kplan.kinds.jobstatus import is_true, validate_status
from kplan.kinds.kind import Kind
from kplan.kinds.labelselector import has_invalid_label_value, validate_label_selector
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.podspec import PodValidationOptions, default_pod_template, options_for_template
from kplan.kinds.strategy import keep_all_but_status
from kplan.kinds.workload import TEMPLATE_LABELS, is_selector, labels_in, name_warnings, prepare_template, prepare_template_update, references, validate_match

UID_LABEL, NAME_LABEL = "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"
LEGACY_UID_LABEL, LEGACY_NAME_LABEL = "controller-uid", "job-name"
MAX_INT32 = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """What an update tolerates.   Upstream: JobValidationOptions."""

    pod: PodValidationOptions
    require_prefixed_labels: bool = True
    mutable_template: bool = False


def default(obj: Object) -> None:
    """One pod, six retries; a job without labels has its template's."""
    spec = obj["spec"]
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("backoffLimit", 6 if spec.get("backoffLimitPerIndex") is None else MAX_INT32)
    meta = obj.setdefault("metadata", {})
    labels = labels_in(spec["template"])
    if labels and not meta.get("labels"):
        # One map in two places, as in Go: the labels that `prepare` adds to the template show on the job too.
        meta["labels"] = labels
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    spec.setdefault("podReplacementPolicy", "TerminatingOrFailed" if spec.get("podFailurePolicy") is None else "Failed")
    spec.setdefault("manualSelector", False)
    default_pod_conditions(spec)
    default_pod_template(spec["template"])


def prepare(obj: Object) -> None:
    """A new Job: unless the selector is its author's matter, it selects by the job's uid."""
    if not obj["spec"].get("manualSelector"):
        generate_selector(obj)
    prepare_template(obj)


def generate_selector(obj: Object) -> None:
    """Labels on the template that no other job's pods have, and a selector for them; what is there already stays."""
    spec, name, uid = obj["spec"], name_of(obj), uid_of(obj)
    meta = spec["template"].get("metadata")
    if not meta:
        meta = spec["template"]["metadata"] = {}
    labels = meta.get("labels")
    if not labels:
        labels = meta["labels"] = {}
    for key, value in ((LEGACY_NAME_LABEL, name), (NAME_LABEL, name), (LEGACY_UID_LABEL, uid), (UID_LABEL, uid)):
        labels.setdefault(key, value)
    selector = spec.get("selector") or {}
    spec["selector"] = {**selector, "matchLabels": {UID_LABEL: uid, **(selector.get("matchLabels") or {})}}


def finish(obj: Object) -> None:
    """Read back, a job without labels has its template's, by now with those that were generated."""
    if not obj["metadata"].get("labels"):
        labels = labels_in(obj["spec"]["template"])
        if labels:
            obj["metadata"]["labels"] = dict(labels)
    if (obj["spec"]["template"].get("metadata") or {}).get("labels") == {}:
        obj["spec"] = without(obj["spec"], TEMPLATE_LABELS[1:])


def options_for_update(new: Object, old: Object) -> JobOptions:
    """Templates of jobs that are suspended and idle may change in part.   Upstream: validationOptionsForJob."""
    spec, status = old["spec"], old.get("status") or {}
    pod = options_for_template(new["spec"]["template"], spec["template"])
    if has_invalid_label_value(spec.get("selector")):
        pod = replace(pod, allow_invalid_label_value_in_selector=True)
    idle = not status.get("startTime") or is_true(status, "Suspended")
    labels = labels_in(spec["template"])
    return JobOptions(
        pod=pod,
        require_prefixed_labels=NAME_LABEL in labels and UID_LABEL in labels,
        mutable_template=bool(spec.get("suspend")) and idle and not status.get("active"),
    )


def validate(obj: Object) -> FieldErrors:
    """A new Job."""
    return validate_job(obj, JobOptions(pod=options_for_template(obj["spec"]["template"])))


def validate_job(obj: Object, options: JobOptions) -> FieldErrors:
    """Metadata, the generated selector, the spec, and that the last index still makes a hostname."""
    spec, name = obj["spec"], name_of(obj)
    yield from validate_object_meta(obj["metadata"], True, name_is_dns_subdomain)
    yield from validate_generated_selector(obj, options.require_prefixed_labels)
    yield from validate_spec(spec, options.pod)
    completions = spec.get("completions")
    if is_indexed(spec) and completions is not None and completions > 0:
        hostname = f"{name}-{completions - 1}"
        if is_dns1123_label(hostname):
            yield invalid("metadata.name", name, f"will not able to create pod with invalid DNS label: {hostname}")


def validate_generated_selector(obj: Object, prefixed: bool) -> FieldErrors:
    """A selector that is not the author's matter, and the labels that it needs, are as they were generated."""
    spec = obj["spec"]
    selector = spec.get("selector")
    if spec.get("manualSelector") or selector is None:
        return
    name, uid = name_of(obj), uid_of(obj)
    if not uid:
        yield required("metadata.uid")
    expected = {LEGACY_UID_LABEL: uid, LEGACY_NAME_LABEL: name}
    if prefixed:
        expected |= {UID_LABEL: uid, NAME_LABEL: name}
    labels = labels_in(spec["template"])
    for key, value in expected.items():
        yield from has_label(labels, key, value, "spec.template.metadata")
    if is_selector(selector) and not matches(selector, expected):
        yield invalid("spec.selector", label_selector(selector), "`selector` not auto-generated")


def validate_spec(spec: Object, options: PodValidationOptions) -> FieldErrors:
    """The spec with its selector."""
    yield from validate_job_spec(spec, "spec", options)
    selector = spec.get("selector")
    if selector is None:
        yield required("spec.selector")
    else:
        yield from validate_label_selector(selector, "spec.selector", allow_invalid_values=options.allow_invalid_label_value_in_selector)
    if is_selector(selector):
        yield from validate_match(selector, spec["template"], "spec.template")


def validate_update(new: Object, old: Object) -> FieldErrors:
    """A changed Job: much of its spec stays."""
    options, spec, was = options_for_update(new, old), new["spec"], old["spec"]
    yield from validate_job(new, options)
    yield from validate_spec(spec, options.pod)
    yield from validate_completions(spec, was)
    yield from immutable(spec.get("selector"), was.get("selector"), "spec.selector", label_selector(spec.get("selector")))
    yield from validate_template_update(spec, was, options.mutable_template)
    yield from immutable(spec.get("completionMode"), was.get("completionMode"), "spec.completionMode", typed(spec.get("completionMode")))
    yield from unchanged_policy(spec, was, "podFailurePolicy", printed_failure_policy)
    for field in ("backoffLimitPerIndex", "managedBy"):
        yield from immutable(spec.get(field), was.get(field), f"spec.{field}", typed(spec.get(field)))
    yield from unchanged_policy(spec, was, "successPolicy", printed_success_policy)


def unchanged_policy(spec: Object, was: Object, field: str, printed: Callable[[Object], Object]) -> FieldErrors:
    """A policy stays."""
    policy = spec.get(field)
    if not same(policy, was.get(field)):
        yield invalid(f"spec.{field}", typed(None) if policy is None else printed(policy), IMMUTABLE)


def validate_completions(spec: Object, was: Object) -> FieldErrors:
    """Completions stay; of indexed jobs they may change together with parallelism."""
    completions = spec.get("completions")
    if not is_indexed(spec):
        yield from immutable(completions, was.get("completions"), "spec.completions", typed(completions))
    elif completions is not None and completions not in (was.get("completions"), spec.get("parallelism")):
        yield invalid("spec.completions", completions, "can only be modified in tandem with spec.parallelism")


def validate_template_update(spec: Object, was: Object, mutable: bool) -> FieldErrors:
    """The template stays; while a job is suspended and idle, where its pods go and what they ask for may change."""
    template = spec["template"]
    tolerated = with_scheduling_of(was["template"], template) if mutable else was["template"]
    if not (was.get("suspend") and mutable):
        if not same(template, tolerated):
            yield invalid("spec.template", internal("PodTemplateSpec", template), IMMUTABLE)
    else:
        pod = template.get("spec") or {}
        tolerated_pod = with_resources_of(tolerated.get("spec") or {}, pod)
        if not same(pod, tolerated_pod):
            yield invalid("spec.template.spec", internal("PodSpec", pod), IMMUTABLE)


def with_scheduling_of(template: Object, new: Object) -> Object:
    """`template` with the scheduling directives, labels and annotations of `new`."""
    pod, new_pod = dict(template.get("spec") or {}), new.get("spec") or {}
    for field in ("nodeSelector", "tolerations", "schedulingGates"):
        pod[field] = new_pod.get(field)
    pod["affinity"] = with_node_affinity_of(pod.get("affinity"), new_pod.get("affinity"))
    meta, new_meta = template.get("metadata") or {}, new.get("metadata") or {}
    return {**template, "metadata": {**meta, **{k: new_meta.get(k) for k in ("labels", "annotations")}}, "spec": pod}


def with_node_affinity_of(affinity: Object | None, new: Object | None) -> Object | None:
    """`affinity` with the node affinity of `new`; none at all where nothing is left."""
    if new is None:
        return None if affinity is None else without(affinity, ("nodeAffinity",)) or None
    kept = without(affinity or {}, ("nodeAffinity",))
    return {**kept, "nodeAffinity": new["nodeAffinity"]} if new.get("nodeAffinity") is not None else kept


def with_resources_of(pod: Object, new: Object) -> Object:
    """`pod` with its containers' resources as `new` has them, container by container of the same name."""
    out = dict(pod)
    for field in ("containers", "initContainers"):
        containers, others = pod.get(field) or [], new.get(field) or []
        if containers and len(containers) == len(others):
            pairs = zip(containers, others, strict=True)
            out[field] = [{**c, "resources": o.get("resources")} if c.get("name") == o.get("name") else c for c, o in pairs]
    return out


def warnings(obj: Object) -> Iterator[str]:
    """Of a new Job."""
    yield from name_warnings(obj)
    yield from job_spec_warnings(obj["spec"], "spec")


def update_warnings(new: Object, old: Object) -> Iterable[str]:
    """Of a Job that changed."""
    if new["metadata"].get("generation") != old["metadata"].get("generation"):
        return job_spec_warnings(new["spec"], "spec", old["spec"])
    return ()


KIND = Kind(
    group="batch",
    version="v1",
    kind="Job",
    plural="jobs",
    namespaced=True,
    status=True,
    empties=(TEMPLATE_LABELS, ("spec", "template", "spec", "containers"), ("spec", *EXIT_CODES)),
    default=default,
    prepare=prepare,
    prepare_update=prepare_template_update,
    prepare_status=keep_all_but_status,
    validate=validate,
    validate_update=validate_update,
    validate_status=validate_status,
    warnings=warnings,
    update_warnings=update_warnings,
    finish=finish,
    references=references,
)
