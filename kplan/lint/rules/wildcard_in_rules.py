"""Roles with asterisks."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.grants import ROLES
from kplan.lint.rule import Context, Finding, rule


@rule("wildcard-in-rules", Severity.WARNING, ROLES, profile="security")
def wildcard_in_rules(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A rule of a role has an asterisk.

    Why: it grants also what will be added later: new kinds, new subresources, new verbs.
    Example: `verbs: ["*"]`.
    Fix: write down what is needed.
    Upstream: kube-linter wildcard-in-rules.
    """
    for i, each in enumerate(obj.get("rules") or ()):
        for field in ("apiGroups", "resources", "verbs"):
            values = each.get(field) or ()
            if "*" in values:
                yield Finding(f"rules[{i}].{field}[{list(values).index('*')}]", f"any {WORDS[field]} is allowed", f"name the {WORDS[field]}s")


WORDS = {"apiGroups": "group", "resources": "resource", "verbs": "verb"}
