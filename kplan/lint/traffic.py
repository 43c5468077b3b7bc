"""What NetworkPolicies of the input let through, judged by templates instead of running pods.

Upstream: the semantics of networking.k8s.io/v1: policies add up, a pod that one selects in a direction is closed in it but for what some
rule opens. Left out: where packets really come from; a peer outside the namespace may be anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.lint.pods import Pods
from kplan.lint.rule import Context

POLICY = "NetworkPolicy.networking.k8s.io"
RULES = {"Ingress": ("ingress", "from"), "Egress": ("egress", "to")}


def policies_of(ref: Ref, direction: str, context: Context) -> list[tuple[Ref, Object]]:
    """The policies that close a workload's pods in a direction."""
    if context.pods(ref).spec.get("hostNetwork"):
        return []
    found = [(r, context.graph.objects[r]) for r in context.selecting(ref, POLICY, "spec.podSelector")]
    return [(r, o) for r, o in found if direction in (o["spec"].get("policyTypes") or ("Ingress",))]


def rules_for(policy: Object, direction: str) -> Sequence[Object]:
    """The rules of a policy in a direction."""
    found: Sequence[Object] = policy["spec"].get(RULES[direction][0]) or ()
    return found


def opens(rule: Object, port: int, protocol: str, pods: Pods | None) -> bool:
    """Whether a rule is about a port; names are those of the pods' containers (None: of pods that are not known)."""
    ports = rule.get("ports")
    return not ports or any(_is(p, port, protocol, pods) for p in ports)


def _is(entry: Object, port: int, protocol: str, pods: Pods | None) -> bool:
    if (entry.get("protocol") or "TCP") != protocol:
        return False
    wanted: Any = entry.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, int):
        return wanted <= port <= int(entry.get("endPort", wanted))
    return pods is None or pods.port_number(wanted, protocol) == port


def openings(ref: Ref, direction: str, port: int, protocol: str, context: Context) -> Iterator[tuple[Ref, Object]]:
    """(policy, rule) for each rule that opens a port of a closed workload."""
    pods = context.pods(ref) if direction == "Ingress" else None
    for policy, obj in policies_of(ref, direction, context):
        for rule in rules_for(obj, direction):
            if opens(rule, port, protocol, pods):
                yield policy, rule


def peers(rule: Object, direction: str) -> Sequence[Object] | None:
    """Whom a rule is about, None for everybody."""
    return rule.get(RULES[direction][1]) or None
