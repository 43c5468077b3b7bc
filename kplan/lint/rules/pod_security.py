"""Pods below the standard of their namespace."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.admission.pod_security import detail_of, policy_of
from kplan.admission.pod_security_checks import evaluate
from kplan.api.objects import Object, labels_of
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("pod-security", Severity.ERROR, WORKLOADS, simulated=True)
def pod_security(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The pods of a workload violate the pod security standard that their namespace enforces.

    Why: the API server takes the workload and refuses its pods.
    Example: the label `pod-security.kubernetes.io/enforce: restricted` and containers without a securityContext.
    Fix: do what the message asks for, or lower the namespace's level.
    Upstream: the admission plugin PodSecurity.
    """
    space = Ref("", "Namespace", "", ref.namespace)
    namespace, pods = context.graph.objects.get(space), context.pods(ref)
    if namespace is None or not pods.containers:
        return
    bar = policy_of(labels_of(namespace)).enforce
    found = evaluate(bar.level, bar.minor, pods.template.get("metadata") or {}, pods.spec)
    if found:
        message = f'its pods are refused: violates PodSecurity "{bar}": {detail_of(found)}'
        related = ((space, "metadata.labels[pod-security.kubernetes.io/enforce]", "enforced here"),)
        yield Finding(f"{pods.path}.securityContext", message, "set what the message names", related=related)
