"""Tokens in pods that nobody asked for."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("automounted-service-account-token", Severity.WARNING, WORKLOADS, profile="security", absent=("ServiceAccount",))
def automounted_service_account_token(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The token of its ServiceAccount is mounted into a pod by default.

    Why: most programs never call the API server; whoever gets into them can.
    Example: neither the pod nor its ServiceAccount says `automountServiceAccountToken: false`.
    Fix: say so in the ServiceAccount, and in pods that need the token the contrary.
    Upstream: Polaris automountServiceAccountToken.
    """
    pods = context.pods(ref)
    if pods.spec.get("automountServiceAccountToken") is not None:
        return
    name = pods.spec.get("serviceAccountName") or "default"
    account = context.graph.objects.get(Ref("", "ServiceAccount", ref.namespace, name)) or {}
    if account.get("automountServiceAccountToken") is not False:
        path = f"{pods.path}.automountServiceAccountToken"
        yield Finding(path, f"the token of ServiceAccount {name} is mounted into the pods", "set automountServiceAccountToken: false")
