"""HorizontalPodAutoscalers, PodDisruptionBudgets, ResourceQuotas, expiring Jobs, aggregated ClusterRoles."""

from __future__ import annotations

from typing import Any

import pytest

import kplan
from kplan.controllers.scalingbehavior import Bounds, Memory, limit_by_rules
from kplan.controllers.selectortext import label_selector_text

Object = dict[str, Any]
DEPLOYMENT = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}


def node() -> Object:
    room = {"cpu": "64", "memory": "64Gi", "pods": "200"}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}, "spec": {}, "status": {"capacity": room, "allocatable": room}}


def deployment(replicas: int, usage: str = "", requests: Object | None = None) -> Object:
    notes = {"kplan.dev/usage": usage} if usage else {}
    container = {"name": "app", "image": "app:1", "resources": {"requests": requests or {"cpu": "100m"}}}
    template = {"metadata": {"labels": {"app": "web"}, "annotations": notes}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def autoscaler(low: int, high: int, target: Object | None = None, **spec: Any) -> Object:
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": target or {"type": "Utilization", "averageUtilization": 50}}}
    ref = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    whole = {"minReplicas": low, "maxReplicas": high, "scaleTargetRef": ref, "metrics": [metric], **spec}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"}, "spec": whole}


def cluster(*objects: Object) -> kplan.Cluster:
    made = kplan.Cluster()
    for obj in objects:
        answer = made.create(obj)
        assert answer.accepted, answer.message
        made.run(quiet=0.3)
    return made


def conditions(made: kplan.Cluster, kind: str) -> dict[str, tuple[str, str]]:
    (held,) = made.objects(kind)
    return {c["type"]: (c["status"], c["reason"]) for c in held["status"]["conditions"]}


def replicas(made: kplan.Cluster) -> int:
    found = made.get(DEPLOYMENT)
    assert found is not None
    count: int = found["spec"]["replicas"]
    return count


@pytest.mark.parametrize(
    ("usage", "wanted", "limited"),
    [
        ("cpu=50m", 3, ("False", "DesiredWithinRange")),  # at the target
        ("cpu=53m", 3, ("False", "DesiredWithinRange")),  # within the tolerance of a tenth
        ("cpu=80m", 5, ("False", "DesiredWithinRange")),
        ("cpu=500m", 6, ("True", "ScaleUpLimit")),
    ],
)
def test_usage_decides_the_replicas(usage: str, wanted: int, limited: tuple[str, str]) -> None:
    made = cluster(node(), deployment(3, usage), autoscaler(1, 8))
    made.run(quiet=16, horizon=16)
    assert replicas(made) == wanted
    assert conditions(made, "HorizontalPodAutoscaler")["ScalingLimited"] == limited
    assert conditions(made, "HorizontalPodAutoscaler")["ScalingActive"] == ("True", "ValidMetricFound")


def test_scaling_down_waits_for_the_window() -> None:
    made = cluster(node(), deployment(4, "cpu=10m"), autoscaler(1, 8))
    made.run(quiet=200, horizon=200)
    assert replicas(made) == 4
    assert conditions(made, "HorizontalPodAutoscaler")["AbleToScale"] == ("True", "ScaleDownStabilized")
    made.run(quiet=200, horizon=200)
    assert replicas(made) == 1
    reasons = [e["message"] for e in made.events() if e["reason"] == "SuccessfulRescale"]
    assert reasons == ["New size: 1; reason: All metrics below target"]


def test_a_behavior_sets_the_pace() -> None:
    policy = {"type": "Pods", "value": 1, "periodSeconds": 60}
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 0, "policies": [policy]}}
    made = cluster(node(), deployment(4, "cpu=10m"), autoscaler(1, 8, behavior=behavior))
    made.run(quiet=16, horizon=17)
    assert replicas(made) == 3
    assert conditions(made, "HorizontalPodAutoscaler")["ScalingLimited"] == ("True", "ScaleDownLimit")


def test_memory_is_averaged_in_bytes() -> None:
    target = {"type": "AverageValue", "averageValue": "100Mi"}
    hpa = autoscaler(1, 9)
    hpa["spec"]["metrics"] = [{"type": "Resource", "resource": {"name": "memory", "target": target}}]
    made = cluster(node(), deployment(2, "memory=200Mi"), hpa)
    made.run(quiet=16, horizon=17)
    assert replicas(made) == 4
    (held,) = made.objects("HorizontalPodAutoscaler")
    assert held["status"]["currentMetrics"][0]["resource"] == {"name": "memory", "current": {"averageValue": "200Mi"}}


