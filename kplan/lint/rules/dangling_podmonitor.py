"""Monitors of no pods."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.kinds.customreferences import list_of, map_of, text_of
from kplan.lint.grants import operated
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("dangling-podmonitor", Severity.WARNING, ("PodMonitor.monitoring.coreos.com",), absent=WORKLOADS)
def dangling_podmonitor(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A PodMonitor selects no pods, or scrapes a port that none of them declares.

    Why: Prometheus gets no target, and no error either.
    Example: `podMetricsEndpoints: [{port: metrics}]` where the container's port is called `http`.
    Fix: correct the selector or the port's name.
    Upstream: none.
    """
    workloads = context.selected(ref, "spec.selector")
    if not workloads:
        if context.workloads.get(ref.namespace) and not map_of(map_of(obj.get("spec")).get("namespaceSelector")) and not operated(ref.namespace, context):
            yield Finding("spec.selector", f"selects no pod in namespace {ref.namespace}", "correct the selector")
        return
    names = {n for w in workloads for n in context.pods(w).port_names()}
    for i, endpoint in enumerate(list_of(map_of(obj.get("spec")).get("podMetricsEndpoints"))):
        port = text_of(map_of(endpoint).get("port"))
        if port and port not in names:
            has = ", ".join(sorted(names)) or "no named port"
            message = f'no selected pod has a port named "{port}" (they have {has})'
            yield Finding(f"spec.podMetricsEndpoints[{i}].port", message, "correct the name")
