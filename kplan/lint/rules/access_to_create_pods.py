"""Bindings that let somebody run anything."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.grants import BINDINGS, WORKLOAD_RESOURCES, granted, subjects_of
from kplan.lint.rule import Context, Finding, rule


@rule("access-to-create-pods", Severity.WARNING, BINDINGS, profile="security")
def access_to_create_pods(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A binding lets its subjects create pods, directly or by a workload.

    Why: who creates a pod chooses its ServiceAccount, its Secrets and its node's directories.
    Example: a Role with `resources: [deployments], verbs: [create]`.
    Fix: grant it to deployers only, in namespaces with a pod security standard.
    Upstream: kube-linter access-to-create-pods.
    """
    found = [resource for _, resource in granted(obj, ref, context, WORKLOAD_RESOURCES, ("create",))]
    if found:
        yield Finding("roleRef", f"lets {subjects_of(obj)} create {', '.join(found)}", "grant it to deployers only")
