"""Bindings that let somebody read Secrets."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.grants import BINDINGS, granted, subjects_of
from kplan.lint.rule import Context, Finding, rule


@rule("access-to-secrets", Severity.WARNING, BINDINGS, profile="security")
def access_to_secrets(
    ref: Ref, obj: Object, context: Context, *, verbs: tuple[str, ...] = ("get", "list", "watch", "create", "update", "patch", "delete")
) -> Iterator[Finding]:
    """A binding grants access to Secrets.

    Why: Secrets hold the keys to everything else; those of the whole cluster make cluster-admin of whoever reads them.
    Example: a ClusterRole with `resources: [secrets], verbs: [get]`, bound by a ClusterRoleBinding.
    Fix: name the Secrets (`resourceNames`), bind in one namespace, or leave it out.
    Upstream: kube-linter access-to-secrets; Checkov CKV2_K8S_5.
    """
    for verb, resource in granted(obj, ref, context, (("", "secrets"),), verbs):
        scope = "in all namespaces" if ref.kind == "ClusterRoleBinding" else f"in namespace {ref.namespace}"
        yield Finding("roleRef", f"grants {verb} on {resource} {scope} to {subjects_of(obj)}", "grant it by resourceNames, or not at all")
