"""What README and the walkthrough show is what the commands print."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from kplan.cli.main import COMMANDS, cli

ROOT = Path(__file__).resolve().parent.parent


def build_docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_docs", ROOT / "tools" / "build_docs.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL = build_docs()
BLOCKS = [(path, command) for path in TOOL.TRANSCRIPTS for command in TOOL.commands(path)]


@pytest.mark.parametrize(("path", "command"), BLOCKS, ids=[f"{p.name}: {c}" for p, c in BLOCKS])
def test_output_is_as_shown(path: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "KPLAN_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    assert TOOL.block(command) in path.read_text(encoding="utf-8"), "stale: python tools/build_docs.py"


def test_the_way_of_a_pull_request_is_shown() -> None:
    """From the base over the diff and what it does to what runs to the comment on it, and back from the saved plan."""
    walk = (ROOT / "docs" / "walkthrough.md").read_text(encoding="utf-8")
    order = ["--base samples/update/v1", "spec.replicas: 3 → 4", "what it does to what runs", "~ rollout of", "does not come to its end", "--format markdown"]
    at = 0
    for words in order:
        at = walk.find(words, at)
        assert at > 0, words
    assert "</details>" in walk and "kplan show plan.json" in walk


def test_nothing_is_left_to_fill_in() -> None:
    assert len(BLOCKS) >= 10
    for path in TOOL.TRANSCRIPTS:
        assert "OUTPUT" not in path.read_text(encoding="utf-8")


def test_commands_on_their_own_are_commands() -> None:
    """The examples that are not run name commands and options that there are."""
    for path in TOOL.TRANSCRIPTS:
        for line in re.findall(r"^(?:    |- run: |\$ )kplan (.+)$", path.read_text(encoding="utf-8"), re.M):
            name, *rest = line.partition(" #")[0].split()
            if name.startswith("-"):
                continue
            assert name in COMMANDS, line
            command = cli.get_command(None, name)  # type: ignore[arg-type]
            assert command is not None
            known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
            assert {word for word in rest if word.startswith("-") and word != "-"} <= known, line
