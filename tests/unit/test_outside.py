"""What exists outside the input: namespaces that nobody states, what the configuration names, stubs in the state."""

from __future__ import annotations

from pathlib import Path

import pytest

from kplan.api.ref import Ref
from kplan.cli.main import main
from kplan.config import Config, External
from kplan.manifests.sources import load
from kplan.plan import Options, Plan, plan

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: robot
      priorityClassName: high
      containers:
      - name: web
        image: nginx:1.27.1
        env: [{name: A, valueFrom: {secretKeyRef: {name: token, key: value}}}]
        envFrom: [{configMapRef: {name: settings}}]
"""
NEEDS = (External("ServiceAccount", "shop", "robot"), External("PriorityClass"), External("Secret", "shop"), External("ConfigMap", name="set*"))
STUBS = [
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": "shop"}},
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "token", "namespace": "shop"}},
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "shop"}},
    {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"}, "value": 5},
]


def planned(**options: object) -> Plan:
    return plan(load(["-"], stdin=WEB), Options(nodes="2x4cpu,8Gi", **options))  # type: ignore[arg-type]


def test_what_the_configuration_names_is_there() -> None:
    found = planned(config=Config(external=NEEDS))
    assert found.ok and found.running == 1
    assert found.notes == (
        "namespaces taken as there: shop",
        "external, taken as there: ConfigMap settings, Secret token, ServiceAccount robot and 1 more",
    )
    assert {c.ref.kind for c in found.changes} == {"Deployment", "ReplicaSet", "Pod"}


@pytest.mark.parametrize("left_out", range(4))
def test_and_nothing_else(left_out: int) -> None:
    assert not planned(config=Config(external=NEEDS[:left_out] + NEEDS[left_out + 1 :])).ok


def test_stubs_have_the_keys_that_are_read_of_them() -> None:
    assert planned(state=STUBS).ok
    given = [{**o, "data": {"other": "eA=="}} if o["kind"] == "Secret" else o for o in STUBS]
    assert not planned(state=given).ok
    given = [{**o, "metadata": {**o["metadata"], "uid": "1"}} if o["kind"] == "Secret" else o for o in STUBS]  # type: ignore[dict-item]
    assert not planned(state=given).ok


def test_a_state_knows_its_namespaces_unless_the_configuration_names_more() -> None:
    state = [o for o in STUBS if o["kind"] == "PriorityClass"]
    assert [r.kind for r in planned(state=state).rejected] == ["Deployment"]
    inside = (*NEEDS, External("*", "shop", "nothing"))
    assert Ref("", "Namespace", "", "shop") in planned(state=state, config=Config(external=inside)).before
    named = (*NEEDS, External("Namespace", "*", "sh*"))
    assert planned(state=state, config=Config(external=named)).ok


def test_what_is_accepted_is_accepted_in_plans_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: web%s}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n"
    told = []
    for annotation, config in (("", ""), (", annotations: {ignore.kplan.dev/dangling-service: later}", ""), ("", "ignore: dangling-service")):
        Path("web.yaml").write_text(service % annotation, encoding="utf-8")
        Path("kplan.yaml").write_text(config, encoding="utf-8")
        with pytest.raises(SystemExit) as ended:
            main(["plan", "."])
        assert ended.value.code == 0
        out, err = capsys.readouterr()
        told.append("dangling-service" in out)
        assert "left alone" not in err
    assert told == [True, False, False]

