"""Services that are reached from outside the cluster."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("exposed-service", Severity.NOTE, ("Service",), profile="security")
def exposed_service(ref: Ref, obj: Object, context: Context, *, types: tuple[str, ...] = ("NodePort",), allow_source_ranges: bool = True) -> Iterator[Finding]:
    """A Service opens a port on every node, or (with the option `types`) has a load balancer of its own, or has external addresses.

    Why: it is reached past the Ingress or Gateway, where TLS and access are looked after; NodePorts answer on every node.
    Example: `type: NodePort`; `externalIPs: [203.0.113.7]`.
    Fix: `type: ClusterIP` behind an Ingress or Gateway; with `types: [NodePort, LoadBalancer]`, `loadBalancerSourceRanges` say who may come.
    Upstream: kube-linter exposed-services, kube-score service-type.
    """
    spec = obj["spec"]
    if spec.get("type") in types and not (allow_source_ranges and spec.get("type") == "LoadBalancer" and spec.get("loadBalancerSourceRanges")):
        yield Finding("spec.type", f"a Service of type {spec['type']} is reached from outside the cluster", "put it behind an Ingress or Gateway")
    elif spec.get("externalIPs"):
        addresses = ", ".join(spec["externalIPs"][:3])
        yield Finding("spec.externalIPs", f"it takes what goes to {addresses}, from anywhere", "leave externalIPs out")
