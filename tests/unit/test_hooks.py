"""Helm's hooks: a plan runs those of an install, and those of an upgrade where the chart is there already."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kplan.manifests.sources import Sources, load
from kplan.plan import Options, plan

CHART = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
"""
HOOK = """\
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: %s
  annotations: {helm.sh/hook: "%s"}
"""
HOOKS = ("pre-install", "post-install,post-upgrade", "pre-upgrade", "pre-delete", "post-rollback, test")


@pytest.fixture
def chart(tmp_path: Path) -> Sources:
    """What a chart rendered to."""
    file = tmp_path / "out.yaml"
    file.write_text(CHART + "".join(HOOK % (f"h{n}", when) for n, when in enumerate(HOOKS)))
    found = load([str(file)])
    return replace(found, manifests=tuple(replace(m, render="chart") for m in found.manifests), charts=("chart",))


def created(sources: Sources, options: Options) -> tuple[list[str], str]:
    made = plan(sources, options)
    told = [note for note in made.notes if note.startswith("Helm hooks")]
    return [c.ref.name for c in made.changes if c.ref.kind == "ConfigMap"], "".join(told)


def test_an_install_runs_the_hooks_of_an_install(chart: Sources) -> None:
    names, told = created(chart, Options())
    assert names == ["h0", "h1", "settings"]
    assert told == "Helm hooks that are not run now (but at post-rollback, pre-delete, pre-upgrade, test): configmap/h2, configmap/h3, configmap/h4"


def test_an_upgrade_runs_those_of_an_upgrade_too(chart: Sources) -> None:
    names, told = created(chart, Options(base=chart))
    assert names == ["h2"] and "configmap/h2" not in told
    there = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "default", "uid": "u", "resourceVersion": "1"}}
    assert "h2" in created(chart, Options(state=(there,)))[0]
    for field in ("name", "namespace"):
        other = {**there, "metadata": {**there["metadata"], field: "other"}}  # type: ignore[dict-item]
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other", "uid": "v", "resourceVersion": "2"}}
        assert "h2" not in created(chart, Options(state=(space, other)))[0]


def test_what_no_chart_rendered_is_applied_as_it_stands(chart: Sources) -> None:
    assert len(created(replace(chart, charts=()), Options())[0]) == 6
