"""Containers without a limit of cpu."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.resources import unset
from kplan.lint.rule import Context, Finding, rule


@rule("unset-cpu-limits", Severity.NOTE, WORKLOADS, profile="all", absent=("LimitRange",))
def unset_cpu_limits(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A container has no cpu limit.

    Why: it may use all that others do not. (Many prefer that to throttling: hence not in any smaller profile.)
    Example: no `resources.limits.cpu`.
    Fix: limit it.
    Upstream: kube-score container-resources, Polaris cpuLimitsMissing.
    """
    yield from unset(ref, context, "limits", "cpu")
