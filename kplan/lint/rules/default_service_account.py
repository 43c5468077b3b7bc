"""Pods without an identity of their own."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("default-service-account", Severity.NOTE, WORKLOADS, profile="security")
def default_service_account(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """Pods run as the ServiceAccount `default`.

    Why: what is granted to it is granted to everything in the namespace.
    Example: no `serviceAccountName`.
    Fix: make a ServiceAccount for the workload.
    Upstream: kube-linter default-service-account.
    """
    pods = context.pods(ref)
    if (pods.spec.get("serviceAccountName") or "default") == "default":
        yield Finding(f"{pods.path}.serviceAccountName", "pods run as the ServiceAccount default", "give them one of their own")