def test_requests_must_be_stated() -> None:
    made = cluster(node(), deployment(1, "cpu=1", {"memory": "1Mi"}), autoscaler(1, 8))
    made.run(quiet=16, horizon=17)
    (pod,) = made.objects("Pod")
    wanted = f"failed to get cpu utilization: missing request for cpu in container app of Pod {pod['metadata']['name']}"
    assert wanted in {e["message"] for e in made.events()}


def test_metrics_of_others_do_not_exist() -> None:
    hpa = autoscaler(1, 8)
    hpa["spec"]["metrics"] = [
        {"type": "External", "external": {"metric": {"name": "queue"}, "target": {"type": "Value", "value": "3"}}},
        {"type": "Pods", "pods": {"metric": {"name": "hits"}, "target": {"type": "AverageValue", "averageValue": "3"}}},
    ]
    made = cluster(node(), deployment(1), hpa)
    made.run(quiet=16, horizon=17)
    told = {e["reason"]: e["message"] for e in made.events() if e["involvedObject"]["kind"] == "HorizontalPodAutoscaler"}
    missing = "the server could not find the requested resource (get queue.external.metrics.k8s.io)"
    assert told["FailedGetExternalMetric"].endswith(f"default/queue/nil: unable to fetch metrics from external metrics API: {missing}")
    assert told["FailedGetPodsMetric"].endswith("no custom metrics API (custom.metrics.k8s.io) registered")
    assert told["FailedComputeMetricsReplicas"].startswith("invalid metrics (2 invalid out of 2), first error is: failed to get queue external metric value")


def test_two_autoscalers_of_the_same_pods_do_nothing_once_they_know_of_each_other() -> None:
    other = autoscaler(1, 8)
    other["metadata"]["name"] = "twin"
    made = cluster(node(), deployment(2, "cpu=100m"), autoscaler(1, 8), other)

    def ambiguous() -> dict[str, str]:
        return {e["involvedObject"]["name"]: e["message"] for e in made.events() if e["reason"] == "AmbiguousSelector"}

    why = "pods by selector app=web are controlled by multiple HPAs: [{twin default} {web default}]"
    made.run(quiet=16, horizon=17)
    assert ambiguous() == {"twin": why}, "the first to look knows of no other"
    made.run(quiet=16, horizon=17)
    assert ambiguous() == {"twin": why, "web": why}


@pytest.mark.parametrize(("desired", "wanted"), [(9, (6, "ScaleUpLimit")), (1, (2, "TooFewReplicas")), (4, (4, "DesiredWithinRange"))])
def test_plain_limits(desired: int, wanted: tuple[int, str]) -> None:
    assert limit_by_rules(desired, Bounds(2, 10, 3))[:2] == wanted


def test_policies_can_switch_a_direction_off() -> None:
    rules = {"scaleUp": {"selectPolicy": "Disabled"}, "scaleDown": {"selectPolicy": "Disabled"}}
    now = kplan.Cluster().door.store.now
    assert Memory().limit_by_behavior(9, Bounds(1, 10, 3), rules, now)[:2] == (3, "ScaleUpLimit")
    assert Memory().limit_by_behavior(1, Bounds(1, 10, 3), rules, now)[:2] == (3, "ScaleDownLimit")


def budget(**spec: Any) -> Object:
    whole = {"selector": {"matchLabels": {"app": "web"}}, **spec}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}, "spec": whole}


@pytest.mark.parametrize(
    ("spec", "counts"),
    [
        ({"maxUnavailable": 1}, (3, 2, 1, 3)),
        ({"minAvailable": "50%"}, (3, 2, 1, 3)),
        ({"maxUnavailable": "100%"}, (3, 0, 3, 3)),
        ({"minAvailable": 5}, (3, 5, 0, 3)),
    ],
)
def test_budgets_count_their_pods(spec: Object, counts: tuple[int, int, int, int]) -> None:
    made = cluster(node(), deployment(3), budget(**spec))
    (held,) = made.objects("PodDisruptionBudget")
    fields = ("currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods")
    assert tuple(held["status"][f] for f in fields) == counts


