"""The old name of serviceAccountName."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS, pods_of
from kplan.lint.rule import RENAME, Context, Edit, Finding, rule


@rule("deprecated-service-account-field", Severity.WARNING, WORKLOADS)
def deprecated_service_account_field(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A pod spec uses `serviceAccount`, which `serviceAccountName` replaced.

    Why: where both are given and differ, `serviceAccountName` wins and the other is overwritten without a word.
    Example: `serviceAccount: builder`.
    Fix: write `serviceAccountName: builder`.
    Upstream: kube-linter deprecated-service-account-field.
    """
    pods = pods_of(context.manifests[ref].data)
    if pods.spec.get("serviceAccount") and pods.spec.get("serviceAccount") != pods.spec.get("serviceAccountName"):
        edit = None if pods.spec.get("serviceAccountName") else Edit(RENAME, "serviceAccountName")
        yield Finding(f"{pods.path}.serviceAccount", "serviceAccount is deprecated", "write serviceAccountName", edit=edit)
