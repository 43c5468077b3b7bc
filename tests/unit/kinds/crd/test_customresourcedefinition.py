"""Definitions of custom resources."""

import pytest

from kplan.kinds import customresourcedefinition as crd


def definition(schema=None, *, group="example.com", annotations=None, versions=None, **spec):
    one = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema or {"type": "object"}}}
    obj = {
        "metadata": {"name": f"widgets.{group}", **({"annotations": annotations} if annotations else {})},
        "spec": {"group": group, "scope": "Cluster", "names": {"plural": "widgets", "kind": "Widget"}, "versions": versions or [one], **spec},
    }
    crd.default(obj)
    crd.prepare(obj)
    return obj


def errors(obj):
    return [str(e).removeprefix("spec.validation.openAPIV3Schema.") for e in crd.validate(obj)]


def field(schema):
    """What is wrong with a schema as that of a field `a`."""
    return [e.replace("properties[a]", "a", 1) for e in errors(definition({"type": "object", "properties": {"a": schema}}))]


def test_defaults():
    obj = definition()
    assert obj["spec"]["names"] == {"plural": "widgets", "kind": "Widget", "singular": "widget", "listKind": "WidgetList"}
    assert obj["spec"]["conversion"] == {"strategy": "None"}
    assert obj["status"]["storedVersions"] == ["v1"] and obj["metadata"]["generation"] == 1
    assert errors(obj) == []


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({}, ["a.type: Required value: must not be empty for specified object fields"]),
        ({"type": "array"}, ["a.items: Required value: must be specified"]),
        ({"type": "array", "items": {}}, ["a.items.type: Required value: must not be empty for specified array items"]),
        ({"type": "string", "default": 5}, ['a.default: Invalid value: "integer":  in body must be of type string: "integer"']),
        ({"type": "object", "default": {"x": 1}}, ['a.default: Invalid value: {"x":1}: must not have unknown fields']),
        ({"type": "string", "allOf": [{"type": "string"}]}, ["a.allOf[0].type: Forbidden: must be empty to be structural"]),
        ({"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]}, []),
        ({"x-kubernetes-int-or-string": True, "oneOf": [{"type": "integer"}]}, ["a.oneOf[0].type: Forbidden: must be empty to be structural"]),
        (
            {"type": "array", "uniqueItems": True, "items": {"type": "string"}},
            ["a.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic"],
        ),
        (
            {"type": "string", "pattern": "("},
            ['a.pattern: Invalid value: "(": must be a valid regular expression, but isn\'t: error parsing regexp: missing closing ): `(`'],
        ),
        ({"type": "string", "x-kubernetes-map-type": "atomic"}, ['a.type: Invalid value: "string": must be object if x-kubernetes-map-type is specified']),
        (
            {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["k"],
                "items": {"type": "object", "properties": {"k": {"type": "string", "nullable": True}}},
            },
            [
                ("a.items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, "
                "so it must have a default or be a required property"),
                "a.items.properties[k].nullable: Forbidden: this property is in x-kubernetes-list-map-keys, so it cannot be nullable",
            ],
        ),
        (
            {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "object"}},
            ["a.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set"],
        ),
        (
            {"type": "object", "additionalProperties": {"type": "string"}, "properties": {"b": {"type": "string"}}},
            ["a.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive"],
        ),
        ({"type": "string", "x-kubernetes-validations": [{"rule": " "}]}, ["a.x-kubernetes-validations[0].rule: Required value: rule is not specified"]),
        (
            {"type": "string", "x-kubernetes-validations": [{"rule": "true", "fieldPath": ".b"}]},
            ['a.x-kubernetes-validations[0].fieldPath: Invalid value: ".b": must be a valid path'],
        ),
        (
            {
                "type": "object",
                "x-kubernetes-embedded-resource": True,
                "properties": {
                    "metadata": {
                        "type": "object",
                        "properties": {"name": {"type": "string", "default": "Bad"}, "labels": {"type": "object", "default": {"a b": "c"}}},
                    }
                },
            },
            ['a.properties[metadata].properties[labels].default: Invalid value: {"a b":"c"}: must result in valid metadata: metadata.labels: Invalid value'],
        ),
    ],
)
def test_schemas(schema, expected):
    found = [e.replace("openAPIV3Schema.properties[a]", "openAPIV3Schema.a") for e in field(schema)]
    assert len(found) == len(expected)
    assert all(f.startswith(e) for f, e in zip(found, expected, strict=True)), found


