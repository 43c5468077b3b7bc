"""Server-side apply of what is not there: dumps of live objects as manifests."""

from __future__ import annotations

from typing import Any

import kplan

Object = dict[str, Any]


def config(**meta: Any) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dumped", **meta}, "data": {"a": "1"}}


def test_a_uid_of_something_that_is_not_there_is_a_conflict() -> None:
    answer = kplan.Cluster().apply(config(uid="1b7a"))
    assert (answer.accepted, answer.code, answer.reason) == (False, 409, "Conflict")
    why = "uid mismatch: the provided object specified uid 1b7a, and no existing object was found"
    assert answer.message == f'Operation cannot be fulfilled on configmaps "dumped": {why}'


def test_a_resource_version_does_not_keep_an_absent_object_from_being_applied() -> None:
    cluster = kplan.Cluster()
    answer = cluster.apply(config(resourceVersion="4711"))
    assert answer.accepted and answer.object is not None
    assert answer.object["metadata"]["resourceVersion"] != "4711"
    refused = cluster.create({**config(resourceVersion="4711"), "metadata": {"name": "other", "resourceVersion": "4711"}})
    assert (refused.code, refused.message) == (500, "Internal error occurred: resourceVersion should not be set on objects to be created")


def test_an_old_resource_version_of_what_is_there_is_a_conflict() -> None:
    cluster = kplan.Cluster()
    cluster.apply(config())
    answer = cluster.apply(config(resourceVersion="1"))
    assert answer.code == 409 and "the object has been modified" in answer.message
