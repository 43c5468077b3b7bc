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


SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n"
USER = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: %s, labels: {app: web}}\n"
    "spec: {containers: [{name: a, image: 'a:1', envFrom: [{configMapRef: {name: nowhere}}]}]}\n"
)


@pytest.fixture
def overlays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two overlays with a Service and a pod each; the tool that renders prints what lies beside the kustomization."""
    monkeypatch.chdir(tmp_path)
    tool = tmp_path / "bin" / "kubectl"
    tool.parent.mkdir()
    tool.write_text('#!/bin/sh\nfor last; do :; done\nwhile read -r line; do echo "$line"; done < "$last/rendered.txt"\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tool.parent))
    for name in ("dev", "prod"):
        folder = tmp_path / "overlays" / name
        folder.mkdir(parents=True)
        (folder / "kustomization.yaml").write_text("resources: []\n")
        (folder / "rendered.txt").write_text(f"{SERVICE}---\n{USER % name}")
    return tmp_path


def drawn(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(["graph", "overlays", *arguments])
    told = capsys.readouterr()
    return int(ended.value.code or 0), told.out + told.err


def test_each_overlay_is_drawn_apart(capsys: pytest.CaptureFixture[str], overlays: Path) -> None:
    code, tree = drawn(capsys)
    dev, _, prod = tree.partition("\n\n")
    assert code == 0
    assert dev.startswith("== overlays/dev\n") and "selects Pod dev" in dev and "Pod prod" not in dev
    assert prod.startswith("== overlays/prod\n") and "selects Pod prod" in prod and "Pod dev" not in prod
    document = json.loads(drawn(capsys, "--format", "json")[1])
    assert [(g["name"], [o["name"] for o in g["objects"]]) for g in document["graphs"]] == [
        ("overlays/dev", ["dev", "web"]),
        ("overlays/prod", ["prod", "web"]),
    ]


def test_drawings_of_overlays_share_no_box(capsys: pytest.CaptureFixture[str], overlays: Path) -> None:
    dot = drawn(capsys, "--format", "dot")[1]
    assert 'subgraph cluster_1 {\n    label="overlays/prod";' in dot
    assert '"0:Service/default/web" -> "0:Pod/default/dev"' in dot and '"1:Service/default/web" -> "1:Pod/default/prod"' in dot
    assert '"0:ConfigMap/default/nowhere" [label="ConfigMap/default/nowhere", color=red' in dot
    mermaid = drawn(capsys, "--format", "mermaid")[1]
    assert '  subgraph c1["overlays/prod"]\n    c1n0["Pod<br>prod"]' in mermaid and "c1n1 -->|selects| c1n0" in mermaid and "-.->|refers| c0m" in mermaid


def test_a_part_is_of_the_overlays_that_have_it(capsys: pytest.CaptureFixture[str], overlays: Path) -> None:
    assert [o["name"] for o in json.loads(drawn(capsys, "--of", "pod/prod", "--format", "json")[1])["objects"]] == ["prod", "web"]
    code, said = drawn(capsys, "--of", "pod/nobody")
    assert code == 2 and 'there is no "pod/nobody"' in said


def test_an_svg_shows_one_overlay(capsys: pytest.CaptureFixture[str], overlays: Path) -> None:
    code, said = drawn(capsys, "--format", "svg")
    assert code == 2 and "name one of overlays/dev, overlays/prod" in said
    assert drawn(capsys, "--format", "svg", "--of", "pod/prod")[1].startswith("<svg")
