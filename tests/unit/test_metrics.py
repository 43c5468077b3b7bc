"""Recorded PodMetrics: how they are read, of which pods they speak, and what autoscalers make of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kplan.cli.main import main
from kplan.manifests.podmetrics import PodMetricsError, read_pod_metrics
from kplan.manifests.sources import load
from kplan.plan import Options, Plan, plan

Object = dict[str, Any]
VERSION = "metrics.k8s.io/v1beta1"
MANIFESTS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {ANNOTATIONS}}
    spec: {containers: [{name: app, image: "app:1", resources: {requests: {cpu: 100m}}}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  maxReplicas: 4
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]
"""


def recorded(name: str, cpu: str, labels: Object | None = None, namespace: str = "default") -> Object:
    meta = {"name": name, "namespace": namespace, "labels": labels or {}}
    containers = [{"name": "app", "usage": {"cpu": cpu, "memory": "10Mi"}}]
    return {"apiVersion": VERSION, "kind": "PodMetrics", "metadata": meta, "timestamp": "2026-01-01T00:00:00Z", "window": "15s", "containers": containers}


def pod(name: str, kind: str, owner: str, labels: Object | None = None) -> Object:
    reference = {"apiVersion": "apps/v1", "kind": kind, "name": owner, "uid": "1", "controller": True}
    return {"kind": "Pod", "metadata": {"name": name, "namespace": "default", "labels": labels or {}, "ownerReferences": [reference]}}


def cpu(items: list[Object], asked: Object, there: frozenset[str] = frozenset()) -> int | None:
    metrics = read_pod_metrics(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    usage = metrics.usages([asked], lambda _, name: name in there)
    return usage.get(asked["metadata"]["name"], {}).get("app/cpu")


def test_a_list_of_its_own_need_not_repeat_the_kind() -> None:
    item = {k: v for k, v in recorded("web-1", "1500000n").items() if k not in ("apiVersion", "kind")}
    metrics = read_pod_metrics(json.dumps({"kind": "PodMetricsList", "apiVersion": VERSION, "metadata": {}, "items": [item]}))
    assert [(r.namespace, r.name, r.usage["app/cpu"]) for r in metrics.recorded] == [("default", "web-1", 2)]


def test_several_documents() -> None:
    text = "\n---\n".join(json.dumps(recorded(name, "1")) for name in ("a", "b"))
    assert [r.name for r in read_pod_metrics(text).recorded] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not PodMetrics"),
        ("a: [", "line"),
        ("[1]", "not PodMetrics"),
        ("{apiVersion: v1, kind: Pod, metadata: {name: p}}", "not PodMetrics but Pod"),
        (f"{{apiVersion: {VERSION}, kind: NodeMetrics, metadata: {{name: n}}}}", "not PodMetrics but NodeMetrics"),
        (f"{{apiVersion: {VERSION}, kind: PodMetrics, metadata: {{}}}}", "without a name"),
        (json.dumps(recorded("p", "much")), "default/p: usage of cpu"),
    ],
)
def test_what_is_no_podmetrics(text: str, message: str) -> None:
    with pytest.raises(PodMetricsError, match=message):
        read_pod_metrics(text)


def test_the_same_name_goes_before_the_same_labels() -> None:
    labels = {"app": "web"}
    items = [recorded("web-7d4b9c6f5-bcdfg", "100m", labels), recorded("web-7d4b9c6f5-hjklm", "300m", labels)]
    assert cpu(items, pod("web-7d4b9c6f5-bcdfg", "ReplicaSet", "web-7d4b9c6f5", labels)) == 100
    assert cpu(items, pod("web-7d4b9c6f5-zzzzz", "ReplicaSet", "web-7d4b9c6f5", labels)) == 200


def test_labels_of_one_pod_alone_do_not_count() -> None:
    items = [recorded("x", "100m", {"app": "web", "pod-template-hash": "abc", "topology.kubernetes.io/zone": "a"})]
    assert cpu(items, pod("y", "ReplicaSet", "web-7d4b9c6f5", {"app": "web", "pod-template-hash": "7d4b9c6f5"})) == 100
    assert cpu(items, pod("y", "ReplicaSet", "web-7d4b9c6f5", {"app": "api", "pod-template-hash": "7d4b9c6f5"})) is None


