"""Two workloads on one port of their nodes."""

from __future__ import annotations

import json
from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS, Pods
from kplan.lint.rule import Context, Finding, rule


@rule("host-port-conflict", Severity.WARNING, WORKLOADS, simulated=True)
def host_port_conflict(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A workload takes a port that a DaemonSet takes on every node it may run on.

    Why: the pods of one of them stay Pending: "node(s) didn't have free ports".
    Example: two DaemonSets with hostNetwork that both declare port 9100.
    Fix: change one of the ports, or keep them on different nodes.
    Upstream: the scheduler's NodePorts.
    """
    mine = host_ports(context.pods(ref))
    if not mine:
        return
    if "host-ports" not in context.memo:
        context.memo["host-ports"] = [(r, host_ports(context.pods(r))) for r, _ in context.of_kind("DaemonSet.apps")]
    where = placement(context.pods(ref))
    for other, ports in context.memo["host-ports"]:
        if other == ref or (ref.kind == "DaemonSet" and ref < other) or placement(context.pods(other)) not in (where, NOWHERE):
            continue
        for (number, protocol, address), path in mine.items():
            if any(n == number and p == protocol and (a == address or "0.0.0.0" in (a, address)) for n, p, a in ports):
                related = ((other, "metadata.name", "takes it too"),)
                yield Finding(path, f"port {number} of the node is taken by {other} on every node", "choose another port", related=related)


NOWHERE = "{}"


def host_ports(pods: Pods) -> dict[tuple[int, str, str], str]:
    """(port, protocol, address) -> path of what pods take of their node."""
    found = {}
    for c in pods.running:
        for i, port in enumerate(c.ports):
            number = port.get("hostPort") or (port.get("containerPort") if pods.spec.get("hostNetwork") else None)
            if number:
                found[number, port.get("protocol") or "TCP", port.get("hostIP") or "0.0.0.0"] = f"{c.path}.ports[{i}]"
    return found


def placement(pods: Pods) -> str:
    """What chooses the nodes of pods, as a text."""
    chosen = {"selector": pods.spec.get("nodeSelector"), "affinity": (pods.spec.get("affinity") or {}).get("nodeAffinity")}
    return json.dumps({k: v for k, v in chosen.items() if v}, sort_keys=True)
