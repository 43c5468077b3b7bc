"""What of a state can be restored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kplan.cluster import Cluster
from kplan.manifests.sources import load
from kplan.plan import Options, plan
from kplan.sound import sound

ROOT = Path(__file__).resolve().parents[2]


def judged(*objects: Any) -> tuple[list[Any], list[str]]:
    return sound(objects, Cluster().door)


def test_what_a_server_gave_stays_as_it_is() -> None:
    objects = [m.data for m in load([str(ROOT / "samples" / "cluster" / "state.yaml")]).manifests]
    kept, notes = judged(*objects)
    assert kept == objects
    assert notes == []


@pytest.mark.parametrize(
    ("obj", "why"),
    [
        ({"apiVersion": "v1", "kind": "Pod"}, "Pod without a name"),
        ({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}}, "pod/x (spec.containers: Required value)"),
        ({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": "text"}, "pod/x (json: cannot unmarshal string into Go struct"),
        ({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": {"pods": "lots"}}}, "resourcequota/q (quantities must"),
    ],
)
def test_what_no_server_gives_is_left_out(obj: Any, why: str) -> None:
    kept, notes = judged(obj)
    assert kept == []
    assert why in notes[0]


def test_manifests_do_for_a_state() -> None:
    old, new = (load([str(ROOT / "samples" / "update" / v)]) for v in ("v1", "v2"))
    found = plan(new, Options(state=[m.data for m in old.manifests]))
    assert found.ok
    assert found.running == 4


def test_a_node_has_a_spec_and_unknown_kinds_are_kept() -> None:
    kept, notes = judged({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}, {"apiVersion": "x.y/v1", "kind": "Z", "metadata": {"name": "z"}})
    assert notes == []
    assert kept[0]["spec"] == {}
    assert "spec" not in kept[1]
