"""The GitHub Action and the pre-commit hooks do what they say."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ACTION: Any = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
HOOKS: Any = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
pytestmark = pytest.mark.skipif(os.name == "nt" or shutil.which("bash") is None, reason="needs bash")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A runner's environment, with kplan on the path."""
    shim = tmp_path / "bin" / "kplan"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m kplan "$@"\n', encoding="utf-8")
    shim.chmod(0o755)
    files = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    path = f"{shim.parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, **files, "PATH": path, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "cache")}


def run_action(environment: dict[str, str], **inputs: str) -> subprocess.CompletedProcess[str]:
    """The action's last step, with its inputs filled in."""
    step = ACTION["runs"]["steps"][-1]
    values = {name: str(inputs.get(name, held["default"])) for name, held in ACTION["inputs"].items()}
    env = {key: values[text.removeprefix("${{ inputs.").removesuffix(" }}")] for key, text in step["env"].items()}
    return subprocess.run(["bash", "-e", "-c", step["run"]], env={**environment, **env}, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_action_lints(environment: dict[str, str], tmp_path: Path) -> None:
    sarif = tmp_path / "a.sarif"
    done = run_action(environment, paths="samples/broken/missing-key\nsamples/shop", arguments="--fail-on warning", sarif=str(sarif))
    assert done.returncode == 1, done.stderr
    assert "::error file=samples/broken/missing-key/deployment.yaml" in done.stdout
    assert "missing-key" in Path(environment["GITHUB_STEP_SUMMARY"]).read_text(encoding="utf-8")
    assert "exit-code=1" in Path(environment["GITHUB_OUTPUT"]).read_text(encoding="utf-8")
    assert '"2.1.0"' in sarif.read_text(encoding="utf-8")


def test_the_action_plans(environment: dict[str, str]) -> None:
    done = run_action(environment, command="plan", paths="samples/update/v1", summary="false")
    assert done.returncode == 0, done.stderr
    assert not Path(environment["GITHUB_STEP_SUMMARY"]).exists()


def test_the_action_runs_nothing_else(environment: dict[str, str]) -> None:
    assert run_action(environment, command="rules; true").returncode == 2


@pytest.mark.parametrize("hook", HOOKS, ids=lambda h: h["id"])
def test_hooks_pass_on_a_good_repository_and_fail_on_a_bad_one(hook: Any, environment: dict[str, str], tmp_path: Path) -> None:
    assert not hook["pass_filenames"]
    good, bad = tmp_path / "good", tmp_path / "bad"
    shutil.copytree(ROOT / "samples" / "shop", good)
    shutil.copytree(ROOT / "samples" / "broken" / "misspelt-field", bad)
    before = (bad / "deployment.yaml").read_text(encoding="utf-8")
    results = {}
    for folder in (good, bad):
        (folder / ".git").mkdir()
        command = [*shlex.split(hook["entry"]), *hook["args"]]
        results[folder.name] = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False).returncode
    changed = (bad / "deployment.yaml").read_text(encoding="utf-8") != before
    assert results["good"] == 0
    assert changed if hook["id"] == "kplan-fix" else results["bad"] == 1


@pytest.mark.parametrize("step", ACTION["runs"]["steps"], ids=lambda s: s["name"])
def test_the_steps_of_the_action_are_bash(step: Any) -> None:
    done = subprocess.run(["bash", "-n", "-c", step["run"]], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "${{" not in step["run"], "inputs come as variables: what they hold is never run"


def test_documented_configurations_are_yaml_and_name_what_there_is() -> None:
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    blocks = [yaml.safe_load(b) for b in re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)]
    assert len(blocks) >= 4
    inputs = {name for b in blocks if isinstance(b, dict) for step in b.get("steps", ()) if "kplan" in step["uses"] for name in step["with"]}
    assert inputs and inputs <= set(ACTION["inputs"])
    hooks = {h["id"] for b in blocks if isinstance(b, dict) for r in b.get("repos", ()) for h in r["hooks"]}
    assert hooks == {h["id"] for h in HOOKS}
    (job,) = [b["kplan"] for b in blocks if isinstance(b, dict) and "kplan" in b]
    assert {"image", "script", "artifacts"} <= set(job)
    assert set(job["artifacts"]["reports"]) == {"codequality", "junit"}
