"""Credentials in plain sight."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule
from kplan.lint.secrecy import credential

FIELDS = ("command", "args")


@rule("plain-secret", Severity.WARNING, (*WORKLOADS, "ConfigMap"))
def plain_secret(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A value has the form of a credential: a private key, a cloud access key, a token.

    Why: what is in a manifest is in the repository and in all its copies; such a credential counts as lost.
    Example: `args: [--token=ghp_…]`, a ConfigMap with `-----BEGIN RSA PRIVATE KEY-----`.
    Fix: revoke it, put the new one in a Secret.
    Upstream: none; the patterns are those that the issuers publish.
    """
    if obj["kind"] == "ConfigMap":
        for key, value in (obj.get("data") or {}).items():
            what = credential(value)
            if what:
                yield Finding(f"data[{key}]", f'key "{key}" holds {what}', "revoke it, use a Secret")
        return
    for c in context.containers(ref):
        for i, variable in enumerate(c.env):
            what = credential(variable.get("value") or "")
            if what:
                yield Finding(f"{c.path}.env[{i}].value", f"{variable['name']} of {c.title} holds {what}", "revoke it, use a Secret")
        for field in FIELDS:
            for i, text in enumerate(c.data.get(field) or ()):
                what = credential(text)
                if what:
                    yield Finding(f"{c.path}.{field}[{i}]", f"{field} of {c.title} hold {what}", "revoke it, use a Secret")
