"""Two Services on one port of the nodes."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("node-port-conflict", Severity.ERROR, ("Service",), simulated=True)
def node_port_conflict(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """Two Services ask for the same nodePort.

    Why: the API server refuses the second: "provided port is already allocated".
    Example: `nodePort: 30080` in two Services, of whatever namespaces.
    Fix: give one of them another port, or leave the choice to the server.
    Upstream: pkg/registry/core/service/portallocator.
    """
    if "node-ports" not in context.memo:
        taken: dict[tuple[int, str], Ref] = {}
        for other, service in context.of_kind("Service"):
            for _, number, protocol in stated(other, service, context):
                taken.setdefault((number, protocol), other)
        context.memo["node-ports"] = taken
    for i, number, protocol in stated(ref, obj, context):
        first = context.memo["node-ports"][number, protocol]
        if first != ref:
            message = f"nodePort {number} is taken by {first}"
            yield Finding(f"spec.ports[{i}].nodePort", message, "choose another", related=((first, "spec.ports", "taken here"),))


def stated(ref: Ref, service: Object, context: Context) -> Iterator[tuple[int, int, str]]:
    """(index, nodePort, protocol) of the ports that a manifest asks for, or that a Service of the base state has; others the server chooses."""
    manifest = context.manifests.get(ref)
    spec = (service if manifest is None else manifest.data).get("spec") or {}
    for i, port in enumerate(spec.get("ports") or ()):
        if port.get("nodePort"):
            yield i, int(port["nodePort"]), port.get("protocol") or "TCP"
