"""Overlays are linted apart: what one states is no duplicate of what another does, and what both say is told once."""

from __future__ import annotations

from pathlib import Path

import pytest

from kplan.lint.engine import Options, lint
from kplan.manifests.sources import load


def test_overlays_are_linted_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bin").mkdir()
    tool = Path("bin/kubectl")
    tool.write_text('#!/bin/sh\necho "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {selector: {app: nobody}, ports: [{port: 80}]}\n"\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("dev", "prod"):
        (tmp_path / "overlays" / name).mkdir(parents=True)
        (tmp_path / "overlays" / name / "kustomization.yaml").write_text("resources: []\n")
    found = lint(load(["overlays"]), Options())
    assert found.objects == 2
    assert sorted((d.rule, d.span.file) for d in found.diagnostics if d.span) == [
        ("dangling-service", "overlays/dev/kustomization.yaml"),
        ("dangling-service", "overlays/prod/kustomization.yaml"),
    ]


def test_what_each_overlay_states_once_more_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bin").mkdir()
    tool = Path("bin/kubectl")
    tool.write_text('#!/bin/sh\necho "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n")
    for name in ("dev", "prod"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kustomization.yaml").write_text("resources: []\n")
    (told,) = [d for d in lint(load(["."]), Options()).diagnostics if d.rule == "duplicate-object"]
    assert told.message == "configmap/c is stated 3 times, always the same"
