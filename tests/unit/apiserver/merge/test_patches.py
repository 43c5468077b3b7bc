"""Strategic, merge and JSON patches; kubectl's three-way apply."""

from __future__ import annotations

from typing import Any

import pytest

from kplan import schema
from kplan.api.status import StatusError
from kplan.apiserver.merge import LAST_APPLIED, json_patch, last_applied, merge_patch, strategic, three_way, three_way_patch, with_last_applied

POD = schema.merge_schema("v1", "Pod")


def pod(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": list(containers), **spec}}


def names(obj: dict[str, Any]) -> list[str]:
    return [c["name"] for c in obj["spec"]["containers"]]


def patched(obj: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return strategic(obj, {"spec": spec}, POD)


def test_lists_merge_by_key_and_new_items_come_first() -> None:
    live = pod({"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"})
    after = patched(live, containers=[{"name": "b", "image": "b:2"}, {"name": "c"}])
    assert after["spec"]["containers"] == [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:2"}, {"name": "c"}]
    assert live["spec"]["containers"][1]["image"] == "b:1"


def test_directives() -> None:
    live = pod({"name": "a"}, {"name": "b"}, nodeSelector={"x": "1"})
    assert names(patched(live, containers=[{"name": "a", "$patch": "delete"}])) == ["b"]
    assert names(patched(live, containers=[{"name": "z"}, {"$patch": "replace"}])) == ["z"]
    assert names(patched(live, **{"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]})) == ["b", "a"]
    assert patched(live, nodeSelector={"$patch": "replace", "y": "2"})["spec"]["nodeSelector"] == {"y": "2"}
    assert patched(live, nodeSelector=None)["spec"].keys() == {"containers"}


def test_lists_of_scalars_and_their_deletion() -> None:
    live = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "finalizers": ["a/a", "a/b"]}}
    assert strategic(live, {"metadata": {"finalizers": ["a/c"]}}, POD)["metadata"]["finalizers"] == ["a/c", "a/a", "a/b"]
    gone = strategic(live, {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a/a"]}}, POD)
    assert gone["metadata"]["finalizers"] == ["a/b"]


def test_retained_keys() -> None:
    live = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    node = schema.merge_schema("apps/v1", "Deployment")
    after = strategic(live, {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}, node)
    assert after["spec"]["strategy"] == {"type": "Recreate"}


@pytest.mark.parametrize(
    ("spec", "code", "message"),
    [
        ({"containers": [{"image": "x"}]}, 500, "map: map[image:x] does not contain declared merge key: name"),
        ({"containers": [{"name": "a", "$patch": "bogus"}]}, 500, "unknown patch type: bogus in map: map[$patch:bogus name:a]"),
        ({"$retainKeys": "x"}, 400, "invalid patch format of retainKeys"),
        ({"$setElementOrder/containers": [{"name": "b"}], "containers": [{"name": "a"}]}, 500, None),
        ({"activeDeadlineSeconds": "x"}, 422, ' "" is invalid: patch: Invalid value: "map[spec:map[activeDeadlineSeconds:x]]": unrecognized type: int64'),
        ({"containers": "x"}, 422, ' "" is invalid: patch: Invalid value: "map[spec:map[containers:x]]": cannot restore slice from string'),
    ],
)
def test_patches_that_make_no_sense(spec: dict[str, Any], code: int, message: str | None) -> None:
    with pytest.raises(StatusError) as error:
        patched(pod({"name": "a"}), **spec)
    assert error.value.status.code == code
    assert message is None or error.value.status.message == message


def test_unknown_fields_are_an_error_only_when_strict() -> None:
    patch = {"spec": {"bogus": 1}}
    live = pod({"name": "a"})
    assert strategic(live, patch, POD)["spec"]["bogus"] == 1
    assert merge_patch(live, patch)["spec"]["bogus"] == 1
    with pytest.raises(StatusError, match=r'"map\[spec:map\[bogus:1\]\]": strict decoding error: unknown field "spec.bogus"'):
        strategic(live, patch, POD, strict=True)
    with pytest.raises(StatusError, match=r'json patch unknown field "\[0\].at"'):
        json_patch(live, [{"op": "test", "path": "/kind", "value": "Pod", "at": 1}], strict=True)


def test_what_a_merge_patch_spoils() -> None:
    with pytest.raises(StatusError, match=r"cannot unmarshal string into Go struct field PodSpec\.spec\.activeDeadlineSeconds of type int64"):
        merge_patch(pod({"name": "a"}), {"spec": {"activeDeadlineSeconds": "x"}})


def test_merge_patch() -> None:
    live = {"a": {"b": 1, "c": [1]}, "d": 2}
    assert merge_patch(live, {"a": {"b": None, "c": [2, None]}, "e": {"f": None, "g": 1}}) == {"a": {"c": [2, None]}, "d": 2, "e": {"g": 1}}
    assert live == {"a": {"b": 1, "c": [1]}, "d": 2}
    with pytest.raises(StatusError, match=r"cannot unmarshal array into Go value of type map\[string\]interface \{\}"):
        merge_patch(live, [])


def test_json_patch_operations() -> None:
    live = {"a": [1, 2], "b": {"c/d": 1}}
    ops = [
        {"op": "test", "path": "/a/0", "value": 1},
        {"op": "add", "path": "/a/1", "value": 9},
        {"op": "add", "path": "/a/-", "value": 3},
        {"op": "remove", "path": "/a/0"},
        {"op": "replace", "path": "/b/c~1d", "value": 2},
        {"op": "copy", "from": "/b", "path": "/e"},
        {"op": "move", "from": "/b/c~1d", "path": "/f"},
    ]
    assert json_patch(live, ops) == {"a": [9, 2, 3], "b": {}, "e": {"c/d": 2}, "f": 2}
    assert live == {"a": [1, 2], "b": {"c/d": 1}}


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ({"op": "remove", "path": "/x"}, "error in remove for path: '/x': Unable to remove nonexistent key: x: missing value"),
        ({"op": "add", "path": "/x/y", "value": 1}, 'add operation does not apply: doc is missing path: "/x/y": missing value'),
        ({"op": "replace", "path": "/a/7", "value": 1}, "replace operation does not apply: doc is missing key: /a/7: missing value"),
        ({"op": "test", "path": "/a/0", "value": 5}, "testing value /a/0 failed: test failed"),
        (
            {"op": "add", "path": "/a/x", "value": 5},
            "error in add for path: '/a/x': value was not a proper array index: 'x': strconv.Atoi: parsing \"x\": invalid syntax",
        ),
        ({"op": "bogus", "path": "/a"}, "Unexpected kind: bogus"),
    ],
)
def test_json_patch_failures(operation: dict[str, Any], message: str) -> None:
    with pytest.raises(StatusError) as error:
        json_patch({"a": [1]}, [operation])
    assert error.value.status.code == 422
    assert error.value.status.message == message


def test_the_annotation_holds_the_manifest() -> None:
    sent = with_last_applied(pod({"name": "a"}))
    assert sent["metadata"]["annotations"][LAST_APPLIED] == (
        '{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{},"name":"p"},"spec":{"containers":[{"name":"a"}]}}\n'
    )
    assert with_last_applied(sent) == sent
    assert last_applied(sent)["spec"] == {"containers": [{"name": "a"}]}


def test_three_ways_keep_what_others_set_and_drop_what_is_no_longer_wanted() -> None:
    live = with_last_applied(pod({"name": "a", "image": "a:1"}, {"name": "b"}, hostname="h"))
    live["spec"]["nodeName"] = "n"
    after = three_way(live, with_last_applied(pod({"name": "a", "image": "a:2"})), POD, custom=False)
    assert after["spec"] == {"containers": [{"name": "a", "image": "a:2"}], "nodeName": "n"}
    assert three_way_patch(after, with_last_applied(pod({"name": "a", "image": "a:2"})), POD, custom=False) == {}


def test_three_ways_order_items_as_the_manifest_does() -> None:
    live = with_last_applied(pod({"name": "a"}, {"name": "b"}))
    live["spec"]["containers"].append({"name": "injected"})
    after = three_way(live, with_last_applied(pod({"name": "b"}, {"name": "a"})), POD, custom=False)
    assert names(after) == ["b", "a", "injected"]


def test_custom_kinds_are_merged_as_json() -> None:
    def widget(**spec: Any) -> dict[str, Any]:
        return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec}

    live = with_last_applied(widget(size=1, items=[1, 2], gone=True))
    live["spec"]["defaulted"] = "x"
    after = three_way(live, with_last_applied(widget(size=2, items=[2])), schema.DEDUCED, custom=True)
    assert after["spec"] == {"size": 2, "items": [2], "defaulted": "x"}
