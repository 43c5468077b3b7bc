"""A document that the server refuses, or that cannot be read, makes no new findings elsewhere: what was not wrong before is at most a note."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kplan.diagnostics import Diagnostic, Severity
from kplan.lint.engine import Options, lint
from kplan.manifests.sources import load

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "cases" / "lint"
FOLDERS = sorted(p.name for p in CASES.iterdir() if p.name not in ("schema", "yaml", "uncertain"))


UNREADABLE = '{"kind": ['
BROKEN = 'apiVersion: %s\nkind: %s\nmetadata: ['  # says at least what it is


def told(objects: list[dict[str, Any] | str], place: int | None) -> set[tuple[Any, ...]]:
    """What is found above a note, less what is said of the document at a place, if one is given."""
    texts = [o if isinstance(o, str) else json.dumps(o) for o in objects]
    start = sum(text.count("\n") + 2 for text in texts[:place]) + 1
    own = range(0) if place is None else range(start, start + texts[place].count("\n") + 2)
    found = lint(load(["-"], stdin="\n---\n".join(texts)), Options(profile="all", suppress=False)).diagnostics
    return {(d.rule, d.ref, d.path) for d in found if d.severity > Severity.NOTE and not about(d, own)}


def about(diagnostic: Diagnostic, own: range) -> bool:
    """Whether a diagnostic stands in a document of these lines."""
    return diagnostic.span is not None and diagnostic.span.line in own


def check(objects: list[dict[str, Any]]) -> None:
    for i, broken in enumerate(objects):
        if broken.get("kind") == "CustomResourceDefinition":
            continue  # what its resources are is then not known: that is said
        before = told([*objects], None)
        misspelt = {**broken, "spec": {**(broken.get("spec") or {}), "typo": 1}, "typo": 1}
        for other in (misspelt, UNREADABLE, BROKEN % (broken["apiVersion"], broken["kind"])):
            new = told([*objects[:i], other, *objects[i + 1 :]], i) - before
            assert not new, (broken["kind"], broken["metadata"].get("name"), other, new)


@pytest.mark.parametrize("folder", FOLDERS)
def test_refused_documents_of_cases(folder: str) -> None:
    for path in sorted((CASES / folder).glob("*.yaml")):
        objects = [m.data for m in load([str(path)]).manifests]
        if 1 < len(objects) < 12:
            check(objects)


def test_refused_documents_of_a_sample() -> None:
    check([m.data for m in load([str(ROOT / "samples" / "shop")]).manifests])
