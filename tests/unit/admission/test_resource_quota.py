"""Quotas: what is charged, what is refused, what scopes have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from admission_cases import FakeReader, kind_of, make, pod

from kplan.admission import Request
from kplan.admission.quota_evaluators import calculate_usage
from kplan.admission.resource_quota import ResourceQuota

Ask = Callable[..., Request]
Refusal = Callable[..., str]


def quota(hard: dict[str, str], used: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    return make("ResourceQuota", "q", spec={"hard": hard, **spec}, status={"hard": hard, "used": used or dict.fromkeys(hard, "0")})


def sized(cpu: str = "500m", **spec: Any) -> dict[str, Any]:
    return pod({"name": "app", "resources": {"requests": {"cpu": cpu}, "limits": {"cpu": cpu, "example.com/gpu": "1"}}}, **spec)


def test_charge(ask: Ask) -> None:
    limits = quota({"requests.cpu": "1", "pods": "2"}, {"requests.cpu": "250m", "pods": "1"})
    ((kind, charged),) = ask(ResourceQuota(), sized(), limits).charges
    assert (kind, charged["status"]["used"]) == ("ResourceQuota", {"requests.cpu": "750m", "pods": "2"})
    assert limits["status"]["used"] == {"requests.cpu": "250m", "pods": "1"}
    assert ask(ResourceQuota(), sized(), limits, dry_run=True).charges == []


def test_exceeded(refusal: Refusal) -> None:
    limits = quota({"requests.cpu": "1", "limits.cpu": "9", "pods": "2"}, {"requests.cpu": "600m", "limits.cpu": "0", "pods": "2"})
    assert refusal(ResourceQuota(), sized(), limits) == (
        'pods "p" is forbidden: exceeded quota: q, requested: pods=1,requests.cpu=500m, used: pods=2,requests.cpu=600m, limited: pods=2,requests.cpu=1'
    )


def test_two_quotas_are_charged_together_or_not_at_all(ask: Ask, refusal: Refusal) -> None:
    one, other = quota({"pods": "1"}), quota({"cpu": "400m"})
    other["metadata"]["name"] = "r"
    assert refusal(ResourceQuota(), sized(), one, other).startswith('pods "p" is forbidden: exceeded quota: r')
    assert len(ask(ResourceQuota(), sized("400m"), one, other).charges) == 2


def test_what_a_quota_limits_must_be_stated(refusal: Refusal) -> None:
    limits = quota({"requests.memory": "1Gi", "limits.cpu": "1"})
    assert refusal(ResourceQuota(), pod(), limits).endswith("failed quota: q: must specify limits.cpu for: app; requests.memory for: app")
    pod_level = pod(resources={"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1"}})
    assert refusal(ResourceQuota(), pod_level, limits) == ""
    unsure = {**quota({"pods": "1"}), "status": {"hard": {"pods": "1"}}}
    assert refusal(ResourceQuota(), sized(), unsure).endswith("status unknown for quota: q, resources: pods")


def test_quota_that_nobody_has_counted_yet_limits_nothing(ask: Ask) -> None:
    assert ask(ResourceQuota(), sized(), make("ResourceQuota", "q", spec={"hard": {"pods": "0"}})).charges == []


def test_scopes(ask: Ask) -> None:
    def charges(subject: dict[str, Any], **scope: Any) -> int:
        return len(ask(ResourceQuota(), subject, quota({"pods": "5"}, **scope)).charges)

    def selects(operator: str, *values: str) -> dict[str, Any]:
        return {"scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass", "operator": operator, "values": list(values)}]}}

    assert (charges(sized(), scopes=["NotTerminating"]), charges(sized(activeDeadlineSeconds=5), scopes=["NotTerminating"])) == (1, 0)
    assert (charges(pod(), scopes=["BestEffort"]), charges(sized(), scopes=["BestEffort"])) == (1, 0)
    high = sized(priorityClassName="high")
    assert (charges(high, **selects("In", "high")), charges(high, **selects("NotIn", "high")), charges(sized(), **selects("Exists"))) == (1, 0, 0)
    assert charges(sized(), **selects("DoesNotExist")) == 1
    assert charges(make("ConfigMap"), scopes=["BestEffort"]) == 0


def test_objects_services_claims(ask: Ask, refusal: Refusal) -> None:
    assert refusal(ResourceQuota(), make("ConfigMap"), quota({"count/configmaps": "0"})).endswith(
        "exceeded quota: q, requested: count/configmaps=1, used: count/configmaps=0, limited: count/configmaps=0"
    )
    service = make("Service", spec={"type": "LoadBalancer", "ports": [{"port": 1}, {"port": 2}]})
    ((_, charged),) = ask(ResourceQuota(), service, quota({"services.nodeports": "3", "services.loadbalancers": "1"})).charges
    assert charged["status"]["used"] == {"services.nodeports": "2", "services.loadbalancers": "1"}
    claim = make("PersistentVolumeClaim", spec={"storageClassName": "fast", "resources": {"requests": {"storage": "3Gi"}}})
    name = "fast.storageclass.storage.k8s.io/requests.storage"
    ((_, charged),) = ask(ResourceQuota(), claim, quota({name: "5Gi", "requests.storage": "9Gi"})).charges
    assert charged["status"]["used"] == {name: "3Gi", "requests.storage": "3Gi"}


def test_updates_charge_the_growth(ask: Ask) -> None:
    def claim(size: str) -> dict[str, Any]:
        return make("PersistentVolumeClaim", spec={"resources": {"requests": {"storage": size}}})

    limits = quota({"requests.storage": "5Gi"}, {"requests.storage": "1Gi"})
    ((_, charged),) = ask(ResourceQuota(), claim("3Gi"), limits, old=claim("1Gi")).charges
    assert charged["status"]["used"] == {"requests.storage": "3Gi"}
    assert ask(ResourceQuota(), claim("1Gi"), limits, old=claim("3Gi")).charges == []


def test_counting_again() -> None:
    ended = {**sized(), "status": {"phase": "Succeeded"}}
    ended["metadata"] = {**ended["metadata"], "name": "ended"}
    template = sized("250m")
    replicas = [{**template, "metadata": {"name": name, "namespace": "ns"}} for name in ("a", "b")]
    cluster = FakeReader([*replicas, ended, make("ConfigMap"), make("ConfigMap", "elsewhere", namespace="other")])
    hard = dict.fromkeys(("requests.cpu", "pods", "count/pods", "configmaps", "requests.example.com/gpu", "services", "nonsense"), "9")
    kinds = [kind_of(make(kind)) for kind in ("Pod", "ConfigMap", "Service", "PersistentVolumeClaim")]
    assert calculate_usage(quota(hard), cluster, kinds) == {
        "requests.cpu": "500m",
        "pods": "2",
        "count/pods": "3",
        "configmaps": "1",
        "requests.example.com/gpu": "0",
        "services": "0",
    }
