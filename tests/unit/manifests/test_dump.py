"""Dumps of clusters, in the forms that kubectl writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kplan.manifests import dump
from kplan.manifests.dump import DumpError, read_dump


def config(name: str, **meta: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "a", **meta}}


def listed(*items: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "v1", "items": list(items), "kind": "List", "metadata": {"resourceVersion": ""}}


def names(objects: tuple[dict[str, Any], ...]) -> list[str]:
    return [o["metadata"]["name"] for o in objects]


def test_every_form_reads_alike(tmp_path: Path) -> None:
    objects = [config("one"), config("two", annotations={"text": 'a },\n        {\n "b"'})]
    whole = listed(*objects)
    (tmp_path / "pretty.json").write_text(json.dumps(whole, indent=4))
    (tmp_path / "compact.json").write_text(json.dumps(whole))
    (tmp_path / "lines.json").write_text("\n".join(json.dumps(o) for o in objects))
    (tmp_path / "list.yaml").write_text("apiVersion: v1\nkind: List\nitems:\n" + "".join(f"- {json.dumps(o)}\n" for o in objects))
    (tmp_path / "documents.yaml").write_text("\n---\n".join(json.dumps(o) for o in objects))
    for path in sorted(tmp_path.iterdir()):
        assert list(read_dump([str(path)]).objects) == objects, path.name
    assert list(read_dump(["-"], json.dumps(whole).encode()).objects) == objects
    assert len(read_dump([str(tmp_path)]).objects) == 10


def test_long_lists_are_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = [config(f"c-{i:03}", annotations={"text": "},\n        {"}) for i in range(200)]
    (tmp_path / "state.json").write_text(json.dumps(listed(*objects), indent=4))
    monkeypatch.setattr(dump, "PIECE", 3000)
    said: list[str] = []
    assert list(read_dump([str(tmp_path / "state.json")], progress=said.append).objects) == objects
    assert len(said) > 10 and said[1].startswith("reading state.json: ")


def test_items_of_typed_lists_get_their_kind(tmp_path: Path) -> None:
    path = tmp_path / "pods.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {"name": "p", "namespace": "a"}}]}))
    assert [(o["kind"], o["apiVersion"]) for o in read_dump([str(path)]).objects] == [("Pod", "v1")]


def test_what_says_nothing_of_the_state_is_dropped(tmp_path: Path) -> None:
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "a"}, "lastTimestamp": "2026-05-02T00:00:00Z"}
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "n", "namespace": "kube-node-lease"}}
    managed = [{"manager": "m", "operation": "Apply"}]
    path = tmp_path / "state.json"
    path.write_text(json.dumps(listed(event, lease, config("kept", managedFields=managed), config("bare", managedFields=managed))))
    found = read_dump([str(path)], wanted=lambda o: o["metadata"]["name"] == "kept")
    assert [(o["metadata"]["name"], "managedFields" in o["metadata"]) for o in found.objects] == [("kept", True), ("bare", False)]
    assert found.dropped == 2


def test_the_newest_time_is_when_something_last_happened(tmp_path: Path) -> None:
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "creationTimestamp": "2026-01-01T00:00:00Z"}}
    node["status"] = {"conditions": [{"type": "Ready", "lastHeartbeatTime": "2026-05-01T10:00:00Z", "lastTransitionTime": "2026-01-02T00:00:00Z"}]}
    expiring = config("c", annotations={"expires": "2030-01-01T00:00:00Z"}, deletionTimestamp="2027-01-01T00:00:00Z")
    path = tmp_path / "state.json"
    path.write_text(json.dumps(listed(node, expiring)))
    assert read_dump([str(path)]).newest == "2026-05-01T10:00:00Z"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"kind": "List", "items": [', "not JSON"),
        ('{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}', "object 1, a ConfigMap, has no name"),
        ('{"items": [{"metadata": {"name": "x"}}]}', "has no apiVersion and kind"),
        ("# nothing\n", "no objects found"),
        ("a: b: c\n", "line 1: mapping values"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / ("state.json" if text[0] == "{" else "state.yaml")
    path.write_text(text)
    with pytest.raises(DumpError, match=words):
        read_dump([str(path)])
    with pytest.raises(DumpError, match="does not exist"):
        read_dump([str(tmp_path / "nowhere.json")])
