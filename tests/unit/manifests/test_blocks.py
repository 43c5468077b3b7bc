"""Places found by indentation are those of the tree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kplan.manifests import blocks
from kplan.manifests.documents import read_documents
from kplan.manifests.positions import find, segment, tree

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted(p for folder in ("samples", "tests/cases/lint") for p in (ROOT / folder).rglob("*.y*ml"))
STRANGE = """\
# a comment
---   # another

  apiVersion: v1
  kind:   ConfigMap   # of sorts
  metadata:
      name: x
      annotations:
        a.b/c: d
        a: {}
  # outdented
  items:
  - - not ordinary
"""
ORDINARY = """\
# a comment
---   # another

  apiVersion: v1
  kind:   ConfigMap   # of sorts
  metadata:
      name: x
      annotations:
        a.b/c: d
        a:
          b/c: e
        empty:
# a comment in the first column
        text: |
          name: y

         # no comment
        url: http://example.com
  list:
  - name: one
    inner:
    - 1
    - "two"   # commented
  - name: two
    flow: [a, b]
    none: []
  -   name: three

  last:   # nothing
"""


def paths(value: Any, path: str = "") -> Iterator[str]:
    """All paths of a value, and some that it does not have."""
    yield path
    yield f"{path}.nothing[2].x"
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths(inner, path + segment(name))
    elif isinstance(value, list):
        yield f"{path}[{len(value)}].a"
        for i, inner in enumerate(value):
            yield from paths(inner, f"{path}[{i}]")


def compare(text: str) -> int:
    """How many places were found, each where the tree has it."""
    found = 0
    for document in read_documents(text):
        if not document.ordinary:
            continue
        whole = tree(document.text)
        assert whole is not None
        for path in paths(document.value):
            for key in (False, True):
                place = blocks.place(document.text, path.removeprefix("."), key)
                if place is not None:
                    assert place == find(whole.root, path.removeprefix("."), key), (path, key)
                    found += 1
    return found


@pytest.mark.parametrize("end", ["", "---\n", "\n\n# the end"])
def test_places_of_an_ordinary_document(end: str) -> None:
    assert compare(ORDINARY.replace("         # no comment\n", "           # no comment\n") + end) > 60


def test_what_is_not_ordinary_is_left_to_the_tree() -> None:
    assert compare(STRANGE) == 0


def test_places_of_all_samples_and_cases() -> None:
    assert sum(compare(p.read_text(encoding="utf-8")) for p in FILES) > 500


def test_of_equal_documents_one_is_read_and_each_is_its_own() -> None:
    text = "kind: ConfigMap\ndata:\n" + "".join(f"  key-{i}: value\n" for i in range(400))
    first, second = read_documents(f"{text}---\n{text}")
    assert first.value == second.value and first.value is not second.value
    assert first.value["data"] is second.value["data"]
    assert (first.line, second.line) == (1, 404)
