"""The commands that ask: which words are paths, exit codes, what is told on standard error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from questions import budget, service, workload

from kplan.cli.main import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a manifest of a workload, its Service and a budget that lets none go."""
    (tmp_path / "app").mkdir()
    objects = [workload("web", 3), service("web", "web"), budget("web", "web", minAvailable=3)]
    (tmp_path / "app" / "web.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    told = capsys.readouterr()
    return int(ended.value.code or 0), told.out, told.err


def test_exit_codes_answer_the_question(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "explain", "deployment/web", "app")[0] == 0
    assert run(capsys, "drain", "node-1", "app")[0] == 1
    assert run(capsys, "reach", "deployment/web", "service/web", "app")[0] == 0
    assert run(capsys, "reach", "internet", "service/web", "app")[0] == 1
    assert run(capsys, "capacity", "app", "--fit", "deployment/web")[0] == 0
    assert run(capsys, "capacity", "app", "--nodes", "1x1cpu,1Gi", "--need", "deployment/web=50", "--shape", "50mcpu,1Gi")[0] == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["explain", "pod/none", "app"], "there is no pod/none"),
        (["explain", "deployment/web"], "name manifests"),
        (["drain", "app"], "name nodes to drain"),
        (["drain", "node-9", "app"], "there is no node node-9"),
        (["drain", "--without-zone", "z", "app"], "no node is in zone z"),
        (["drain", "node-1", "--without-node", "node-2", "app"], "name nodes to drain, or those to lose"),
        (["reach", "deployment/web", "service/none", "app"], "there is no service/none"),
        (["capacity", "app", "--need", "deployment/web"], "is not REF=N"),
        (["capacity", "app", "--fit", "service/web"], "makes no pods"),
        (["capacity", "app", "--nodes", "x"], "--nodes"),
    ],
)
def test_what_cannot_be_asked_is_usage(folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert words in err


def test_a_node_may_have_the_name_of_a_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "node-1").mkdir()
    code, out, _ = run(capsys, "drain", "node/node-1", "app", "--format", "json")
    assert (code, json.loads(out)["nodes"]) == (1, ["node-1"])


def test_notes_go_to_standard_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, err = run(capsys, "capacity", "app", "--format", "json")
    assert json.loads(out)["total"]["nodes"] == 3
    assert "3 generic ones" in err
    assert run(capsys, "capacity", "app", "-q")[2] == ""


def test_what_the_server_refuses_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "app" / "bad.json").write_text(json.dumps(workload("bad", -1)))
    code, _, err = run(capsys, "explain", "deployment/web", "app")
    assert code == 0
    assert "the server refuses deployment/bad: see kplan plan" in err


def test_the_order_of_files_changes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = run(capsys, "plan", "app", "--format", "json")[1]
    (folder / "app" / "web.json").rename(folder / "app" / "zzz.json")
    (folder / "app" / "aaa.json").write_text(json.dumps(workload("web", 3)))
    held = json.loads((folder / "app" / "zzz.json").read_text())
    (folder / "app" / "zzz.json").write_text(json.dumps({**held, "items": held["items"][1:]}))
    second = run(capsys, "plan", "app", "--format", "json")[1]
    assert json.loads(first)["impact"] == json.loads(second)["impact"]
