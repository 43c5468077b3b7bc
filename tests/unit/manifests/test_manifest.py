"""Where the fields of a manifest stand."""

from __future__ import annotations

import pytest

from kplan.manifests.documents import read_documents
from kplan.manifests.manifest import Manifest, duplicates
from kplan.manifests.sources import load

TEXT = """\
# first
---

apiVersion: v1
kind: List
items:
- apiVersion: example.org/v1
  kind: Thing
  metadata:
    name: a
    labels: {a.b/c: "x", on: 1x}
  base: &base {x: 1, y: [2, 3]}
  spec:
    <<: *base
    z: é # comment
    list:
    - a
    - b: |
        text
      c:
  copy: *base
  d.e: 1
"""


def manifest(text: str = TEXT) -> Manifest:
    (found,) = load(["-"], stdin=text).manifests
    return found


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ("", "7:3", "7:3"), ("kind", "8:9", "8:3"), ("metadata.labels[a.b/c]", "11:21", "11:14"), ("metadata.labels[true]", "11:30", "11:26"),
        ("spec.x", "12:19", "12:16"), ("spec.true[1]", "12:29", "12:29"), ("spec.z", "15:8", "15:5"), ("spec.list[1].b", "18:10", "18:7"),
        ("spec.list[1].c", "20:9", "20:7"), ("copy", "21:9", "21:3"), ("copy.x", "12:19", "12:16"), ("d.e", "22:8", "22:3"), ("[d.e]", "22:8", "22:3"),
        ("spec.missing.deep", "13:3", "13:3"), ("missing", "7:3", "7:3"), ("spec.list[9].x", "16:5", "16:5"), ("metadata.annotations[a]", "9:3", "9:3"),
    ],
)  # fmt: skip
def test_locate(path: str, value: str, key: str) -> None:
    assert str(manifest().locate(path)) == f"<stdin>:{value}"
    assert str(manifest().locate(path, key=True)) == f"<stdin>:{key}"


def test_json_is_located_too() -> None:
    found = manifest('{"apiVersion":"v1","kind":"A",\n\t"metadata":{"name":"\\ud83d\\ude00", "labels":{"a":"\\/"}}}')
    assert str(found.locate("metadata.labels.a")) == "<stdin>:2:51"


def test_duplicates_have_two_places() -> None:
    text = "apiVersion: v1\nkind: A\nmetadata: {name: a, name: b}\nspec:\n- x.y: 1\n  'x.y': 2\n- base: &b {k: 1}\n- {<<: *b, k: 2}\nkind: B\n"
    found = manifest(text)
    assert found.data["kind"] == "B" and found.data["metadata"]["name"] == "b"
    assert [(path, str(first), str(second)) for path, first, second in duplicates(found)] == [
        ("metadata.name", "<stdin>:3:12", "<stdin>:3:21"),
        ("spec[0][x.y]", "<stdin>:5:3", "<stdin>:6:3"),
        ("kind", "<stdin>:2:1", "<stdin>:9:1"),
    ]
    assert not duplicates(manifest())


def test_duplicates_of_a_list_belong_to_its_items() -> None:
    item = "- {apiVersion: v1, kind: A, data: {a: 1, a: 2}}\n"
    first, second = load(["-"], stdin="apiVersion: v1\nkind: List\nitems:\n" + item + item).manifests
    assert [(path, one.line, two.column) for path, one, two in duplicates(first)] == [("data.a", 4, 42)]
    assert [(path, one.line, two.column) for path, one, two in duplicates(second)] == [("data.a", 5, 42)]


def test_manifests_are_frozen_and_compare_by_what_they_say() -> None:
    assert manifest() == manifest()
    with pytest.raises(AttributeError):
        manifest().line = 3  # type: ignore[misc]
    assert next(iter(read_documents(TEXT))).value is None
