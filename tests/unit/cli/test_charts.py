"""Helm charts, by every command that reads manifests: rendered for the version that is asked about, with the values that are given."""

from __future__ import annotations

import stat
from itertools import pairwise
from pathlib import Path

import pytest

from kplan.cli.main import main

HELM = """#!/bin/sh
PATH=/usr/bin:/bin
for argument; do printf '%s\\n' "$argument"; done >> log
case "$*" in *"--kube-version 1.25"*) api=storage.k8s.io/v1beta1;; *) api=storage.k8s.io/v1;; esac
printf 'apiVersion: %s\\nkind: CSIStorageCapacity\\nmetadata: {name: web}\\nstorageClassName: fast\\n' $api
"""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a helm that knows one chart writes what it is called with."""
    (tmp_path / "bin").mkdir()
    helm = tmp_path / "bin" / "helm"
    helm.write_text(HELM)
    helm.chmod(helm.stat().st_mode | stat.S_IXUSR)
    work = tmp_path / "work"
    (work / ".git").mkdir(parents=True)
    (work / "chart").mkdir()
    (work / "chart" / "Chart.yaml").write_text("apiVersion: v2\nname: web\n")
    (work / "plain.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(work)
    return work / "log"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    captured = capsys.readouterr()
    return int(ended.value.code or 0), captured.out + captured.err


@pytest.mark.parametrize("command", ["lint", "graph", "plan"])
def test_a_chart_is_told_the_version_and_its_apis(log: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    code, said = run(capsys, command, "chart", "--kubernetes-version", "1.30", "--values", "a.yaml", "--set", "n=1", "--release", "r", "-n", "shop")
    words = log.read_text().splitlines()
    assert (code, words[:8]) == (0, ["template", "r", "chart", "--namespace", "shop", "--include-crds", "--skip-tests", "--kube-version"]), said
    assert words[8] == "1.30" and words[-4:] == ["--values", "a.yaml", "--set", "n=1"]
    told = {api for flag, api in pairwise(words) if flag == "--api-versions"}
    assert {"v1", "v1/Pod", "policy/v1", "networking.k8s.io/v1/Ingress", "apiregistration.k8s.io/v1"} <= told
    assert not {"policy/v1beta1", "autoscaling/v2beta2"} & told


def test_each_version_of_a_comparison_has_its_own_rendering(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(capsys, "plan", "chart", "--kubernetes-version", "1.25,1.36")
    assert code == 0 and "removed-api" not in said, said
    assert [word for word in log.read_text().splitlines() if word.startswith("1.")] == ["1.25", "1.36"]


@pytest.mark.parametrize("command", ["lint", "graph", "plan", "capacity"])
def test_values_without_a_chart_are_a_mistake(log: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    code, said = run(capsys, command, "plain.yaml", "--values", "a.yaml")
    assert code == 2 and "there is none in the input" in said


def test_other_values_are_another_run(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = log.parent / "a.yaml"
    for text in ("n: 1", "n: 1", "n: 2"):
        values.write_text(text)
        run(capsys, "lint", "chart", "--values", "a.yaml")
    assert log.read_text().splitlines().count("template") == 2
