"""Laws of kinds, over every object of samples/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kplan.apiserver.clock import Clock
from kplan.apiserver.door import Door
from kplan.apiserver.registry import BUILT_IN
from kplan.apiserver.writes import Call, decoded
from kplan.manifests.manifest import Manifest
from kplan.manifests.sources import load
from kplan.schema import versions

ROOT = Path(__file__).resolve().parents[2]
MANIFESTS = [m for m in load((str(ROOT / "samples"),)).manifests if m.data["kind"] != "List"]


def name(manifest: Manifest) -> str:
    return f"{Path(manifest.source).relative_to(ROOT / 'samples')}:{manifest.line}:{manifest.place}"


def door() -> Door:
    return Door("1.36", Clock(), plugins=())


def served(at: Door, data: Any) -> Any:
    return at.registry.resolve(data["apiVersion"], data["kind"])


ACCEPTED = [m for m in MANIFESTS if served(door(), m.data) and door().create(m.data, Call(dry_run=True)).accepted]


@pytest.mark.parametrize("manifest", ACCEPTED, ids=name)
def test_defaulting_twice_is_defaulting_once(manifest: Manifest) -> None:
    at = door()
    once = decoded(at, served(at, manifest.data), manifest.data)
    again = json.loads(json.dumps(once))
    BUILT_IN[served(at, manifest.data).kind.group_kind].default(again)
    assert again == once


@pytest.mark.parametrize("manifest", ACCEPTED, ids=name)
def test_what_was_accepted_is_accepted_again(manifest: Manifest) -> None:
    first = door().create(manifest.data, Call(dry_run=True))
    assert first.object is not None
    meta = {k: v for k, v in first.object["metadata"].items() if k not in ("uid", "resourceVersion", "creationTimestamp", "generation")}
    again = door().create({**first.object, "metadata": meta}, Call())
    assert again.accepted, again.message


def test_samples_cover_many_kinds() -> None:
    assert {m.data["kind"] for m in ACCEPTED} >= {"Deployment", "StatefulSet", "CronJob", "Service", "Ingress", "NetworkPolicy", "Pod", "Node"}
    assert "1.36" in versions()
