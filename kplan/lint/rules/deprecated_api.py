"""APIs that will go."""

from __future__ import annotations

from collections.abc import Iterator

from kplan import schema
from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("deprecated-api", Severity.NOTE, profile="strict")
def deprecated_api(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """An apiVersion is still served and is gone in a later version of Kubernetes that is known.

    Why: after the upgrade the manifest is refused.
    Example: `policy/v1beta1` PodDisruptionBudget for Kubernetes 1.24.
    Fix: use the version that replaces it.
    Upstream: kube-linter no-extensions-v1beta, kube-score stable-version; Pluto, the deprecated API migration guide.
    """
    data = context.manifests[ref].data
    newest = schema.versions()[-1]
    gone = schema.removed(str(data.get("apiVersion")), str(data.get("kind")), newest)
    if gone is not None:
        instead = f"use {gone.replacement} {gone.replacement_kind}" if gone.replacement else "nothing takes its place"
        yield Finding("apiVersion", f"{gone.api_version} {gone.kind} is gone in v{gone.removed_in}", instead)
