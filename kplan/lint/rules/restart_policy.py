"""Bare pods that stay down."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("restart-policy", Severity.NOTE, ("Pod",), profile="all")
def restart_policy(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A bare pod has the restartPolicy Never.

    Why: whatever ends it, it stays ended.
    Example: `restartPolicy: Never`.
    Fix: Always or OnFailure.
    Upstream: kube-linter restart-policy.
    """
    if obj["spec"].get("restartPolicy") == "Never":
        yield Finding("spec.restartPolicy", "nobody starts the pod again", "use Always or OnFailure")
