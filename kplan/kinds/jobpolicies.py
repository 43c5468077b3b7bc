"""What a Job makes of pods that end: the failure policy, the success policy, and lists of completion indexes.

Upstream: validatePodFailurePolicy, validateSuccessPolicy and validateIndexesFormat in pkg/apis/batch/validation/validation.go.
"""

from __future__ import annotations

from itertools import pairwise

from kplan.api.field import FieldErrors, Printed, duplicate, invalid, not_supported, required, too_long, too_many
from kplan.api.gotext import Struct, go_quote
from kplan.api.names import is_qualified_name
from kplan.api.objects import Object
from kplan.kinds.checks import nonnegative, typed

MAX_RULES = MAX_PATTERNS = 20
MAX_EXIT_CODES = 255
MAX_INDEXES_TEXT = 64 * 1024
EXIT_CODES = ("podFailurePolicy", "rules", "*", "onExitCodes", "values")
ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
OPERATORS = ("In", "NotIn")
STATUSES = ("False", "True", "Unknown")


def printed_failure_policy(policy: Object) -> Object:
    """A failure policy as messages print the Go struct."""
    rules = policy.get("rules")
    return Struct(Rules=rules and [_printed_failure_rule(rule) for rule in rules])


def _printed_failure_rule(rule: Object) -> Object:
    codes, conditions = rule.get("onExitCodes"), rule.get("onPodConditions")
    return Struct(
        Action=rule.get("action") or "",
        OnExitCodes=None
        if codes is None
        else Struct(ContainerName=codes.get("containerName"), Operator=codes.get("operator") or "", Values=codes.get("values")),
        OnPodConditions=conditions and [Struct(Type=c.get("type") or "", Status=c.get("status") or "") for c in conditions],
    )


def printed_success_policy(policy: Object) -> Object:
    """A success policy as messages print the Go struct."""
    rules = policy.get("rules")
    return Struct(Rules=rules and [Struct(SucceededIndexes=r.get("succeededIndexes"), SucceededCount=r.get("succeededCount")) for r in rules])


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
