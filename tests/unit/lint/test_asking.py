"""Nothing is asked twice, and nothing is answered for another server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kplan.api.content import Remembered
from kplan.apiserver.door import Door
from kplan.lint.asking import EXISTS, Answered, Server
from kplan.manifests.sources import load

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
OBJECT = "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}\nspec: {size: two}\n"


def definition(kind: str = "string", name: str = "things.example.com") -> str:
    """A CRD whose `spec.size` is of a type."""
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": kind}}}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    spec = {"group": "example.com", "scope": "Namespaced", "names": {"plural": "things", "kind": "Thing"}, "versions": [version]}
    return json.dumps({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": name}, "spec": spec}) + "\n"


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kinds that doors are asked about."""
    seen: list[str] = []
    create = Door.create

    def spy(self: Door, obj: Any, call: Any) -> Any:
        seen.append(obj["kind"])
        return create(self, obj, call)

    monkeypatch.setattr(Door, "create", spy)
    return seen


def manifests(folder: Path, *texts: str) -> list[Any]:
    for i, text in enumerate(texts):
        (folder / f"{i}.yaml").write_text(text, encoding="utf-8")
    return list(load([str(folder)]).manifests)


def test_each_manifest_is_asked_about_once(tmp_path: Path, calls: list[str]) -> None:
    crd, config = manifests(tmp_path, definition(), CONFIG)
    answered = Answered()
    for _ in range(3):
        server = Server("1.36", "default", answered)
        server.define(crd)
        assert server.answer(crd).reason == EXISTS
        assert server.answer(config).accepted
    assert sorted(calls) == ["ConfigMap", "CustomResourceDefinition"]


def test_custom_resources_are_asked_about_where_their_definition_is(tmp_path: Path) -> None:
    crd, other, obj = manifests(tmp_path, definition(), definition("integer"), OBJECT)
    answered = Answered()
    reasons = []
    for known in (crd, other, None, crd):
        server = Server("1.36", "default", answered)
        if known is not None:
            server.define(known)
        reasons.append(server.answer(obj).reason)
    assert reasons == ["", "Invalid", "NotFound", ""]


def test_what_is_refused_is_refused_by_all_and_the_first_of_a_name_counts(tmp_path: Path) -> None:
    crd, same, bad = manifests(tmp_path, definition(), definition("integer"), definition(name="wrong"))
    answered = Answered()
    for first, second in ((crd, same), (same, crd)):
        server = Server("1.36", "default", answered)
        for each in (first, second, bad):
            server.define(each)
        assert [server.answer(m).reason for m in (first, second, bad)] == [EXISTS, EXISTS, "Invalid"]
        held = server.door.store.get("CustomResourceDefinition.apiextensions.k8s.io", "", "things.example.com")
        assert held is not None and held["spec"]["versions"] == first.data["spec"]["versions"]


def test_content_is_told_apart_by_all_that_is_in_it() -> None:
    held = Remembered[int](100)
    numbers = iter(range(100))
    values: list[Any] = [1, 1.0, True, "1", [1], {"a": 1}, {"a": 1, "b": 2}, {"b": 2, "a": 1}, None]
    first = [held.get(v, "", lambda: next(numbers)) for v in values]
    assert len(set(first)) == len(values)
    assert [held.get(json.loads(json.dumps(v)), "", lambda: next(numbers)) for v in values] == first
    assert held.get(1, "other", lambda: -1) == -1
    assert held.get(object(), "", lambda: -2) == -2


def test_the_oldest_is_forgotten() -> None:
    held = Remembered[int](2)
    for value in (1, 2, 3):
        held.get(value, "", lambda: 0)
    assert [held.get(value, "", lambda: 1) for value in (3, 2, 1)] == [0, 0, 1]
