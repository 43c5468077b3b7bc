"""Paths at another revision of a git repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from kplan.manifests.revision import RevisionError, at_revision
from kplan.manifests.sources import Sources, load

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {}\n"


def git(*arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose tag v1 has app/a.yaml and app/gone.yaml, and whose work tree has app/a.yaml (changed) and new/b.yaml."""
    root = tmp_path / "repository"
    (root / "app").mkdir(parents=True)
    monkeypatch.chdir(root)
    git("init")
    (root / ".gitignore").write_text("ignored.yaml\n")
    (root / ".gitattributes").write_text("* export-ignore\n")
    (root / "app" / "a.yaml").write_text(CONFIG.format("old"))
    (root / "app" / "gone.yaml").write_text(CONFIG.format("gone"))
    (root / "app" / "ignored.yaml").write_text(CONFIG.format("ignored"))
    git("add", "-f", ".")
    git("commit", "-m", "one")
    git("tag", "v1")
    (root / "app" / "a.yaml").write_text(CONFIG.format("new"))
    (root / "app" / "gone.yaml").unlink()
    (root / "new").mkdir()
    (root / "new" / "b.yaml").write_text(CONFIG.format("b"))
    return root


def names(sources: Sources) -> list[tuple[str, str]]:
    return [(m.source, m.data["metadata"]["name"]) for m in sources.manifests]


def test_files_are_as_they_were_and_say_so(repository: Path) -> None:
    found = at_revision(["app"], "v1", load)
    assert names(found) == [("v1:app/a.yaml", "old"), ("v1:app/gone.yaml", "gone")]
    assert str(found.manifests[0].locate("metadata.name")) == "v1:app/a.yaml:4:9"
    assert (repository / "app" / "a.yaml").read_text() == CONFIG.format("new")


def test_paths_are_those_of_the_working_folder(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "app")
    assert names(at_revision(["a.yaml"], "HEAD", load)) == [("HEAD:app/a.yaml", "old")]
    assert names(at_revision([str(repository / "app" / "gone.yaml")], "v1", load)) == [("v1:app/gone.yaml", "gone")]
    assert names(at_revision(["*.yaml"], "v1", load)) == [("v1:app/a.yaml", "old"), ("v1:app/gone.yaml", "gone"), ("v1:app/ignored.yaml", "ignored")]


def test_a_path_that_was_not_there_holds_nothing(repository: Path) -> None:
    assert at_revision(["new"], "v1", load) == Sources(())
    assert names(at_revision(["new", "app/a.yaml"], "v1", load)) == [("v1:app/a.yaml", "old")]


def test_what_is_wrong_is_one_line(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(RevisionError, match=r'^there is no revision "nowhere" in .*repository$'):
        at_revision(["app"], "nowhere", load)
    with pytest.raises(RevisionError, match=r"is no revision$"):
        at_revision(["app"], "--output=x", load)
    with pytest.raises(RevisionError, match=r'^"\.\./other" is not in a git repository$'):
        (tmp_path / "other").mkdir()
        at_revision(["../other"], "v1", load)
    with pytest.raises(RevisionError, match="standard input"):
        at_revision(["-"], "v1", load)


def test_without_git_it_is_said(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RevisionError, match=r"^git is not installed$"):
        at_revision(["app"], "v1", load)
