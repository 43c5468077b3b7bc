"""Secrets in the environment."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("read-secret-from-env-var", Severity.NOTE, WORKLOADS, profile="all")
def read_secret_from_env_var(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A container gets a Secret as an environment variable.

    Why: environments are inherited by child processes and end up in crash reports; files are not, and they follow changes.
    Example: `valueFrom: {secretKeyRef: …}`.
    Fix: mount the Secret as a volume.
    Upstream: kube-linter read-secret-from-env-var.
    """
    for c in context.containers(ref):
        for i, variable in enumerate(c.env):
            if (variable.get("valueFrom") or {}).get("secretKeyRef"):
                yield Finding(f"{c.path}.env[{i}]", f"{c.title} reads the Secret for {variable['name']} from its environment", "mount the Secret")
        for i, source in enumerate(c.data.get("envFrom") or ()):
            if source.get("secretRef"):
                yield Finding(f"{c.path}.envFrom[{i}]", f"{c.title} reads a whole Secret from its environment", "mount the Secret")
