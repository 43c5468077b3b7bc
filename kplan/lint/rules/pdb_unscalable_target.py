"""Budgets of pods whose number nobody can tell."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.disruption import SCALABLE, protected
from kplan.lint.rule import Context, Finding, rule


@rule("pdb-unscalable-target", Severity.WARNING, ("PodDisruptionBudget.policy",))
def pdb_unscalable_target(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A budget with maxUnavailable, or a percentage, covers pods of a workload that has no scale.

    Why: the disruption controller cannot tell how many pods to expect (SyncFailed), so it lets none go.
    Example: `maxUnavailable: 1` for the pods of a DaemonSet or a Job, or for bare Pods.
    Fix: use a whole number in minAvailable, or leave the budget out (drains leave DaemonSets alone anyway).
    Upstream: getExpectedScale of pkg/controller/disruption.
    """
    spec = obj["spec"]
    if spec.get("maxUnavailable") is None and not isinstance(spec.get("minAvailable"), str):
        return
    others = [w for w in protected(ref, context) if w.kind not in SCALABLE]
    if others:
        field = "maxUnavailable" if spec.get("maxUnavailable") is not None else "minAvailable"
        message = f"{others[0]} has no scale: the budget cannot be computed, and none of its pods may be evicted"
        yield Finding(f"spec.{field}", message, "state minAvailable as a number", related=((others[0], "kind", "this one"),))
