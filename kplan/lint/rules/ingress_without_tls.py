"""Ingresses in clear."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("ingress-without-tls", Severity.WARNING, ("Ingress.networking.k8s.io",), profile="security")
def ingress_without_tls(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A host of an Ingress has no TLS.

    Why: what goes to it, passwords included, goes in clear.
    Example: an Ingress without `spec.tls`.
    Fix: add the host to `spec.tls`.
    Upstream: Polaris tlsSettingsMissing.
    """
    covered = {h for tls in obj["spec"].get("tls") or () for h in tls.get("hosts") or ("*",)}
    for i, each in enumerate(obj["spec"].get("rules") or ()):
        host = each.get("host") or ""
        if "*" not in covered and host not in covered and f"*.{host.partition('.')[2]}" not in covered:
            yield Finding(f"spec.rules[{i}].host", f"{host or 'any host'} is served without TLS", "add it to spec.tls")
