"""Containers that ask for no cpu."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.resources import unset
from kplan.lint.rule import Context, Finding, rule


@rule("unset-cpu-requirements", Severity.WARNING, WORKLOADS, profile="strict", absent=("LimitRange",))
def unset_cpu_requirements(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A container requests no cpu.

    Why: the scheduler puts it anywhere, and under load it gets next to nothing.
    Example: no `resources.requests.cpu`, and no LimitRange in the namespace that gives one.
    Fix: request what it uses.
    Upstream: kube-linter unset-cpu-requirements, kube-score container-resources, Polaris cpuRequestsMissing.
    """
    yield from unset(ref, context, "requests", "cpu")