def test_an_evicted_pod_that_stays_is_given_up_on() -> None:
    bare = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    made = cluster(node(), bare, budget(minAvailable=0))
    ref = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "name": "web"}
    marked = {"status": {"disruptedPods": {"p": made.door.store.clock.text()}, "disruptionsAllowed": 0}}
    assert made.patch(ref, marked, type="merge", subresource="status").accepted
    made.run()
    (held,) = made.objects("PodDisruptionBudget")
    assert (held["status"]["currentHealthy"], list(held["status"]["disruptedPods"])) == (0, ["p"])
    made.run(quiet=130)
    (held,) = made.objects("PodDisruptionBudget")
    assert (held["status"]["currentHealthy"], "disruptedPods" in held["status"]) == (1, False)
    assert [e["message"] for e in made.events() if e["reason"] == "NotDeleted"] == ["Pod was expected by PDB default/default to be deleted but it wasn't"]


def test_owners_without_a_scale_fail_the_budget() -> None:
    container = {"name": "c", "image": "i"}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container], "restartPolicy": "Never"}}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "uid": "u"}, "spec": {"template": template}}
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "u", "controller": True}
    meta = {"name": "p", "labels": {"app": "web"}, "ownerReferences": [owner]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [container]}}
    made = kplan.Cluster()
    made.restore([node(), job, pod])
    made.create(budget(maxUnavailable=1))
    made.run(quiet=0.3)
    (held,) = made.objects("PodDisruptionBudget")
    (said,) = held["status"]["conditions"]
    assert (said["reason"], said["message"]) == ("SyncFailed", "jobs.batch does not implement the scale subresource")
    assert held["status"]["disruptionsAllowed"] == 0


def test_go_prints_selectors_so() -> None:
    expression = {"key": "tier", "operator": "In", "values": ["x", "y"]}
    wanted = (
        "&LabelSelector{MatchLabels:map[string]string{a: b,c: d,},MatchExpressions:[]LabelSelectorRequirement"
        "{LabelSelectorRequirement{Key:tier,Operator:In,Values:[x y],},},}"
    )
    assert label_selector_text({"matchLabels": {"c": "d", "a": "b"}, "matchExpressions": [expression]}) == wanted
    assert label_selector_text(None) == "nil"


def quota(**hard: str) -> Object:
    limits = {k.replace("_", "."): v for k, v in hard.items()}
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": limits}}


def used(made: kplan.Cluster) -> Object:
    (held,) = made.objects("ResourceQuota")
    found: Object = held["status"]["used"]
    return found


def test_quotas_are_counted_again_when_something_goes() -> None:
    made = cluster(node(), quota(pods="5", requests_cpu="2", configmaps="9"), deployment(3))
    assert used(made) == {"pods": "3", "requests.cpu": "300m", "configmaps": "1"}
    made.delete(DEPLOYMENT)
    made.run()
    assert used(made) == {"pods": "0", "requests.cpu": "0", "configmaps": "1"}


def test_new_limits_are_counted_at_once() -> None:
    made = cluster(node(), deployment(2), quota(pods="5"))
    made.apply(quota(pods="1", services="3"), force=True)
    made.run(quiet=0.3)
    (held,) = made.objects("ResourceQuota")
    assert held["status"] == {"hard": {"pods": "1", "services": "3"}, "used": {"pods": "2", "services": "1"}}


def test_a_finished_job_goes_when_its_time_has_come() -> None:
    template = {"spec": {"containers": [{"name": "c", "image": "i"}], "restartPolicy": "Never"}}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": {"template": template, "ttlSecondsAfterFinished": 30}}
    made = cluster(node(), job)
    made.run(quiet=20, horizon=20)
    assert len(made.objects("Job")) == 1
    made.run(quiet=40)
    assert made.objects("Job") == []
    assert made.objects("Pod") == []


def test_cluster_roles_are_aggregated() -> None:
    def role(name: str, labels: Object, verb: str) -> Object:
        rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": [verb]}]
        return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name, "labels": labels}, "rules": rules}

    whole = {**role("all", {}, "get"), "rules": [], "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"to": "all"}}]}}
    made = cluster(whole, role("b", {"to": "all"}, "list"), role("a", {"to": "all"}, "get"), role("c", {}, "watch"))
    found = made.get({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "name": "all"})
    assert found is not None
    assert [rule["verbs"] for rule in found["rules"]] == [["get"], ["list"]]