def test_what_is_validated_at_the_root_is_specified_too():
    assert errors(definition({"type": "object", "anyOf": [{"properties": {"b": {}}}]})) == [
        "properties[b]: Required value: because it is defined in spec.validation.openAPIV3Schema.anyOf[0].properties[b]"
    ]


def test_root_metadata_says_nothing_but_names():
    named = {"type": "object", "properties": {"metadata": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 9}}}}}
    assert errors(definition(named)) == []
    named["properties"]["metadata"]["properties"]["labels"] = {"type": "object"}
    assert [e.partition(":")[0] for e in errors(definition(named))] == ["properties[metadata]"]


def test_with_a_status_subresource_the_root_stays_plain():
    versions = [
        {"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}, "schema": {"openAPIV3Schema": {"type": "object", "minProperties": 1}}}
    ]
    (error,) = crd.validate(definition(versions=versions))
    assert error.detail.startswith("only [Description Type Format") and error.message.startswith('Invalid value: {"ID":"","Schema":""')


def test_versions():
    one = {"served": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
    found = errors(definition(versions=[{"name": "v1", "storage": True, **one}, {"name": "v1", "storage": True, **one}]))
    assert [e.rpartition(": ")[2] for e in found] == [
        "must contain unique version names",
        "must have exactly one version marked as storage version",
        "must have the storage version v1",
    ]
    assert errors(definition(versions=[{"name": "v1", "storage": True, **one, "deprecationWarning": "x"}])) == [
        'spec.versions[0].deprecationWarning: Invalid value: "x": can only be set for deprecated versions'
    ]


def test_protected_groups_need_approval():
    assert errors(definition(group="x.k8s.io"))[0].startswith("metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups")
    assert errors(definition(group="x.k8s.io", annotations={crd.APPROVED: "https://github.com/kubernetes/kubernetes/pull/1"})) == []
    assert errors(definition(group="x.k8s.io", annotations={crd.APPROVED: "unapproved, a test"})) == []
    assert "Invalid value" in errors(definition(group="x.k8s.io", annotations={crd.APPROVED: "yes"}))[0]


def test_selectable_fields():
    schema = {
        "type": "object",
        "properties": {"spec": {"type": "object", "properties": {"color": {"type": "string"}, "list": {"type": "array", "items": {"type": "string"}}}}},
    }

    def selecting(*paths):
        fields = [{"jsonPath": path} for path in paths]
        versions = [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}, "selectableFields": fields}]
        return [e.partition(": ")[2] for e in errors(definition(versions=versions))]

    assert selecting(".spec.color") == []
    assert selecting(".spec.color", ".spec.color") == ['Duplicate value: ".spec.color"']
    assert "must point to a field of type" in selecting(".spec.list")[0]
    assert "array notation is not allowed" in selecting(".spec['color']")[0]
    assert "expected [ or . but got: spec" in selecting("spec.color")[0]


def test_updates_keep_what_is_stored_wrong_and_what_is_established():
    old = definition()
    old["status"]["conditions"] = [{"type": "Established", "status": "True"}]
    new = {**old, "spec": {**old["spec"], "scope": "Namespaced"}}
    assert [str(e) for e in crd.validate_update(new, old)] == ['spec.scope: Invalid value: "Namespaced": field is immutable']
    wrong = {"type": "object", "properties": {"s": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "object"}}}}
    stored = definition(wrong)
    assert list(crd.validate(stored)) and not list(crd.validate_update(stored, stored))


def test_unrecognized_formats_are_warned_of_once_they_come():
    old = definition({"type": "object", "properties": {"a": {"type": "string", "format": "one"}}})
    new = definition({"type": "object", "properties": {"a": {"type": "string", "format": "one"}, "b": {"type": "integer", "format": "two"}}})
    assert list(crd.warnings(new)) == ['unrecognized format "one"', 'unrecognized format "two"']
    assert list(crd.update_warnings(new, old)) == ['unrecognized format "two"']
