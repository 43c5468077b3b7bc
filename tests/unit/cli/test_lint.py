"""`kplan lint`: mending, statistics, and the same answer from the cache."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kplan.cli.lint import command
from kplan.lint import cache

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: web\n    image: nginx\n    imagePullPolcy: Always  # why\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A manifest with a misspelt field, alone in a repository."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cache, "folder", lambda: tmp_path / ".cache")
    path = tmp_path / "a.yaml"
    path.write_text(POD, encoding="utf-8")
    return path


def lint(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    result = CliRunner().invoke(command, arguments, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value, result.stdout, result.stderr


def test_fix_shows_a_diff_and_write_makes_it(file: Path) -> None:
    code, out, said = lint("--fix", "a.yaml")
    assert code == 1
    assert "-    imagePullPolcy: Always  # why\n+    imagePullPolicy: Always  # why\n" in out
    assert "1 change in 1 file to make" in said
    assert file.read_text(encoding="utf-8") == POD
    assert lint("--fix", "--write", "a.yaml")[0] == 0
    assert file.read_text(encoding="utf-8") == POD.replace("Polcy", "Policy")
    assert lint("--fix", "a.yaml")[0] == 0


def test_statistics_go_beside_the_result(file: Path) -> None:
    file.write_text(POD.replace("Polcy", "Policy"), encoding="utf-8")
    code, out, said = lint("--statistics", "--format", "json", "a.yaml")
    assert code == 0
    assert [d["rule"] for d in json.loads(out)["diagnostics"]] == ["latest-tag"]
    assert [line.split()[1] for line in said.splitlines() if line.startswith("latest-tag ")] == ["1"]


def test_the_cache_answers_the_same(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = lint("--format", "json", "a.yaml")
    monkeypatch.setattr("kplan.lint.engine.lint", None)  # nobody asks it again
    assert lint("--format", "json", "a.yaml") == first
    with pytest.raises(TypeError):
        lint("--format", "json", "--no-cache", "a.yaml")
    file.write_text(POD + "\n", encoding="utf-8")
    with pytest.raises(TypeError):
        lint("--format", "json", "a.yaml")


def test_write_goes_with_fix(file: Path) -> None:
    import click

    with pytest.raises(click.UsageError, match="--write goes with --fix"):
        lint("--write", "a.yaml")
