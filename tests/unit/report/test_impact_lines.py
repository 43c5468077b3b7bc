"""What a change does to what runs: a line each, and one for many that fare alike."""

from __future__ import annotations

from kplan.manifests.sources import load
from kplan.plan import Options, plan
from kplan.report.impact import impact_lines

TEMPLATE = "{{metadata: {{labels: {{app: a{0}}}}}, spec: {{containers: [{{name: web, image: '{1}'}}]}}}}"
SPEC = "spec: {{replicas: {2}, selector: {{matchLabels: {{app: a{0}}}}}, template: TEMPLATE}}\n"
DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a{0}}}\n" + SPEC


def manifests(image: str, *replicas: int) -> str:
    return "---\n".join(DEPLOYMENT.replace("TEMPLATE", TEMPLATE).format(i, image, n) for i, n in enumerate(replicas))


def lines(*replicas: int, nodes: str = "") -> list[str]:
    old, new = (load(["-"], stdin=manifests(image, *replicas)) for image in ("web:1", "web:2"))
    return list(impact_lines(plan(new, Options(nodes=nodes, base=old))))


def test_few_are_told_one_by_one() -> None:
    assert [line.partition(":")[0] for line in lines(1, 1)] == [f"~ {words}deployment/a{i}" for i in (0, 1) for words in ("", "rollout of ")]


def test_many_that_fare_alike_are_told_at_once() -> None:
    told = lines(1, 2, 1, 1)
    assert told[0] == "~ deployment/a0, deployment/a2, deployment/a3: in each 1 pod restarts: spec.containers[name=web].image"
    assert told[1].startswith("~ rollout of each of these 3: RollingUpdate, maxSurge 1, ")
    assert told[2].startswith("~ deployment/a1: 2 pods restart") and len(told) == 4


def test_bad_news_is_told_of_each() -> None:
    told = lines(1, 1, 1, nodes="1x8cpu,pods=3")
    assert sum(line.startswith("! rollout of deployment/a") for line in told) == 3
