"""Deployments, ReplicaSets, StatefulSets, DaemonSets and ReplicationControllers."""

from __future__ import annotations

from typing import Any

import pytest
from workload_objects import POD, created, decoded, kind_of, refusals, updated, with_status, workload

from kplan.api.status import StatusError

APPS = ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"]


def test_a_deployment_gets_a_rolling_update_by_quarters() -> None:
    spec = created(workload("Deployment"))["spec"]
    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}
    assert (spec["revisionHistoryLimit"], spec["progressDeadlineSeconds"]) == (10, 600)


@pytest.mark.parametrize("kind", APPS)
def test_defaults_are_a_fixed_point(kind: str) -> None:
    new = decoded(workload(kind))
    again = decoded(new)
    assert again == new


@pytest.mark.parametrize("kind", APPS)
def test_status_is_not_the_creators(kind: str) -> None:
    stored = created(workload(kind) | {"status": {"observedGeneration": 7}})
    assert "observedGeneration" not in stored["status"]
    assert stored["metadata"]["generation"] == 1


@pytest.mark.parametrize("kind", APPS)
def test_selector_must_match_the_template(kind: str) -> None:
    errors = refusals(workload(kind, selector={"matchLabels": {"app": "x"}}))
    assert errors == ['spec.template.metadata.labels: Invalid value: {"app":"w"}: `selector` does not match template `labels`']


@pytest.mark.parametrize(
    ("kind", "word"), [("Deployment", "deployment"), ("ReplicaSet", "deployment"), ("StatefulSet", "statefulset"), ("DaemonSet", "daemonset")]
)
def test_an_empty_selector_is_refused(kind: str, word: str) -> None:
    assert f"spec.selector: Invalid value: {{}}: empty selector is invalid for {word}" in refusals(workload(kind, selector={}))


def test_a_selector_prints_in_the_order_of_the_struct() -> None:
    selector = {"matchExpressions": [{"key": "b c", "operator": "Exists"}], "matchLabels": {"app": "w"}}
    printed = '{"matchLabels":{"app":"w"},"matchExpressions":[{"key":"b c","operator":"Exists"}]}'
    assert refusals(workload("ReplicaSet", selector=selector))[-1] == f"spec.selector: Invalid value: {printed}: invalid label selector"


@pytest.mark.parametrize(
    ("strategy", "error"),
    [
        (
            {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}},
            "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
        ),
        (
            {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "0%"}},
            'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
        ),
        ({"rollingUpdate": {"maxUnavailable": "101%"}}, 'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%'),
        ({"rollingUpdate": {"maxSurge": -1}}, "spec.strategy.rollingUpdate.maxSurge: Invalid value: -1: must be greater than or equal to 0"),
        (
            {"type": "Blue"},
            'spec.strategy: Unsupported value: {"Type":"Blue","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate"',
        ),
    ],
)
def test_deployment_strategies(strategy: dict[str, Any], error: str) -> None:
    assert refusals(workload("Deployment", strategy=strategy)) == [error]


def test_a_deployment_counts_annotations_and_keeps_its_selector() -> None:
    old = created(workload("Deployment"))
    noted = workload("Deployment") | {"metadata": {"name": "w", "annotations": {"a": "b"}}}
    new, errors = updated(old, noted)
    assert (new["metadata"]["generation"], errors) == (2, [])
    template = {"metadata": {"labels": {"app": "v"}}, "spec": POD}
    _, errors = updated(old, workload("Deployment", selector={"matchLabels": {"app": "v"}}, template=template))
    assert errors == ['spec.selector: Invalid value: {"matchLabels":{"app":"v"}}: field is immutable']


def test_a_rollback_annotation_must_be_a_number() -> None:
    with pytest.raises(StatusError, match=r'cannot be handled as a Deployment: failed to parse annotation.*parsing "x": invalid syntax'):
        decoded(workload("Deployment") | {"metadata": {"name": "w", "annotations": {"deprecated.deployment.rollback.to": "x"}}})


def test_daemon_set_templates_are_numbered() -> None:
    number = "deprecated.daemonset.template.generation"
    old = created(workload("DaemonSet"))
    assert old["metadata"]["annotations"] == {number: "1"}
    same, _ = updated(old, workload("DaemonSet", minReadySeconds=3))
    assert (same["metadata"]["annotations"][number], same["metadata"]["generation"]) == ("1", 2)
    pod = {"containers": [{"name": "c", "image": "example/c:2"}]}
    new, errors = updated(old, workload("DaemonSet", template={"metadata": {"labels": {"app": "w"}}, "spec": pod}))
    assert (new["metadata"]["annotations"][number], errors) == ("2", [])


@pytest.mark.parametrize(
    ("rolling", "error"),
    [
        ({"maxUnavailable": 1, "maxSurge": 1}, "maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero"),
        ({"maxUnavailable": 0}, "maxUnavailable: Required value: cannot be 0 when maxSurge is 0"),
    ],
)
def test_daemon_set_bounds(rolling: dict[str, Any], error: str) -> None:
    assert refusals(workload("DaemonSet", updateStrategy={"rollingUpdate": rolling})) == [f"spec.updateStrategy.rollingUpdate.{error}"]


