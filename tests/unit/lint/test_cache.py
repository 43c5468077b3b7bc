"""The cache gives back what was found, and nothing once anything that matters is another."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from kplan.cli.lint import command
from kplan.lint import cache
from kplan.lint.cache import ENTRIES, Held, key_of, load, store
from kplan.lint.engine import Options, lint
from kplan.lint.findings import Findings
from kplan.manifests import sources
from kplan.manifests.discovery import problem
from kplan.manifests.rendering import run

TEXT = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: nginx}]}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: b}\n"
)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A manifest; the cache is beside it."""
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "cache"))
    path = tmp_path / "a.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def held(path: Path) -> Held:
    """What linting a file finds."""
    read = sources.load([str(path)])
    return Held(lint(read), read.skipped, False)


def test_what_was_found_comes_back(file: Path) -> None:
    key = key_of([str(file)], (), (), Options())
    found = held(file)
    assert found.findings.diagnostics
    assert key is not None
    assert load(key) is None
    store(key, found)
    assert load(key) == found


def test_every_input_counts(file: Path, tmp_path: Path) -> None:
    def key(*, options: Options | None = None, state: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> str | None:
        return key_of([str(tmp_path)], exclude, state, options or Options())

    first = key()
    assert first == key()
    state = tmp_path / "state.json"
    others = [key(options=Options(version="1.30")), key(options=Options(profile="all")), key(exclude=("b",)), key(options=Options(select=("a",)))]
    file.write_text(TEXT + "\n", encoding="utf-8")
    others.append(key())
    state.write_text("{}", encoding="utf-8")
    others += [key(), key(state=(str(state),))]
    state.write_text("{ }", encoding="utf-8")
    others.append(key(state=(str(state),)))
    assert len({first, *others}) == len(others) + 1


def test_other_code_is_another_key(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = key_of([str(file)], (), ())
    monkeypatch.setattr(cache, "_code", lambda: iter([("rule.py", 1, 1)]))
    assert key_of([str(file)], (), ()) != first


def test_pipes_are_not_kept() -> None:
    assert key_of(["-"], (), ()) is None


def test_a_broken_entry_is_none(file: Path) -> None:
    store("a", held(file))
    entry = cache.folder() / "a.json"
    for text in ("", "[]", "{}", '{"diagnostics": 1}', entry.read_text(encoding="utf-8").replace('"suppressed"', '"other"')):
        entry.write_text(text, encoding="utf-8")
        assert load("a") is None


def test_an_entry_of_which_anything_changed_is_none(file: Path) -> None:
    store("a", held(file))
    entry = cache.folder() / "a.json"
    whole = entry.read_bytes()
    for at in range(0, len(whole), 7):
        entry.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert load("a") is None
        entry.write_bytes(whole[:at])
        assert load("a") is None
    entry.write_bytes(whole)
    assert load("a") is not None


def test_large_entries_make_room_too(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = held(file)
    store("000", found)
    monkeypatch.setattr(cache, "MOST_BYTES", 3 * (cache.folder() / "000.json").stat().st_size)
    for number in range(1, 6):
        store(f"{number:03}", found)
    assert sorted(p.name for p in cache.folder().iterdir()) == ["003.json", "004.json", "005.json"]


def test_what_an_ended_run_left_is_taken_out(file: Path) -> None:
    store("a", held(file))
    left, new = cache.folder() / "b.1.tmp", cache.folder() / "c.2.tmp"
    for path in (left, new):
        path.write_text("{", encoding="utf-8")
    os.utime(left, (1, 1))
    store("d", held(file))
    assert not left.exists() and new.exists()


def test_runs_at_the_same_time_do_not_meet(file: Path) -> None:
    found = held(file)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: (store(f"{n % 3}", found), load(f"{n % 3}"))[1], range(200)))
    assert set(map(repr, answers)) <= {repr(found), repr(None)}
    assert load("0") == load("1") == load("2") == found


def test_nobody_has_a_home(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.delenv(name)
    monkeypatch.setattr(Path, "home", nowhere)
    store("a", held(file))
    assert load("a") is None


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the platform says otherwise")
def test_a_relative_cache_folder_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    assert cache.folder() == tmp_path / ".cache" / "kplan" / "lint"


SHOWN = {"color", "quiet", "verbose", "format", "output", "fail_on", "baseline", "write_baseline", "use_cache", "jobs", "statistics", "fix", "write_fixes"}
"""What does not change what is found, or goes past the cache."""

CHANGED = {
    "paths": ["other.yaml"],
    "namespace": ["-n", "other"],
    "exclude": ["--exclude", "b"],
    "crds": ["--crds", "crds"],
    "version": ["--kubernetes-version", "1.30"],
    "profile": ["--profile", "all"],
    "select": ["--select", "latest-tag"],
    "ignore": ["--ignore", "latest-tag"],
    "state": ["--state", "crds"],
    "strict_kinds": ["--strict-kinds"],
    "suppress": ["--no-suppress"],
    "values": ["--values", "other.yaml"],
    "set_": ["--set", "n=1"],
    "release": ["--release", "r"],
}


@pytest.fixture
def keys(file: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The key of a run of the command."""
    monkeypatch.chdir(file.parent)
    (file.parent / "crds").mkdir()
    (file.parent / "chart").mkdir()
    for path, text in (("other.yaml", TEXT), ("crds/x.yaml", TEXT), ("chart/Chart.yaml", "apiVersion: v2\nname: c\n")):
        (file.parent / path).write_text(text, encoding="utf-8")
    seen: list[str | None] = []
    key_of = cache.key_of
    monkeypatch.setattr(cache, "key_of", lambda *a, **k: seen.append(key_of(*a, **k)) or seen[-1])

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(command, [*arguments, "--fail-on", "never", "a.yaml", "chart"], standalone_mode=False)
        assert done.exception is None, done.output
        assert seen and seen[-1] is not None
        return seen.pop() or ""

    return run


def test_every_option_that_counts_makes_another_key(keys: Callable[..., str]) -> None:
    assert {p.name for p in command.params} == {*SHOWN, *CHANGED}
    found = [keys(), *(keys(*arguments) for arguments in CHANGED.values())]
    assert len(set(found)) == len(found)
    assert keys("-q", "--format", "json", "--jobs", "2") == keys()


def test_the_configuration_counts(keys: Callable[..., str], file: Path) -> None:
    first = keys()
    (file.parent / "kplan.yaml").write_text("namespace: other\n", encoding="utf-8")
    second = keys()
    (file.parent / "kplan.yaml").write_text("rules: {latest-tag: {severity: error}}\n", encoding="utf-8")
    assert len({first, second, keys()}) == 3


def test_the_version_counts(keys: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    first = keys()
    monkeypatch.setattr("kplan.__version__", "9")
    assert keys() != first


def test_all_that_is_rendered_counts(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = file.parent / "top"
    for path, text in {
        "overlay/kustomization.yaml": "resources: [../base]\nconfigMapGenerator: [{name: a, envs: [a.env]}]\n",
        "overlay/a.env": "A=1\n",
        "base/kustomization.yaml": "resources: [a.yaml]\n",
        "base/a.yaml": TEXT,
        "chart/Chart.yaml": "name: a\n",
        "chart/templates/a.yaml": TEXT,
    }.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(text, encoding="utf-8")
    seen = [key_of([str(top)], (), ())]
    assert key_of([str(top)], (), ()) == seen[0] is not None
    for path in sorted(top.rglob("*.*")):
        if path.is_file():
            path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
            seen.append(key_of([str(top)], (), ()))
    (top / "chart" / "new.tpl").touch()
    seen.append(key_of([str(top)], (), ()))
    monkeypatch.setattr(cache, "which", lambda _: __file__)
    seen.append(key_of([str(top)], (), ()))
    assert len(set(seen)) == len(seen) == 9
    os.symlink(top / "base", top / "chart" / "link")
    assert key_of([str(top)], (), ()) is None


def test_a_tool_that_had_too_little_time_is_asked_again(file: Path) -> None:
    slow = run([sys.executable, "-c", "import time; time.sleep(60)"], 0.01)
    for said, lasts in ((slow.problem, False), ("helm failed: no such value", True)):
        assert cache.lasts(Held(Findings((problem("not-rendered", "a", said),), 0, {}), (), True)) is lasts
    assert cache.lasts(held(file))


def test_the_oldest_make_room(file: Path) -> None:
    found = held(file)
    for number in range(ENTRIES + 5):
        store(f"{number:03}", found)
    assert len(list(cache.folder().glob("*.json"))) == ENTRIES
    assert not list(cache.folder().glob("*.tmp"))


def test_a_cache_that_cannot_be_written_is_no_trouble(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "folder", lambda: file / "below")
    store("a", held(file))
    assert load("a") is None
