"""Containers that ask for no memory."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.resources import unset
from kplan.lint.rule import Context, Finding, rule


@rule("unset-memory-requests", Severity.WARNING, WORKLOADS, profile="strict", absent=("LimitRange",))
def unset_memory_requests(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A container requests no memory.

    Why: the scheduler puts it anywhere, and when memory is short it is the first to go.
    Example: no `resources.requests.memory`, and no LimitRange in the namespace that gives one.
    Fix: request what it uses.
    Upstream: kube-score container-resources, Polaris memoryRequestsMissing.
    """
    yield from unset(ref, context, "requests", "memory")