def claim(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec}}


def test_claim_templates_are_whole_claims_and_volumes_of_the_pods() -> None:
    pod = {"containers": [{"name": "c", "image": "example/c:1", "volumeMounts": [{"name": "data", "mountPath": "/d"}]}]}
    template = {"metadata": {"labels": {"app": "w"}}, "spec": pod}
    stored = created(workload("StatefulSet", template=template, volumeClaimTemplates=[claim("data")]))
    (stated,) = stored["spec"]["volumeClaimTemplates"]
    assert (stated["apiVersion"], stated["kind"], stated["status"]) == ("v1", "PersistentVolumeClaim", {"phase": "Pending"})
    assert refusals(workload("StatefulSet", template=template)) == ['spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"']


def test_little_of_a_stateful_set_may_change() -> None:
    old = created(workload("StatefulSet", serviceName="a"))
    _, errors = updated(old, workload("StatefulSet", serviceName="a", replicas=3, minReadySeconds=5))
    assert errors == []
    _, errors = updated(old, workload("StatefulSet", serviceName="b"))
    assert [e[:24] for e in errors] == ["spec: Forbidden: updates"]


def test_a_bad_template_of_old_is_tolerated() -> None:
    old = created(workload("StatefulSet"))
    bad = {"metadata": {"labels": {"app": "w"}}, "spec": {**old["spec"]["template"]["spec"], "containers": [{"name": "NO", "image": "x"}]}}
    stored = {**old, "spec": {**old["spec"], "template": bad}}
    pod = {"containers": [{"name": "NO", "image": "x"}]}
    _, errors = updated(stored, workload("StatefulSet", template={"metadata": {"labels": {"app": "w"}}, "spec": pod}))
    assert errors == []


def test_max_unavailable_of_stateful_sets_is_gated() -> None:
    stored = created(workload("StatefulSet", updateStrategy={"rollingUpdate": {"maxUnavailable": 2, "partition": 1}}))
    assert stored["spec"]["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}


@pytest.mark.parametrize(
    ("kind", "status", "error"),
    [
        ("Deployment", {"replicas": 1, "readyReplicas": 2}, "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas"),
        ("Deployment", {"replicas": 2, "availableReplicas": 1}, "status.availableReplicas: Invalid value: 1: cannot be greater than readyReplicas"),
        (
            "StatefulSet",
            {"replicas": 2, "availableReplicas": 1},
            "status.availableReplicas: Invalid value: 1: cannot be greater than status.readyReplicas",
        ),
        ("ReplicaSet", {"observedGeneration": -1}, "status.observedGeneration: Invalid value: -1: must be greater than or equal to 0"),
        ("DaemonSet", {"numberReady": -1}, "status.numberReady: Invalid value: -1: must be greater than or equal to 0"),
    ],
)
def test_statuses_add_up(kind: str, status: dict[str, Any], error: str) -> None:
    assert with_status(created(workload(kind)), status) == [error]


def test_collision_counts_only_grow() -> None:
    old = {**created(workload("Deployment")), "status": {"collisionCount": 2}}
    assert with_status(old, {}) == ["status.collisionCount: Invalid value: 0: cannot be decremented"]


def test_a_replication_controller_takes_selector_and_labels_from_its_template() -> None:
    rc = workload("ReplicationController", "v1")
    del rc["spec"]["selector"]
    stored = created(rc)
    assert stored["spec"]["selector"] == stored["metadata"]["labels"] == {"app": "w"}
    del rc["spec"]["template"]
    assert refusals(rc) == ["spec.selector: Required value", "spec.template: Required value"]


def test_names_that_are_no_labels_are_warned_of() -> None:
    obj = decoded(workload("Deployment") | {"metadata": {"name": "w.w"}})
    (warning,) = kind_of(obj).warnings(obj)
    assert warning.startswith("metadata.name: this is used in Pod names and hostnames")


def test_stateful_set_references() -> None:
    obj = workload("StatefulSet", serviceName="peers", volumeClaimTemplates=[claim("data", storageClassName="fast")])
    found = {(r.path, r.kind, r.name) for r in kind_of(obj).references(obj)}
    assert ("spec.serviceName", "Service", "peers") in found
    assert ("spec.volumeClaimTemplates[0].spec.storageClassName", "StorageClass.storage.k8s.io", "fast") in found


@pytest.mark.parametrize(("kind", "field"), [("Deployment", "strategy"), ("DaemonSet", "updateStrategy")])
def test_an_empty_text_is_no_percentage(kind: str, field: str) -> None:
    obj = workload(kind)
    obj["spec"][field] = {"rollingUpdate": {"maxSurge": ""}}
    (error,) = refusals(obj)
    assert error.startswith(f'spec.{field}.rollingUpdate.maxSurge: Invalid value: "": a valid percent string must be')


@pytest.mark.parametrize("kind", APPS)
def test_an_object_restored_without_defaults_can_be_updated(kind: str) -> None:
    old = workload(kind)
    old["metadata"]["uid"] = "u-1"
    _, errors = updated(old, created(old))
    assert all(e.startswith("spec: Forbidden: updates to statefulset") for e in errors)
