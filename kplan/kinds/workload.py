"""What kinds with a pod template have in common: selector and template, strategy, status counts, warnings, references.

Upstream: pkg/apis/apps/validation/validation.go and the strategy.go of the workload kinds, which repeat these pieces.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kplan.api.field import FieldErrors, forbidden, invalid, not_supported, required
from kplan.api.names import is_dns1123_label
from kplan.api.objects import Object, name_of, namespace_of
from kplan.api.selectors import is_empty, matches
from kplan.api.status import StatusError, bad_request
from kplan.kinds.checks import label_selector, nonnegative, typed
from kplan.kinds.kind import Reference
from kplan.kinds.labelselector import validate_label_selector
from kplan.kinds.podspec import (
    PodValidationOptions,
    drop_disabled_template_fields,
    pod_spec_references,
    pod_template_warnings,
    validate_pod_template_spec,
)
from kplan.kinds.strategy import count_generation, first_generation, keep_status

NOT_A_LABEL = "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: {}"
TEMPLATE_LABELS = ("spec", "template", "metadata", "labels")
MISMATCH = "`selector` does not match template `labels`"
ABOVE_REPLICAS = "cannot be greater than status.replicas"


def prepare_template(obj: Object, **no_status: int) -> None:
    """A new workload with `spec.template`: an empty status (`no_status`: the counts that Go prints as zero), first generation."""
    obj["status"] = no_status
    first_generation(obj)
    drop_disabled_template_fields(obj["spec"]["template"])


def prepare_template_update(new: Object, old: Object) -> None:
    """A changed workload: status stays, gated fields that were not there go, a changed spec counts."""
    keep_status(new, old)
    drop_disabled_template_fields(new["spec"]["template"], old["spec"]["template"])
    count_generation(new, old, "spec")


def default_replicas(obj: Object) -> None:
    """One."""
    spec = obj["spec"]
    if spec.get("replicas") is None:
        spec["replicas"] = 1


def validate_selector(selector: Object | None, kind: str) -> FieldErrors:
    """`spec.selector` is there, well-formed and selects by something. `kind` as its message has it."""
    if selector is None:
        yield required("spec.selector")
        return
    yield from validate_label_selector(selector, "spec.selector")
    if is_empty(selector):
        yield invalid("spec.selector", label_selector(selector), f"empty selector is invalid for {kind}")


def is_selector(selector: Object | None) -> bool:
    """Whether selecting by it can be tried at all.   Upstream: the error of LabelSelectorAsSelector."""
    return not any(True for _ in validate_label_selector(selector, ""))


def labels_in(template: Object) -> dict[str, str]:
    """The labels of a template."""
    return (template.get("metadata") or {}).get("labels") or {}


def validate_match(selector: Object | None, template: Object, path: str) -> FieldErrors:
    """The template's labels are selected."""
    if not matches(selector, labels_in(template)):
        yield invalid(f"{path}.metadata.labels", typed((template.get("metadata") or {}).get("labels")), MISMATCH)


def validate_always_running(template: Object, path: str, kind: str) -> FieldErrors:
    """Pods that are kept running restart always and have no deadline."""
    spec = template.get("spec") or {}
    if spec.get("restartPolicy") != "Always":
        yield not_supported(f"{path}.spec.restartPolicy", typed(spec.get("restartPolicy") or ""), ("Always",))
    if spec.get("activeDeadlineSeconds") is not None:
        yield forbidden(f"{path}.spec.activeDeadlineSeconds", f"activeDeadlineSeconds in {kind} is not Supported")


def validate_replica_template(selector: Object | None, template: Object, options: PodValidationOptions) -> FieldErrors:
    """`spec.template` of Deployments and ReplicaSets.   Upstream: ValidatePodTemplateSpecForReplicaSet."""
    if not is_selector(selector):
        yield invalid("spec.selector", label_selector(selector), "invalid label selector")
        return
    yield from validate_match(selector, template, "spec.template")
    yield from validate_pod_template_spec(template, "spec.template", options)
    yield from validate_always_running(template, "spec.template", "ReplicaSet")


def validate_counts(status: Object, *fields: str) -> FieldErrors:
    """Counts of a status are not negative."""
    for field in fields:
        yield from nonnegative(status.get(field), f"status.{field}")


def validate_shares(status: Object, *fields: str, ready: str = "readyReplicas") -> FieldErrors:
    """No count of a status is above the number of replicas, and what is available is ready."""
    replicas = status.get("replicas") or 0
    for field in fields:
        count = status.get(field) or 0
        if count > replicas:
            yield invalid(f"status.{field}", count, ABOVE_REPLICAS)
    available = status.get("availableReplicas") or 0
    if available > (status.get("readyReplicas") or 0):
        yield invalid("status.availableReplicas", available, f"cannot be greater than {ready}")


def name_warnings(obj: Object) -> Iterator[str]:
    """Names that are no DNS labels are legal and troublesome."""
    wrong = is_dns1123_label(name_of(obj))
    if wrong:
        yield NOT_A_LABEL.format("[" + " ".join(wrong) + "]")


def warnings(obj: Object) -> Iterator[str]:
    """Of a new workload whose pods bear its name."""
    yield from name_warnings(obj)
    yield from template_warnings(obj)


def template_warnings(obj: Object) -> Iterable[str]:
    """Of the template of a new workload."""
    return pod_template_warnings(obj["spec"]["template"], "spec.template")


def update_warnings(new: Object, old: Object) -> Iterable[str]:
    """Of a template, if anything changed."""
    if new["metadata"].get("generation") != old["metadata"].get("generation"):
        return pod_template_warnings(new["spec"]["template"], "spec.template", old["spec"]["template"])
    return ()


def references(obj: Object) -> Iterator[Reference]:
    """What the pods of `spec.template` will name."""
    template = (obj.get("spec") or {}).get("template") or {}
    return pod_spec_references(template.get("spec") or {}, namespace_of(obj), "spec.template.spec")


def parse_int64(text: str) -> int | None:
    """A decimal int64; None for what is none."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not (digits.isascii() and digits.isdigit()):
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None


def parse_error(text: str) -> str:
    """What Go says of a text that is no int64."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    why = "value out of range" if digits.isascii() and digits.isdigit() else "invalid syntax"
    return f"strconv.ParseInt: parsing {typed(text)}: {why}"


def cannot_convert(kind: str, why: str) -> StatusError:
    """A refusal that upstream's conversion to its internal types raises."""
    return bad_request(f'{kind} in version "v1" cannot be handled as a {kind}: {why}')
