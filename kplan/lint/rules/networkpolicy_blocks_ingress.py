"""Policies that keep the ingress controller out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.api.selectors import matches
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule
from kplan.lint.traffic import openings, peers, policies_of

CONTROLLER = re.compile(r"ingress|traefik|nginx|haproxy|kong|contour|envoy|gateway|caddy|istio|cilium|alb|skipper")


@rule("networkpolicy-blocks-ingress", Severity.WARNING, ("Ingress.networking.k8s.io",), absent=("NetworkPolicy.networking.k8s.io", *WORKLOADS))
def networkpolicy_blocks_ingress(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The pods behind an Ingress may be reached from pods of their own namespace only, where no ingress controller runs.

    Why: the controller gets no answer: 502 or 504 for every request.
    Example: `from: [{podSelector: {}}]` on the pods that an Ingress leads to.
    Fix: let the controller's namespace in, by a namespaceSelector.
    Upstream: none; the semantics of NetworkPolicy.
    """
    told = set()
    for edge in context.edges.get(ref, ()):
        service = context.graph.objects.get(edge.target) if edge.target is not None and edge.target.kind == "Service" else None
        if service is None or edge.target is None or edge.reference is None:
            continue
        ports = [p for p in service["spec"].get("ports") or () if edge.reference.key in (str(p.get("port")), p.get("name"))]
        for workload in context.selected(edge.target, "spec.selector"):
            policies = policies_of(workload, "Ingress", context)
            number = context.pods(workload).port_number(ports[0].get("targetPort", ports[0].get("port"))) if ports else None
            if not policies or number is None or workload in told:
                continue
            opened = list(openings(workload, "Ingress", number, "TCP", context))
            if opened and not any(lets_controller_in(each, ref.namespace, context) for _, each in opened):
                told.add(workload)
                message = f"the NetworkPolicy {opened[0][0].name} lets only pods of namespace {ref.namespace} reach {workload}: the ingress controller cannot"
                yield Finding(edge.path, message, "let the controller's namespace in", related=((opened[0][0], "spec.ingress", "the policy"),))


def lets_controller_in(opening: Object, namespace: str, context: Context) -> bool:
    """Whether one of a rule's peers may be an ingress controller: anything outside the namespace, or what is called like one."""
    who = peers(opening, "Ingress")
    if who is None:
        return True
    for peer in who:
        if "ipBlock" in peer or peer.get("namespaceSelector") is not None:
            return True
        for workload in context.workloads.get(namespace, ()):
            pods = context.pods(workload)
            called = [workload.name, *(c.data.get("image") or "" for c in pods.running)]
            if matches(peer.get("podSelector"), pods.labels) and any(CONTROLLER.search(name) for name in called):
                return True
    return False
