"""A Service port that no container answers."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("invalid-target-ports", Severity.ERROR, ("Service",), absent=WORKLOADS)
def invalid_target_ports(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A named targetPort of a Service is declared by no container of the pods that it selects.

    Why: the endpoints get no address for that port; connections are refused. (A number need not be declared.)
    Example: `targetPort: htpp` where the container port is called `http`.
    Fix: correct the name, or name the container port.
    Upstream: kube-linter invalid-target-ports; that one looks at the syntax only, this one does as the endpoints controller (FindPort).
    """
    pods = [context.pods(w) for w in context.selected(ref, "spec.selector")]
    for i, port in enumerate((obj["spec"].get("ports") or ()) if pods else ()):
        wanted, protocol = port.get("targetPort"), port.get("protocol") or "TCP"
        if not isinstance(wanted, str):
            continue
        names = sorted({n for p in pods for n in p.port_names(protocol)})
        if wanted not in names:
            has = f"they have {', '.join(names)}" if names else "they name none"
            yield Finding(f"spec.ports[{i}].targetPort", f'no container of the selected pods has a port named "{wanted}" ({has})', "correct the name")