@pytest.mark.parametrize(
    ("name", "kind", "owner", "labels"),
    [
        ("web-6c9f8-bcdfg", "ReplicaSet", "web-7d4b9c6f5", {"pod-template-hash": "7d4b9c6f5"}),
        ("web-bcdfg", "ReplicaSet", "web", {}),
        ("db-3", "StatefulSet", "db", {}),
        ("agent-bcdfg", "DaemonSet", "agent", {}),
        ("batch-bcdfg", "Job", "batch", {}),
        ("batch-2-bcdfg", "Job", "batch", {}),
    ],
)
def test_names_tell_the_workload_where_labels_do_not(name: str, kind: str, owner: str, labels: Object) -> None:
    assert cpu([recorded(name, "100m")], pod("new", kind, owner, labels)) == 100
    assert cpu([recorded(name, "100m")], pod("new", kind, f"{owner}x", labels)) is None
    assert cpu([recorded(name, "100m", namespace="other")], pod("new", kind, owner, labels)) is None


def test_what_is_still_there_speaks_for_itself_alone() -> None:
    items = [recorded("db-0", "100m"), recorded("db-1", "300m")]
    assert cpu(items, pod("db-2", "StatefulSet", "db"), frozenset({"db-0"})) == 300
    assert cpu(items, pod("db-2", "StatefulSet", "db"), frozenset({"db-0", "db-1"})) is None


def planned(folder: Path, items: list[Object], annotations: str = "") -> Plan:
    (folder / "web.yaml").write_text(MANIFESTS.replace("ANNOTATIONS", annotations))
    metrics = read_pod_metrics(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    return plan(load([str(folder / "web.yaml")]), Options(metrics=metrics))


def replicas(made: Plan) -> int:
    (found,) = (o for r, o in made.after.items() if r.kind == "Deployment")
    count: int = found["spec"]["replicas"]
    return count


def test_an_autoscaler_goes_by_the_file(tmp_path: Path) -> None:
    assert replicas(planned(tmp_path, [recorded("old-1", "80m", {"app": "web"})])) == 4
    assert replicas(planned(tmp_path, [recorded("old-1", "50m", {"app": "web"})])) == 2


def test_the_annotation_goes_before_the_file(tmp_path: Path) -> None:
    assert replicas(planned(tmp_path, [recorded("old-1", "80m", {"app": "web"})], "kplan.dev/usage: cpu=50m")) == 2


def test_what_matches_nothing_is_told_once(tmp_path: Path) -> None:
    made = planned(tmp_path, [recorded("old-1", "50m", {"app": "web"}), recorded("else", "1"), recorded("more", "1", namespace="other")])
    assert [n for n in made.notes if n.startswith("metrics:")] == ["metrics: recorded of pods that match none here: default/else, other/more"]


def test_a_metrics_api_that_knows_no_pod(tmp_path: Path) -> None:
    (held,) = (o for r, o in planned(tmp_path, [recorded("else", "1")]).after.items() if r.kind == "HorizontalPodAutoscaler")
    (active,) = (c for c in held["status"]["conditions"] if c["type"] == "ScalingActive")
    assert active["message"].endswith("unable to get metrics for resource cpu: no metrics returned from resource metrics API")


@pytest.mark.parametrize(("text", "message"), [(None, "No such file"), ("kind: Pod", "not PodMetrics but Pod")])
def test_a_file_that_does_not_do_is_a_usage_error(tmp_path: Path, text: str | None, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "usage.yaml"
    if text is not None:
        file.write_text(text)
    (tmp_path / "web.yaml").write_text(MANIFESTS)
    with pytest.raises(SystemExit) as ended:
        main(["plan", str(tmp_path / "web.yaml"), "--metrics", str(file)])
    assert ended.value.code == 2
    assert f"--metrics: {file}: {message}" in capsys.readouterr().err
