"""Policies that leave pods without names."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule
from kplan.lint.traffic import opens, peers, policies_of, rules_for


@rule("networkpolicy-blocks-dns", Severity.WARNING, ("NetworkPolicy.networking.k8s.io",), absent=("NetworkPolicy.networking.k8s.io",))
def networkpolicy_blocks_dns(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """Pods may connect to some peers and cannot look up their names: no egress rule opens port 53.

    Why: whatever they connect to by name, Services included, fails with a time-out in DNS.
    Example: `policyTypes: [Egress]` with a rule to the database's pods only.
    Fix: allow port 53, UDP and TCP, to kube-system.
    Upstream: none; the semantics of NetworkPolicy.
    """
    if "Egress" not in (obj["spec"].get("policyTypes") or ()) or not obj["spec"].get("egress"):
        return
    for workload in context.selected(ref, "spec.podSelector"):
        policies = policies_of(workload, "Egress", context)
        first = next((r for r, o in sorted(policies, key=lambda p: p[0]) if o["spec"].get("egress")), None)
        if first != ref or context.pods(workload).spec.get("dnsPolicy") == "None":
            continue
        rules = [each for _, o in policies for each in rules_for(o, "Egress")]
        if not any(opens(each, 53, "UDP", None) and reaches_dns(each) for each in rules):
            message = f"the pods of {workload} cannot look up names: no egress rule opens port 53 (UDP)"
            yield Finding("spec.egress", message, "allow port 53 to kube-system", related=((workload, "metadata.name", "its pods"),))
            return


def reaches_dns(opening: Object) -> bool:
    """Whether a rule's peers may be the cluster's DNS: everybody, another namespace, addresses; a rule that names port 53 means it."""
    who = peers(opening, "Egress")
    return who is None or bool(opening.get("ports")) or any("ipBlock" in p or p.get("namespaceSelector") is not None for p in who)
