"""`kplan graph`: formats, and parts of the graph."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kplan.cli.main import main

MANIFESTS = """apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web-0, labels: {app: web}}
spec: {containers: [{name: app, image: "app:1", envFrom: [{configMapRef: {name: settings}}, {secretRef: {name: nowhere}}]}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: alone}
"""


def run(capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> tuple[int, str]:
    (folder / "app.yaml").write_text(MANIFESTS)
    with pytest.raises(SystemExit) as ended:
        main(["graph", str(folder / "app.yaml"), *arguments])
    told = capsys.readouterr()
    return int(ended.value.code or 0), told.out + told.err


def names(capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> list[str]:
    document = json.loads(run(capsys, folder, "--format", "json", *arguments)[1])
    return [o["name"] for o in document["objects"]]


def test_json_says_what_is_missing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    document = json.loads(run(capsys, tmp_path, "--format", "json")[1])
    missing = [e["missing"] for e in document["edges"] if "missing" in e and not e["optional"]]
    assert {"kind": "Secret", "namespace": "default", "name": "nowhere"} in missing
    pairs = [(e["source"]["name"], e["kind"], e["target"]["name"]) for e in document["edges"] if "target" in e]
    assert ("web", "selects", "web-0") in pairs and ("web-0", "refers", "settings") in pairs


def test_mermaid(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, said = run(capsys, tmp_path, "--format", "mermaid")
    assert code == 0 and said.startswith("flowchart LR\n")
    assert '["Service<br>web"]' in said and "-->|selects|" in said and "nowhere MISSING" in said


def test_a_part_hangs_together(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert names(capsys, tmp_path, "--of", "service/web") == ["settings", "web-0", "web"]
    assert names(capsys, tmp_path, "--of", "service/web", "--depth", "1") == ["web-0", "web"]
    assert names(capsys, tmp_path, "--of", "service/web", "--edges", "selects") == ["web-0", "web"]
    assert names(capsys, tmp_path, "--of", "configmap/alone") == ["alone"]


def test_an_object_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, said = run(capsys, tmp_path, "--of", "pod/none")
    assert code == 2 and 'there is no "pod/none" in the input' in said


CIRCLE = """apiVersion: v1
kind: PersistentVolume
metadata: {name: disk}
spec: {accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}, hostPath: {path: /d}, claimRef: {namespace: default, name: data}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], volumeName: disk, resources: {requests: {storage: 1Gi}}}
"""


def test_the_order_in_which_to_apply(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "z.yaml").write_text(CIRCLE)
    assert run(capsys, tmp_path, "--format", "order")[1].splitlines() == [
        "ConfigMap alone (default)",
        "ConfigMap settings (default)",
        "Service web (default)",
        "Pod web-0 (default)",
    ]
    document = json.loads(run(capsys, tmp_path, str(tmp_path / "z.yaml"), "--format", "json")[1])
    assert [o["name"] for o in document["order"]] == ["alone", "settings", "disk", "data", "web", "web-0"]


def test_what_goes_round_in_a_circle(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    circle = str(tmp_path / "z.yaml")
    Path(circle).write_text(CIRCLE)
    assert "in a circle: PersistentVolume disk, PersistentVolumeClaim data (default)\n" in run(capsys, tmp_path, circle)[1]
    document = json.loads(run(capsys, tmp_path, circle, "--format", "json")[1])
    assert [[o["name"] for o in cycle] for cycle in document["cycles"]] == [["disk", "data"]]
    assert "in a circle" not in run(capsys, tmp_path)[1]
