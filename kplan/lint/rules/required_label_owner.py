"""Objects that nobody owns."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object, labels_of
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import LASTING
from kplan.lint.rule import Context, Finding, rule


@rule("required-label-owner", Severity.NOTE, (*LASTING, "Service", "Namespace"), profile="all")
def required_label_owner(ref: Ref, obj: Object, context: Context, *, label: str = "owner") -> Iterator[Finding]:
    """An object lacks the label that says whose it is.

    Why: in an incident somebody must be called.
    Example: a Deployment without the label `owner`.
    Fix: add it; the option `label` gives its name.
    Upstream: kube-linter required-label-owner.
    """
    if not labels_of(obj).get(label):
        yield Finding("metadata.labels", f'no label "{label}"', "add it")
