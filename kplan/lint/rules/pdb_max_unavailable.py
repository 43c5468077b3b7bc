"""Budgets that let none go."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("pdb-max-unavailable", Severity.WARNING, ("PodDisruptionBudget.policy",))
def pdb_max_unavailable(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The maxUnavailable of a PodDisruptionBudget is nothing.

    Why: no pod may ever be evicted, so no node with one of them can be drained.
    Example: `maxUnavailable: 0`, `maxUnavailable: 0%`.
    Fix: `maxUnavailable: 1`.
    Upstream: kube-linter pdb-max-unavailable, Polaris pdbDisruptionsIsZero.
    """
    wanted = obj["spec"].get("maxUnavailable")
    if wanted in (0, "0%"):
        yield Finding("spec.maxUnavailable", "lets no pod go: none may be evicted, no node with one can be drained", "make it 1 or more")
