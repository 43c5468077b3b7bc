"""Quotas with no room for a rollout."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.quantity import parse_json
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.namespaces import POD, at_least, counted, hard_of, pod_from, usage, usage_of_pod
from kplan.lint.rollouts import never_less
from kplan.lint.rule import Context, Finding, rule


@rule("quota-blocks-rollout", Severity.WARNING, ("ResourceQuota",), absent=("HorizontalPodAutoscaler.autoscaling",))
def quota_blocks_rollout(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A Deployment that may have no pod less needs one more to roll out, and the quota has no room for it.

    Why: the rollout waits until its progress deadline: the new pod is refused, and no old one may go.
    Example: `maxUnavailable: 0`, four replicas of one cpu, `hard: {requests.cpu: "4"}`.
    Fix: raise the quota by one pod, or allow maxUnavailable.
    Upstream: the Deployment controller, the admission plugin ResourceQuota.
    """
    hard, used = hard_of(obj), usage(ref, obj, context, at_least)
    if any(used[n] > parse_json(hard[n]) for n in used):
        return
    for workload in context.workloads.get(ref.namespace, ()):
        if workload.kind != "Deployment" or not never_less(context.graph.objects[workload], at_least(workload, context)):
            continue
        if not counted(obj, pod_from(workload, context), POD, context):
            continue
        more = usage_of_pod(workload, context)
        name = next((n for n in sorted(used) if n in more and used[n] + more[n] > parse_json(hard[n])), None)
        if name is not None:
            message = f"{name}: no room for the one pod more that {workload} needs to roll out ({used[name]} of {hard[name]} used, maxUnavailable is 0)"
            related = ((workload, "spec.strategy", "its strategy"),)
            yield Finding(f"spec.hard[{name}]", message, "raise it, or allow maxUnavailable", related=related)
