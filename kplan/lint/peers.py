"""What other linters call the same checks: read from the `Upstream` lines of the rules' documentation, and what the server itself says."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kplan.lint.rule import Rule

TOOLS = ("kube-linter", "kube-score", "Polaris")
# Checks that are no rules here, since the API server (or its schema) says the same or more.
BY_THE_SERVER: dict[tuple[str, str], str] = {
    ("kube-linter", "mismatching-selector"): "field/invalid",
    ("kube-linter", "duplicate-env-var"): "api/warning",
    ("kube-linter", "schema-validation"): "schema/*",
    ("kube-linter", "no-extensions-v1beta"): "removed-api",
    ("kube-linter", "unsafe-proc-mount"): "field/invalid",
    ("kube-score", "deployment-pod-selector-labels-match-template-metadata-labels"): "field/invalid",
    ("kube-score", "statefulset-pod-selector-labels-match-template-metadata-labels"): "field/invalid",
    ("kube-score", "environment-variable-key-duplication"): "api/warning",
    ("kube-score", "container-ports-check"): "field/*",
    ("kube-score", "cronjob-restartpolicy"): "field/*",
    ("kube-score", "label-values"): "field/invalid",
    ("kube-score", "stable-version"): "removed-api",
    ("Polaris", "procMount"): "field/invalid",
}
# Checks that have no place here, and why.
LEFT_OUT: dict[tuple[str, str], str] = {
    ("kube-linter", "scc-deny-privileged-container"): "SecurityContextConstraints are a kind of OpenShift alone",
}
_NAME = re.compile(r"[A-Za-z][\w-]*")


def checks(rules: Iterable[Rule]) -> dict[tuple[str, str], tuple[str, ...]]:
    """(tool, its check) -> the rules here that look for the same."""
    found: dict[tuple[str, str], tuple[str, ...]] = {key: (name,) for key, name in BY_THE_SERVER.items()}
    for rule in rules:
        upstream = rule.documentation.partition("Upstream:")[2].partition(";")[0]
        tool = ""
        for part in re.split(r",\s*|\s+and\s+", " ".join(upstream.split()).rstrip(".")):
            named = next((t for t in TOOLS if part.startswith(f"{t} ")), "")
            tool, check = (named, part.removeprefix(f"{named} ")) if named else (tool, part)
            if tool and _NAME.fullmatch(check):
                found[tool, check] = (*found.get((tool, check), ()), rule.name)
            elif not named:
                tool = ""
    return found
