"""Budgets that say nothing."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("pdb-without-policy", Severity.WARNING, ("PodDisruptionBudget.policy",))
def pdb_without_policy(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A PodDisruptionBudget states neither minAvailable nor maxUnavailable.

    Why: it then expects no pods and allows no disruption: nothing that it covers can be evicted.
    Example: a budget with a selector only.
    Fix: `maxUnavailable: 1`.
    Upstream: kube-score poddisruptionbudget-has-policy; the disruption controller.
    """
    if obj["spec"].get("minAvailable") is None and obj["spec"].get("maxUnavailable") is None:
        yield Finding("spec.maxUnavailable", "neither minAvailable nor maxUnavailable: no pod may be evicted", "set maxUnavailable: 1")
