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
from kplan.plan import Options as PlanOptions
from kplan.plan import plan

POD = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": [{"name": "web", "image": "nginx"}]}}'
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n"


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


@pytest.mark.parametrize(
    ("unread", "uncertain"),
    [
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: [\n", set()),
        ("apiVersion: v1\nkind: LimitRange\nmetadata: [\n", {"unset-memory-requests"}),
        ("apiVersion: apps/v1\nkind: Deployment # of web\nmetadata: [\n", {"dangling-service"}),
        ("apiVersion: v1\nkind: Secret\nmetadata: [\n", {"dangling-reference"}),
        ("apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {{ .Values.name }}\n", set()),
        ("apiVersion: v1\nkind: List\nitems:\n- kind: Secret\n  metadata: [\n", {"dangling-reference", "dangling-service", "unset-memory-requests"}),
        ("apiVersion: x.dev/v1\nkind: Stack\nmetadata: [\n", {"dangling-reference", "dangling-service", "unset-memory-requests"}),
        ("a: [\n", {"dangling-reference", "dangling-service", "unset-memory-requests"}),
        ('{{ include "all" . }}\n---\n{{ include "all" . }}\nkind: Role\n', {"dangling-reference", "dangling-service", "unset-memory-requests"}),
    ],
)
def test_only_what_hangs_on_the_kinds_of_an_unread_document_is_uncertain(unread: str, uncertain: set[str]) -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: 'a:1', envFrom: [{secretRef: {name: s}}]}]}\n"
    rules = ("dangling-service", "dangling-reference", "unset-memory-requests")
    found = lint(load(["-"], stdin=f"{pod}---\n{SERVICE}---\n{unread}"), Options(select=rules)).diagnostics
    assert {d.rule for d in found if d.rule in rules} == set(rules)
    assert {d.rule for d in found if d.rule in rules and "uncertain" in d.message} == uncertain


REFUSED = "apiVersion: %s\nkind: %s\nmetadata: {name: %s}\n%s\n"
USER = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: user}\n"
    "spec: {containers: [{name: a, image: 'a:1', envFrom: [{configMapRef: {name: settings}}]}], priorityClassName: high, serviceAccountName: user}\n"
)


@pytest.mark.parametrize(
    ("refused", "severities"),
    [
        ("", {Severity.WARNING}),
        (REFUSED % ("apps/v1", "Deployment", "web", "spec: {typo: 1}"), {Severity.NOTE}),
        (REFUSED % ("apps/v1", "Deployment", "web", "spec: {typo: 1, template: {metadata: {labels: {app: other}}}}"), {Severity.WARNING}),
        (REFUSED % ("apps/v1", "Deployment", "web", "spec: {typo: 1, template: {metadata: {labels: {app: 3}}}}"), {Severity.NOTE}),
        (REFUSED % ("apps/v1", "Deployment", "web, namespace: b", "spec: {typo: 1}"), {Severity.WARNING}),
        (REFUSED % ("v1", "ConfigMap", "web", "typo: 1"), {Severity.WARNING}),
        (REFUSED % ("v1", "Pod", "web", "metadata: [\n"), {Severity.NOTE}),
    ],
)
def test_what_hangs_on_a_refused_document_is_uncertain(refused: str, severities: set[Severity]) -> None:
    found = lint(load(["-"], stdin=f"{SERVICE}---\n{refused}")).diagnostics
    assert {d.severity for d in found if d.rule == "dangling-service"} == severities


@pytest.mark.parametrize(
    ("refused", "severity"),
    [
        (REFUSED % ("v1", "ConfigMap", "settings", "typo: 1"), Severity.NOTE),
        (REFUSED % ("v1", "ConfigMap", "others", "typo: 1"), Severity.ERROR),
        (REFUSED % ("v1", "ConfigMap", "settings, namespace: b", "typo: 1"), Severity.ERROR),
    ],
)
def test_a_plan_is_uncertain_of_pods_that_wait_for_what_was_refused(refused: str, severity: Severity) -> None:
    user = USER.replace(", priorityClassName: high, serviceAccountName: user", "")
    found = plan(load(["-"], stdin=f"{user}---\n{refused}"), PlanOptions()).diagnostics
    (waiting,) = [d for d in found if d.rule == "not-ready"]
    assert waiting.severity is severity
    assert ("uncertain" in waiting.message) == (severity is Severity.NOTE)


def test_names_of_refused_documents_are_there() -> None:
    kinds = {"ConfigMap": ("v1", "settings"), "PriorityClass": ("scheduling.k8s.io/v1", "high"), "ServiceAccount": ("v1", "user")}
    documents = [USER, *(REFUSED % (version, kind, name, "typo: 1") for kind, (version, name) in kinds.items())]
    rules = ("dangling-reference", "non-existent-service-account")
    assert not [d for d in lint(load(["-"], stdin="---\n".join(documents))).diagnostics if d.rule in rules]
    assert len([d for d in lint(load(["-"], stdin=USER)).diagnostics if d.rule in rules]) == 3


def test_a_plan_is_uncertain_of_what_stands_in_a_refused_namespace() -> None:
    settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: %s}\n---\n"
    text = settings % "shop" + settings % "other" + REFUSED % ("v1", "Namespace", "shop", "typo: 1")
    state = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "third"}}]
    found = {d.ref.namespace: d.severity for d in plan(load(["-"], stdin=text), PlanOptions(state=state)).diagnostics if d.ref and d.ref.kind == "ConfigMap"}
    assert found == {"shop": Severity.NOTE, "other": Severity.ERROR}
