"""The engine: rules that break, statistics, overridden manifests, dumps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint import engine
from kplan.lint.engine import Options, Record, lint
from kplan.lint.rule import Context, Finding, rule
from kplan.manifests.sources import load

POD = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": [{"name": "web", "image": "nginx"}]}}'


@rule("broken", Severity.ERROR)
def broken(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """Finds something and breaks."""
    yield Finding("kind", "something")
    raise KeyError(ref.name)


@rule("sound", Severity.WARNING)
def sound(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """Finds something."""
    yield Finding("kind", "something")


def test_a_rule_that_breaks_is_told_and_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "RULES", (broken, sound))
    found = lint(load(["-"], stdin=POD)).diagnostics
    assert sorted(d.rule for d in found) == ["internal/rule-crashed", "sound"]
    crash = next(d for d in found if d.rule == "internal/rule-crashed")
    assert crash.severity is Severity.NOTE
    assert "the rule broken broke: KeyError: 'web'" in crash.message


def test_statistics_are_taken_where_asked_for() -> None:
    record = Record()
    lint(load(["-"], stdin=POD), Options(), record)
    assert not record.times
    assert lint(load(["-"], stdin=POD), Options(statistics=True)).times["latest-tag"] >= 0


def test_copies_that_a_controller_made_are_not_judged_again(tmp_path: Path) -> None:
    owner = "ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web, uid: a, controller: true}]"
    spec = "{containers: [{name: web, image: nginx}]}"
    text = (
        "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: web}\n"
        f"spec: {{selector: {{matchLabels: {{a: b}}}}, template: {{metadata: {{labels: {{a: b}}}}, spec: {spec}}}}}\n"
        f"---\napiVersion: v1\nkind: Pod\nmetadata: {{name: web-1, labels: {{a: b}}, {owner}}}\nspec: {spec}\n"
    )
    found = [d for d in lint(load(["-"], stdin=text)).diagnostics if d.rule == "latest-tag"]
    assert [d.ref.kind for d in found if d.ref] == ["ReplicaSet"]


def test_findings_that_need_the_whole_input_are_uncertain_in_a_part() -> None:
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n"
    whole, part = lint(load(["-"], stdin=service)).diagnostics, lint(load(["-"], stdin=f"{service}---\na: [\n")).diagnostics
    assert [d.severity for d in whole if d.rule == "dangling-service"] == [Severity.WARNING]
    (uncertain,) = [d for d in part if d.rule == "dangling-service"]
    assert uncertain.severity is Severity.NOTE
    assert "uncertain" in uncertain.message
