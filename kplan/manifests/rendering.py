"""Folders that are rendered first: kustomizations and Helm charts, by the tools that people render them with.

The tools run without network (whatever asks for it fails at once), without a cluster, within a time limit; what they say on standard error is in
the diagnostic. What they print keeps its source: the template or resource file, at its line where that can be told.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

TIME_LIMIT = 60.0
OUT_OF_TIME = "took more than"
NOWHERE = "http://127.0.0.1:9"
MOST_SAID = 600
_FINAL = ("Error: ", "error: ")
_RUNNING: set[subprocess.Popen[bytes]] = set()  # to be ended if this process is interrupted


@dataclass(frozen=True, slots=True)
class Rendering:
    """How to render. `values` and `set` are Helm's, `release` its release (empty: the chart's folder); `version` and `apis`
    (`policy/v1`, `policy/v1/PodDisruptionBudget`) are what charts may ask for."""

    values: tuple[str, ...] = ()
    set: tuple[str, ...] = ()
    release: str = ""
    namespace: str = "default"
    version: str = ""
    apis: tuple[str, ...] = ()
    time_limit: float = TIME_LIMIT


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a tool printed, or why it did not and what to do: `tried` is false where no tool was run."""

    text: str = ""
    problem: str = ""
    tried: bool = True
    hint: str = ""


def run(command: Sequence[str], time_limit: float) -> Rendered:
    """Run a tool that prints manifests."""
    environment = {
        **os.environ,
        **dict.fromkeys(("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), NOWHERE),
        **dict.fromkeys(("no_proxy", "NO_PROXY"), ""),
        "GIT_ALLOW_PROTOCOL": "file",
        "GIT_TERMINAL_PROMPT": "0",
        "KUBECONFIG": os.devnull,
    }
    name = os.path.basename(command[0])
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, start_new_session=True
        )
    except FileNotFoundError:
        return Rendered(problem=f"{name} is not installed", tried=False)
    except OSError as error:
        return Rendered(problem=f"{name} cannot be run: {error.strerror or error}")
    _RUNNING.add(process)
    try:
        out, said = process.communicate(timeout=time_limit)
    except subprocess.TimeoutExpired:
        _end(process)
        return Rendered(problem=f"{name} {OUT_OF_TIME} {time_limit:g} s")
    except BaseException:  # interrupted: it has a process group of its own, and would go on
        _end(process)
        raise
    finally:
        _RUNNING.discard(process)
    if process.returncode:
        return Rendered(problem=f"{name} failed: {_brief(said)}")
    return Rendered(out.decode("utf-8", "replace"))


def together(renderers: Sequence[Callable[[], Rendered]], jobs: int) -> list[Rendered]:
    """What they all come to, in their order, `jobs` at a time. A kustomization takes half a second or more, in which nothing is done here."""
    if jobs < 2 or len(renderers) < 2:
        return [render() for render in renderers]
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(jobs)
    try:
        return list(pool.map(lambda render: render(), renderers))
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in tuple(_RUNNING):
            _kill(process)
        raise
    finally:
        pool.shutdown()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a tool and what it started; what it said is lost."""
    _kill(process)
    process.communicate()


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


_LOGGED = re.compile(r"^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ [\w.]+:\d+\] ")  # klog's time and place, which differ from run to run


def _brief(said: bytes) -> str:
    """What a tool said, in one line of bounded length."""
    lines = [_LOGGED.sub("", line.strip()) for line in said.decode("utf-8", "replace").splitlines()]
    final = next((number for number, line in enumerate(lines) if line.startswith(_FINAL)), 0)  # warnings come first, of what it looked at in vain
    text = "; ".join(line for line in lines[final:] if line and not line.startswith(("Use --debug", "# Warning:"))) or "it says nothing of why"
    text = text.removeprefix(_FINAL[0]).removeprefix(_FINAL[1])
    return text if len(text) <= MOST_SAID else text[: MOST_SAID - 1] + "…"
