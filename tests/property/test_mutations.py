"""Whatever stands in a manifest, kplan answers: every field of the samples dropped, emptied and given values of other types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kplan.lint.engine import lint
from kplan.manifests.sources import Sources, load
from kplan.plan import Options, plan

ROOT = Path(__file__).resolve().parents[2]
OTHERS: tuple[Any, ...] = (None, "", "text", -1, 1.5, True, [], {}, [None], {"": ""}, [{}], "${X}")
PLANNED: tuple[Any, ...] = (None, "other", 0, 3, [], {})


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path into a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*at, key)
        yield from paths(inner, (*at, key))


def changed(value: Any, path: tuple[Any, ...], new: Any, *, drop: bool = False) -> Any:
    """A copy with another value at a path, or none."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    if drop and len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = changed(value[path[0]], path[1:], new, drop=drop)
    return copy


def mutants(data: Any, others: tuple[Any, ...]) -> Iterator[Any]:
    """The object with each field dropped, and with each of the other values."""
    for path in paths(data):
        yield changed(data, path, None, drop=True)
        for other in others:
            yield changed(data, path, other)


def sources(documents: list[Any], folder: Path) -> Sources:
    """Documents as they would be read from a file."""
    file = folder / "mutant.yaml"
    file.write_text(yaml.dump_all(documents, Dumper=yaml.CSafeDumper), encoding="utf-8")
    return load([str(file)])


SHOP = [m.data for m in load([str(ROOT / "samples" / "shop")]).manifests]


@pytest.mark.parametrize("data", SHOP, ids=lambda d: f"{d['kind']}-{d['metadata']['name']}")
def test_lint_answers(data: Any, tmp_path: Path) -> None:
    documents = [changed(m, ("metadata", "name"), f"n{i}") if named(m) else m for i, m in enumerate(mutants(data, OTHERS))]
    found = lint(sources(documents, tmp_path))
    assert found.objects > len(documents) // 4


def named(data: Any) -> bool:
    """Whether the name was left alone."""
    return isinstance(data, dict) and isinstance(data.get("metadata"), dict) and isinstance(data["metadata"].get("name"), str)


@pytest.mark.parametrize("index", range(4))
def test_plan_answers(index: int, tmp_path: Path) -> None:
    data = [m.data for m in load([str(ROOT / "samples" / "update" / "v1")]).manifests]
    for number, mutant in enumerate(mutants(data[index], PLANNED)):
        if number % 5 == index:
            plan(sources([*data[:index], mutant, *data[index + 1 :]], tmp_path), Options())
