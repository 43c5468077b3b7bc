"""Files read by several processes are read as by one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from kplan.manifests import files
from kplan.manifests.rendering import _RUNNING, Rendered, run, together
from kplan.manifests.sources import load

ROOT = Path(__file__).resolve().parents[3]
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals of a terminal")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Good files and bad ones, enough for several parts."""
    for i in range(40):
        lines = "".join(f"  key-{n}: '{i}'\n" for n in range(30))
        (tmp_path / f"{i:02}.yaml").write_text(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{i}}}\ndata:\n{lines}", encoding="utf-8")
    (tmp_path / "05.yaml").write_text("a: [1\n", encoding="utf-8")
    (tmp_path / "06.yaml").write_bytes(b"\0\1\2")
    (tmp_path / "07.yaml").write_text("kind: ConfigMap\napiVersion: v1\nmetadata: {name: x, name: y}\n---\nvalues: 1\n", encoding="utf-8")
    (tmp_path / "08.json").write_text('{"kind": "List", "apiVersion": "v1", "items": [{"apiVersion": "v1"}]}', encoding="utf-8")
    return tmp_path


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MUCH", 0)
    monkeypatch.setattr(files, "PART", 2000)


def test_the_number_of_processes_changes_nothing(folder: Path, little: None) -> None:
    alone = load([str(folder)], jobs=1)
    assert load([str(folder)], jobs=3) == alone
    assert len(alone.manifests) == 37 and {d.rule for d in alone.diagnostics} == {"manifests/binary", "manifests/object", "yaml/syntax"}


def test_without_processes_one_reads(folder: Path, little: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("no semaphores")

    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", refuse)
    assert load([str(folder)], jobs=3) == load([str(folder)], jobs=1)


def test_where_processes_end_early_one_reads_the_rest(folder: Path, little: None, monkeypatch: pytest.MonkeyPatch) -> None:
    alone, parent, read = load([str(folder)], jobs=1), os.getpid(), files._read_file

    def fatal(path: str, *rest: Any) -> Any:
        if path.endswith("20.yaml") and os.getpid() != parent:
            os._exit(9)
        return read(path, *rest)

    monkeypatch.setattr(files, "_read_file", fatal)
    assert load([str(folder)], jobs=2) == alone


def test_little_is_read_without_processes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", None)
    assert load([str(folder)], jobs=3).files == 41


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_processes_start_in_every_way(method: str, folder: Path) -> None:
    script = folder / "script.py"
    script.write_text(
        textwrap.dedent(f"""
            import multiprocessing
            from kplan.manifests import files
            from kplan.manifests.sources import load
            if __name__ == "__main__":
                if {method!r} not in multiprocessing.get_all_start_methods():
                    raise SystemExit(0)
                multiprocessing.set_start_method({method!r})
                files.MUCH = 0
                assert load([{str(folder)!r}], jobs=2) == load([{str(folder)!r}], jobs=1)
        """),
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, str(script)], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@POSIX
def test_an_interrupt_ends_all_quietly(folder: Path) -> None:
    script = folder / "script.py"
    script.write_text(
        textwrap.dedent("""
            import os, sys, time
            from kplan.cli.main import main
            from kplan.manifests import files
            def slow(*_):
                os.write(2, b"reading\\n")
                time.sleep(1.5)
                return []
            files.MUCH, files.PART, files._read_file = 0, 2000, slow
            main(["lint", "--jobs", "2", "--no-cache", *sys.argv[1:]])
        """),
        encoding="utf-8",
    )
    command = [sys.executable, str(script), str(folder)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stderr is not None and process.stderr.readline() == "reading\n"
        time.sleep(0.2)
        os.killpg(process.pid, signal.SIGINT)
        said = process.stderr.read()
        assert process.wait(30) == 130
    assert said.replace("reading\n", "").strip() == "kplan: interrupted"


def test_what_is_rendered_together_keeps_its_order() -> None:
    renderers = [lambda i=i: Rendered(f"{i}") for i in range(9)]
    assert together(renderers, 4) == together(renderers, 1)


@POSIX
def test_an_interrupt_ends_the_tools_that_run(tmp_path: Path) -> None:
    done: list[Rendered] = []

    def interrupted() -> Rendered:
        while not _RUNNING:
            time.sleep(0.01)
        raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        together([interrupted, lambda: done.append(run(["sleep", "60"], 60)) or Rendered()], 2)
    assert time.monotonic() - started < 30
    assert done[0].problem.startswith("sleep failed") and not _RUNNING
