"""The benchmarks run, at a size that says nothing about speed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def run(name: str, folder: Path, *arguments: str) -> Any:
    out = folder / "figures.json"
    command = [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), *arguments, "--json", str(out)]
    done = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT), "PATH": ""}, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr[-2000:]
    return json.loads(out.read_text(encoding="utf-8"))


def test_the_stages_add_up(tmp_path: Path) -> None:
    figures = run("admission", tmp_path, "--rounds", "2")
    stages = sum(figures[s] for s in ("schema", "defaulting", "admission", "validation", "rest"))
    assert abs(stages - figures["whole"]) < 1
    assert figures["jsonschema"] > 0


def test_workloads_of_the_scheduler_place_their_pods(tmp_path: Path) -> None:
    figures = run("scheduler", tmp_path, "--quick", "--only", "MixedChurn", "--only", "SteadyState", "--only", "WhileGated")
    assert len(figures) == 5
    assert all(f["placed"] == f["asked"] and f["rate"] > 0 and f["megabytes"] > 0 for f in figures.values())


def test_every_pod_runs(tmp_path: Path) -> None:
    assert run("cluster", tmp_path, "--deployments", "4", "--replicas", "3", "--nodes", "2")["running"] == 12
