"""Pods without a controller."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object, controller_of
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("naked-pod", Severity.WARNING, ("Pod",), profile="strict")
def naked_pod(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A Pod stands alone, with no controller.

    Why: when its node is drained or fails nobody makes another one.
    Example: `kind: Pod` in a folder of manifests.
    Fix: make it a Deployment or a Job.
    Upstream: none; the documentation's good practices.
    """
    if controller_of(obj) is None:
        yield Finding("kind", "a Pod with no controller is not made again when its node goes", "use a Deployment or a Job")
