"""Reading custom resources by their structural schema."""

from __future__ import annotations

from typing import Any

from kplan.schema import decode_custom

ITEM = {"type": "object", "properties": {"name": {"type": "string"}, "weight": {"type": "integer", "default": 1}}}
SPEC = {
    "type": "object",
    "properties": {
        "size": {"type": "integer"},
        "note": {"type": "string", "nullable": True},
        "nest": {"type": "object", "default": {}, "properties": {"a": {"type": "integer", "default": 7}}},
        "items": {"type": "array", "items": ITEM},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"known": ITEM}},
        "tpl": {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
    },
}
SCHEMA = {"type": "object", "properties": {"spec": SPEC}}


def widget(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec}


def spec_of(**spec: Any) -> Any:
    given = widget(**spec)
    found = decode_custom(given, SCHEMA)
    assert found.error is None
    assert found.object is not None
    assert given == widget(**spec)
    return found.object["spec"]


def test_defaults_also_inside_defaults_and_items() -> None:
    assert spec_of(items=[{"name": "a"}]) == {"items": [{"name": "a", "weight": 1}], "nest": {"a": 7}}


def test_nulls_stay_where_they_may_be() -> None:
    assert spec_of(size=None, note=None, nest=None, labels={"a": None}) == {"note": None, "nest": {"a": 7}, "labels": {}}


def test_unknown_fields_are_named_and_cut() -> None:
    found = decode_custom({**widget(size=1, zeta=2, items=[{"Name": "a"}]), "extra": 1}, SCHEMA)
    assert found.unknown == ("extra", "spec.items[0].Name", "spec.zeta")
    assert found.error == 'strict decoding error: unknown field "extra", unknown field "spec.items[0].Name", unknown field "spec.zeta"'
    lenient = decode_custom(widget(zeta=2), SCHEMA, strict=False)
    assert lenient.error is None
    assert lenient.object is not None
    assert lenient.object["spec"] == {"nest": {"a": 7}}


def test_free_parts_keep_what_they_do_not_know_but_not_inside_what_they_do() -> None:
    found = decode_custom(widget(free={"x": {"y": 1}, "known": {"z": 1}}), SCHEMA, strict=False)
    assert found.unknown == ("spec.free.known.z",)
    assert found.object is not None
    assert found.object["spec"]["free"] == {"x": {"y": 1}, "known": {"weight": 1}}
    kept = decode_custom({**widget(), "extra": None}, SCHEMA, preserve=True)
    assert kept.error is None
    assert kept.object is not None
    assert kept.object["extra"] is None


def test_metadata_is_every_objects() -> None:
    assert decode_custom({**widget(), "metadata": "x"}, SCHEMA).error == "json: cannot unmarshal string into Go value of type v1.ObjectMeta"
    found = decode_custom({**widget(), "metadata": {"name": "w", "labels": {}, "bogus": 1}}, SCHEMA)
    assert found.error == 'strict decoding error: unknown field "metadata.bogus"'
    assert found.object is not None
    assert found.object["metadata"] == {"name": "w"}


def test_embedded_resources() -> None:
    assert spec_of(tpl={"kind": "Pod", "metadata": {"labels": {}}, "x": 1})["tpl"] == {"kind": "Pod", "metadata": {}, "x": 1}
    assert decode_custom(widget(tpl={"kind": 1}), SCHEMA).error == "spec.tpl.kind: Invalid value: 1: must be a string"
    wrong = decode_custom(widget(tpl={"metadata": {"labels": {"a": 1}}}), SCHEMA).error
    assert wrong == (
        'spec.tpl.metadata: Invalid value: {"labels":{"a":1}}: json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string'
    )


def test_a_kind_without_a_schema_keeps_only_what_every_object_has() -> None:
    found = decode_custom({**widget(size=1)}, None, strict=False)
    assert found.object == {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}
