"""Pods that a quota wants to know more of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kplan.admission.quota_evaluators import evaluator_of
from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.namespaces import POD, counted, hard_of, pod_from
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("quota-must-specify", Severity.ERROR, WORKLOADS, simulated=True, absent=("LimitRange",))
def quota_must_specify(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A quota limits cpu or memory, and a container states no request or limit of it.

    Why: the API server refuses its pods: "must specify requests.cpu".
    Example: `hard: {limits.memory: 8Gi}` and a container without a memory limit.
    Fix: state it, or give the namespace a LimitRange with defaults.
    Upstream: the admission plugin ResourceQuota.
    """
    pods = context.pods(ref)
    for quota_ref, quota in context.of_kind("ResourceQuota", ref.namespace):
        pod = pod_from(ref, context)
        missing = evaluator_of(POD).missing(list(hard_of(quota)), pod) if pods.containers and counted(quota, pod, POD, context) else ""
        if missing:
            related = ((quota_ref, "spec.hard", "the quota"),)
            first = next((c for c in pods.containers if c.name in re.split(r"[:,; ]+", missing)), pods.containers[0])
            yield Finding(f"{first.path}.resources", f"its pods are refused by quota {quota_ref.name}: {missing}", "state it", related=related)
