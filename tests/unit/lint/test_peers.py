"""The annotations of other linters count for the same checks here."""

from __future__ import annotations

import pytest

from kplan.lint.engine import Options, lint
from kplan.lint.peers import BY_THE_SERVER, checks
from kplan.lint.rules import RULES
from kplan.manifests.sources import load

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, annotations: {%s}}\nspec: {containers: [{name: web, image: nginx}]}\n"


def rules(annotation: str) -> set[str]:
    """What is found in a pod with an annotation."""
    found = lint(load(["-"], stdin=POD % annotation), Options(select=("latest-tag", "host-network", "no-read-only-root-fs"))).diagnostics
    return {d.rule for d in found}


@pytest.mark.parametrize(
    ("annotation", "left"),
    [
        ("", {"latest-tag", "no-read-only-root-fs"}),
        ("ignore.kplan.dev/latest-tag: pinned elsewhere", {"no-read-only-root-fs"}),
        ("ignore-check.kube-linter.io/latest-tag: pinned elsewhere", {"no-read-only-root-fs"}),
        ("kube-linter.io/ignore-all: because", set()),
        ('kube-score/ignore: "container-image-tag,container-security-context-readonlyrootfilesystem"', set()),
        ('polaris.fairwinds.com/tagNotSpecified-exempt: "true"', {"no-read-only-root-fs"}),
        ('polaris.fairwinds.com/tagNotSpecified-exempt: "false"', {"latest-tag", "no-read-only-root-fs"}),
        ('polaris.fairwinds.com/exempt: "true"', set()),
        ("ignore.kplan.dev/host-network: not needed", {"latest-tag", "no-read-only-root-fs", "unused-suppression"}),
        ("ignore-check.kube-linter.io/host-network: for another linter", {"latest-tag", "no-read-only-root-fs"}),
    ],
)
def test_annotations_count(annotation: str, left: set[str]) -> None:
    assert rules(annotation) == left


def test_what_others_check_is_a_rule_or_the_servers() -> None:
    names = {r.name for r in RULES}
    for key, found in checks(RULES).items():
        assert found
        assert all(n in names or key in BY_THE_SERVER for n in found)


def test_a_check_that_several_rules_share_names_all() -> None:
    assert set(checks(RULES)["kube-score", "container-resources"]) >= {"unset-cpu-requirements", "unset-memory-requests"}
    assert checks(RULES)["kube-linter", "env-value-from"] == ("dangling-reference",)
