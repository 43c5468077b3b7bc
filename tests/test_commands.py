"""Every command as people and pipelines call it: bad input is one line that says what is wrong, with the right exit code, and never a traceback."""

from __future__ import annotations

import io
import json
import os
import shlex
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from kplan.cli.main import COMMANDS, main

ROOT = Path(__file__).resolve().parent.parent
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'web:1', ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {}}}\n"
READERS = {
    "plan": "plan {}",
    "lint": "lint {}",
    "graph": "graph {}",
    "explain": "explain deployment/web {}",
    "capacity": "capacity {}",
    "drain": "drain node-1 {}",
    "reach": "reach deployment/web service/web {}",
}
QUESTIONS = ("explain", "capacity", "drain", "reach")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of good and bad input. It is no git repository, and what is under `git` is one."""
    root = tmp_path_factory.mktemp("commands")
    files: dict[str, bytes] = {
        "good/web.yaml": WEB.encode(),
        **{f"twice/{n}.yaml": f"{NAMESPACE.format(n)}---\n{WEB.replace('{name: web}', f'{{name: web, namespace: {n}}}')}".encode() for n in "ab"},
        "nothing/notes.txt": b"no manifests here\n",
        "values/values.yaml": b"replicas: 3\n",
        "broken/web.yaml": b"kind: [Pod\nmetadata: {name: a}\n",
        "binary/web.yaml": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)),
        "latin/web.yaml": WEB.replace("{name: web}", "{name: web, annotations: {owner: Jos\xe9}}", 1).encode("latin-1"),
        "empty.yaml": b"",
        "chart/Chart.yaml": b"apiVersion: v2\nname: chart\nversion: 0.1.0\n",
        "chart/templates/web.yaml": WEB.encode(),
        "kustom/kustomization.yaml": b"resources: [web.yaml]\n",
        "kustom/web.yaml": WEB.encode(),
        "text.json": b"hello",
        "later.json": json.dumps({"formatVersion": "9.0", "kubernetesVersion": "1.36"}).encode(),
        "other.json": b"{}",
        "part.json": json.dumps({"formatVersion": "1.1", "kubernetesVersion": "1.36"}).encode(),
    }
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    (root / "git").mkdir()
    (root / "git" / "web.yaml").write_text(WEB)
    for command in ("init -q", "add -A", "-c user.name=a -c user.email=a@example.com commit -q -m first"):
        subprocess.run(["git", "-C", str(root / "git"), *command.split()], check=True, capture_output=True)
    return root


@pytest.fixture
def here(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(place)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(place.parent))
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "KPLAN_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    return place


def run(line: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit code and what was said."""
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(line))
    out, err = capsys.readouterr()
    assert "Traceback" not in err and "a bug of kplan" not in err, err
    return int(ended.value.code or 0), out, err


UNREADABLE = {
    "missing": "does not exist",
    "nothing": "no manifests in",
    "no*.yaml": "matches no file",
    "binary": "is not a text",
    "empty.yaml": "no objects found",
}
UNRENDERED = {"kustom": "neither kustomize nor kubectl is installed", "chart": "helm is not installed"}


@pytest.mark.parametrize("path", [*UNREADABLE, *UNRENDERED])
@pytest.mark.parametrize("command", READERS)
def test_what_cannot_be_read(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str, path: str) -> None:
    if path in UNRENDERED:
        monkeypatch.setenv("PATH", str(here))
    code, out, err = run(READERS[command].format(shlex.quote(path)), capsys)
    assert code == 2
    if command in ("plan", "lint"):
        assert {**UNREADABLE, **UNRENDERED}[path] in " ".join(out.split())
    elif (command, path) != ("drain", "missing"):
        assert {**UNREADABLE, **UNRENDERED}[path] in err and err.count("\n") == 1
    assert path in out + err


