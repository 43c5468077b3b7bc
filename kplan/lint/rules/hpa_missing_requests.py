"""Utilisation of nothing."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.resources import amount, defaults
from kplan.lint.rule import Context, Finding, rule


@rule("hpa-missing-requests", Severity.WARNING, ("HorizontalPodAutoscaler.autoscaling",), absent=("LimitRange",))
def hpa_missing_requests(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """An autoscaler goes by utilisation of a resource that a container of its target does not request.

    Why: utilisation is a share of the request; without one the autoscaler fails (FailedGetResourceMetric) and does not scale.
    Example: `averageUtilization: 80` of cpu for a Deployment without cpu requests.
    Fix: request the resource in every container, or use averageValue.
    Upstream: calculatePodRequests of the replica calculator.
    """
    target = next((e.target for e in context.edges.get(ref, ()) if e.path == "spec.scaleTargetRef.name" and e.target is not None), None)
    if target is None:
        return
    pods, given = context.pods(target), defaults(context, target.namespace)
    for i, metric in enumerate(obj["spec"].get("metrics") or ()):
        kind = {"Resource": "resource", "ContainerResource": "containerResource"}.get(metric.get("type", ""))
        source = metric.get(kind) or {} if kind else {}
        if (source.get("target") or {}).get("type") != "Utilization":
            continue
        for c in pods.running:
            if source.get("container") in (None, c.name) and amount(c, "requests", source["name"], given) is None:
                if ((pods.spec.get("resources") or {}).get("requests") or {}).get(source["name"]) is not None:
                    continue
                message = f"{c.title} of {target} requests no {source['name']}: its utilisation cannot be computed"
                related = ((target, f"{c.path}.resources", "the container"),)
                yield Finding(f"spec.metrics[{i}]" if context.manifests[ref].data["spec"].get("metrics") else "spec", message, "request it", related=related)
                break
