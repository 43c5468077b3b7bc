"""The spec of Jobs, which CronJobs have as a template: completions, failure and success policies, the pod template.

Upstream: validateJobSpec and what it calls in pkg/apis/batch/validation/validation.go; pkg/api/job/warnings.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from kplan.api.field import FieldErrors, Printed, duplicate, invalid, not_supported, required, too_long, too_many
from kplan.api.gotext import go_quote
from kplan.api.names import is_domain_prefixed_path, is_qualified_name
from kplan.api.objects import Object
from kplan.kinds.checks import nonnegative, typed
from kplan.kinds.internalform import internal
from kplan.kinds.podspec import PodValidationOptions, pod_template_warnings, validate_pod_template_spec

INDEXED, NON_INDEXED = "Indexed", "NonIndexed"
MAX_PARALLELISM = MAX_FAILED_INDEXES = SOFT_LIMIT = 100_000
HIGH_COMPLETIONS_LIMIT = 10_000
MAX_RULES = MAX_PATTERNS = 20
MAX_EXIT_CODES = 255
MAX_MANAGED_BY = 63
MAX_INDEXES_TEXT = 64 * 1024
ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
OPERATORS = ("In", "NotIn")
STATUSES = ("False", "True", "Unknown")
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
            yield invalid(f"{path}.successPolicy", internal("SuccessPolicy", spec["successPolicy"]), "requires indexed completion mode")
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


def validate_failure_policy(spec: Object, path: str) -> FieldErrors:
    """What a failed pod means for the job."""
    rules = spec["podFailurePolicy"].get("rules") or ()
    if len(rules) > MAX_RULES:
        yield too_many(f"{path}.rules", len(rules), MAX_RULES)
    pod = spec["template"].get("spec") or {}
    names = {c.get("name") or "" for field in ("containers", "initContainers") for c in pod.get(field) or ()}
    for i, rule in enumerate(rules):
        yield from validate_failure_rule(spec, rule, f"{path}.rules[{i}]", names)


def _valid(choices: tuple[str, ...]) -> str:
    return f"valid values: [{' '.join(go_quote(c) for c in choices)}]"


def validate_failure_rule(spec: Object, rule: Object, path: str, names: set[str]) -> FieldErrors:
    """An action, and exit codes or pod conditions to which it is the answer."""
    action, codes, conditions = rule.get("action") or "", rule.get("onExitCodes"), rule.get("onPodConditions")
    if not action:
        yield required(f"{path}.action", _valid(ACTIONS))
    elif action == "FailIndex":
        if spec.get("backoffLimitPerIndex") is None:
            yield invalid(f"{path}.action", typed(action), "requires the backoffLimitPerIndex to be set")
    elif action not in ACTIONS:
        yield not_supported(f"{path}.action", typed(action), ACTIONS)
    if codes is not None:
        yield from validate_exit_codes(codes, f"{path}.onExitCodes", names)
    if conditions:
        yield from validate_pod_conditions(conditions, f"{path}.onPodConditions")
    if codes is not None and conditions:
        yield invalid(path, Printed(""), "specifying both OnExitCodes and OnPodConditions is not supported")
    if codes is None and not conditions:
        yield invalid(path, Printed(""), "specifying one of OnExitCodes and OnPodConditions is required")


def validate_pod_conditions(conditions: list[Object], path: str) -> FieldErrors:
    """Condition types and their status."""
    if len(conditions) > MAX_PATTERNS:
        yield too_many(path, len(conditions), MAX_PATTERNS)
    for i, pattern in enumerate(conditions):
        kind, status = pattern.get("type") or "", pattern.get("status") or ""
        for message in is_qualified_name(kind):
            yield invalid(f"{path}[{i}].type", kind, message)
        if not status:
            yield required(f"{path}[{i}].status", _valid(STATUSES))
        elif status not in STATUSES:
            yield not_supported(f"{path}[{i}].status", typed(status), STATUSES)


def validate_exit_codes(codes: Object, path: str, names: set[str]) -> FieldErrors:
    """Exit codes of one container or any: sorted, each once."""
    operator, container, values = codes.get("operator") or "", codes.get("containerName"), codes.get("values")
    if not operator:
        yield required(f"{path}.operator", _valid(OPERATORS))
    elif operator not in OPERATORS:
        yield not_supported(f"{path}.operator", typed(operator), OPERATORS)
    if container is not None and container not in names:
        yield invalid(f"{path}.containerName", container, "must be one of the container or initContainer names in the pod template")
    if not values:
        yield invalid(f"{path}.values", typed(values), "at least one value is required")
        return
    if len(values) > MAX_EXIT_CODES:
        yield too_many(f"{path}.values", len(values), MAX_EXIT_CODES)
    seen: set[int] = set()
    for i, value in enumerate(values):
        if operator == "In" and value == 0:
            yield invalid(f"{path}.values[{i}]", value, "must not be 0 for the In operator")
        if value in seen:
            yield duplicate(f"{path}.values[{i}]", value)
        seen.add(value)
    if any(a > b for a, b in pairwise(values)):
        yield invalid(f"{path}.values", values, "must be ordered")


def validate_success_policy(spec: Object, path: str) -> FieldErrors:
    """When a job has succeeded before all its indexes have."""
    rules = spec["successPolicy"].get("rules") or ()
    if not rules:
        yield required(f"{path}.rules", "at least one rules must be specified when the successPolicy is specified")
    if len(rules) > MAX_RULES:
        yield too_many(f"{path}.rules", len(rules), MAX_RULES)
    for i, rule in enumerate(rules):
        yield from validate_success_rule(rule, spec.get("completions"), f"{path}.rules[{i}]")


def validate_success_rule(rule: Object, completions: int | None, path: str) -> FieldErrors:
    """So many indexes, or these. A job without `completions` is refused elsewhere (upstream's server panics on it)."""
    count, indexes = rule.get("succeededCount"), rule.get("succeededIndexes")
    if count is None and indexes is None:
        yield required(path, "at least one of succeededCount or succeededIndexes must be specified")
    if completions is None:
        return
    total = 0
    if indexes is not None:
        if len(indexes.encode()) > MAX_INDEXES_TEXT:
            yield too_long(f"{path}.succeededIndexes", MAX_INDEXES_TEXT)
        try:
            total = count_indexes(indexes, completions)
        except IndexesError as error:
            yield invalid(f"{path}.succeededIndexes", indexes, f"error parsing succeededIndexes: {error}")
    if count is not None:
        at = f"{path}.succeededCount"
        yield from nonnegative(count, at)
        if count > completions:
            yield invalid(at, count, f"must be less than or equal to {completions} (the number of specified completions)")
        if indexes is not None and count > total:
            yield invalid(at, count, f"must be less than or equal to {total} (the number of indexes in the specified succeededIndexes field)")


class IndexesError(ValueError):
    """A text that is no list of indexes; the text of the error is upstream's."""


def count_indexes(text: str, completions: int) -> int:
    """How many indexes `0,2-4` names, all below `completions` and rising; raises IndexesError.   Upstream: validateIndexesFormat."""
    total, last = 0, None
    for interval in text.split(",") if text else ():
        first, end = index_interval(interval, completions)
        if last is not None and last >= first:
            raise IndexesError(f"non-increasing order, previous: {last}, current: {first}")
        total += end - first + 1
        last = end
    return total


def index_interval(text: str, completions: int) -> tuple[int, int]:
    """The first and last index of `3` or `2-4`; raises IndexesError.   Upstream: parseIndexInterval."""
    limits = text.split("-")
    if len(limits) > 2:
        raise IndexesError(
            f"the fragment {go_quote(text)} violates the requirement that an index interval can have at most two parts separated by '-'"
        )
    numbers = []
    for limit in limits:
        digits = limit.removeprefix("+")
        if not (digits.isascii() and digits.isdigit() and int(digits) < 2**63):
            raise IndexesError(f"cannot convert string to integer for index: {go_quote(limit)}")
        if int(digits) >= completions:
            raise IndexesError(f"too large index: {go_quote(limit)}")
        numbers.append(int(digits))
    if len(numbers) == 2 and numbers[0] >= numbers[1]:
        raise IndexesError(f"non-increasing order, previous: {numbers[0]}, current: {numbers[1]}")
    return numbers[0], numbers[-1]


def job_spec_warnings(spec: Object, path: str, old: Object | None = None) -> Iterator[str]:
    """Too many indexes at once, and the template."""
    if is_indexed(spec) and (spec.get("completions") or 0) > SOFT_LIMIT and (spec.get("parallelism") or 0) > HIGH_COMPLETIONS_LIMIT:
        yield f"{path}: {OVERLOADED}"
    yield from pod_template_warnings(spec["template"], f"{path}.template", None if old is None else old["template"])
