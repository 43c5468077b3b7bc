"""Snapshots of a live cluster, taken by a kubectl that tests put on PATH."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path

import pytest

from kplan.cli.main import main
from kplan.manifests.dump import read_dump
from kplan.manifests.snapshot import MASKED

SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "a"}, "data": {"password": "aHVudGVyMg=="}}
APPLIED = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(SECRET)}
LIVE = {**SECRET, "metadata": {**SECRET["metadata"], "annotations": APPLIED}}  # type: ignore[dict-item]
NODE = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kubectl that logs what it is asked; Nodes and Secrets are there, Jobs are forbidden, resource.k8s.io is not served."""
    (tmp_path / "secrets.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [LIVE]}))
    (tmp_path / "nodes.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [NODE]}))
    path = tmp_path / "bin" / "kubectl"
    path.parent.mkdir()
    path.write_text(
        f"""#!/bin/sh
echo "$@" >> {tmp_path}/log
while [ "$1" != get ]; do shift; done
case "$2" in
  secrets|nodes) while read -r line || [ -n "$line" ]; do printf '%s\\n' "$line"; done < {tmp_path}/$2.json ;;
  jobs.batch) echo 'Error from server (Forbidden): jobs.batch is forbidden' >&2; exit 1 ;;
  *.resource.k8s.io) echo "error: the server doesn't have a resource type \\"$2\\"" >&2; exit 1 ;;
  broken) echo 'The connection to the server was refused' >&2; exit 1 ;;
esac
"""
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(path.parent))
    return tmp_path


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["snapshot", *arguments])
    return int(ended.value.code or 0)


def test_values_of_secrets_stay_in_the_cluster(kubectl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("-o", str(kubectl / "state.json"), "--context", "prod") == 0
    text = (kubectl / "state.json").read_text()
    assert "aHVudGVyMg" not in text and base64.b64decode(MASKED) == b"(masked by kplan snapshot)"
    found = {o["kind"]: o for o in read_dump([str(kubectl / "state.json")]).objects}
    assert found["Secret"]["data"] == {"password": MASKED} and found["Node"] == NODE
    said = capsys.readouterr().err
    assert "2 objects; the values of 1 Secrets are masked" in said and "may not be read, and left out: jobs.batch" in said


def test_it_only_reads(kubectl: Path) -> None:
    run("-o", str(kubectl / "state.json"), "--context", "prod")
    asked = (kubectl / "log").read_text().splitlines()
    assert len(asked) > 40
    assert all(line.startswith("--context prod get ") and line.endswith(" --all-namespaces -o json --show-managed-fields --ignore-not-found") for line in asked)


def test_secrets_are_kept_where_asked(kubectl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--secrets", "-n", "a") == 0
    captured = capsys.readouterr()
    assert [o for o in json.loads(captured.out)["items"] if o["kind"] == "Secret"] == [LIVE]
    assert "masked" not in captured.err


def test_a_cluster_that_cannot_be_read_leaves_no_file(kubectl: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("-o", str(kubectl / "state.json"), "--kind", "broken") == 2
    assert "kubectl get broken failed: The connection to the server was refused" in capsys.readouterr().err
    assert not [p for p in kubectl.iterdir() if p.name.startswith(("state", "tmp"))]
    monkeypatch.setenv("PATH", "")
    assert run() == 2 and "kubectl is not installed" in capsys.readouterr().err
