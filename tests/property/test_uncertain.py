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


def told(objects: list[dict[str, Any] | str], place: int) -> set[tuple[Any, ...]]:
    """What is found above a note, less what is said of the document at a place."""
    text = "\n---\n".join(o if isinstance(o, str) else json.dumps(o) for o in objects)
    found = lint(load(["-"], stdin=text), Options(profile="all", suppress=False)).diagnostics
    return {(d.rule, d.ref, d.path) for d in found if d.severity > Severity.NOTE and not about(d, place)}


def about(diagnostic: Diagnostic, place: int) -> bool:
    """Whether a diagnostic stands in the document of a line."""
    return diagnostic.span is not None and diagnostic.span.line in (2 * place + 1, 2 * place + 2)


def check(objects: list[dict[str, Any]]) -> None:
    for i, broken in enumerate(objects):
        if broken.get("kind") == "CustomResourceDefinition":
            continue  # what its resources are is then not known: that is said
        before = told([*objects], i)
        for other in ({**broken, "spec": {**(broken.get("spec") or {}), "typo": 1}, "typo": 1}, UNREADABLE):
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
