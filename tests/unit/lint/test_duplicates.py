"""An object that several manifests state: told once, with all its places, and no louder than it deserves."""

from __future__ import annotations

from pathlib import Path

import pytest

from kplan.diagnostics import Diagnostic, Severity
from kplan.lint.engine import lint
from kplan.manifests.sources import load

SETTINGS = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata: {a: '%s'}\n"


def told(folder: Path, files: dict[str, str]) -> Diagnostic:
    """The one finding about files of these names, each with a value of its ConfigMap."""
    for name, value in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(SETTINGS % value, encoding="utf-8")
    (found,) = [d for d in lint(load(["."])).diagnostics if d.rule == "duplicate-object"]
    return found


def test_one_finding_names_all_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = told(tmp_path, {"a.yaml": "1", "b.yaml": "2", "c.yaml": "3", "d.yaml": "3"})
    assert found.message == "configmap/settings is stated 4 times"
    assert str(found.span) == "b.yaml:4:9"
    assert [str(span) for span, _ in found.related] == ["a.yaml:4:9", "c.yaml:4:9", "d.yaml:4:9"]


@pytest.mark.parametrize(
    ("files", "severity", "words"),
    [
        ({"a.yaml": "1", "b.yaml": "2"}, Severity.ERROR, "twice"),
        ({"dev/a.yaml": "1", "prod/a.yaml": "2"}, Severity.WARNING, "in different folders"),
        ({"dev/a.yaml": "1", "prod/a.yaml": "2", "prod/b.yaml": "1"}, Severity.ERROR, "3 times"),
        ({"dev/a.yaml": "1", "prod/a.yaml": "2", "prod/b.yaml": "2"}, Severity.WARNING, "in different folders"),
        ({"a.yaml": "1", "b.yaml": "1"}, Severity.WARNING, "always the same"),
        ({"dev/a.yaml": "1", "prod/a.yaml": "1"}, Severity.NOTE, "always the same"),
    ],
)
def test_how_much_it_weighs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], severity: Severity, words: str) -> None:
    monkeypatch.chdir(tmp_path)
    found = told(tmp_path, files)
    assert found.severity is severity
    assert words in found.message
