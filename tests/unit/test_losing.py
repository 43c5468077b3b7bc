"""Nodes that are gone while a change is applied."""

from __future__ import annotations

import pytest

from kplan.losing import LostError
from kplan.manifests.sources import Sources, load
from kplan.plan import Options, Plan, plan

NODES = "3x2cpu,8Gi,zones=a/b/c"


def web(replicas: int, cpu: str = "1") -> str:
    container = f"{{name: web, image: 'web:1', resources: {{requests: {{cpu: '{cpu}'}}}}}}"
    template = f"{{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{container}]}}}}"
    spec = f"{{replicas: {replicas}, selector: {{matchLabels: {{app: web}}}}, template: {template}}}"
    return f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec: {spec}\n"


def manifests(text: str) -> Sources:
    return load(["-"], stdin=text)


def without(text: str, base: str = "", nodes: tuple[str, ...] = (), zones: tuple[str, ...] = (), given: str = NODES) -> Plan:
    options = Options(nodes=given, base=manifests(base) if base else None, without_nodes=nodes, without_zones=zones)
    return plan(manifests(text), options)


def test_what_a_node_had_is_elsewhere_before_the_change() -> None:
    found = without(web(4), web(3), nodes=("node-1",))
    assert found.notes[-1] == "without node-1, which had 1 pod"
    assert found.ok and [n.name for n in found.picture.nodes] == ["node-2", "node-3"]
    assert [r.replaced for r in found.blast.restarts] == []  # that it moved is not what the change does


def test_what_then_has_no_place_is_told() -> None:
    assert without(web(5)).ok
    found = without(web(5), web(3), zones=("b",))
    assert (found.running, found.pending, found.ok) == (4, 1, False)
    found = without(web(6), web(6), zones=("b", "c"))
    assert found.notes[-1] == "without node-2, node-3, which had 4 pods: 4 of them have no place before the change"


def test_manifests_of_lost_nodes_are_left_out() -> None:
    node = "apiVersion: v1\nkind: Node\nmetadata: {{name: {0}, labels: {{topology.kubernetes.io/zone: {0}}}}}\nstatus: {{capacity: {{cpu: 2, pods: 9}}}}\n---\n"
    found = without(node.format("east") + node.format("west") + web(2), zones=("east",), given="")
    assert [n.name for n in found.picture.nodes] == ["west"]
    assert found.count("create") == 2


@pytest.mark.parametrize(
    ("nodes", "zones", "words"),
    [(("node-9",), (), "there is no node node-9: there is node-1, node-2, node-3"), ((), ("z",), "no node is in zone z: zones are a, b, c")],
)
def test_names_are_checked(nodes: tuple[str, ...], zones: tuple[str, ...], words: str) -> None:
    with pytest.raises(LostError, match=words):
        without(web(1), nodes=nodes, zones=zones)
