"""Namespaces that nobody makes."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule

ALWAYS = ("default", "kube-system", "kube-public", "kube-node-lease")


@rule("missing-namespace", Severity.NOTE, profile="strict", whole=True)
def missing_namespace(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The namespace of an object is neither in the input nor in the base state.

    Why: the API server refuses objects of a namespace that does not exist.
    Example: `namespace: shop` and no Namespace `shop`.
    Fix: add it, or say that it lives elsewhere.
    Upstream: the admission plugin NamespaceLifecycle.
    """
    known = Ref("", "Namespace", "", ref.namespace)
    if ref.namespace and ref.namespace not in ALWAYS and known not in context.graph.objects and ("missing", known) not in context.memo:
        if context.unseen.stands("Namespace", "", ref.namespace):
            return
        context.memo["missing", known] = True
        yield Finding("metadata.namespace", f'Namespace "{ref.namespace}" not found', "add it, or say that it lives elsewhere")
