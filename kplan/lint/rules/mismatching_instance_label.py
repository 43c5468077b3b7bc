"""The recommended label, with another name in it."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object, labels_of
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import LASTING
from kplan.lint.rule import Context, Finding, rule


@rule("mismatching-instance-label", Severity.NOTE, LASTING, profile="all")
def mismatching_instance_label(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The label app.kubernetes.io/instance is not the object's name.

    Why: dashboards that group by it show another application.
    Example: `app.kubernetes.io/instance: shop` on the Deployment `web`.
    Fix: make them the same.
    Upstream: Polaris metadataAndInstanceMismatched.
    """
    instance = labels_of(obj).get("app.kubernetes.io/instance")
    if instance is not None and instance != ref.name:
        yield Finding("metadata.labels[app.kubernetes.io/instance]", f'"{instance}" is not the name "{ref.name}"', "make them the same")
