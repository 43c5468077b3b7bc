"""Monitors that no Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.kinds.customreferences import MONITORING, map_of
from kplan.lint.rule import Context, Finding, rule

SERVERS = tuple(f"{kind}.{MONITORING}" for kind in ("Prometheus", "PrometheusAgent"))
RULERS = (*SERVERS, f"ThanosRuler.{MONITORING}")
READ = tuple(f"{kind}.{MONITORING}" for kind in ("ServiceMonitor", "PodMonitor", "Probe", "ScrapeConfig", "PrometheusRule"))


@rule("unselected-monitor", Severity.WARNING, READ, absent=RULERS)
def unselected_monitor(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The input has a Prometheus, and no Prometheus of it selects a monitor or rule: by labels, or by its namespace.

    Why: nothing is scraped, no alert is ever raised, and nobody says so.
    Example: `serviceMonitorSelector: {matchLabels: {release: prometheus}}` and a ServiceMonitor without that label.
    Fix: give it the labels that are asked for, or widen the selector.
    Upstream: none; the selectors of the Prometheus operator.
    """
    readers = RULERS if ref.kind == "PrometheusRule" else SERVERS
    there = [each for kind in readers for each, server in context.of_kind(kind) if any(k.endswith("Selector") for k in map_of(server.get("spec")))]
    def free(each: Ref) -> bool:
        """Whether its namespace is left to whoever applies it."""
        return each in context.manifests and context.unplaced(each.group_kind, each.name) == each

    there = [each for each in there if free(each) == free(ref)]  # the others may come to stand in the same namespace
    if there and not any(e.source.group_kind in readers for e in context.graph.incoming.get(ref, ())):
        related = tuple((each, "spec", "it selects others") for each in there[:2])
        names = ", ".join(f"{each.kind} {each.name}" for each in there[:3])
        yield Finding("metadata.labels", f"no Prometheus selects it ({names})", "give it the labels that the selector asks for", related=related)
