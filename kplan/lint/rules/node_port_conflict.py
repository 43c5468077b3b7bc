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
            for port in service["spec"].get("ports") or ():
                if port.get("nodePort"):
                    taken.setdefault((port["nodePort"], port.get("protocol") or "TCP"), other)
        context.memo["node-ports"] = taken
    for i, port in enumerate(obj["spec"].get("ports") or ()):
        first = context.memo["node-ports"].get((port.get("nodePort"), port.get("protocol") or "TCP"))
        if first is not None and first != ref:
            message = f"nodePort {port['nodePort']} is taken by {first}"
            yield Finding(f"spec.ports[{i}].nodePort", message, "choose another", related=((first, "spec.ports", "taken here"),))
