"""Several plans in one run: environments of kplan.yaml, overlays, versions, with a base each."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from kplan.cli.main import main
from kplan.cli.scenarios import exit_code

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["plan", *arguments])
    captured = capsys.readouterr()
    return int(ended.value.code or 0), captured.out, captured.err


def environments() -> None:
    write("app/c.yaml", CONFIG.format("c"))
    write("broken/p.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: []}\n")
    dev = "  dev: {paths: [app], nodes: 1x2cpu, namespace: dev}\n"
    write("kplan.yaml", f"environments:\n{dev}  prod:\n    paths: [app, broken]\n    nodes: 3x8cpu,32Gi\n")


def test_all_environments_are_planned_and_the_worst_counts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    environments()
    code, out, _ = run(capsys, "--format", "json")
    found = json.loads(out)
    assert (code, found["ok"]) == (1, False)
    assert [(p["name"], p["plan"]["ok"], len(p["plan"]["nodes"])) for p in found["plans"]] == [("dev", True, 1), ("prod", False, 3)]
    assert [c["ref"]["namespace"] for c in found["plans"][0]["plan"]["changes"] if c["ref"]["kind"] == "ConfigMap" and "cause" not in c] == ["dev"]
    code, out, _ = run(capsys)
    assert code == 1 and "== dev\n" in out and "== prod\n" in out and "\ndev: Plan: " in out


def test_one_environment_is_a_plan_as_always(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    environments()
    monkeypatch.chdir(folder / "app")
    code, out, _ = run(capsys, "--env", "dev")
    assert code == 0 and "==" not in out and "ConfigMap c (dev)" in out
    code, _, err = run(capsys, "--env", "qa")
    assert code == 2 and 'there is no environment "qa": dev, prod are in ' in err


def test_overlays_are_planned_apart_each_with_its_base(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for root, names in (("new", ("dev", "prod")), ("old", ("dev", "qa"))):
        write(f"{root}/base/kustomization.yaml", "resources: [c.yaml]\n")
        write(f"{root}/base/c.yaml", CONFIG.format("c"))
        for name in names:
            write(f"{root}/overlays/{name}/kustomization.yaml", "resources: [../../base]\n")
    tool = folder / "bin" / "kubectl"
    write(str(tool), '#!/bin/sh\necho "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {from: $2}"\n')
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tool.parent))
    code, out, _ = run(capsys, "new", "--base", "old", "--format", "json", "--detailed-exitcode")
    found = json.loads(out)["plans"]
    assert code == 2
    assert [(p["name"], [c["action"] for c in p["plan"]["changes"]]) for p in found] == [
        ("new/overlays/dev", ["update"]),
        ("new/overlays/prod", ["create"]),
        ("old/overlays/qa (gone)", ["delete"]),
    ]


def test_versions_are_planned_side_by_side(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write("job.yaml", "apiVersion: batch/v1beta1\nkind: CronJob\nmetadata: {name: j}\nspec: {}\n")
    spec = "spec: {priorityLevelConfiguration: {name: exempt}}\n"
    write("flow.yaml", f"apiVersion: flowcontrol.apiserver.k8s.io/v1beta3\nkind: FlowSchema\nmetadata: {{name: f}}\n{spec}")
    code, out, _ = run(capsys, ".", "--kubernetes-version", "1.31,1.32", "-q")
    assert code == 1
    said = " ".join(out.partition("== Kubernetes 1.32 compared with 1.31\n")[2].split())
    assert "+ flow.yaml:1:13: error: flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema is not served any more since v1.32 [removed-api]" in said
    assert "CronJob" not in said
    code, out, _ = run(capsys, ".", "--kubernetes-version", "1.31,1.32", "--format", "json")
    found: Any = json.loads(out)
    assert [p["name"] for p in found["plans"]] == ["Kubernetes 1.31", "Kubernetes 1.32"] and len(found["comparisons"]) == 1


def test_findings_of_several_plans_are_told_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write("p.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: []}\n")
    one, both = (run(capsys, ".", "--format", "github", "--kubernetes-version", v)[1] for v in ("1.36", "1.35,1.36"))
    assert one and one == both


@pytest.mark.parametrize(("codes", "plain", "detailed"), [((0, 1, 2), 2, 1), ((0, 2), 2, 2), ((0, 0), 0, 0), ((1, 0), 1, 1)])
def test_the_worst_exit_code_counts(codes: tuple[int, ...], plain: int, detailed: int) -> None:
    assert (exit_code(codes, detailed=False), exit_code(codes, detailed=True)) == (plain, detailed)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--base", "git:HEAD"), "--base: "),
        (("--state", "nowhere.json"), '--state: the path "nowhere.json" does not exist'),
        (("--now", "yesterday"), '--now: "yesterday" is not a time such as 2026-03-01T12:00:00Z'),
        (("--prune",), "all resources selected for prune without explicitly passing --all"),
    ],
)
def test_what_cannot_be_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str) -> None:
    write("c.yaml", CONFIG.format("c"))
    code, out, err = run(capsys, "c.yaml", *arguments)
    assert (code, out) == (2, "") and err.startswith(f"Error: {words}") and err.count("\n") == 1
