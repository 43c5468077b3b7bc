"""Metadata of all kinds: on creation, on update; label selectors in fields."""

from __future__ import annotations

from kplan.api.names import name_is_dns_subdomain
from kplan.kinds.labelselector import validate_label_selector
from kplan.kinds.metadata import validate_annotations, validate_object_meta, validate_object_meta_update


def create(**meta: object) -> list[str]:
    full = {"name": "a", "namespace": "default", **meta}
    return [str(e)[:90] for e in validate_object_meta(full, True, name_is_dns_subdomain)]


def test_good_metadata() -> None:
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u", "controller": True}
    assert create(labels={"a": ""}, annotations={"X.y/z": "1"}, finalizers=["orphan", "a.b/c"], ownerReferences=[owner]) == []


def test_names() -> None:
    assert create(name="")[0] == "metadata.name: Required value: name or generateName is required"
    assert [e.partition(":")[0] for e in create(name="A", generateName="B_x")] == ["metadata.generateName", "metadata.name"]
    assert [str(e) for e in validate_object_meta({"name": "a", "namespace": "x"}, False, name_is_dns_subdomain)] == [
        "metadata.namespace: Forbidden: not allowed on this type"
    ]


def test_owners_and_finalizers() -> None:
    owner = {"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "u", "controller": True}
    (twice,) = validate_object_meta({"name": "a", "namespace": "x", "ownerReferences": [owner, owner]}, True, name_is_dns_subdomain)
    assert twice.detail == 'Only one reference can have Controller set to true. Found "true" in references for Node/n and Node/n'
    assert twice.message.startswith('Invalid value: [{"apiVersion":"v1","kind":"Node","name":"n","uid":"u","controller":true},')
    assert create(ownerReferences=[{**owner, "kind": "Event"}])[0].startswith("metadata.ownerReferences: Invalid value: {")
    assert create(finalizers=["x"]) == ['metadata.finalizers[0]: Invalid value: "x": name is neither a standard finalizer name nor ']
    assert "cannot be both set" in "".join(
        str(e) for e in validate_object_meta({"name": "a", "namespace": "x", "finalizers": ["orphan", "foregroundDeletion"]}, True, name_is_dns_subdomain)
    )


def test_annotations_are_limited_in_all() -> None:
    assert [e.reason for e in validate_annotations({"a": "x" * 200_000, "b": "x" * 100_000}, "p")] == ["FieldValueTooLong"]
    assert list(validate_annotations({"a": "x" * 200_000}, "p")) == []


def test_update() -> None:
    old = {"name": "a", "uid": "u", "generation": 2, "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["a/b"]}
    new = {**old, "uid": "w", "generation": 1, "finalizers": ["a/b", "c/d"]}
    assert [str(e) for e in validate_object_meta_update(new, old)] == [
        'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"c/d"}',
        'metadata.resourceVersion: Invalid value: "": must be specified for an update',
        "metadata.generation: Invalid value: 1: must not be decremented",
        'metadata.uid: Invalid value: "w": field is immutable',
    ]


def test_label_selector() -> None:
    selector = {
        "matchLabels": {"a": "b c"},
        "matchExpressions": [{"key": "", "operator": "In"}, {"key": "k", "operator": "Exists", "values": ["v"]}, {"key": "k", "operator": "Is"}],
    }
    assert [(e.reason, e.field) for e in validate_label_selector(selector, "s")] == [
        ("FieldValueInvalid", "s.matchLabels"),
        ("FieldValueRequired", "s.matchExpressions[0].values"),
        ("FieldValueInvalid", "s.matchExpressions[0].key"),
        ("FieldValueInvalid", "s.matchExpressions[0].key"),
        ("FieldValueForbidden", "s.matchExpressions[1].values"),
        ("FieldValueInvalid", "s.matchExpressions[2].operator"),
    ]
