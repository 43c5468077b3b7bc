"""Passwords in the environment, in clear."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule
from kplan.lint.secrecy import looks_secret


@rule("env-var-secret", Severity.WARNING, WORKLOADS, profile="security")
def env_var_secret(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """An environment variable that is called like a secret has its value in the manifest.

    Why: whoever can read the manifest or the workload has it; so has every backup and log of either.
    Example: `{name: DB_PASSWORD, value: hunter2}`.
    Fix: put the value in a Secret and use `valueFrom.secretKeyRef`.
    Upstream: kube-linter env-var-secret, Polaris sensitiveContainerEnvVar.
    """
    for c in context.containers(ref):
        for i, variable in enumerate(c.env):
            if variable.get("value") and looks_secret(variable["name"], variable["value"]):
                message = f"{c.title} has the value of {variable['name']} in clear"
                yield Finding(f"{c.path}.env[{i}].value", message, "use valueFrom.secretKeyRef")
