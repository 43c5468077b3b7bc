"""The spec of Jobs, which CronJobs have as a template: completions, indexes, the pod template.

Upstream: validateJobSpec and what it calls in pkg/apis/batch/validation/validation.go; pkg/api/job/warnings.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.field import FieldErrors, invalid, not_supported, required, too_long
from kplan.api.names import is_domain_prefixed_path
from kplan.api.objects import Object
from kplan.kinds.checks import nonnegative, typed
from kplan.kinds.jobpolicies import printed_success_policy, validate_failure_policy, validate_success_policy
from kplan.kinds.podspec import PodValidationOptions, pod_template_warnings, validate_pod_template_spec

INDEXED, NON_INDEXED = "Indexed", "NonIndexed"
MAX_PARALLELISM = MAX_FAILED_INDEXES = SOFT_LIMIT = 100_000
HIGH_COMPLETIONS_LIMIT = 10_000
MAX_MANAGED_BY = 63
REPLACEMENTS = ("Failed", "TerminatingOrFailed")
COUNTS = ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished", "backoffLimitPerIndex", "maxFailedIndexes")
OVERLOADED = (
    "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, "
    "Kubernetes might not be able to track completedIndexes when a big number of indexes fail"
)


def default_pod_conditions(spec: Object) -> None:
    """Of a failure policy's pod conditions: a condition that is True."""
    for rule in (spec.get("podFailurePolicy") or {}).get("rules") or ():
        for pattern in rule.get("onPodConditions") or ():
            if not pattern.get("status"):
                pattern["status"] = "True"


def is_indexed(spec: Object) -> bool:
    """Each pod has a completion index."""
    return spec.get("completionMode") == INDEXED


def validate_job_spec(spec: Object, path: str, options: PodValidationOptions) -> FieldErrors:
    """All but the selector."""
    for field in COUNTS:
        yield from nonnegative(spec.get(field), f"{path}.{field}")
    if spec.get("maxFailedIndexes") is not None and spec.get("backoffLimitPerIndex") is None:
        yield required(f"{path}.backoffLimitPerIndex", "when maxFailedIndexes is specified")
    manager = spec.get("managedBy")
    if manager is not None:
        yield from is_domain_prefixed_path(f"{path}.managedBy", manager)
        if len(manager.encode()) > MAX_MANAGED_BY:
            yield too_long(f"{path}.managedBy", MAX_MANAGED_BY)
    mode = spec.get("completionMode")
    if mode not in (None, INDEXED, NON_INDEXED):
        yield not_supported(f"{path}.completionMode", typed(mode), (NON_INDEXED, INDEXED))
    if mode == INDEXED:
        yield from validate_indexed(spec, path)
    if mode in (None, NON_INDEXED):
        for field in ("backoffLimitPerIndex", "maxFailedIndexes"):
            if spec.get(field) is not None:
                yield invalid(f"{path}.{field}", spec[field], "requires indexed completion mode")
    if spec.get("podFailurePolicy") is not None:
        yield from validate_failure_policy(spec, f"{path}.podFailurePolicy")
    if spec.get("successPolicy") is not None:
        if mode != INDEXED:
            yield invalid(f"{path}.successPolicy", printed_success_policy(spec["successPolicy"]), "requires indexed completion mode")
        else:
            yield from validate_success_policy(spec, f"{path}.successPolicy")
    yield from validate_replacement(spec, f"{path}.podReplacementPolicy")
    yield from validate_pod_template_spec(spec["template"], f"{path}.template", options)
    yield from validate_restart_policy(spec, f"{path}.template.spec.restartPolicy")


def validate_restart_policy(spec: Object, path: str) -> FieldErrors:
    """Pods of a job end."""
    policy = (spec["template"].get("spec") or {}).get("restartPolicy") or ""
    if policy in ("", "Always"):
        yield required(path, 'valid values: "OnFailure", "Never"')
    elif policy not in ("OnFailure", "Never"):
        yield not_supported(path, typed(policy), ("OnFailure", "Never"))
    elif spec.get("podFailurePolicy") is not None and policy != "Never":
        yield invalid(path, typed(policy), 'only "Never" is supported when podFailurePolicy is specified')


def validate_indexed(spec: Object, path: str) -> FieldErrors:
    """Bounds that keep the lists of indexes in the status short."""
    completions, parallelism, failed = (spec.get(k) for k in ("completions", "parallelism", "maxFailedIndexes"))
    if completions is None:
        yield required(f"{path}.completions", "when completion mode is Indexed")
    if parallelism is not None and parallelism > MAX_PARALLELISM:
        yield invalid(f"{path}.parallelism", parallelism, f"must be less than or equal to {MAX_PARALLELISM} when completion mode is Indexed")
    if completions is not None and failed is not None and failed > completions:
        yield invalid(f"{path}.maxFailedIndexes", failed, "must be less than or equal to completions")
    if failed is not None and failed > MAX_FAILED_INDEXES:
        yield invalid(f"{path}.maxFailedIndexes", failed, f"must be less than or equal to {MAX_FAILED_INDEXES}")
    if completions is None or completions <= SOFT_LIMIT or spec.get("backoffLimitPerIndex") is None:
        return
    if failed is None:
        yield required(f"{path}.maxFailedIndexes", f"must be specified when completions is above {SOFT_LIMIT}")
    limit = f"must be less than or equal to {HIGH_COMPLETIONS_LIMIT} when completions are above {SOFT_LIMIT} and used with backoff limit per index"
    if parallelism is not None and parallelism > HIGH_COMPLETIONS_LIMIT:
        yield invalid(f"{path}.parallelism", parallelism, limit)
    if failed is not None and failed > HIGH_COMPLETIONS_LIMIT:
        yield invalid(f"{path}.maxFailedIndexes", failed, limit)


def validate_replacement(spec: Object, path: str) -> FieldErrors:
    """When a pod that ends is replaced; with a failure policy only once it has failed."""
    policy = spec.get("podReplacementPolicy")
    choices = REPLACEMENTS if spec.get("podFailurePolicy") is None else ("Failed",)
    if policy is not None and policy not in choices:
        yield not_supported(path, typed(policy), choices)


def job_spec_warnings(spec: Object, path: str, old: Object | None = None) -> Iterator[str]:
    """Too many indexes at once, and the template."""
    if is_indexed(spec) and (spec.get("completions") or 0) > SOFT_LIMIT and (spec.get("parallelism") or 0) > HIGH_COMPLETIONS_LIMIT:
        yield f"{path}: {OVERLOADED}"
    yield from pod_template_warnings(spec["template"], f"{path}.template", None if old is None else old["template"])
