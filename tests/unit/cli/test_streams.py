"""kplan among other programs: pipes, closed streams, small encodings, full disks."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kplan.cli.main import main

ROOT = Path(__file__).resolve().parents[3]
KPLAN = f"{sys.executable} -m kplan"


def sh(command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command line of bash, `kplan` standing for the program."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(["bash", "-o", "pipefail", "-c", command.replace("kplan ", f"{KPLAN} ")], cwd=ROOT, env=env, capture_output=True)


@pytest.mark.parametrize("command", ["plan samples/shop", "graph samples/shop", "rules", "lint samples/broken/wrong-type"])
def test_a_reader_that_leaves_is_no_error_of_ours(command: str) -> None:
    done = sh(f"kplan {command} | head -c 1")
    assert done.returncode in (0, 1, 141)
    assert done.stderr == b""


def test_a_plan_nobody_reads_does_not_end_with_1() -> None:
    assert sh("kplan plan samples/shop | true").returncode == 141


def test_text_is_narrowed_to_the_encoding() -> None:
    done = sh("kplan plan samples/update/v2 --base samples/update/v1", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert b"spec.replicas: 3 -> 4" in done.stdout


def test_formats_for_programs_are_utf_8(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {å: →}\n", encoding="utf-8")
    done = sh(f"kplan lint --format json {tmp_path}", PYTHONIOENCODING="latin-1")
    assert "å" in json.loads(done.stdout.decode("utf-8"))["diagnostics"][0]["message"]


@pytest.mark.parametrize(("command", "code"), [("lint - <&-", 2), ("plan samples/shop >&-", 0), ("lint nope 2>&-", 2), ("lint - </dev/null", 2)])
def test_closed_streams(command: str, code: int) -> None:
    done = sh(f"kplan {command}")
    assert done.returncode == code
    assert b"a bug of kplan" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device")
def test_a_full_disk_is_said() -> None:
    done = sh("kplan plan samples/shop > /dev/full")
    assert done.returncode == 2
    assert done.stderr.strip().endswith(b"No space left on device")


def test_ending_takes_nothing_apart_and_loses_nothing() -> None:
    """No pass of the cycle collector over the cluster, nor any finalizer; what was written all arrives."""
    watched = "atexit.register(print, 'taken apart'); gc.callbacks.append(lambda *_: print('collected'))"
    script = f"import atexit, gc, sys; from kplan.__main__ import main; sys.argv = ['kplan', 'plan', 'samples/shop']; {watched}; main()"
    done = sh(f'{sys.executable} -c "{script}" | cat')
    assert done.stdout == sh("kplan plan samples/shop").stdout
    assert done.returncode == 0
    assert done.stdout.rstrip().endswith(b"0 pending.")


def test_numpy_starts_no_threads() -> None:
    """They would spin on every processor for as long as a small plan takes."""
    count = "lambda: print(len(os.listdir('/proc/self/task'))) if __import__('numpy') and os.path.isdir('/proc/self/task') else print(1)"
    script = f"import os, kplan.__main__, kplan.cli.main as cli; cli.main = {count}; kplan.__main__.main()"
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env={**environment, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.stdout == "1\n"


class Counting(io.StringIO):
    """Counts the calls that would reach the system."""

    flushes = 0

    def flush(self) -> None:
        self.flushes += 1


@pytest.mark.parametrize("arguments", [("plan", "samples/shop"), ("lint", "samples/broken/wrong-type")])
def test_a_report_for_people_is_written_as_a_whole(arguments: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object) -> os.terminal_size:
        raise AssertionError("where there is no terminal, nobody asks for its size")

    written = Counting()
    monkeypatch.setattr(sys, "stdout", written)
    monkeypatch.setattr(os, "get_terminal_size", asked)
    with pytest.raises(SystemExit):
        main([arguments[0], str(ROOT / arguments[1])])
    assert written.getvalue().count("\n") > 3
    assert written.flushes <= 2  # rich's, and ours at the end
