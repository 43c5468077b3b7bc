"""What a warning foretells and a failure then says in the same words is told once."""

from __future__ import annotations

import pytest

from kplan.manifests.sources import load
from kplan.plan import Options, plan

NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {%s}}\n"
WORKLOAD = (
    "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n"
    "spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {hostNetwork: true, containers: [{name: a, image: 'a:1'}]}}}\n"
)
ENFORCE, WARN = "pod-security.kubernetes.io/enforce: ", "pod-security.kubernetes.io/warn: "


@pytest.mark.parametrize(
    ("labels", "rules"),
    [
        (f"{ENFORCE}baseline", ["replica-failure"]),
        (f"{ENFORCE}baseline, {WARN}baseline", ["replica-failure"]),
        (f"{WARN}baseline", ["api/warning"]),
        (f"{ENFORCE}baseline, {WARN}restricted", ["api/warning", "replica-failure"]),  # the warning says more
    ],
)
def test_pod_security_is_told_once(labels: str, rules: list[str]) -> None:
    found = plan(load(["-"], stdin=NAMESPACE % labels + WORKLOAD), Options()).diagnostics
    assert sorted(d.rule for d in found if "violate" in d.message) == rules
