"""Hashes in names: the dump of a pod template, the sums, the letters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kplan.kinds.fnv import SHORT, fnv1, fnv1a
from kplan.kinds.template_hash import dump_template, pod_template_hash, revision_hash, safe_encode

RECORDED = Path(__file__).parents[4] / "shared/conformance/reconcile/hash/vectors.json"
TEMPLATE = {"metadata": {"labels": {"b": "2", "a": "1"}}, "spec": {"containers": [{"name": "app", "image": "i", "resources": {"limits": {"memory": "8Gi"}}}]}}


def test_sums() -> None:
    assert (fnv1a(b"a"), fnv1(b"a"), fnv1a(b"")) == (0xE40C292C, 0x050C5D7E, 2166136261)
    assert safe_encode(0) == "4"


@pytest.mark.parametrize("size", [SHORT - 1, SHORT, SHORT + 1, 4 * SHORT, 9 * SHORT + 7])
def test_long_sums_are_those_of_byte_after_byte(size: int) -> None:
    data = bytes((i * i * 31 + i // 7) & 0xFF for i in range(size))
    expected = 2166136261
    for byte in data:
        expected = (expected ^ byte) * 16777619 % 2**32
    assert fnv1a(data) == expected


def test_dump_spells_out_types_and_keeps_go_order() -> None:
    dump = dump_template(TEMPLATE)
    assert dump.startswith("(v1.PodTemplateSpec){ObjectMeta:(v1.ObjectMeta){Name:(string) GenerateName:(string) ")
    assert "Labels:(map[string]string)map[a:1 b:2] Annotations:(map[string]string)<nil>" in dump
    # 8Gi is a multiple of eight, so Go does not remember its text.
    assert "map[memory:{i:(resource.int64Amount){value:(int64)8589934592 scale:(resource.Scale)0}" in dump
    assert "s:(string) Format:(resource.Format)BinarySI}]" in dump


def test_hash_depends_on_content_and_collisions() -> None:
    same = json.loads(json.dumps(TEMPLATE))
    assert pod_template_hash(TEMPLATE) == pod_template_hash(same) == pod_template_hash(TEMPLATE)
    assert pod_template_hash(TEMPLATE, 0) != pod_template_hash(TEMPLATE)
    assert revision_hash(b"{}", 0) != revision_hash(b"{}", 1)


@pytest.mark.skipif(not RECORDED.exists(), reason="recordings are not here")
def test_recordings() -> None:
    for case in json.loads(RECORDED.read_text()):
        assert dump_template(case["template"]) == case["dump"]
        assert pod_template_hash(case["template"]) == case["hash"]
