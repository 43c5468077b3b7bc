"""Laws of a plan: the same bytes for the same input, whatever the order; nothing to do when it is done; nothing stored ever changes in place."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kplan.apiserver.store import Store
from kplan.manifests.sources import load
from kplan.plan import Options, Plan, plan
from kplan.report.json import render_plan

ROOT = Path(__file__).resolve().parents[2]
SHOP = ("samples/shop",)
CHANGE = ("samples/cluster/change",)
STATE = ("samples/cluster/state.yaml",)


@pytest.fixture(autouse=True)
def at_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def objects(paths: tuple[str, ...]) -> list[Any]:
    return [m.data for m in load(paths).manifests]


def planned(paths: tuple[str, ...], **options: Any) -> Plan:
    return plan(load(paths), Options(**options))


def told(found: Plan) -> Any:
    """All that a plan says, but for the places in files."""
    out = io.StringIO()
    render_plan(found, out)
    document = json.loads(out.getvalue())
    for diagnostic in document["diagnostics"]:
        diagnostic.pop("location", None)
        diagnostic.pop("related", None)
    document["diagnostics"].sort(key=lambda d: json.dumps(d, sort_keys=True))
    return document


@pytest.mark.parametrize("arguments", [SHOP, (*CHANGE, "--state", *STATE), ("samples/update/v2", "--base", "samples/update/v1")], ids=lambda a: a[0])
def test_the_same_input_gives_the_same_bytes(arguments: tuple[str, ...]) -> None:
    def run(seed: str) -> bytes:
        command = [sys.executable, "-m", "kplan", "plan", "--format", "json", "--full", *arguments]
        done = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}, capture_output=True)
        assert done.returncode in (0, 1), done.stderr.decode()
        return done.stdout

    assert run("1") == run("4711")


def orders(documents: list[Any], folder: Path) -> Iterator[Path]:
    """The same documents in other orders, and in other files."""
    for name, ordered in (("reversed", documents[::-1]), ("by-kind", sorted(documents, key=lambda d: (d["kind"], d["metadata"]["name"])))):
        path = folder / name
        path.mkdir()
        (path / "all.yaml").write_text(yaml.safe_dump_all(ordered), encoding="utf-8")
        yield path
    path = folder / "one-each"
    path.mkdir()
    for i, document in enumerate(documents):
        (path / f"{i * 7 % 31:02}-{i}.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    yield path


def test_order_does_not_matter(tmp_path: Path) -> None:
    expected = told(planned(SHOP))
    for path in orders(objects(SHOP), tmp_path):
        assert told(planned((str(path),))) == expected, path.name


@pytest.mark.parametrize("paths", [SHOP, ("samples/update/v2",), CHANGE], ids=lambda p: p[0])
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(paths: tuple[str, ...]) -> None:
    state = objects(STATE) if paths == CHANGE else ()
    first = planned(paths, state=state)
    again = planned(paths, state=list(first.after.values()))
    assert [(str(c.ref), c.action, [f.path for f in c.fields]) for c in again.changes] == []
    assert again.running == first.running


@pytest.mark.parametrize(
    "arguments",
    [{"paths": SHOP}, {"paths": CHANGE, "state": STATE}, {"paths": ("samples/update/v2",), "base": ("samples/update/v1",)}],
    ids=lambda a: a["paths"][0],
)
def test_what_is_stored_never_changes_in_place(arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[tuple[Any, str]] = []
    put = Store.put

    def watched(self: Store, kind: str, obj: Any) -> Any:
        stored = put(self, kind, obj)
        held.append((stored, json.dumps(stored)))
        return stored

    monkeypatch.setattr(Store, "put", watched)
    options: dict[str, Any] = {}
    if "state" in arguments:
        options["state"] = objects(arguments["state"])
    if "base" in arguments:
        options["base"] = load(arguments["base"])
    planned(arguments["paths"], **options)
    assert len(held) > 50
    changed = [f"{o['kind']} {o['metadata']['name']}" for o, snapshot in held if json.dumps(o) != snapshot]
    assert not changed


@pytest.mark.parametrize("paths", [SHOP, CHANGE, ("samples/update/v1",)], ids=lambda p: p[0])
def test_what_is_read_never_changes(paths: tuple[str, ...]) -> None:
    sources = load(paths)
    before = json.dumps([m.data for m in sources.manifests])
    plan(sources, Options(state=objects(STATE) if paths == CHANGE else ()))
    assert json.dumps([m.data for m in sources.manifests]) == before
