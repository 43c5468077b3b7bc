"""Pods without a priority."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import LASTING
from kplan.lint.rule import Context, Finding, rule


@rule("priority-class-name", Severity.NOTE, LASTING, profile="all")
def priority_class_name(ref: Ref, obj: Object, context: Context, *, allowed: tuple[str, ...] = ()) -> Iterator[Finding]:
    """Pods have no priorityClassName, or none of those that are allowed.

    Why: when nodes are full, priority decides who stays.
    Example: a Deployment without `priorityClassName`.
    Fix: set it; with the option `allowed`, to one of these.
    Upstream: kube-linter priority-class-name, Polaris priorityClassNotSet.
    """
    pods = context.pods(ref)
    name = pods.spec.get("priorityClassName")
    if not name:
        yield Finding(f"{pods.path}.priorityClassName", "the pods have no priorityClassName", "set one")
    elif allowed and name not in allowed:
        yield Finding(f"{pods.path}.priorityClassName", f'"{name}" is not one of {", ".join(allowed)}', "choose one of them")
