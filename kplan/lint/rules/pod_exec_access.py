"""Bindings that let somebody into containers."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.grants import BINDINGS, ROLES, granted, grants, rules_of, subjects_of
from kplan.lint.rule import Context, Finding, rule


@rule("pod-exec-access", Severity.WARNING, (*ROLES, *BINDINGS), profile="security")
def pod_exec_access(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A role, or the role of a binding, allows exec into or attaching to pods.

    Why: who is in a container has its Secrets and its ServiceAccount.
    Example: `resources: [pods/exec], verbs: [create]`.
    Fix: leave it out; debug with ephemeral containers under an account of your own.
    Upstream: Polaris rolePodExecAttach, clusterrolePodExecAttach, rolebindingRolePodExecAttach,
        rolebindingClusterRolePodExecAttach, clusterrolebindingPodExecAttach.
    """
    what = (("", "pods/exec"), ("", "pods/attach"))
    if ref.kind.endswith("Binding"):
        found = [resource for _, resource in granted(obj, ref, context, what, ("create", "get"))]
        if found:
            yield Finding("roleRef", f"lets {subjects_of(obj)} use {' and '.join(found)}", "leave it out of the role")
        return
    for i, each in rules_of(obj, context):
        found = [resource for group, resource in what if grants(each, group, resource, ("create", "get"))]
        if found and i >= 0:
            yield Finding(f"rules[{i}]", f"allows {' and '.join(found)}", "leave it out")
