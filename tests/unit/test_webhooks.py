"""Which webhooks a plan would have asked, and which of them cannot answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from kplan.api.objects import Object
from kplan.diagnostics import Diagnostic
from kplan.manifests.sources import load
from kplan.plan import Options, Plan, plan

PODS: Object = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}
ALL: Object = {"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"], "operations": ["*"]}


def hook(kind: str = "ValidatingWebhookConfiguration", **fields: Any) -> Object:
    webhook = {
        "name": "guard.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "clientConfig": {"url": "https://guard.example.com"},
        "rules": [PODS],
        **fields,
    }
    return {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": "guard"}, "webhooks": [webhook]}


def workload(name: str, replicas: int = 2) -> Object:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": name, "image": "example.com/a:1"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def service(name: str, **spec: Any) -> Object:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"selector": {"app": name}, "ports": [{"port": 443}], **spec}}


def planned(tmp_path: Path, stated: list[Object], state: list[Object]) -> Plan:
    file = tmp_path / "in.yaml"
    file.write_text(yaml.safe_dump_all(stated), encoding="utf-8")
    return plan(load([str(file)]), Options(state=state))


def told(found: Plan) -> list[str]:
    return [note.partition(" would be asked about ")[2] for note in found.notes if note.startswith("webhook ")]


def blocks(found: Plan) -> list[Diagnostic]:
    return [d for d in found.diagnostics if d.rule == "webhook-blocks"]


@pytest.mark.parametrize(
    ("fields", "about"),
    [
        ({}, "2 Pods"),
        ({"rules": [{**ALL, "resources": ["pods", "deployments"], "scope": "Namespaced"}]}, "1 Deployment, 2 Pods"),
        ({"rules": [{**PODS, "resources": ["pods/*"]}]}, "2 Pods"),
        ({"rules": [{**PODS, "resources": ["pods/status"]}]}, ""),
        ({"rules": [{**PODS, "operations": ["UPDATE", "DELETE"]}]}, ""),
        ({"rules": [{**PODS, "apiVersions": ["v2"]}]}, ""),
        ({"rules": [{**PODS, "scope": "Cluster"}]}, ""),
        ({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "default"}}}, "2 Pods"),
        ({"namespaceSelector": {"matchLabels": {"guarded": "yes"}}}, ""),
        ({"objectSelector": {"matchLabels": {"app": "web"}}}, "2 Pods"),
        ({"objectSelector": {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}}, ""),
        ({"matchConditions": [{"name": "web", "expression": "object.metadata.name.startsWith('web-')"}]}, "2 Pods"),
        ({"matchConditions": [{"name": "other", "expression": "object.metadata.name.startsWith('other-')"}]}, ""),
        ({"matchConditions": [{"name": "who", "expression": "request.userInfo.username != 'admin'"}]}, "2 Pods under its conditions"),
        ({"matchConditions": [{"name": "fails", "expression": "object.spec.none == 'x'"}], "failurePolicy": "Ignore"}, ""),
    ],
)
def test_what_a_webhook_is_asked_about(tmp_path: Path, fields: dict[str, Any], about: str) -> None:
    assert told(planned(tmp_path, [workload("web")], [hook(**fields)])) == ([f"{about}: it is assumed to agree"] if about else [])


def test_updates_and_what_is_unchanged(tmp_path: Path) -> None:
    config = hook("MutatingWebhookConfiguration", rules=[{**ALL, "resources": ["deployments", "pods", "configmaps"], "operations": ["UPDATE"]}])
    state = [config, workload("web"), {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "same"}}]
    found = planned(tmp_path, [workload("web", 3)], state)
    assert told(found) == ["1 Deployment: it is assumed to agree and to change nothing"]
    assert told(planned(tmp_path, [workload("web")], state)) == []


def test_webhooks_are_not_asked_about_webhooks(tmp_path: Path) -> None:
    mutating = hook("MutatingWebhookConfiguration", rules=[{**PODS, "resources": ["nodes"]}])
    found = planned(tmp_path, [mutating], [hook(rules=[ALL])])
    assert found.count("create") == 1
    assert told(found) == []


def test_a_webhook_of_the_plan_itself(tmp_path: Path) -> None:
    assert told(planned(tmp_path, [hook(), workload("web")], [])) == ["2 Pods if it were there first: it is assumed to agree"]


@pytest.mark.parametrize(
    ("answering", "why"),
    [
        ([], "service/guard is not there"),
        ([service("guard")], "service/guard has no ready endpoints"),
        ([service("guard", ports=[{"port": 80}]), workload("guard")], "service/guard has no port 443"),
        ([service("guard"), workload("guard", 1)], ""),
        ([service("guard", clusterIP="None", clusterIPs=["None"]), workload("guard", 1)], ""),
        ([service("guard", type="ExternalName", externalName="guard.example.com")], ""),
    ],
)
def test_who_must_answer_and_cannot(tmp_path: Path, answering: list[Object], why: str) -> None:
    config = hook(clientConfig={"service": {"namespace": "default", "name": "guard"}})
    said = [(d.message, d.path) for d in blocks(planned(tmp_path, [workload("web")], [config, *answering]))]
    message = f'webhook "guard.example.com" must answer for 2 Pods, and {why}: such requests are refused'
    assert said == ([(message, "webhooks[0].clientConfig.service.name")] if why else [])


def test_who_may_stay_silent(tmp_path: Path) -> None:
    client = {"service": {"namespace": "default", "name": "guard"}}
    assert blocks(planned(tmp_path, [workload("web")], [hook(clientConfig=client, failurePolicy="Ignore")])) == []
    assert blocks(planned(tmp_path, [service("web")], [hook(clientConfig=client)])) == []


def test_it_stands_at_the_manifest_once(tmp_path: Path) -> None:
    found = planned(tmp_path, [hook(clientConfig={"service": {"namespace": "default", "name": "guard"}}), workload("web")], [])
    (block,) = blocks(found)
    assert block.span is not None and block.span.line > 0
    assert [d.rule for d in found.diagnostics if d.span == block.span] == ["webhook-blocks"]
    assert not found.ok  # the reference dangles, which is an error in itself


def test_a_webhook_that_decides_on_its_own_pods(tmp_path: Path) -> None:
    config = hook(clientConfig={"service": {"namespace": "default", "name": "guard"}})
    (block,) = blocks(planned(tmp_path, [workload("guard", 2)], [config, service("guard"), workload("guard", 1)]))
    assert "is asked about the pods of deployment/guard, which answer for it" in block.message
    assert block.path == "webhooks[0].namespaceSelector"
    assert blocks(planned(tmp_path, [workload("web")], [config, service("guard"), workload("guard", 1)])) == []


def test_kinds_by_their_plurals(tmp_path: Path) -> None:
    policies = [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": n}, "spec": {"podSelector": {}}} for n in "ab"]
    found = planned(tmp_path, policies, [hook(rules=[{**ALL, "resources": ["networkpolicies"]}])])
    assert told(found) == ["2 NetworkPolicies: it is assumed to agree"]
