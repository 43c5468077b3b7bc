"""How much a missing object weighs: less where somebody else may make it, or where another namespace may be meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from kplan.cli.main import main
from kplan.diagnostics import Severity
from kplan.lint.engine import lint
from kplan.manifests.sources import load

POD = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p%s}\n"
    "spec: {serviceAccountName: default, containers: [{name: a, image: 'a:1.0', envFrom: [{secretRef: {name: made}}]}]}\n"
)
ROLE = (
    "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: maker}\nrules: [{apiGroups: [''], resources: [secrets], verbs: [%s]}]\n"
    "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: maker}\n"
    "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: maker}\nsubjects: [{kind: ServiceAccount, name: default, namespace: default}]\n"
)
SETTINGS = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: s%s}\ndata: {a: '1'}\n"
READER = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p%s}\n"
    "spec: {containers: [{name: a, image: 'a:1.0', env: [{name: A, valueFrom: {configMapKeyRef: {name: s, key: %s}}}]}]}\n"
)
GRANT = (
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\n"
    "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}\nsubjects: [{kind: ServiceAccount, name: a, namespace: shop}]\n"
)
ACCOUNT = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a%s}\n"


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        (POD % "", Severity.WARNING),
        (POD % "" + ROLE % "create", Severity.NOTE),
        (POD % "" + ROLE % "get", Severity.WARNING),
        (POD % ", namespace: other" + ROLE % "create", Severity.WARNING),
        (READER % ("", "b") + SETTINGS % "", Severity.ERROR),
        (READER % ("", "b") + SETTINGS % "" + SETTINGS % ", labels: {twice: yes}".replace("yes", "'yes'"), Severity.NOTE),
        (READER % (", namespace: shop", "a") + SETTINGS % "", Severity.NOTE),
        (READER % (", namespace: shop", "a") + SETTINGS % ", namespace: other", Severity.ERROR),
        (GRANT, Severity.WARNING),
        (GRANT + ACCOUNT % "", Severity.NOTE),
        (GRANT + ACCOUNT % ", namespace: other", Severity.WARNING),
    ],
)
def test_how_much_it_weighs(text: str, severity: Severity) -> None:
    found = lint(load(["-"], stdin=text)).diagnostics
    (told,) = [d for d in found if d.rule in ("dangling-reference", "non-existent-service-account")]
    assert told.severity is severity


def test_how_a_cluster_is_set_up_is_not_the_manifests_fault() -> None:
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ipFamilyPolicy: RequireDualStack, ipFamilies: [IPv6%s], ports: [{port: 80}]}\n"
    assert {d.severity for d in lint(load(["-"], stdin=service % "")).diagnostics} == {Severity.NOTE}
    assert Severity.ERROR in {d.severity for d in lint(load(["-"], stdin=service % ", IPv6")).diagnostics}


@pytest.mark.parametrize(("arguments", "code"), [((), 0), (("--fail-on", "note"), 1)])
def test_notes_do_not_fail_unless_they_are_asked_to(arguments: tuple[str, ...], code: int, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(POD % "" + ROLE % "create", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["lint", "--no-cache", *arguments, str(tmp_path / "app.yaml")])
    assert int(ended.value.code or 0) == code
