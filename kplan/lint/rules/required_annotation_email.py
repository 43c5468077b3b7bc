"""Objects with no address."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object, annotations_of
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import LASTING
from kplan.lint.rule import Context, Finding, rule


@rule("required-annotation-email", Severity.NOTE, LASTING, profile="all")
def required_annotation_email(ref: Ref, obj: Object, context: Context, *, annotation: str = "email") -> Iterator[Finding]:
    """An object lacks the annotation with an e-mail address.

    Why: in an incident somebody must be called.
    Example: a Deployment without the annotation `email`.
    Fix: add it; the option `annotation` gives its name.
    Upstream: kube-linter required-annotation-email.
    """
    if "@" not in annotations_of(obj).get(annotation, ""):
        yield Finding("metadata.annotations", f'no annotation "{annotation}" with an address', "add it")
