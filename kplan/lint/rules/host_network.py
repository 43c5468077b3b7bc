"""Pods in the node's network."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("host-network", Severity.WARNING, WORKLOADS, profile="security")
def host_network(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """Pods use the network of their node.

    Why: they can listen to the node's traffic and reach what listens on its loopback; NetworkPolicies do not hold them.
    Example: `hostNetwork: true`.
    Fix: leave it out; expose ports by a Service.
    Upstream: kube-linter host-network, Polaris hostNetworkSet.
    """
    pods = context.pods(ref)
    if pods.spec.get("hostNetwork"):
        yield Finding(f"{pods.path}.hostNetwork", "pods use the network of their node", "leave hostNetwork out")
