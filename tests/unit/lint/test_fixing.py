"""`--fix` edits the text, keeps comments and layout, and leaves alone what it cannot be sure of."""

from __future__ import annotations

from pathlib import Path

import pytest

from kplan.lint.engine import Options
from kplan.lint.fixing import fixes, unified
from kplan.manifests.sources import load

OLD_INGRESS = "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: web}\n"
OLD_BUDGET = "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: web}\n"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n"
CONTAINER = "  containers:\n  - name: web\n    image: example.com/web:1.2.3\n"
CASES = {
    "a misspelt field": (POD + CONTAINER + "    imagePullPolcy: Always  # why\n", "    imagePullPolicy: Always  # why\n"),
    "a misspelt field in quotes": (POD + CONTAINER + '    "imagePullPolcy": Always\n', '    "imagePullPolicy": Always\n'),
    "a number in the environment": (POD + CONTAINER + "    env:\n    - {name: PORT, value: 8080}  # why\n", '    - {name: PORT, value: "8080"}  # why\n'),
    "a switch in the environment": (POD + CONTAINER + "    env:\n    - name: FLAG\n      value: yes\n", '      value: "yes"\n'),
    "a number in a label": (POD.replace("{name: web}", "{name: web, labels: {a: 1}}") + CONTAINER, 'metadata: {name: web, labels: {a: "1"}}\n'),
    "a text for a port": (POD + CONTAINER + "    ports: [{containerPort: '80'}]\n", "    ports: [{containerPort: 80}]\n"),
    "an old field": (POD + "  serviceAccount: web # why\n" + CONTAINER, "  serviceAccountName: web # why\n"),
    "an old version": (
        "# first\napiVersion: policy/v1beta1  # why\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: web}}}\n",
        "apiVersion: policy/v1  # why\n",
    ),
}
ALONE = {
    "an unknown field that is like none": POD + CONTAINER + "    zzz: 1\n",
    "a misspelt field beside the right one": POD + CONTAINER + "    imagePullPolicy: Never\n    imagePullPolcy: Always\n",
    "a value under an anchor": POD + CONTAINER + "    env:\n    - {name: A, value: &n 1}\n    - {name: B, value: *n}\n",
    "a version whose fields changed": OLD_INGRESS + "spec: {backend: {serviceName: web, servicePort: 80}}\n",
    "an empty selector that meant nothing": OLD_BUDGET + "spec: {selector: {}, minAvailable: 1}\n",
    "both names of the account": POD + "  serviceAccount: a\n  serviceAccountName: b\n" + CONTAINER,
    "broken YAML": "apiVersion: v1\nkind: [\n",
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_one_line_changes_and_no_other(name: str, ends: str, tmp_path: Path) -> None:
    before, line = CASES[name]
    file = tmp_path / "a.yaml"
    file.write_bytes(before.replace("\n", ends).encode())
    (change,) = fixes(load([str(file)]), Options())
    after = change.after.decode().replace(ends, "\n")
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    assert len(old) == len(new)
    assert [n for o, n in zip(old, new, strict=True) if o != n] == [line]
    assert f"+{line.rstrip()}" in unified(change).replace("\r", "")
    file.write_bytes(change.after)
    assert not fixes(load([str(file)]), Options())


@pytest.mark.parametrize("name", ALONE)
def test_what_is_not_sure_is_left_alone(name: str, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(ALONE[name], encoding="utf-8")
    assert not fixes(load([str(file)]), Options())


def test_edits_that_others_uncover_are_made_too(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(
        "apiVersion: batch/v1beta1\nkind: CronJob\nmetadata: {name: report, labels: {a: 1}}\nspec:\n  schedule: '0 3 * * *'\n  jobTemplate:\n    spec:\n"
        "      template:\n        spec:\n          serviceAccount: bot\n          restartPolcy: Never\n"
        "          containers: [{name: report, image: example.com/report:1.2.3}]\n",
        encoding="utf-8",
    )
    (change,) = fixes(load([str(file)]), Options())
    text = change.after.decode()
    for word in ("apiVersion: batch/v1\n", 'a: "1"', "serviceAccountName: bot", "restartPolicy: Never"):
        assert word in text
    assert len(change.said) == 4
