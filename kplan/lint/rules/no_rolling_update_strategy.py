"""Deployments that stop before they start."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("no-rolling-update-strategy", Severity.WARNING, ("Deployment.apps",), profile="strict")
def no_rolling_update_strategy(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A Deployment that a Service uses has the strategy Recreate.

    Why: at every change all pods stop before a new one starts.
    Example: `strategy: {type: Recreate}`.
    Fix: RollingUpdate, unless two versions must not run side by side.
    Upstream: kube-linter no-rolling-update-strategy, kube-score deployment-strategy.
    """
    if (obj["spec"].get("strategy") or {}).get("type") == "Recreate" and context.selecting(ref, "Service"):
        yield Finding("spec.strategy.type", "all pods stop before new ones start", "use RollingUpdate")
