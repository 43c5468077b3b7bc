"""Autoscalers that run into the quota."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.quantity import parse_json
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.namespaces import at_least, at_most, hard_of, usage
from kplan.lint.rule import Context, Finding, rule


@rule("hpa-beyond-quota", Severity.WARNING, ("ResourceQuota",))
def hpa_beyond_quota(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """At the maxReplicas of its autoscalers a namespace needs more than its quota has.

    Why: under the load that the autoscaler is for, the additional pods are refused.
    Example: `maxReplicas: 20` of one cpu each and `hard: {requests.cpu: "8"}`.
    Fix: raise the quota or lower maxReplicas.
    Upstream: Popeye 602 to 605, which ask a live cluster.
    """
    hard, least, most = hard_of(obj), usage(ref, obj, context, at_least), usage(ref, obj, context, at_most)
    for name in sorted(most):
        if most[name] > parse_json(hard[name]) >= least.get(name, most[name]):
            message = f"{name}: {most[name]} needed when all autoscalers are at maxReplicas, the quota has {hard[name]}"
            yield Finding(f"spec.hard[{name}]", message, "raise it, or lower maxReplicas")
