"""Policies that cut a Service off."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule
from kplan.lint.traffic import openings, policies_of


@rule("networkpolicy-blocks-service", Severity.WARNING, ("Service",), absent=("NetworkPolicy.networking.k8s.io",))
def networkpolicy_blocks_service(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """NetworkPolicies close the pods of a Service, and none of their rules opens the port that it sends to.

    Why: every connection to that port of the Service hangs.
    Example: the Service's targetPort is 8080, the policy allows 80 (policies see the pod's port, not the Service's).
    Fix: open the pod's port.
    Upstream: none; the semantics of NetworkPolicy.
    """
    for workload in context.selected(ref, "spec.selector"):
        policies = policies_of(workload, "Ingress", context)
        for i, port in enumerate((obj["spec"].get("ports") or ()) if policies else ()):
            protocol = port.get("protocol") or "TCP"
            number = context.pods(workload).port_number(port.get("targetPort", port.get("port")), protocol)
            if number is not None and not any(openings(workload, "Ingress", number, protocol, context)):
                names = ", ".join(p.name for p, _ in policies[:3])
                message = f"no rule of the NetworkPolicies of {workload} ({names}) opens port {number}: nobody reaches it"
                related = ((policies[0][0], "spec", "the policy"),)
                yield Finding(f"spec.ports[{i}]", message, f"open port {number}", related=related)
