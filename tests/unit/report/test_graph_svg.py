"""The graph as SVG: well-formed, complete, the same whatever the order, of a bounded size."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ElementTree
from typing import Any

from kplan.graph import build
from kplan.report.graph_svg import WIDEST, render_svg

SVG = "{http://www.w3.org/2000/svg}"


def obj(kind: str, name: str, spec: Any = None, api: str = "v1", namespace: str = "default", **more: Any) -> dict[str, Any]:
    """An object."""
    meta = {"name": name, **({"namespace": namespace} if namespace else {}), **more}
    return {"apiVersion": api, "kind": kind, "metadata": meta, **({"spec": spec} if spec is not None else {})}


def pod(name: str, settings: str, **more: Any) -> dict[str, Any]:
    return obj("Pod", name, {"containers": [{"name": "a", "envFrom": [{"configMapRef": {"name": settings, **more}}]}]}, labels={"app": name})


OBJECTS = [
    obj("Service", "web", {"selector": {"app": "web"}}),
    obj("ConfigMap", "settings"),
    pod("web", "settings"),
    pod("lost", "nowhere"),
    pod("easy", "perhaps", optional=True),
    obj("Pod", "<odd>&\x01", {"containers": []}, ownerReferences=[{"apiVersion": "v1", "kind": "ConfigMap", "name": "settings", "uid": "a"}]),
]


def drawn(objects: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    render_svg(build(objects), out)
    return out.getvalue()


def titles(text: str, tag: str, words: str) -> list[str]:
    found = [e for e in ElementTree.fromstring(text).iter(f"{SVG}{tag}") if words in (e.get("class") or "").split()]
    return sorted("".join(t.text or "" for t in e.findall(f"{SVG}title")) for e in found)


def test_every_object_and_edge_says_what_it_is() -> None:
    text = drawn(OBJECTS)
    assert len(titles(text, "g", "box")) == len(OBJECTS) + 2
    assert titles(text, "g", "missing") == ["ConfigMap nowhere (default): missing"]
    assert titles(text, "g", "optional") == ["ConfigMap perhaps (default) (optional, not there)"]
    edges = titles(text, "path", "edge")
    assert "Service web (default) selects Pod web (default)\nspec.selector" in edges
    assert "ConfigMap settings (default) owns Pod <odd>&\ufffd (default)\nmetadata.ownerReferences[0]" in edges
    assert "Pod web (default) refers to ConfigMap settings (default)\nspec.containers[0].envFrom[0].configMapRef.name" in edges
    assert [e.partition("\n")[0] for e in titles(text, "path", "missing") if e] == ["Pod lost (default) refers to ConfigMap nowhere (default) (missing)"]


def test_what_every_cluster_has_is_not_missing() -> None:
    spec = {"containers": [], "serviceAccountName": "default", "priorityClassName": "system-node-critical"}
    assert not titles(drawn([obj("Pod", "a", spec)]), "g", "missing")
    assert titles(drawn([obj("Pod", "a", {**spec, "priorityClassName": "system-node-critcal"})]), "g", "missing")


def test_the_order_of_objects_does_not_matter() -> None:
    assert drawn(OBJECTS) == drawn(OBJECTS[::-1])


def test_it_needs_nothing_from_elsewhere() -> None:
    text = drawn(OBJECTS)
    assert text.count("http") == 1 and "<script" not in text and "@import" not in text
    assert "prefers-color-scheme:dark" in text


def test_a_large_graph_is_shown_in_a_bounded_size() -> None:
    objects = [pod(f"p{i}", f"c{i}", optional=False) for i in range(400)] + [obj("ConfigMap", f"c{i}", namespace="default") for i in range(400)]
    root = ElementTree.fromstring(drawn(objects))
    assert int(root.get("width", "0")) <= WIDEST
    assert 0 < int(root.get("height", "0")) <= 4 * WIDEST


def test_nothing_is_a_drawing_too() -> None:
    assert titles(drawn([]), "g", "box") == []
