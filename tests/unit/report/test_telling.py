"""What people are told of many fields and of many objects."""

from __future__ import annotations

from typing import Any

from kplan.api.ref import Ref
from kplan.diff import CREATE, UPDATE, Change, FieldChange
from kplan.report.telling import same, told

SCHEMA = "spec.versions[name=v1].schema.openAPIV3Schema.properties.spec"


def change(name: str, *fields: tuple[str, Any, Any], action: str = UPDATE) -> Change:
    return Change(Ref("", "ConfigMap", "default", name), action, tuple(FieldChange(*f) for f in fields))


def test_schemas_are_told_as_users_of_the_kind_know_them() -> None:
    text = (f"{SCHEMA}.description", "a", "b")
    named = (f"{SCHEMA}.properties.hosts.items.properties.description", None, {"type": "string"})
    fields, more = told(change("crd", text, named, ("spec.scope", "a", "b")))
    assert [f.path for f in fields] == ["spec.scope", "schema[v1].spec.hosts[].description"]
    assert more == "1 description in the schemas"


def test_items_may_be_the_name_of_a_field() -> None:
    paths = (f"{SCHEMA}.properties.items.items.properties.key.type", f"{SCHEMA}.items.x-kubernetes-map-type", f"{SCHEMA}.additionalProperties.properties.a")
    fields, _ = told(change("crd", *((p, "a", "b") for p in paths)))
    assert [f.path for f in fields] == ["schema[v1].spec.items[].key.type", "schema[v1].spec[].x-kubernetes-map-type", "schema[v1].spec[*].a"]


def test_of_many_fields_some_are_told() -> None:
    several = [(f"{SCHEMA}.properties.f{i}.type", "a", "b") for i in range(6)]
    fields, more = told(change("crd", *several))
    assert [f.path for f in fields] == [f"schema[v1].spec.f{i}.type" for i in range(4)] and more == "2 more fields"
    fields, more = told(change("app", *((f"data.{i}", "a", "b") for i in range(31))))
    assert len(fields) == 30 and more == "1 more field"
    assert told(change("app", ("data.a", "1", "2")))[1] == ""


def test_the_same_change_of_metadata_is_told_once() -> None:
    version = ("metadata.labels[app.kubernetes.io/version]", "1", "2")
    all = [change(n, version) for n in "abc"]
    others = [change("d", version, ("data.a", "1", "2")), change("e", version), change("f", version, action=CREATE)]
    assert same([*all, *others], {others[1].ref}) == [all]
    assert same(all[:2], ()) == []
