"""The same question asked twice."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("identical-probes", Severity.WARNING, WORKLOADS, profile="strict")
def identical_probes(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """Readiness and liveness probe of a container are the same, thresholds included.

    Why: as soon as a pod is taken out of its Service it is killed as well, which under load makes it worse.
    Example: two probes that differ in nothing.
    Fix: let the liveness probe be slower, or ask for less.
    Upstream: kube-score pod-probes-identical.
    """
    for c in context.containers(ref):
        if c.data.get("livenessProbe") and c.data.get("livenessProbe") == c.data.get("readinessProbe"):
            yield Finding(f"{c.path}.livenessProbe", f"liveness and readiness probe of {c.title} are the same", "let the livenessProbe be more patient")
