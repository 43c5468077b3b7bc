"""Autoscalers, disruption budgets, limits, quotas, classes, leases, events, revisions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from workload_objects import created, decoded, kind_of, refusals, updated, with_status

from kplan.kinds import event
from kplan.kinds.horizontalpodautoscaler_v1 import from_preferred, to_preferred

TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "w"}


def made(kind: str, api_version: str, **fields: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "o"}, **fields}


def hpa(**spec: Any) -> dict[str, Any]:
    return made("HorizontalPodAutoscaler", "autoscaling/v2", spec={"scaleTargetRef": TARGET, "maxReplicas": 3, **spec})


def test_an_autoscaler_watches_the_cpu() -> None:
    stored = created(hpa())
    target = {"type": "Utilization", "averageUtilization": 80}
    assert stored["spec"]["metrics"] == [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    assert stored["spec"]["minReplicas"] == 1
    assert "generation" not in stored["metadata"]


def test_scaling_rules_are_filled_in() -> None:
    behavior = created(hpa(behavior={"scaleDown": {"stabilizationWindowSeconds": 5}}))["spec"]["behavior"]
    assert behavior["scaleUp"]["stabilizationWindowSeconds"] == 0
    assert [p["type"] for p in behavior["scaleUp"]["policies"]] == ["Pods", "Percent"]
    assert behavior["scaleDown"] == {
        "stabilizationWindowSeconds": 5,
        "selectPolicy": "Max",
        "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
    }


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({"minReplicas": 4}, ["spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`"]),
        (
            {"scaleTargetRef": {"kind": "Deployment", "name": "w"}},
            ['spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group'],
        ),
        ({"scaleTargetRef": {"kind": "ReplicationController", "name": "w"}}, []),
        (
            {"metrics": [{"type": "Pods", "pods": {"metric": {"name": "m"}, "target": {"type": "Value", "value": "0"}}}]},
            [
                'spec.metrics[0].pods.target.value: Invalid value: "0": must be positive',
                "spec.metrics[0].pods.target.averageValue: Required value: must specify a positive target averageValue",
            ],
        ),
        (
            {"behavior": {"scaleUp": {"policies": [{"type": "Pods", "value": 0, "periodSeconds": 1801}]}}},
            [
                "spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero",
                "spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800",
            ],
        ),
    ],
)
def test_autoscaler_refusals(spec: dict[str, Any], errors: list[str]) -> None:
    assert refusals(hpa(**spec)) == errors


def test_an_unchanged_target_keeps_its_version() -> None:
    old = created(hpa())
    bare = {"kind": "Deployment", "name": "w"}
    stored = {**old, "spec": {**old["spec"], "scaleTargetRef": bare}}
    assert updated(stored, hpa(scaleTargetRef=bare))[1] == []
    assert updated(old, hpa(scaleTargetRef=bare))[1] != []


def test_v1_autoscalers_come_and_go() -> None:
    pods = {"type": "Pods", "pods": {"metric": {"name": "m"}, "target": {"type": "AverageValue", "averageValue": "5"}}}
    cpu = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}}
    stored = created(hpa(metrics=[pods, cpu], behavior={}))
    v1 = from_preferred("v1", stored)
    assert v1["spec"] == {"scaleTargetRef": TARGET, "minReplicas": 1, "maxReplicas": 3, "targetCPUUtilizationPercentage": 60}
    notes = v1["metadata"]["annotations"]
    assert json.loads(notes["autoscaling.alpha.kubernetes.io/metrics"]) == [
        {"type": "Pods", "pods": {"metricName": "m", "targetAverageValue": "5"}},
    ]
    assert notes["autoscaling.alpha.kubernetes.io/behavior"].startswith('{"ScaleUp":{"StabilizationWindowSeconds":0,"SelectPolicy":"Max"')
    back = to_preferred("v1", v1)
    assert back["spec"] == stored["spec"]
    assert "annotations" not in back["metadata"]


def test_unreadable_round_trip_annotations_are_ignored() -> None:
    meta = {"name": "o", "annotations": {"autoscaling.alpha.kubernetes.io/metrics": "{"}}
    v1 = {"apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler", "metadata": meta, "spec": {"scaleTargetRef": TARGET, "maxReplicas": 2}}
    assert [m["type"] for m in to_preferred("v1", v1)["spec"]["metrics"]] == ["Resource"]


def pdb(**spec: Any) -> dict[str, Any]:
    return made("PodDisruptionBudget", "policy/v1", spec=spec)


def test_a_budget_has_one_bound() -> None:
    printed = '{"MinAvailable":1,"Selector":{"matchLabels":{"a":"b"}},"MaxUnavailable":"5%","UnhealthyPodEvictionPolicy":null}'
    errors = refusals(pdb(minAvailable=1, maxUnavailable="5%", selector={"matchLabels": {"a": "b"}}))
    assert errors == [f"spec: Invalid value: {printed}: minAvailable and maxUnavailable cannot be both set"]
    assert refusals(pdb(minAvailable="150%")) == ['spec.minAvailable: Invalid value: "150%": must not be greater than 100%']


def test_budget_status() -> None:
    stored = created(pdb(minAvailable=1))
    assert stored["status"] == {"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0}
    assert with_status(stored, {"currentHealthy": -1}) == ["status.currentHealthy: Invalid value: -1: must be greater than or equal to 0"]


def limits(*items: dict[str, Any]) -> dict[str, Any]:
    return made("LimitRange", "v1", spec={"limits": list(items)})


def test_container_limits_follow_from_each_other() -> None:
    (item,) = created(limits({"type": "Container", "max": {"cpu": "2"}, "min": {"memory": "1Mi"}, "default": {"memory": "1Gi"}}))["spec"]["limits"]
    assert item["default"] == {"cpu": "2", "memory": "1Gi"}
    assert item["defaultRequest"] == {"cpu": "2", "memory": "1Gi"}


@pytest.mark.parametrize(
    ("item", "errors"),
    [
        (
            {"type": "Pod", "min": {"cpu": "2"}, "max": {"cpu": "1"}},
            ['spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1'],
        ),
        ({"type": "Pod", "default": {"cpu": "1"}}, ["spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"]),
        (
            {"type": "PersistentVolumeClaim"},
            ["spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided"],
        ),
        (
            {"type": "Pod", "min": {"cpu": "100m"}, "max": {"cpu": "300m"}, "maxLimitRequestRatio": {"cpu": "4"}},
            ['spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "4": ratio 4 is greater than max/min = 3.000000'],
        ),
        ({"type": "Node"}, ['spec.limits[0].type: Invalid value: "Node": must be a standard limit type or fully qualified']),
    ],
)
def test_limit_refusals(item: dict[str, Any], errors: list[str]) -> None:
    assert refusals(limits(item)) == errors


def quota(**spec: Any) -> dict[str, Any]:
    return made("ResourceQuota", "v1", spec=spec)


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({"hard": {"pods": "1500m"}}, ['spec.hard[pods]: Invalid value: "1500m": must be an integer']),
        ({"hard": {"cpu": "-1"}}, ['spec.hard[cpu]: Invalid value: "-1": must be greater than or equal to 0']),
        ({"hard": {"configmaps": "1"}, "scopes": ["BestEffort"]}, ['spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource']),
        (
            {"hard": {"pods": "1"}, "scopes": ["BestEffort", "NotBestEffort"]},
            ['spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes'],
        ),
        ({"hard": {"requests.example.com/gpu": "4", "count/widgets.example.com": "2"}}, []),
    ],
)
def test_quota_refusals(spec: dict[str, Any], errors: list[str]) -> None:
    assert refusals(quota(**spec)) == errors


def test_quota_warnings_and_immutable_scopes() -> None:
    obj = decoded(quota(hard={"cpu": "4", "limits.cpu": "2"}))
    assert list(kind_of(obj).warnings(obj)) == ["ResourceQuota cpu (4) should be less than limits.cpu (2)"]
    old = created(quota(hard={"pods": "1"}, scopes=["Terminating"]))
    assert updated(old, quota(hard={"pods": "1"}))[1] == ["spec.scopes: Invalid value: null: field is immutable"]


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("system-mine", 5, "is not a known system priority class"),
        ("system-node-critical", 5, "value of system-node-critical PriorityClass must be 2000001000"),
        ("mine", 1_000_000_001, "maximum allowed value of a user defined priority is 1000000000"),
    ],
)
def test_priorities(name: str, value: int, error: str) -> None:
    obj = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": value}
    (said,) = refusals(obj)
    assert said.endswith(error)


def test_priorities_stay() -> None:
    old = created(made("PriorityClass", "scheduling.k8s.io/v1", value=1))
    _, errors = updated(old, made("PriorityClass", "scheduling.k8s.io/v1", value=2, preemptionPolicy="Never"))
    assert errors == ["value: Forbidden: may not be changed in an update.", 'preemptionPolicy: Invalid value: "Never": field is immutable']


def test_runtime_classes() -> None:
    twice = [{"key": "k", "operator": "Exists"}] * 2
    obj = made("RuntimeClass", "node.k8s.io/v1", handler="h", scheduling={"tolerations": twice, "nodeSelector": {"beta.kubernetes.io/os": "linux"}})
    printed = '{"Key":"k","Operator":"Exists","Value":"","Effect":"","TolerationSeconds":null}'
    assert refusals(obj) == [f"scheduling.tolerations[1]: Duplicate value: {printed}"]
    assert list(kind_of(obj).warnings(obj)) == ['scheduling.nodeSelector: deprecated since v1.14; use "kubernetes.io/os" instead']


def test_leases() -> None:
    lease = made("Lease", "coordination.k8s.io/v1", spec={"leaseDurationSeconds": 0, "leaseTransitions": -1, "strategy": "x"})
    assert refusals(lease) == [
        "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
        "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0",
    ]


def test_revisions() -> None:
    assert refusals(made("ControllerRevision", "apps/v1", revision=-1)) == [
        "revision: Invalid value: -1: must be greater than or equal to 0",
        "data: Required value: data is mandatory",
    ]


def test_events_of_the_new_form_say_more() -> None:
    old = made("Event", "v1", involvedObject={"namespace": "default"}, reason="R")
    assert refusals(old) == []
    new = made("Event", "events.k8s.io/v1", regarding={"namespace": "default"}, type="Odd", deprecatedCount=2)
    assert refusals(new) == [
        "eventTime: Required value",
        'type: Invalid value: "": has invalid value: Odd',
        'count: Invalid value: "": needs to be unset',
    ]
    assert kind_of(new) is event.NEW_FORM


def test_what_may_not_change_of_an_event_is_printed_as_the_server_holds_it() -> None:
    """Upstream: ValidateEventUpdate quotes values of core.Event, whose texts and structs are never absent."""
    old = made("Event", "events.k8s.io/v1", regarding={"namespace": "default", "name": "a"}, note="n", type="Normal", reason="R")
    new = made("Event", "events.k8s.io/v1", regarding={"namespace": "default", "name": "b"}, type="Normal", reason="R")
    subject = '{"Kind":"","Namespace":"default","Name":"b","UID":"","APIVersion":"","ResourceVersion":"","FieldPath":""}'
    assert [str(e) for e in event.NEW_FORM.validate_update(new, old)][-2:] == [
        f"involvedObject: Invalid value: {subject}: field is immutable",
        'message: Invalid value: "": field is immutable',
    ]


def test_amounts_are_thousandths_at_the_finest() -> None:
    assert created(quota(hard={"cpu": "0.0001"}))["spec"]["hard"] == {"cpu": "1m"}
    (item,) = created(limits({"type": "Pod", "max": {"cpu": "1.0001"}}))["spec"]["limits"]
    assert item["max"] == {"cpu": "1001m"}
