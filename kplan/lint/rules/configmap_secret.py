"""Passwords in ConfigMaps."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule
from kplan.lint.secrecy import looks_secret


@rule("configmap-secret", Severity.WARNING, ("ConfigMap",), profile="security")
def configmap_secret(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A key of a ConfigMap is called like a secret.

    Why: ConfigMaps are not encrypted at rest, and many may read them who may not read Secrets.
    Example: `data: {DB_PASSWORD: hunter2}`.
    Fix: move it to a Secret.
    Upstream: Polaris sensitiveConfigmapContent.
    """
    for key, value in (obj.get("data") or {}).items():
        if value and looks_secret(key, value):
            yield Finding(f"data[{key}]", f'key "{key}" looks like a secret', "move it to a Secret")
