"""Containers that nobody restarts when they hang."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import LASTING
from kplan.lint.rule import Context, Finding, rule


@rule("no-liveness-probe", Severity.NOTE, LASTING, profile="all")
def no_liveness_probe(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A container has no liveness probe.

    Why: a process that hangs and does not exit stays as it is. (A careless probe does more harm than none.)
    Example: a container without `livenessProbe`.
    Fix: add one that tells only what a restart would cure.
    Upstream: kube-linter no-liveness-probe, Polaris livenessProbeMissing.
    """
    for c in context.pods(ref).running:
        if not c.data.get("livenessProbe"):
            yield Finding(c.path, f"{c.title} has no livenessProbe", "add one")
