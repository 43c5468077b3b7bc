"""Containers without a limit of memory."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.resources import unset
from kplan.lint.rule import Context, Finding, rule


@rule("unset-memory-requirements", Severity.WARNING, WORKLOADS, profile="strict", absent=("LimitRange",))
def unset_memory_requirements(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A container has no memory limit.

    Why: a leak takes the whole node down instead of one container.
    Example: no `resources.limits.memory`, and no LimitRange in the namespace that gives one.
    Fix: limit it.
    Upstream: kube-linter unset-memory-requirements, kube-score container-resources, Polaris memoryLimitsMissing.
    """
    yield from unset(ref, context, "limits", "memory")
