"""Commands around a saved plan and the shell."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from kplan.cli.main import COMMANDS, main
from kplan.cli.progress import OFTEN, SELDOM, progress

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = str(ROOT / "samples" / "broken" / "quota-exceeded")


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return (int(ended.value.code or 0), *capsys.readouterr())


def test_a_saved_plan_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved, page = tmp_path / "plan.json", tmp_path / "plan.html"
    code, text, _ = run(["plan", SAMPLE, "--output", f"json={saved}", "--html", str(page)], capsys)
    assert code == 1 and "exceeded quota" in text
    assert run(["show", str(saved)], capsys) == (0, text, "")
    again = tmp_path / "again.html"
    assert run(["show", str(saved), "-q", "--output", f"html={again}"], capsys)[1].endswith("0 pending.\n")
    assert again.read_text(encoding="utf-8") == page.read_text(encoding="utf-8")


def test_from_standard_input(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    _, document, _ = run(["plan", SAMPLE, "--format", "json"], capsys)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(document.encode())))
    code, out, _ = run(["show", "-", "--format", "json"], capsys)
    assert (code, out) == (0, document)


def test_what_is_no_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.json"
    other.write_text("{}", encoding="utf-8")
    code, out, err = run(["show", str(other)], capsys)
    assert (code, out) == (2, "") and "is not a plan" in err
    code, _, err = run(["show", str(tmp_path / "none.json")], capsys)
    assert code == 2 and "No such file" in err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(["completion", shell], capsys)
    assert code == 0 and "_KPLAN_COMPLETE" in out and "kplan" in out


def test_the_shell_gets_completions(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("_KPLAN_COMPLETE", "fish_complete"), ("COMP_WORDS", "kplan s"), ("COMP_CWORD", "s")):
        monkeypatch.setenv(name, value)
    _, out, _ = run([], capsys)
    assert {line.partition("\t")[0].partition(",")[2] for line in out.splitlines()} >= {c for c in COMMANDS if c.startswith("s")}


def test_version_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    from kplan import __version__

    told = json.loads(run(["version", "--format", "json"], capsys)[1])
    assert told["version"] == __version__ and told["kubernetes"]["default"] in told["kubernetes"]["known"]


class _Screen(io.StringIO):
    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize("terminal", [True, False])
def test_progress(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    screen, now = _Screen(terminal), [0.0]
    monkeypatch.setattr(sys, "stderr", screen)
    show = progress(False, lambda: now[0])
    for text in ("applying 1 of 9", "applying 2 of 9", "running the cluster"):
        show(text)
        now[0] += OFTEN / 4
    now[0] += SELDOM
    show("running on")
    show("")
    told = screen.getvalue()
    if terminal:
        assert told == "\r\033[Kapplying 1 of 9\r\033[Krunning the cluster\r\033[Krunning on\r\033[K"
    else:
        assert told == "kplan: running on\n"
    progress(True)("silence")
    assert screen.getvalue() == told
