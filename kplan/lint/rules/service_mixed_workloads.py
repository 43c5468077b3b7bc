"""A Service whose pods are not alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import Pods
from kplan.lint.rule import Context, Finding, rule


@rule("service-mixed-workloads", Severity.WARNING, ("Service",))
def service_mixed_workloads(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A Service selects several workloads, and some of them do not have the port that it sends to.

    Why: part of the connections go to pods that do not listen there.
    Example: `selector: {app: shop}` where the web server and the worker both have that label.
    Fix: select by a label that only the right pods have.
    Upstream: none.
    """
    workloads = [w for w in context.selected(ref, "spec.selector") if w.kind not in ("Job", "CronJob")]
    if len(workloads) < 2:
        return
    for port in obj["spec"].get("ports") or ():
        target, protocol = port.get("targetPort", port.get("port")), port.get("protocol") or "TCP"
        have = [w for w in workloads if declares(context.pods(w), target, protocol)]
        lack = [w for w in workloads if w not in have]
        if have and lack:
            message = f"selects {lack[0]}, whose pods declare no port {target}, beside {have[0]}, whose pods do"
            yield Finding("spec.selector", message, "select by a label that only the right pods have", related=((lack[0], "metadata.name", "selected too"),))
            return


def declares(pods: Pods, target: Any, protocol: str) -> bool:
    """Whether some container declares a port, by name or number."""
    key = "containerPort" if isinstance(target, int) else "name"
    return any(p.get(key) == target and (p.get("protocol") or "TCP") == protocol for c in pods.running for p in c.ports)
