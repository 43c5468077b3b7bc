"""Monitors of nothing."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.kinds.customreferences import list_of, map_of, text_of
from kplan.lint.rule import Context, Finding, rule


@rule("dangling-servicemonitor", Severity.WARNING, ("ServiceMonitor.monitoring.coreos.com",), absent=("Service",))
def dangling_servicemonitor(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A ServiceMonitor selects no Service, or scrapes a port that none of those it selects has.

    Why: Prometheus gets no target, and no error either.
    Example: `endpoints: [{port: metrics}]` where the Service's port is called `http-metrics`.
    Fix: correct the selector or the port's name (a Service port has to be named to be scraped).
    Upstream: kube-linter dangling-servicemonitor.
    """
    services = [context.graph.objects[r] for r in context.selected(ref, "spec.selector")]
    if not services:
        if context.of_kind("Service", ref.namespace) and not map_of(map_of(obj.get("spec")).get("namespaceSelector")):
            yield Finding("spec.selector", f"selects no Service in namespace {ref.namespace}", "correct the selector")
        return
    names = {p.get("name") for s in services for p in s["spec"].get("ports") or ()}
    for i, endpoint in enumerate(list_of(map_of(obj.get("spec")).get("endpoints"))):
        port = text_of(map_of(endpoint).get("port"))
        if port and port not in names:
            has = ", ".join(sorted(n for n in names if n)) or "no named port"
            yield Finding(f"spec.endpoints[{i}].port", f'no selected Service has a port named "{port}" (they have {has})', "correct the name")
