"""A Service port that no container answers."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.graph import SELECTS, pod_template
from kplan.lint.rule import Context, Finding, rule


@rule("invalid-target-ports", Severity.ERROR, ("Service",))
def invalid_target_ports(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A named targetPort of a Service is declared by no container of the pods that it selects.

    Why: the endpoints get no address for that port; connections are refused. (A number need not be declared.)
    Example: `targetPort: htpp` where the container port is called `http`.
    Fix: correct the name, or name the container port.
    Upstream: the endpoints controller (FindPort); kube-linter's check of this name looks at the syntax only.
    """
    pods = [context.graph.objects[e.target] for e in context.edges.get(ref, ()) if e.kind == SELECTS and e.target is not None]
    if not pods:
        return
    for i, port in enumerate(obj["spec"].get("ports") or ()):
        wanted = port.get("targetPort")
        if not isinstance(wanted, str):
            continue
        names = sorted({n for p in pods for n in _names(p, port.get("protocol") or "TCP")})
        if wanted not in names:
            has = f"they have {', '.join(names)}" if names else "they name none"
            yield Finding(f"spec.ports[{i}].targetPort", f'no container of the selected pods has a port named "{wanted}" ({has})', "correct the name")


def _names(workload: Object, protocol: str) -> Iterator[str]:
    spec = (pod_template(workload) or {}).get("spec") or {}
    sidecars = [c for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"]
    for container in (*spec.get("containers", ()), *sidecars):
        for port in container.get("ports") or ():
            if port.get("name") and (port.get("protocol") or "TCP") == protocol:
                yield port["name"]
