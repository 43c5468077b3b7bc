"""Objects in the namespace default."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import LASTING
from kplan.lint.rule import Context, Finding, rule


@rule("use-namespace", Severity.NOTE, (*LASTING, "Pod", "Service", "Job.batch", "CronJob.batch"), profile="all")
def use_namespace(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """An object is in the namespace `default`.

    Why: quotas, policies and rights are per namespace.
    Example: a Deployment without `metadata.namespace`.
    Fix: give it a namespace.
    Upstream: kube-linter use-namespace.
    """
    if ref.namespace == "default":
        yield Finding("metadata.namespace", "the object is in the namespace default", "give it one of its own")
