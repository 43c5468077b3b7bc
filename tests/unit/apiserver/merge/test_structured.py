"""Server-side apply: who owns what, what an apply takes away, what it may not touch."""

from __future__ import annotations

from typing import Any

import pytest

from kplan import schema
from kplan.api.status import StatusError
from kplan.apiserver.merge import LAST_APPLIED, apply, managed
from kplan.apiserver.merge.fieldset import FieldSet, path_text

DEPLOYMENT = schema.merge_schema("apps/v1", "Deployment")
EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-01T00:00:05Z"


def deployment(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def containers(*items: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"containers": list(items)}}


def stored(obj: dict[str, Any], entries: list[dict[str, Any]]) -> dict[str, Any]:
    """An object as the store would hold it after a write."""
    decoded = schema.decode(obj, obj["apiVersion"], obj["kind"]).object
    assert decoded is not None
    decoded["metadata"] = {**decoded["metadata"], "uid": "u", "managedFields": entries}
    return decoded


def applied(live: dict[str, Any] | None, obj: dict[str, Any], manager: str = "one", force: bool = False, time: str = EARLY) -> dict[str, Any]:
    merged, entries = apply(live, obj, manager, force, DEPLOYMENT, time)
    return stored(merged, entries)


def owners(obj: dict[str, Any]) -> dict[str, Any]:
    return {f"{e['manager']}:{e['operation']}": e["fieldsV1"] for e in obj["metadata"]["managedFields"]}


def test_an_apply_owns_what_it_states() -> None:
    live = applied(None, deployment(replicas=2, template=containers({"name": "a", "ports": [{"containerPort": 80}]})))
    assert owners(live) == {
        "one:Apply": {
            "f:spec": {
                "f:replicas": {},
                "f:template": {
                    "f:spec": {
                        "f:containers": {
                            'k:{"name":"a"}': {
                                ".": {},
                                "f:name": {},
                                "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}},
                            }
                        }
                    }
                },
            }
        }
    }


def test_what_is_no_longer_applied_goes_unless_another_owns_it() -> None:
    first = applied(None, deployment(replicas=2, minReadySeconds=5, template=containers({"name": "a"}, {"name": "b"})))
    second = applied(first, deployment(minReadySeconds=5), manager="two")
    third = applied(second, deployment(template=containers({"name": "b"})), time=LATE)
    assert "replicas" not in third["spec"]
    assert third["spec"]["minReadySeconds"] == 5
    assert [c["name"] for c in third["spec"]["template"]["spec"]["containers"]] == ["b"]
    assert "f:minReadySeconds" not in owners(third)["one:Apply"]["f:spec"]


def test_conflicts_name_owners_and_fields() -> None:
    live = applied(None, deployment(replicas=2, selector={"matchLabels": {"a": "b"}}))
    with pytest.raises(StatusError) as one:
        applied(live, deployment(replicas=3), manager="two")
    assert one.value.status.code == 409
    assert one.value.status.message == 'Apply failed with 1 conflict: conflict with "one": .spec.replicas'
    with pytest.raises(StatusError) as two:
        applied(live, deployment(replicas=3, selector={"matchLabels": {"a": "c"}}), manager="two")
    assert two.value.status.message == 'Apply failed with 2 conflicts: conflicts with "one":\n- .spec.replicas\n- .spec.selector'
    assert [(c.reason, c.field) for c in two.value.status.causes] == [("FieldManagerConflict", ".spec.replicas"), ("FieldManagerConflict", ".spec.selector")]


def test_force_takes_the_field_over() -> None:
    live = applied(None, deployment(replicas=2))
    after = applied(live, deployment(replicas=3), manager="two", force=True)
    assert after["spec"]["replicas"] == 3
    assert list(owners(after)) == ["two:Apply"]


def test_the_same_value_is_owned_by_both() -> None:
    live = applied(None, deployment(replicas=2))
    after = applied(live, deployment(replicas=2), manager="two")
    assert set(owners(after)) == {"one:Apply", "two:Apply"}


def test_an_apply_that_changes_nothing_leaves_the_entries_alone() -> None:
    live = applied(None, deployment(replicas=2))
    merged, entries = apply(live, deployment(replicas=2), "one", False, DEPLOYMENT, LATE)
    assert entries == live["metadata"]["managedFields"]
    assert merged["spec"] == live["spec"]


