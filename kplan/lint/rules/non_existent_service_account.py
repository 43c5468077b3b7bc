"""A pod whose ServiceAccount is not there."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("non-existent-service-account", Severity.ERROR, whole=True)
def non_existent_service_account(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A pod runs as, or a binding grants to, a ServiceAccount that is neither in the input nor in the base state.

    Why: the API server refuses pods whose ServiceAccount does not exist; the workload never starts.
    Example: `serviceAccountName: buidler` where the account is called `builder`.
    Fix: add the ServiceAccount or correct the name.
    Upstream: kube-linter non-existent-service-account; the admission plugin ServiceAccount.
    """
    for edge, reference in context.dangling(ref):
        if reference.kind == "ServiceAccount":
            binding = ref.kind.endswith("Binding")
            if binding and reference.namespace == "kube-system":
                continue  # the control plane's own
            message = f'ServiceAccount "{reference.name}" not found in namespace {reference.namespace}'
            free = context.unplaced("ServiceAccount", reference.name)
            if free is not None:
                hint, related = f"apply with -n {reference.namespace}, or correct the namespace", ((free, "metadata.name", "this one states no namespace"),)
                yield Finding(edge.path, message, hint, Severity.NOTE, related)
            else:
                yield Finding(edge.path, message, "add it, or correct the name", Severity.WARNING if binding else None)
