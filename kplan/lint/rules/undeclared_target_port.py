"""Ports that no container speaks of."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("undeclared-target-port", Severity.NOTE, ("Service",), profile="strict", absent=WORKLOADS)
def undeclared_target_port(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The numeric targetPort of a Service is declared by none of the selected pods, which declare others.

    Why: it is legal, and mostly a slip.
    Example: `targetPort: 8080` where the containers declare 8000.
    Fix: correct the number, or declare the port.
    Upstream: Popeye 1106.
    """
    pods = [context.pods(w) for w in context.selected(ref, "spec.selector")]
    declared = {(p.get("containerPort"), p.get("protocol") or "TCP") for each in pods for c in each.running for p in c.ports}
    for i, port in enumerate((obj["spec"].get("ports") or ()) if declared else ()):
        target = port.get("targetPort", port.get("port"))
        if isinstance(target, int) and (target, port.get("protocol") or "TCP") not in declared:
            has = ", ".join(str(n) for n, _ in sorted(declared, key=str))
            yield Finding(f"spec.ports[{i}].targetPort", f"no selected pod declares port {target} (they declare {has})", "correct it, or declare it")
