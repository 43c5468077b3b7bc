"""More replicas than nodes that may take one."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.api.selectors import matches
from kplan.diagnostics import Severity
from kplan.lint.namespaces import at_least
from kplan.lint.nodes import fitting, nodes_of
from kplan.lint.pods import REPLICATED, Pods
from kplan.lint.rollouts import never_less
from kplan.lint.rule import Context, Finding, rule


@rule("too-few-nodes", Severity.WARNING, REPLICATED, simulated=True, absent=("Node", "HorizontalPodAutoscaler.autoscaling"))
def too_few_nodes(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """Each node may take one pod of a workload, and there are fewer nodes than replicas.

    Why: the rest stays Pending; with as many nodes as replicas, a rollout that may have no pod less cannot start either.
    Example: required podAntiAffinity over kubernetes.io/hostname, `replicas: 5`, three nodes.
    Fix: make it preferred, or spread by topologySpreadConstraints.
    Upstream: the scheduler's InterPodAffinity and NodePorts.
    """
    if not nodes_of(context):
        return
    pods = context.pods(ref)
    why, path = one_per_node(pods)
    if not why:
        return
    count, replicas = len(fitting(ref, context)[0]), at_least(ref, context)
    if 0 < count < replicas:
        yield Finding(
            path, f"{replicas} replicas, and only {count} {'node' if count == 1 else 'nodes'} to take one each ({why})", "make it preferred, or fewer replicas"
        )
    elif count == replicas and ref.kind == "Deployment" and never_less(obj, replicas):
        message = f"a rollout needs a node more: {replicas} replicas fill all {count} nodes ({why}) and maxUnavailable is 0"
        yield Finding(path, message, "allow maxUnavailable: 1")


def one_per_node(pods: Pods) -> tuple[str, str]:
    """(why, where) only one pod fits on a node."""
    for term, path in pods.affinity_terms("podAntiAffinity"):
        if term.get("topologyKey") == "kubernetes.io/hostname" and matches(term.get("labelSelector"), pods.labels):
            return "anti-affinity", path
    for c in pods.running:
        for i, port in enumerate(c.ports):
            if port.get("hostPort"):
                return f"hostPort {port['hostPort']}", f"{c.path}.ports[{i}].hostPort"
    return "", ""
