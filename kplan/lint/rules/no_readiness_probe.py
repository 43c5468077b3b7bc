"""Containers that get traffic before they can take it."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import LASTING
from kplan.lint.rule import Context, Finding, rule


@rule("no-readiness-probe", Severity.WARNING, LASTING, profile="strict")
def no_readiness_probe(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A pod behind a Service has no container with a readiness probe.

    Why: traffic comes as soon as the process runs, and goes on coming when it hangs; rollouts go on with broken pods.
    Example: a Deployment that a Service selects, without `readinessProbe`.
    Fix: add one to the container that answers.
    Upstream: kube-linter no-readiness-probe, kube-score pod-probes, Polaris readinessProbeMissing.
    """
    pods, services = context.pods(ref), context.selecting(ref, "Service")
    if services and pods.containers and not any(c.data.get("readinessProbe") for c in pods.running):
        message = f"no container has a readinessProbe, and Service {services[0].name} sends traffic"
        yield Finding(f"{pods.path}.containers[0]", message, "add a readinessProbe")
