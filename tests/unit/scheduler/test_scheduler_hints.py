"""Which writes give a waiting pod hope."""

from __future__ import annotations

import pytest
from scheduler_objects import node, pod

from kplan.api.reader import Entry
from kplan.scheduler.hints import can_help

TAINT = [{"key": "k", "effect": "NoSchedule"}]
SELECTED = {"nodeSelector": {"disk": "ssd"}}


def wrote(old: dict | None, new: dict | None) -> Entry:
    return Entry("DELETED" if new is None else "MODIFIED" if old else "ADDED", (new or old or {})["kind"], old, new)


@pytest.mark.parametrize(
    ("plugin", "waiting", "entry", "helps"),
    [
        ("NodeResourcesFit", pod("p", "2"), wrote(None, node("a", "4")), True),
        ("NodeResourcesFit", pod("p", "5"), wrote(None, node("a", "4")), False),
        ("NodeResourcesFit", pod("p", "2"), wrote(node("a", "4"), node("a", "4", labels={"x": "y"})), False),
        ("NodeResourcesFit", pod("p", "2"), wrote(node("a", "1"), node("a", "4")), True),
        ("NodeResourcesFit", pod("p", "2"), wrote(pod("x", on="a"), None), True),
        ("NodeResourcesFit", pod("p", "2"), wrote(pod("x"), None), False),
        ("NodeResourcesFit", pod("p", "2"), wrote(pod("x", on="a"), pod("x", on="a", status={"phase": "Succeeded"})), True),
        ("NodeResourcesFit", pod("p", "2"), wrote(pod("x", "2", on="a"), pod("x", "1", on="a")), True),
        ("NodeResourcesFit", pod("p", "2"), wrote(pod("x", "2", on="a"), pod("x", "2", on="a", status={"phase": "Running"})), False),
        ("TaintToleration", pod("p"), wrote(node("a", taints=TAINT), node("a")), True),
        ("TaintToleration", pod("p"), wrote(node("a"), node("a", taints=TAINT)), False),
        ("NodeUnschedulable", pod("p"), wrote(None, node("a")), True),
        ("NodeAffinity", pod("p", **SELECTED), wrote(node("a"), node("a", labels={"disk": "ssd"})), True),
        ("NodeAffinity", pod("p", **SELECTED), wrote(None, node("a")), False),
        ("PodTopologySpread", pod("p"), wrote(pod("x"), pod("x", on="a")), True),
        ("PodTopologySpread", pod("p"), wrote(pod("x", namespace="other"), pod("x", namespace="other", on="a")), False),
        ("InterPodAffinity", pod("p"), wrote(pod("x", on="a"), pod("x", on="a", labels={"app": "web"})), True),
        ("NodePorts", pod("p"), wrote(node("a"), node("a", "9")), False),
        ("NoSuchPlugin", pod("p"), wrote(None, node("a")), False),
    ],
)  # fmt: skip
def test_hints(plugin: str, waiting: dict, entry: Entry, helps: bool) -> None:
    assert can_help(plugin, waiting, entry) is helps
