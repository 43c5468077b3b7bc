"""More than the quota has."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.quantity import parse_json
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.namespaces import at_least, hard_of, usage
from kplan.lint.rule import Context, Finding, rule


@rule("quota-exceeded", Severity.ERROR, ("ResourceQuota",), simulated=True, absent=("HorizontalPodAutoscaler.autoscaling",))
def quota_exceeded(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The objects of a namespace need more than its ResourceQuota has.

    Why: the API server refuses pods, claims or Services beyond it; some workloads never get all their replicas.
    Example: three replicas of `requests: {cpu: "2"}` and `hard: {requests.cpu: "5"}`.
    Fix: raise the quota, or ask for less.
    Upstream: the admission plugin ResourceQuota; LimitRange defaults count.
    """
    hard, used = hard_of(obj), usage(ref, obj, context, at_least)
    for name in sorted(used):
        if used[name] > parse_json(hard[name]):
            message = f"{name}: {used[name]} needed by what is in namespace {ref.namespace}, the quota has {hard[name]}"
            yield Finding(f"spec.hard[{name}]", message, "raise it, or ask for less")
