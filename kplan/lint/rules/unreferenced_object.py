"""ConfigMaps and Secrets that nobody uses."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.grants import operated
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule(
    "unreferenced-object",
    Severity.NOTE,
    ("ConfigMap", "Secret", "PersistentVolumeClaim"),
    profile="strict",
    absent=(*WORKLOADS, "Ingress.networking.k8s.io", "Gateway.gateway.networking.k8s.io", "ServiceAccount"),
)
def unreferenced_object(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """Nothing in the input uses a ConfigMap, Secret or claim.

    Why: it is left over, or the name in the workload is another one.
    Example: a ConfigMap `web-config` that no pod mounts.
    Fix: remove it, or correct the name where it is used.
    Upstream: Popeye 400, 401.
    """
    special = obj.get("type", "Opaque") not in ("Opaque", "kubernetes.io/tls", "kubernetes.io/dockerconfigjson", "kubernetes.io/basic-auth")
    if not special and ref not in context.graph.incoming and not operated(ref.namespace, context):
        yield Finding("metadata.name", f"nothing uses this {ref.kind}", "remove it, or correct the name where it is used")
