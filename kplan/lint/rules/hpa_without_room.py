"""Autoscalers that cannot scale."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("hpa-without-room", Severity.WARNING, ("HorizontalPodAutoscaler.autoscaling",), profile="strict")
def hpa_without_room(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """minReplicas and maxReplicas of an autoscaler are the same.

    Why: it can never change anything.
    Example: `minReplicas: 3, maxReplicas: 3`.
    Fix: raise maxReplicas, or set replicas and leave the autoscaler out.
    Upstream: Polaris hpaMaxAvailability.
    """
    if obj["spec"].get("minReplicas", 1) == obj["spec"].get("maxReplicas"):
        yield Finding("spec.maxReplicas", f"minReplicas is {obj['spec']['maxReplicas']} too: there is nothing to scale", "raise maxReplicas")
