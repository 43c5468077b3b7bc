"""Unknown fields, nulls and defaults of custom resources."""

from kplan.schema.structural import Structure, default, drop_nulls, prune

OPEN = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def text(**more):
    return {"type": "string", **more}


def test_unknown_fields_are_told_and_dropped():
    schema = {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "object", "properties": {"k": text()}}}, "o": OPEN}}
    value = {"apiVersion": "v1", "kind": "K", "metadata": {"x": 1}, "a": [{"k": "1", "z": 2}], "o": {"any": {"thing": 1}}, "spce": {}}
    assert prune(value, Structure(schema, root=True)) == ["a[0].z", "spce"]
    assert value == {"apiVersion": "v1", "kind": "K", "metadata": {"x": 1}, "a": [{"k": "1"}], "o": {"any": {"thing": 1}}}


def test_known_fields_below_preserved_ones_are_pruned():
    schema = {**OPEN, "properties": {"known": {"type": "object", "properties": {"k": text()}}}}
    value = {"free": {"x": 1}, "known": {"k": "1", "z": 1}}
    assert prune(value, Structure(schema, root=True)) == ["known.z"]


def test_below_any_additional_property_nothing_is_known():
    value = {"m": {"k": {"x": 1}, "s": "scalar"}}
    schema = {"type": "object", "properties": {"m": {"type": "object", "additionalProperties": True}}}
    assert prune(value, Structure(schema, root=True)) == ["m.k.x"]
    assert value == {"m": {"k": {}, "s": "scalar"}}


def test_metadata_is_known_at_the_root_and_in_embedded_resources_only():
    schema = {
        "type": "object",
        "properties": {"e": {"type": "object", "x-kubernetes-embedded-resource": True, "properties": {"spec": OPEN}}, "p": {"type": "object"}},
    }
    value = {"e": {"metadata": {"name": "x"}, "kind": "K"}, "p": {"metadata": {}}}
    assert prune(value, Structure(schema, root=True)) == ["p.metadata"]


def test_nulls_go_unless_allowed_or_defaulted():
    schema = {"type": "object", "properties": {"a": text(), "b": text(nullable=True), "c": text(default="C"), "l": {"type": "array", "items": text()}}}
    structure, value = Structure(schema), {"a": None, "b": None, "c": None, "l": [None]}
    drop_nulls(value, structure)
    assert value == {"b": None, "c": None, "l": [None]}
    default(value, structure)
    assert value == {"b": None, "c": "C", "l": [None]}


def test_defaults_reach_into_defaults_and_lists():
    inner = {"type": "object", "default": {}, "properties": {"x": {"type": "integer", "default": 1}}}
    schema = {"type": "object", "properties": {"o": inner, "l": {"type": "array", "items": inner}, "m": {"type": "object", "additionalProperties": inner}}}
    value = {"l": [{}, {"x": 5}], "m": {"k": {}}}
    default(value, Structure(schema))
    assert value == {"o": {"x": 1}, "l": [{"x": 1}, {"x": 5}], "m": {"k": {"x": 1}}}
    again = {"o": {}}
    default(again, Structure(schema))
    assert again == {"o": {"x": 1}} and schema["properties"]["o"]["default"] == {}
