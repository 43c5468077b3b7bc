"""The cache gives back what was found, and nothing once anything that matters is another."""

from __future__ import annotations

from pathlib import Path

import pytest

from kplan.lint import cache
from kplan.lint.cache import ENTRIES, Held, key_of, load, store
from kplan.lint.engine import Options, lint
from kplan.manifests import sources

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
