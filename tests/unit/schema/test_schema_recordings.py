"""Decoding held against recordings of a real server, where they are at hand."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kplan.schema import cannot_be_handled, decode, kinds, lookup

CONFORMANCE = Path(__file__).resolve().parents[4] / "shared" / "conformance"
RECORDINGS = CONFORMANCE / "admission" / "create.jsonl.gz"

pytestmark = pytest.mark.skipif(not RECORDINGS.is_file(), reason="no recordings here")


def cases() -> Iterator[dict[str, Any]]:
    with gzip.open(RECORDINGS, "rt") as file:
        for line in file:
            case = json.loads(line)
            if lookup("1.36", case["object"]["apiVersion"], case["object"]["kind"]):
                yield case


def test_refusals_word_for_word_and_no_false_ones() -> None:
    wrong = []
    for case in cases():
        obj, message = case["object"], case.get("message") or ""
        error = decode(obj, obj["apiVersion"], obj["kind"]).error
        said = cannot_be_handled(obj["apiVersion"], obj["kind"], error) if error else ""
        wanted = message if case["code"] == 400 and "cannot be handled as a" in message else ""
        if said != wanted:
            wrong.append((case["id"], wanted, said))
    assert wrong == []


def test_what_the_server_returns_decodes_to_itself() -> None:
    wrong = []
    for case in cases():
        result = case.get("result")
        if result and '"<' not in json.dumps(result) and decode(result, result["apiVersion"], result["kind"]).object != result:
            wrong.append(case["id"])
    assert wrong == []


def test_plurals_scopes_and_what_is_served() -> None:
    paths = json.loads(gzip.decompress((CONFORMANCE / "openapi" / "v2.json.gz").read_bytes()))["paths"]
    served = {}
    for path, operations in paths.items():
        kind = operations.get("post", {}).get("x-kubernetes-group-version-kind")
        parts = path.strip("/").split("/")
        parts = parts[2:] if parts[0] == "api" else parts[3:]
        namespaced = parts[:2] == ["namespaces", "{namespace}"]
        if kind and len(parts[2:] if namespaced else parts) == 1:
            api_version = f"{kind['group']}/{kind['version']}" if kind["group"] else kind["version"]
            served[api_version, kind["kind"]] = (parts[-1], namespaced)
    ours = {(k.api_version, k.kind): (k.plural, k.namespaced) for k in kinds("1.36") if k.served and (k.api_version, k.kind) != ("v1", "ComponentStatus")}
    assert {key: ours.get(key) for key in served} == served