def test_items_applied_stand_in_their_order_and_others_keep_their_places() -> None:
    live = applied(None, deployment(template=containers({"name": "a"}, {"name": "b"})))
    both = applied(live, deployment(template=containers({"name": "x"})), manager="two")
    after = applied(both, deployment(template=containers({"name": "b"}, {"name": "a"})))
    assert [c["name"] for c in after["spec"]["template"]["spec"]["containers"]] == ["b", "x", "a"]


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        (deployment(bogus=1), ".spec.bogus: field not declared in schema"),
        (deployment(replicas="x"), ".spec.replicas: expected numeric (int or float), got string"),
        (deployment(template=containers({"name": "a"}, {"name": "a"})), '.spec.template.spec.containers: duplicate entries for key [name="a"]'),
        (deployment(template={"spec": {"containers": {"a": "b"}}}), ".spec.template.spec.containers: expected list, got &{map[a:b]}"),
        (deployment(paused="no"), ".spec.paused: expected boolean, got &{no}"),
    ],
)
def test_what_does_not_fit_the_schema(obj: dict[str, Any], message: str) -> None:
    with pytest.raises(StatusError) as error:
        applied(None, obj)
    assert error.value.status.code == 500
    assert error.value.status.message == f"failed to create typed patch object (/web; apps/v1, Kind=Deployment): {message}"


def test_managed_fields_may_not_be_applied() -> None:
    obj = deployment()
    obj["metadata"] = {"name": "web", "managedFields": []}
    with pytest.raises(StatusError, match=r"metadata\.managedFields must be nil"):
        applied(None, obj)


def test_an_update_takes_fields_from_appliers() -> None:
    live = applied(None, deployment(replicas=2, minReadySeconds=1))
    new = {**live, "spec": {**live["spec"], "replicas": 5}}
    entries = managed.update(live["metadata"]["managedFields"], live, new, "scaler", "", LATE)
    found = {f"{e['manager']}:{e['operation']}": e["fieldsV1"] for e in entries}
    assert found["scaler:Update"] == {"f:spec": {"f:replicas": {}}}
    assert "f:replicas" not in found["one:Apply"]["f:spec"]
    assert [e["operation"] for e in entries] == ["Apply", "Update"]


def test_a_status_write_does_not_own_the_spec() -> None:
    live = applied(None, deployment(replicas=2))
    new = {**live, "status": {"replicas": 2}, "spec": {**live["spec"], "replicas": 9}}
    entries = managed.update(live["metadata"]["managedFields"], live, new, "controller", "status", LATE)
    mine = next(e for e in entries if e["manager"] == "controller")
    assert mine["subresource"] == "status"
    assert mine["fieldsV1"] == {"f:status": {"f:replicas": {}}}


def test_objects_never_applied_and_not_new_are_not_tracked() -> None:
    live = stored(deployment(replicas=1), [])
    assert managed.update([], live, {**live, "spec": {**live["spec"], "replicas": 2}}, "m", "", LATE) == []
    after = applied(live, deployment(replicas=1))
    assert set(owners(after)) == {"one:Apply", "before-first-apply:Update"}


def test_the_oldest_updaters_are_thrown_together() -> None:
    entries: list[dict[str, Any]] = []
    old: dict[str, Any] | None = None
    for number in range(12):
        new = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {str(n): "x" for n in range(number + 1)}}
        entries = managed.update(entries, old, new, f"m{number:02}", "", f"2026-01-01T00:00:{number:02}Z")
        old = new
    names = [e["manager"] for e in entries]
    assert len(names) == 10
    assert names[0] == "ancient-changes"
    assert entries[0]["fieldsV1"]["f:data"].keys() == {".", "f:0", "f:1", "f:2"}


def test_kubectl_takes_over_what_it_applied_from_the_client_side() -> None:
    text = '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":2}}'
    live = deployment(replicas=2)
    live["metadata"] = {"name": "web", "annotations": {LAST_APPLIED: text}}
    entries = managed.update([], None, live, "kubectl-client-side-apply", "", EARLY)
    after = applied(stored(live, entries), deployment(replicas=3), manager="kubectl")
    assert after["spec"]["replicas"] == 3
    with pytest.raises(StatusError, match="1 conflict"):
        applied(stored(live, entries), deployment(replicas=3), manager="other")


def test_field_sets_read_and_write_themselves() -> None:
    fields = {"f:a": {".": {}, "f:b": {}}, 'k:{"n":1}': {"f:c": {}}, 'v:"x"': {}}
    found = FieldSet.parse(fields)
    assert found.dump() == fields
    assert [path_text(path) for path in found.paths()] == [".a", '[="x"]', ".a.b", "[n=1].c"]
    assert (found - FieldSet.of(("f:a",))).dump() == {"f:a": {"f:b": {}}, 'k:{"n":1}': {"f:c": {}}, 'v:"x"': {}}
    assert found.without_trees(FieldSet.of(("f:a",))).dump() == {'k:{"n":1}': {"f:c": {}}, 'v:"x"': {}}
    assert (found & FieldSet.of(("f:a", "f:b"))).dump() == {"f:a": {"f:b": {}}}
