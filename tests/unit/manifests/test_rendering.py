"""Kustomizations and charts: rendered by the tools that are there, reported where none is; made with tools that tests put on PATH."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from kplan.diagnostics import Severity
from kplan.manifests.rendering import Rendering
from kplan.manifests.sources import load

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and an empty one of tools."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def tool(folder: Path, name: str, script: str) -> None:
    path = folder.parent / "bin" / name
    path.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)


def overlays() -> None:
    write("base/kustomization.yaml", "resources: [web.yaml]\n")
    write("base/web.yaml", CONFIG.format("web") + "data:\n  a: plain\n")
    for name in ("dev", "prod"):
        write(f"overlays/{name}/kustomization.yaml", f"resources: [../../base]\nnamePrefix: {name}-\n")


BUILD = """echo "$@" >> "{log}"
for last; do :; done
n=$(basename "$last")
printf "apiVersion: v1\\nkind: ConfigMap\\nmetadata:\\n  name: $n-web\\ndata:\\n  a: plain\\n"
"""


def test_each_overlay_is_a_cluster_of_its_own_and_its_base_is_not_read(folder: Path) -> None:
    overlays()
    write("plain.yaml", CONFIG.format("everywhere"))
    log = folder / "log"
    tool(folder, "kubectl", BUILD.format(log=log))
    sources = load(["."])
    assert not sources.diagnostics
    assert log.read_text().splitlines() == [f"kustomize {os.path.join('overlays', n)}" for n in ("dev", "prod")]
    assert [(name, [m.data["metadata"]["name"] for m in part.manifests]) for name, part in sources.clusters()] == [
        (os.path.join("overlays", "dev"), ["everywhere", "dev-web"]),
        (os.path.join("overlays", "prod"), ["everywhere", "prod-web"]),
    ]
    assert [name for name, _ in load(["overlays/dev"]).clusters()] == [""]


def test_a_rendered_object_is_located_in_the_file_that_states_it(folder: Path) -> None:
    overlays()
    tool(folder, "kustomize", BUILD.format(log=os.devnull))
    manifest = load(["overlays/dev"]).manifests[0]
    assert manifest.source == os.path.join("base", "web.yaml")
    assert str(manifest.locate("data.a")) == os.path.join("base", "web.yaml") + ":6:3"
    assert str(manifest.locate("metadata.name")) == os.path.join("base", "web.yaml")  # the overlay changed it


def test_kustomize_goes_before_kubectl(folder: Path) -> None:
    overlays()
    tool(folder, "kubectl", "exit 1")
    tool(folder, "kustomize", 'test "$1" = build && ' + BUILD.format(log=os.devnull))
    assert not load(["overlays/dev"]).diagnostics


def test_a_failing_tool_is_quoted(folder: Path) -> None:
    overlays()
    tool(folder, "kubectl", 'echo "error: accumulating resources: no such file" >&2; exit 1')
    (found,) = load(["overlays/dev"]).diagnostics
    assert (found.rule, found.severity) == ("manifests/not-rendered", Severity.ERROR)
    assert found.message.endswith("was not rendered: kubectl failed: accumulating resources: no such file")


def test_only_the_error_of_a_failing_tool_is_quoted(folder: Path) -> None:
    overlays()
    tool(folder, "kubectl", "echo 'WARNING: configuration is group-readable.' >&2; echo 'Error: no such base' >&2; exit 1")
    (found,) = load(["overlays/dev"]).diagnostics
    assert found.message.endswith("was not rendered: kubectl failed: no such base")


def test_a_chart_without_its_dependencies_says_how_to_fetch_them(folder: Path) -> None:
    write("chart/Chart.yaml", "apiVersion: v2\nname: c\n")
    tool(folder, "helm", "echo 'Error: found in Chart.yaml, but missing in charts/ directory: redis' >&2; exit 1")
    (found,) = load(["chart"]).diagnostics
    assert found.hint == "fetch what it depends on before: helm dependency build chart"


def test_the_time_and_place_of_a_tools_log_line_are_not_quoted(folder: Path) -> None:
    overlays()
    tool(folder, "kubectl", "echo 'E1121 12:34:56.789012   12345 run.go:72] \"command failed\"' >&2; exit 1")
    (found,) = load(["overlays/dev"]).diagnostics
    assert found.message.endswith('was not rendered: kubectl failed: "command failed"')


def test_a_tool_that_hangs_is_ended_with_what_it_started(folder: Path) -> None:
    overlays()
    tool(folder, "kubectl", "sleep 60 & wait")
    (found,) = load(["overlays/dev"], rendering=Rendering(time_limit=0.3)).diagnostics
    assert found.message.endswith("kubectl took more than 0.3 s")


def test_without_tools_it_is_said_what_to_install(folder: Path) -> None:
    overlays()
    write("chart/Chart.yaml", "apiVersion: v2\nname: c\n")
    write("plain.yaml", CONFIG.format("plain"))
    assert [(d.severity, d.message.rpartition(": ")[2]) for d in load(["."]).diagnostics] == [
        (Severity.WARNING, "helm is not installed"),
        (Severity.WARNING, "neither kustomize nor kubectl is installed"),
        (Severity.WARNING, "neither kustomize nor kubectl is installed"),
    ]
    (asked,) = load(["chart"]).diagnostics
    assert asked.severity is Severity.ERROR and "helm template chart" in asked.hint


def test_nothing_is_fetched(folder: Path) -> None:
    write("k/kustomization.yaml", "resources: ['https://example.com/x//base?ref=main']\n")
    tool(folder, "kubectl", "echo called > called")
    (found,) = load(["k"]).diagnostics
    assert "nothing here is read from the network" in found.message and not Path("called").exists()
    assert found.severity is Severity.ERROR and "kubectl kustomize k |" in found.hint
    write("plain.yaml", CONFIG.format("plain"))
    assert [d.severity for d in load(["."]).diagnostics] == [Severity.WARNING]  # of others in the folder all is known


def test_a_chart_is_rendered_with_its_options(folder: Path) -> None:
    write("charts/shop/Chart.yaml", "apiVersion: v2\nname: shop\n")
    write("charts/shop/templates/config.yaml", CONFIG.format("{{ .Release.Name }}") + "data:\n  fixed: text\n  replicas: {{ .Values.n }}\n")
    printed = f"---\n# Source: shop/templates/config.yaml\n{CONFIG.format('web')}data:\n  fixed: text\n  replicas: x\n"
    tool(folder, "helm", f'echo "$@" "$KUBECONFIG" "$https_proxy" > log\ncat <<END\n{printed}END')
    given = Rendering(values=("prod.yaml",), set=("n=3",), release="web", namespace="shop", version="1.36")
    sources = load(["charts"], rendering=given)
    assert not sources.diagnostics
    assert Path("log").read_text().split() == (
        f"template web {os.path.join('charts', 'shop')} --namespace shop --include-crds --skip-tests --kube-version 1.36 --values prod.yaml --set n=3 "
        f"{os.devnull} http://127.0.0.1:9"
    ).split()
    (manifest,) = sources.manifests
    file = os.path.join("charts", "shop", "templates", "config.yaml")
    assert (manifest.source, str(manifest.locate("data.fixed")), str(manifest.locate("data.replicas"))) == (file, f"{file}:6:3", f"{file}:7:3")


def test_an_object_named_kustomization_is_an_object(folder: Path) -> None:
    head = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: apps\n"
    write("clusters/kustomization.yaml", head)
    write("clusters/other.yaml", CONFIG.format("c"))
    sources = load(["clusters"])
    assert [m.data["metadata"]["name"] for m in sources.manifests] == ["apps", "c"] and not sources.diagnostics
    assert len(load(["clusters/kustomization.yaml"]).manifests) == 1


def test_a_component_need_not_stand_alone(folder: Path) -> None:
    (folder / "parts" / "scale").mkdir(parents=True)
    (folder / "parts" / "scale" / "kustomization.yaml").write_text("apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n")
    tool(folder, "kubectl", "echo 'Error: no matches for Id' >&2; exit 1")
    assert [d.severity for d in load(["parts"]).diagnostics] == [Severity.NOTE]
    assert [d.severity for d in load(["parts/scale"]).diagnostics] == [Severity.ERROR]
