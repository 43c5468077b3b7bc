"""Serving what definitions define."""

import pytest

import kplan
from kplan.api.ref import Ref
from kplan.apiserver.custom import precedence
from kplan.apiserver.writes import Call


def definition(versions, plural="widgets", **names):
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": {"plural": plural, "kind": "Widget", **names}, "versions": versions},
    }


def version(name="v1", spec=None, *, storage=True, status=None, **more):
    properties = {"spec": {"type": "object", "properties": spec or {}}, **({"status": status} if status else {})}
    return {"name": name, "served": True, "storage": storage, "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}}, **more}


def widget(spec, v="v1", **meta):
    return {"apiVersion": f"example.com/{v}", "kind": "Widget", "metadata": {"name": "w", **meta}, "spec": spec}


WIDGET = {"apiVersion": "example.com/v1", "kind": "Widget", "name": "w"}
DEFINITION = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "name": "widgets.example.com"}


@pytest.fixture
def cluster():
    return kplan.Cluster()


def conditions(cluster, name="widgets"):
    held = cluster.get({**DEFINITION, "name": f"{name}.example.com"})["status"]["conditions"]
    return {c["type"]: (c["status"], c["reason"]) for c in held}


def test_a_definition_is_established_and_its_kind_served(cluster):
    assert cluster.create(definition([version(spec={"n": {"type": "integer", "default": 3}})])).accepted
    assert conditions(cluster) == {"NamesAccepted": ("True", "NoConflicts"), "Established": ("True", "InitialNamesAccepted")}
    assert cluster.create(widget({})).object["spec"] == {"n": 3}
    answer = cluster.create(widget({"nope": 1}, name="other"))
    assert answer.message == 'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "spec.nope"'


def test_versions_show_the_same_object_each_by_its_schema(cluster):
    old, new = {"a": {"type": "string", "default": "A"}, "n": {"type": "integer"}}, {"b": {"type": "string", "default": "B"}, "n": {"type": "integer"}}
    cluster.create(definition([version("v1", old, storage=False, deprecated=True), version("v2", new)]))
    answer = cluster.create(widget({"n": 1}))
    assert answer.object["apiVersion"] == "example.com/v1" and answer.object["spec"] == {"n": 1}
    assert answer.warnings == ("example.com/v1 Widget is deprecated; use example.com/v2 Widget",)
    stored = cluster.get(WIDGET)
    assert stored["apiVersion"] == "example.com/v2" and stored["spec"] == {"b": "B", "n": 1}


def test_a_changed_schema_shows_in_what_is_stored(cluster):
    cluster.create(definition([version(spec={"gone": {"type": "string"}})]))
    cluster.create(widget({"gone": "x"}))
    revision = cluster.get(WIDGET)["metadata"]["resourceVersion"]
    cluster.kubectl_apply(definition([version(spec={"new": {"type": "boolean", "default": True}})]))
    shown = cluster.get(WIDGET)
    assert shown["spec"] == {"new": True} and shown["metadata"]["resourceVersion"] == revision


def test_generation_counts_all_but_metadata_and_status(cluster):
    status = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 5}}}
    cluster.create(definition([version(spec={"n": {"type": "integer"}}, status=status, subresources={"status": {}})]))
    cluster.create({**widget({"n": 1}), "status": {"n": 1}})
    assert "status" not in cluster.get(WIDGET)
    cluster.patch(WIDGET, {"status": {"n": 2}, "spec": {"n": 9}}, type="merge", subresource="status")
    assert cluster.get(WIDGET)["status"] == {"n": 2} and cluster.get(WIDGET)["spec"] == {"n": 1}
    cluster.patch(WIDGET, {"metadata": {"labels": {"a": "b"}}}, type="merge")
    assert cluster.get(WIDGET)["metadata"]["generation"] == 1
    cluster.patch(WIDGET, {"spec": {"n": 2}}, type="merge")
    assert cluster.get(WIDGET)["metadata"]["generation"] == 2
    refused = cluster.patch(WIDGET, {"status": {"n": 6}}, type="merge", subresource="status")
    assert [c.field for c in refused.causes] == ["status.n"] and ": n in body should be less" in refused.message


def test_strategic_merge_is_not_for_custom_resources(cluster):
    cluster.create(definition([version()]))
    cluster.create(widget({}))
    assert cluster.patch(WIDGET, {"spec": {}}).code == 415


def test_scale(cluster):
    paths = {"specReplicasPath": ".spec.n", "statusReplicasPath": ".status.n"}
    count = {"n": {"type": "integer"}}
    cluster.create(definition([version(spec=count, status={"type": "object", "properties": count}, subresources={"scale": paths})]))
    refused = cluster.create(widget({"n": -1}))
    assert [tuple(c) for c in refused.causes] == [("FieldValueInvalid", ".spec.n", "Invalid value: -1: should be a non-negative integer")]
    cluster.create(widget({"n": 1}))
    assert cluster.door.scale(Ref("example.com", "Widget", "default", "w"), 7, Call()).object["spec"] == {"n": 7}


def test_finalizers_without_a_domain_are_warned_of(cluster):
    cluster.create(definition([version()]))
    answer = cluster.create(widget({}, finalizers=["plain", "ok.io/x"]))
    assert answer.accepted and [w.partition(": prefer")[0] for w in answer.warnings] == ['metadata.finalizers: "plain"']


def test_a_deleted_definition_waits_for_its_objects(cluster):
    cluster.create(definition([version()]))
    cluster.create(widget({}, finalizers=["example.com/hold"]))
    assert cluster.delete(DEFINITION).accepted
    assert cluster.create(widget({}, name="late")).message.endswith("create not allowed while custom resource definition is terminating")
    cluster.run(quiet=12)
    assert conditions(cluster)["Terminating"] == ("True", "InstanceDeletionInProgress")
    cluster.patch(WIDGET, {"metadata": {"finalizers": None}}, type="merge")
    cluster.run(quiet=12)
    assert cluster.get(DEFINITION) is None and cluster.objects("Widget") == []
    assert cluster.create(widget({})).message == 'no matches for kind "Widget" in version "example.com/v1"'


def test_names_go_to_who_comes_first(cluster):
    cluster.create(definition([version(spec={"n": {"type": "integer"}})]))
    cluster.create(definition([version(spec={"m": {"type": "integer"}})], plural="gadgets"))
    assert conditions(cluster, "gadgets") == {"NamesAccepted": ("False", "ListKindConflict"), "Established": ("False", "NotAccepted")}
    assert cluster.create(widget({"n": 1})).accepted
    cluster.delete(DEFINITION)
    cluster.run()
    assert conditions(cluster, "gadgets")["Established"] == ("True", "InitialNamesAccepted")
    assert cluster.create(widget({"m": 1})).accepted


def test_precedence_of_versions():
    names = ["foo10", "v1alpha1", "v2", "v1", "v2beta1", "v10", "foo1", "v1beta2"]
    assert sorted(names, key=precedence, reverse=True) == ["v10", "v2", "v1", "v2beta1", "v1beta2", "v1alpha1", "foo1", "foo10"]
