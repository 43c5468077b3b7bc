"""Validation against structural schemas: the server's words, and a quick way that agrees with the exact one."""

import pytest

from kplan.schema.structural import Correlated, acceptor, explain


def words(schema, value, **more):
    return [str(e) for e in explain({"type": "object", "properties": {"f": schema}}, {"f": value}, **more).errors()]


CASES = [
    ({"type": "integer"}, "x", ['f: Invalid value: "string": f in body must be of type integer: "string"']),
    ({"type": "integer"}, 4.0, []),
    (
        {"type": "integer"},
        4.5,
        [
            'f: Invalid value: "number": f in body must be of type integer: "number"',
            '<nil>: Invalid value: "": Checked value must be of type integer (default format) in f',
        ],
    ),
    ({"type": "integer", "format": "int32"}, 2**31, ['<nil>: Invalid value: "": Checked value must be of type integer with format int32 in f']),
    ({"type": "integer", "format": "int32"}, True, ['f: Invalid value: "": f in body must be of type int32: ""']),
    ({"type": "number"}, 3, []),
    ({"type": "number", "maximum": 1000000}, 2000000.5, ["f: Invalid value: 2.0000005e+06: f in body should be less than or equal to 1e+06"]),
    ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, 1, ["f: Invalid value: 1: f in body should be greater than 1"]),
    ({"type": "integer", "multipleOf": 3}, 7, ["f: Invalid value: 7: f in body should be a multiple of 3"]),
    ({"type": "number", "multipleOf": 0.5}, 2, ["f: Invalid value: 0: factor MultipleOf declared for f must be positive: 0"]),
    ({"type": "number", "multipleOf": 0.1}, 0.3, []),
    ({"type": "string", "maxLength": 2}, "éé", []),
    ({"type": "string", "maxLength": 2}, "ééé", ["f: Too long: may not be more than 2 bytes"]),
    ({"type": "string", "minLength": 2}, "a", ['f: Invalid value: "a": f in body should be at least 2 chars long']),
    ({"type": "string", "pattern": "^a$"}, "a\n", ["f: Invalid value: \"a\\n\": f in body should match '^a$'"]),
    ({"type": "string", "enum": ["a", "b"]}, "c", ['f: Unsupported value: "c": supported values: "a", "b"']),
    ({"type": "integer", "enum": [1, 2]}, 3, ['f: Unsupported value: 3: supported values: "1", "2"']),
    ({"type": "string", "nullable": True}, None, []),
    ({"type": "string"}, None, ['f: Invalid value: "null": f in body must be of type string: "null"']),
    ({"type": "string", "format": "date"}, "2024-02-30", ['f: Invalid value: "2024-02-30": f in body must be of type date: "2024-02-30"']),
    ({"type": "string", "format": "date"}, [], []),  # a list passes where a format is asked for, as it does in the server
    ({"type": "string", "format": "unheard-of"}, "x", []),
    ({"x-kubernetes-int-or-string": True}, 1.5, ['f: Invalid value: "number": f in body must be of type integer,string: "number"']),
    ({"type": "array", "items": {"type": "string"}, "maxItems": 1}, ["a", "b"], ["f: Too many: 2: must have at most 1 item"]),
    ({"type": "array", "items": {"type": "string"}, "minItems": 1}, [], ["f: Invalid value: 0: f in body should have at least 1 items"]),
    (
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"k": "x"},
        ['f.k: Invalid value: "string": f.k in body must be of type integer: "string"'],
    ),
    ({"type": "object", "additionalProperties": False}, {"k": 1}, ['f: Invalid value: "k": f.k in body is a forbidden property']),
    ({"type": "object", "maxProperties": 0}, {"k": 1}, ["f: Too many: 1: must have at most 0 items"]),
    ({"type": "object", "required": ["k"]}, {}, ["f.k: Required value"]),
    (
        {"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"], "properties": {"c": {"minimum": 2}}}]},
        {"c": 3},
        ['<nil>: Invalid value: "": "f" must validate one and only one schema (oneOf). Found none valid', "f.b: Required value"],
    ),
    ({"type": "object", "not": {"required": ["a"]}}, {"a": 1}, ['<nil>: Invalid value: "": "f" must not validate the schema (not)']),
    (
        {"type": "integer", "allOf": [{"minimum": 3}, {"maximum": 1}]},
        2,
        [
            "f: Invalid value: 2: f in body should be greater than or equal to 3",
            "f: Invalid value: 2: f in body should be less than or equal to 1",
            '<nil>: Invalid value: "": "f" must validate all the schemas (allOf). None validated',
        ],
    ),
]


@pytest.mark.parametrize(("schema", "value", "expected"), CASES)
def test_words(schema, value, expected):
    assert words(schema, value) == expected


@pytest.mark.parametrize(("schema", "value", "expected"), CASES)
def test_what_is_accepted_at_once_has_nothing_wrong(schema, value, expected):
    if acceptor(schema)(value):
        assert expected == []


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}, "required": ["a"]}, {"a": 2}),
        ({"type": "array", "items": {"type": "string", "enum": ["x"]}}, ["x", "x"]),
        ({"type": "object", "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"b": 1}),
        ({"type": "number", "multipleOf": 0.5}, 1.5),
        ({"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]}, "5%"),
    ],
)
def test_plain_values_are_accepted_at_once(schema, value):
    assert acceptor(schema)(value)


def test_what_was_wrong_before_and_did_not_change_is_forgiven():
    schema = {
        "type": "object",
        "properties": {
            "kept": {"type": "integer", "maximum": 3},
            "changed": {"type": "integer", "maximum": 3},
            "list": {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["n"],
                "items": {"type": "object", "properties": {"n": {"type": "string"}, "v": {"type": "integer", "maximum": 3}}},
            },
        },
    }
    old = {"kept": 9, "changed": 8, "list": [{"n": "a", "v": 9}, {"n": "b", "v": 1}]}
    new = {"kept": 9, "changed": 9, "list": [{"n": "b", "v": 4}, {"n": "a", "v": 9}]}
    found = explain(schema, new, "", Correlated(new, old, schema)).errors()
    assert [e.field for e in found] == ["changed", "list[0].v"]
