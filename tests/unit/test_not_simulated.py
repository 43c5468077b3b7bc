"""Built-in kinds that no controller here looks at are named; custom ones are told of as such, and not twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from kplan.manifests.sources import load
from kplan.plan import Options, plan


@pytest.mark.parametrize(
    ("api", "kind", "rules"),
    [
        ("v1", "ConfigMap", []),
        ("coordination.k8s.io/v1beta1", "LeaseCandidate", ["not-simulated"]),
        ("gateway.networking.k8s.io/v1", "Gateway", ["schema/unknown-custom-kind"]),
        ("example.com/v1", "Widget", ["schema/unknown-custom-kind"]),
    ],
)
def test_each_kind_is_told_of_once(tmp_path: Path, api: str, kind: str, rules: list[str]) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("\n---\n".join(f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}}}\n" for name in "ab"))
    found = plan(load([str(file)]), Options()).diagnostics
    about = [d.rule for d in found if d.rule in ("not-simulated", "schema/unknown-custom-kind")]
    assert list(dict.fromkeys(about)) == rules and about.count("not-simulated") <= 1