@pytest.mark.parametrize("command", READERS)
def test_broken_yaml_is_a_finding_and_no_ground_for_answers(here: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    code, out, err = run(READERS[command].format("broken"), capsys)
    assert code == (1 if command in ("plan", "lint") else 2)
    told = out if command in ("plan", "lint") else err
    assert "broken/web.yaml:2:9: error: did not find expected ',' or ']'" in told
    if command in QUESTIONS:
        assert (out, err.count("\n")) == ("", 1)


@pytest.mark.parametrize("path", ["values", "latin", "good"])
@pytest.mark.parametrize("command", ["plan", "lint", "graph"])
def test_what_the_cluster_would_take_too(here: Path, capsys: pytest.CaptureFixture[str], command: str, path: str) -> None:
    code, out, _ = run(f"{command} {path}", capsys)
    assert code == 0
    if path in ("good", "latin"):
        assert ("2 objects checked" if command == "lint" else "Deployment web") in out


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("command", READERS)
def test_what_may_not_be_read(here: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str) -> None:
    file = tmp_path / "web.yaml"
    file.write_text(WEB)
    file.chmod(0)
    code, out, err = run(READERS[command].format(file), capsys)
    assert code == 2 and "ermission denied" in out + err


MISTAKES = {
    "plan": "name at least one file or folder",
    "plan --bogus good": "No such option",
    "plan good --base nowhere": '--base: the path "nowhere" does not exist',
    "plan good --base nothing": '--base: no manifests in "nothing"',
    "plan good --base git:HEAD": '--base: "good" is not in a git repository',
    "plan git --base git:nope": '--base: there is no revision "nope"',
    "plan git --base git:": '--base: "" is no revision',
    "plan git --base git:--all": '--base: "--all" is no revision',
    "plan git --base git:HEAD --base good": "--base git:REF stands alone",
    "plan - --base git:HEAD": "standard input has no other revision",
    "plan good --state missing.json": '--state: the path "missing.json" does not exist',
    "plan good --state broken": "--state: broken/web.yaml: line 2: did not find expected ',' or ']'",
    "plan good --state binary": "--state: binary/web.yaml: line 2: control characters are not allowed",
    "plan good --state empty.yaml": "--state: no objects found in empty.yaml",
    "plan good --state values": "--state: values/values.yaml: object 1 has no apiVersion and kind",
    "plan good --state text.json": "--state: text.json: ",
    "plan - --state -": "standard input is either the manifests or the state",
    "plan good --nodes bogus": '--nodes: "bogus" is not a count and cpus: write for instance 3x8cpu',
    "plan good --nodes 0x8cpu": '--nodes: "0x8cpu" says no nodes',
    "plan good --nodes 3x8cpu,32Zi": '--nodes: "3x8cpu,32Zi": quantities must match',
    "plan good --nodes 9999999x8cpu": "--nodes: 9999999 nodes are too many: at most 50000",
    "plan good --nodes 3x8cpu,zone=a": '--nodes: "zone" is not one of pods, zones',
    "plan good --without-node node-9": "there is no node node-9: there is node-1, node-2, node-3",
    "plan good --without-zone z": "no node is in zone z: zones are not set",
    "plan good --horizon never": '--horizon: "never" is not a time such as 90s, 10m or 2h',
    "plan good --horizon -5s": '--horizon: "-5s" is not a time',
    "plan good --horizon nan": '--horizon: "nan" is not a time',
    "plan good --now tomorrow": '--now: "tomorrow" is not a time such as 2026-03-01T12:00:00Z',
    "plan good --now 0001-01-01T00:00:00Z": '--now: "0001-01-01T00:00:00Z" is not a time',
    "plan good --now 9999-12-31T23:59:59Z": '--now: "9999-12-31T23:59:59Z" is not a time',
    "plan good --kubernetes-version 1.99": "Kubernetes 1.99 is not known: 1.25 to 1.37 are",
    "plan good --kubernetes-version 1.36,new": "Kubernetes new is not known",
    "plan good --output bogus=file": '--output "bogus=file" is not FORMAT=FILE with a format of text, json, sarif',
    "plan good --output json": '--output "json" is not FORMAT=FILE',
    "plan good --output json=nowhere/plan.json": '--output: cannot write "nowhere/plan.json": No such file or directory',
    "plan good --output json=good": '--output: cannot write "good": Is a directory',
    "plan good --html nowhere/plan.html": '--output: cannot write "nowhere/plan.html"',
    "plan good --format yaml": "Invalid value for '--format'",
    "plan good --scheduler-config missing": "--scheduler-config: missing: No such file or directory",
    "plan good --scheduler-config good/web.yaml": "--scheduler-config: good/web.yaml: not a KubeSchedulerConfiguration",
    "plan good --scheduler-config binary/web.yaml": "--scheduler-config: binary/web.yaml: line 2, column 1",
    "plan good --metrics missing": "--metrics: missing: No such file or directory",
    "plan good --metrics good/web.yaml": "--metrics: good/web.yaml: not PodMetrics but Deployment",
    "plan good --crds missing": "--crds: missing: no such file or folder",
    "plan good --apply twice": "Invalid value for '--apply'",
    "plan good -l a=((": "--selector: unable to parse requirement: found '(', expected: identifier",
    "plan good --prune": "all resources selected for prune without explicitly passing --all",
    "plan good --prune --all -l a=b": "cannot set --all and --selector at the same time",
    "plan good --applyset set": "--applyset requires --prune",
    "plan good --env qa": '--env: there is no environment "qa": kplan.yaml has none',
    "plan good -n Team_A": '--namespace: "Team_A" is no name of a namespace',
    "lint": "name at least one file or folder",
    "lint good --kubernetes-version 1.1": "Kubernetes 1.1 is not known",
    "graph": "name at least one file or folder",
    "graph good --of deployment/api": '--of: there is no "deployment/api" in the input',
    "show": "Missing argument 'PLAN.JSON'",
    "show missing.json": 'cannot read "missing.json": No such file or directory',
    "show good": 'cannot read "good": Is a directory',
    "show text.json": '"text.json" is not JSON: Expecting value',
    "show later.json": '"later.json": its format is 9.0: 1.x can be read',
    "show other.json": '"other.json" is not a plan: kplan plan --format json writes one',
    "show part.json": '"part.json" is not a whole plan',
    "show binary/web.yaml": '"binary/web.yaml" is not JSON: it is no text',
    "show -": '"-" is not JSON: Expecting value',
    "explain": "Missing argument 'REF'",
    "explain web good": '"web" names no object: write for instance pod/web-0 or deployment/web',
    "explain deployment/api good": "there is no deployment/api: there is web",
    "explain thing/web good": '"thing" is no kind that the server knows',
    "explain deployment/web twice": "deployment/web is in a, b: name the namespace with -n",
    "explain deployment/web": "name manifests (PATH, - for standard input) or a --state to ask about",
    "explain deployment/web good -n Team_A": '--namespace: "Team_A" is no name of a namespace',
    "capacity good --fit api": '"api" names no object',
    "capacity good --fit deployment/api": "there is no deployment/api: there is web",
    "capacity good --need deployment/web": '--need: "deployment/web" is not REF=N, such as deployment/web=20',
    "capacity good --need deployment/web=99999999": "--need: 99999999 replicas are too many: at most 10000",
    "capacity good --shape bogus": '--shape: "1xbogus" is not a count and cpus',
    "drain": "name nodes to drain, or those to lose with --without-node and --without-zone",
    "drain node-1 missing": "node-1, missing are taken as nodes, for there are no such files",
    "drain node-9 good": "there is no node node-9: there is node-1, node-2, node-3",
    "drain good --without-zone z": "no node is in zone z: zones are not set",
    "drain node-1 good --without-node node-2": "name nodes to drain, or those to lose",
    "reach": "Missing argument 'A'",
    "reach web service/web good": '"web" names no object',
    "rules no-such-rule": 'there is no rule "no-such-rule": kplan rules lists them',
    "snapshot -o nowhere/state.json": 'cannot write "nowhere/state.json": No such file or directory',
    "version --format yaml": "Invalid value for '--format'",
    "completion tcsh": "'tcsh' is not one of 'bash', 'zsh', 'fish'",
    "bogus": "No such command 'bogus'",
    "--bogus": "No such option",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_mistakes_are_one_line(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    code, out, err = run(line, capsys)
    said = [line for line in err.splitlines() if not line.startswith("nodes: ")]
    assert code == 2 and len(said) == 1 and said[0].startswith("Error: ")
    assert MISTAKES[line] in said[0]
    assert out == ""


@pytest.mark.parametrize("text", ["colour: red\n", "rules: [\n", "environments: 3\n", "- a\n", "environments: {qa: {nodes: [3]}}\n"])
@pytest.mark.parametrize("command", ["plan", "lint", "explain"])
def test_a_bad_configuration(place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str, text: str) -> None:
    (tmp_path / "kplan.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    code, out, err = run(READERS[command].format(place / "good"), capsys)
    assert (code, out, err.count("\n")) == (2, "", 1) and "kplan.yaml:" in err


def test_kubectl_that_fails_leaves_nothing_behind(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run("snapshot", capsys) == (2, "", "Error: kubectl is not installed\n")
    tool = tmp_path / "kubectl"
    tool.write_text("#!/bin/sh\necho 'The connection to the server was refused' >&2\nexit 1\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    assert run("snapshot", capsys) == (2, "", "Error: kubectl get nodes failed: The connection to the server was refused\n")
    assert run(f"snapshot -o {tmp_path / 'state.json'}", capsys)[0] == 2 and [p.name for p in tmp_path.iterdir()] == ["kubectl"]


def test_detailed_exit_codes(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    codes = [run(f"plan {line} --detailed-exitcode", capsys)[0] for line in ("good --base good", "good", "broken", "missing", "good --nodes 1x1cpu,1Gi,pods=1")]
    assert codes == [0, 2, 1, 1, 1]


WIDTHS = [*(line.format("samples/shop") for name, line in READERS.items() if name in ("plan", "lint", "capacity", "drain"))]
WIDTHS += ["plan -v --full samples/update/v2 --base samples/update/v1", "plan --kubernetes-version 1.35,1.36 samples/broken/removed-api"]
WIDTHS += ["explain deployment/web samples/shop -n shop", "explain deployment/reports samples/cluster/change --state samples/cluster/state.yaml -n bank"]
WIDTHS += ["reach internet shop.example.com/api samples/shop", "reach deployment/web service/database samples/shop -n shop"]
WIDTHS += ["plan samples/broken/too-big", "rules", "rules latest-tag", "version"]
WIDTHS += [f"{name} --help" for name in COMMANDS] + ["--help"]


@pytest.mark.parametrize("line", WIDTHS)
def test_eighty_columns_are_enough(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    _, out, _ = run(line, capsys)
    assert out and not [text for text in out.splitlines() if len(text) > 80]
    assert "\x1b" not in out


def kplan(line: str, stdin: str = "/dev/null", **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = f"{sys.executable} -m kplan {line} <{stdin}"
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=ROOT, env=env, capture_output=True, timeout=60)


PIPED = [line.format("samples/shop") + (" -n shop" if name in QUESTIONS else "") for name, line in READERS.items()]
PIPED += ["rules", "completion bash", "plan samples/shop --format json", "plan --help"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes of POSIX")
@pytest.mark.parametrize("line", PIPED)
def test_a_reader_that_leaves(line: str) -> None:
    done = kplan(f"{line} | true")
    assert done.returncode in (0, 141)
    assert b"Error" not in done.stderr and b"kplan:" not in done.stderr and b"Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="locales of POSIX")
@pytest.mark.parametrize("line", ["plan samples/update/v2 --base samples/update/v1", "rules", "explain deployment/web samples/broken/too-big"])
def test_other_locales(line: str) -> None:
    done = kplan(line, LC_ALL="C", LANG="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert done.returncode in (0, 1) and done.stdout.isascii() and b"Traceback" not in done.stderr
    assert len(done.stdout) > 200


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(("line", "wait"), [("plan -", False), ("lint -", False), ("plan -", True), ("capacity -", True)])
def test_an_interruption(line: str, wait: bool) -> None:
    """While it reads: a large text has gone through a small pipe, so the program is there; while it runs: all has been read."""
    text = "\n---\n".join(WEB.replace("{name: web}", f"{{name: web-{i}}}") for i in range(1500)).encode()
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-m", "kplan", *line.split()], stdin=-1, stdout=-1, stderr=-1, env=env) as process:
        assert process.stdin is not None and process.stderr is not None and process.stdout is not None
        process.stdin.write(text)
        process.stdin.flush()
        if wait:
            process.stdin.close()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert process.stderr.read().decode().strip().endswith("kplan: interrupted")
        assert process.stdout.read() == b""
