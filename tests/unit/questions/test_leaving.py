"""What a change asks to go and what stays: deletions that wait, refusals, classes and pruning."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from click.testing import CliRunner
from questions import Object, budget, changed, meta, read, service, workload
from rich.console import Console

import kplan
from kplan.cli.main import cli
from kplan.plan import Options, Plan, plan
from kplan.pruning import Prune
from kplan.report.impact import impact_lines
from kplan.report.text import render_plan

CLASS = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": meta("fast"), "provisioner": "sim.kplan.dev/disk"}
SLOW = {**CLASS, "metadata": meta("slow")}
USES = {"pod": {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]}}


def claim(size: str = "1Gi", kind: str = "fast") -> Object:
    """A claim that says its class."""
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": kind, "resources": {"requests": {"storage": size}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta("data"), "spec": spec}


def text(found: Plan) -> str:
    """As people read it."""
    out = Console(file=io.StringIO(), width=200, no_color=True, highlight=False)
    render_plan(found, out)
    return out.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_a_claim_that_pods_still_use_is_a_deletion_that_waits() -> None:
    web = workload("web", 1, **USES)
    found = changed([web, CLASS], [web, CLASS, claim()])
    (change,) = (c for c in found.changes if c.ref.kind == "PersistentVolumeClaim")
    assert (change.action, change.after is not None, found.count("delete"), found.count("update")) == ("delete", True, 1, 0)
    assert "- PersistentVolumeClaim data (default)  Terminating: waits for kubernetes.io/pvc-protection" in text(found)
    (volume,) = found.blast.volumes
    assert volume.action == "lost"
    assert volume.detail.startswith("once its pod ends, with volume pvc-")
    assert [d.rule for d in found.diagnostics] == ["dangling-reference"]  # the workload would not come up again


def test_a_replacement_that_waits_says_for_what() -> None:
    web = workload("web", 1, **USES)
    found = changed([web, CLASS, SLOW, claim(kind="slow")], [web, CLASS, SLOW, claim()], replace=True)
    (hint,) = {d.hint for d in found.diagnostics if d.severity.name == "ERROR"}
    assert hint == "it was deleted and stays (kubernetes.io/pvc-protection) until no pod uses it: scale down what does, then apply again"


def test_what_is_refused_is_not_unchanged_and_a_resize_says_what_to_do() -> None:
    found = changed([CLASS, claim("2Gi"), workload("web", 1, **USES)], [CLASS, claim(), workload("web", 1, **USES)])
    assert (found.unchanged, len(found.rejected)) == (2, 1)
    (refused,) = (d for d in found.diagnostics if d.rule == "admission/refused")
    assert refused.path == "spec.resources.requests.storage"
    assert refused.hint.startswith("set allowVolumeExpansion: true in its StorageClass first")


def test_the_address_that_forces_a_replacement_is_shown() -> None:
    found = changed([service("web", "web", clusterIP="None")], [service("web", "web")])
    (change,) = found.changes
    assert (change.action, [f.path for f in change.fields]) == ("replace", ["spec.clusterIPs"])


def test_names_that_the_server_draws_force_nothing() -> None:
    def pod(**container: Any) -> Object:
        return {"apiVersion": "v1", "kind": "Pod", "metadata": meta("p"), "spec": {"containers": [{"name": "c", "image": "r.example.com/x:1", **container}]}}

    (change,) = changed([pod(env=[{"name": "A", "value": "b"}])], [pod()]).changes
    assert [f.path for f in change.fields] == ["spec.containers[name=c].env"]


def test_an_immutable_configmap_gets_another_name() -> None:
    def settings(level: str) -> Object:
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("settings"), "immutable": True, "data": {"LEVEL": level}}

    found = changed([settings("debug")], [settings("info")])
    assert found.diagnostics[0].hint.startswith("give it another name and let the workloads name that")


def test_recreate_over_a_server_side_apply_says_how() -> None:
    found = changed([workload("web", strategy={"type": "Recreate"})], [workload("web")])
    assert "a server-side apply keeps it" in found.diagnostics[0].hint
    assert changed([workload("web", strategy={"type": "Recreate"})], [workload("web")], apply="client").ok
    stated = {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}
    assert changed([workload("web", strategy=stated)], [workload("web")]).diagnostics[0].hint == ""


def test_the_alias_of_the_account_is_not_told() -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta("bot")}
    found = changed([account, workload("web", pod={"serviceAccountName": "bot"})], [account, workload("web")])
    (change,) = (c for c in found.changes if c.ref.kind == "Deployment")
    assert [f.path for f in change.fields] == ["spec.template.spec.serviceAccountName"]


def test_classes_that_nobody_states_are_taken_as_there() -> None:
    found = plan(read(claim(kind="gp3"), workload("web", 1, **USES)), Options())
    assert found.ok
    assert "StorageClasses taken as there: gp3" in found.notes


@pytest.mark.parametrize("stated", [CLASS, {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta("pv"), "spec": {}}])
def test_manifests_that_state_classes_or_volumes_state_them_all(stated: Object) -> None:
    assert not any(n.startswith("StorageClasses") for n in plan(read(claim(kind="gp3"), stated), Options()).notes)


def test_a_state_knows_its_classes() -> None:
    found = plan(read(claim(kind="gp3"), workload("web", 1, **USES)), Options(state=kplan.Cluster().objects()))
    assert not found.ok


def state_of(how: str) -> list[Object]:
    """A cluster with a Deployment and a Service of team shop, applied in some way."""
    cluster = kplan.Cluster()
    for obj in (workload("web"), service("web", "web")):
        getattr(cluster, how)({**obj, "metadata": {**obj["metadata"], "labels": {"own": "shop"}}})
    cluster.run()
    return cluster.objects()


def test_pruning_says_what_it_leaves_because_kubectl_did_not_apply_it() -> None:
    mine = {**workload("web"), "metadata": meta("web", own="shop")}
    left = plan(read(mine), Options(state=state_of("apply"), selector="own=shop", prune=Prune("own=shop")))
    assert left.count("delete") == 0
    told = [n for n in left.notes if n.startswith("--prune")]
    assert told == ["--prune leaves what has no last-applied configuration, as kubectl does: service/web (--base or an ApplySet would delete it)"]
    gone = plan(read(mine), Options(state=state_of("kubectl_apply"), selector="own=shop", prune=Prune("own=shop")))
    assert gone.count("delete") == 1
    assert not any(n.startswith("--prune") for n in gone.notes)


def test_a_path_that_is_not_there_breaks_nothing() -> None:
    found = CliRunner().invoke(cli, ["plan", "no-such-folder"])
    assert "cannot be read, told at the end: no-such-folder" in found.output
    assert "something breaks" not in found.output


def test_shapes_of_nodes_add_up() -> None:
    shapes = ["--nodes", "1x2cpu,4Gi", "--nodes", "2x4cpu,8Gi"]
    found = CliRunner().invoke(cli, ["plan", *shapes, "--format", "json", "-"], input="kind: Namespace\napiVersion: v1\nmetadata: {name: a}\n")
    assert [n["allocatable"]["cpu"] for n in json.loads(found.stdout)["nodes"]] == [2000, 4000, 4000]


def test_pods_that_come_and_go_with_the_template_unchanged_are_no_rollout() -> None:
    found = changed([workload("web", 1)], [workload("web", 3)])
    lines = list(impact_lines(found))
    assert "~ pods of deployment/web: 3 → 1 ready" in lines
    assert found.rollouts[0].strategy == ""


def test_preempted_pods_are_not_told_to_change_their_strategy() -> None:
    high = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": meta("high"), "value": 1000}
    low = workload("low", 2, cpu="3")
    found = changed([high, low, workload("vip", 1, cpu="3", pod={"priorityClassName": "high"})], [high, low], nodes="2x4cpu,8Gi")
    (course,) = (r for r in found.rollouts if r.ref.name == "low")
    assert (course.strategy, course.remedies) == ("", ())
    short = "fewer than are wanted: Unschedulable: 0/2 nodes are available: 2 Insufficient cpu"
    assert f"! pods of deployment/low: 2 → 1 ready, lowest 1: {short}" in list(impact_lines(found))


def test_replicas_that_an_autoscaler_sets_back_are_the_cause() -> None:
    spec = {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "minReplicas": 4, "maxReplicas": 8}
    scaler = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta("web"), "spec": spec}
    found = changed([workload("web", 2), scaler], [workload("web", 4), scaler])
    (restart,) = found.blast.restarts
    assert [c.words for c in restart.causes] == ["spec.replicas 4 → 2 → 4 (horizontalpodautoscaler/web sets it)"]


def test_a_deployment_that_is_made_again_does_not_roll() -> None:
    labels = {"matchLabels": {"app": "web", "tier": "front"}}
    template = workload("web", 2)["spec"]["template"]
    new = workload("web", 2, selector=labels, template={**template, "metadata": {"labels": labels["matchLabels"]}})
    (course,) = changed([new], [workload("web", 2)], replace=True).rollouts
    assert course.strategy == "deleted and made again"


def test_a_name_for_something_else_has_no_endpoints() -> None:
    alias = {"apiVersion": "v1", "kind": "Service", "metadata": meta("web"), "spec": {"type": "ExternalName", "externalName": "web.example.com"}}
    found = changed([workload("web", 2), alias], [workload("web", 2), service("web", "web")])
    (change,) = found.blast.services
    assert (change.before, change.after) == (2, 0)
    assert "2 ready endpoints\n" not in text(found).partition("what it does")[0]


def test_endpoints_without_the_port_serve_nobody() -> None:
    def web(port: str) -> Object:
        return workload("web", 2, container={"ports": [{"name": port, "containerPort": 8080}]})

    named = service("web", "web", ports=[{"port": 80, "targetPort": "http"}])
    (change,) = changed([web("www"), named], [web("http"), named]).blast.services
    assert (change.before, change.after) == (2, 0)
    plain = service("web", "web", clusterIP="None", ports=[])
    (change,) = changed([workload("web", 1), plain], [workload("web", 2), plain]).blast.services
    assert (change.before, change.after) == (2, 1)


def test_a_running_pod_that_is_not_ready_says_so() -> None:
    found = plan(read(workload("web", notes={"kplan.dev/outcome": "NotReady"})), Options())
    assert found.diagnostics[0].message == "1 of 1 pods not up: ContainersNotReady: containers with unready status: [c]"


def test_what_was_stuck_before_is_a_note() -> None:
    cluster = kplan.Cluster()
    cluster.create(claim(kind="gone"))
    cluster.create(workload("web", 1, pod={"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]}))
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta("q"), "spec": {"hard": {"pods": "1"}}}
    cluster.create(quota)
    cluster.create(workload("more", 2, kind="StatefulSet", serviceName="more", podManagementPolicy="Parallel"))
    cluster.run()
    found = plan(read(service("x", "web")), Options(state=cluster.objects()))
    assert found.ok, [d.message for d in found.diagnostics]
    assert any(d.rule == "claim-pending" and d.message.startswith("as before: ProvisioningFailed") for d in found.diagnostics)
    assert not plan(read(claim(kind="gone")), Options(state=cluster.objects())).ok  # who states it is told


def test_a_budget_that_is_broken_is_told() -> None:
    high = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": meta("high"), "value": 1000}
    low = [high, workload("low", 2, cpu="3"), budget("low", "low", minAvailable=1)]
    vip = workload("vip", 2, cpu="3", pod={"priorityClassName": "high"})
    lines = list(impact_lines(changed([*low, vip], low, nodes="2x4cpu,8Gi")))
    assert "! poddisruptionbudget/low: needs 1 and has 0 healthy pods: no node that has one can be drained" in lines


def test_a_pod_security_refusal_is_no_matter_of_quotas() -> None:
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team", "labels": {"pod-security.kubernetes.io/enforce": "baseline"}}}
    old = [space, workload("web", 3, namespace="team")]
    found = changed([space, workload("web", 3, namespace="team", pod={"hostNetwork": True})], old)
    (course,) = found.rollouts
    assert "violates PodSecurity" in course.stuck
    assert course.remedies == ()


def test_jobs_say_why_their_pods_go() -> None:
    def job(kind: str = "Job", **spec: Any) -> Object:
        pod = {"metadata": {"annotations": {"kplan.dev/outcome": "Running"}}, "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "x:1"}]}}
        if kind == "Job":
            return {"apiVersion": "batch/v1", "kind": kind, "metadata": meta("j"), "spec": {"parallelism": 2, "completions": 4, "template": pod, **spec}}
        scheduled = {"schedule": "*/5 * * * *", "jobTemplate": {"spec": {"template": pod}}, **spec}
        return {"apiVersion": "batch/v1", "kind": kind, "metadata": meta("j"), "spec": scheduled}

    assert "~ job/j: 2 pods go: spec.suspend" in list(impact_lines(changed([job(suspend=True)], [job()])))
    replaced = changed([job("CronJob", concurrencyPolicy="Replace")], [job("CronJob", concurrencyPolicy="Forbid")])
    assert "~ cronjob/j: 1 pod restarts: its next Job replaces it" in list(impact_lines(replaced))


def test_a_daemonset_that_no_node_is_left_for_is_bad_news() -> None:
    def agent(**pod: Any) -> Object:
        bare = workload("agent", kind="DaemonSet", pod=pod)
        return {**bare, "spec": {k: v for k, v in bare["spec"].items() if k != "replicas"}}

    lines = list(impact_lines(changed([agent(nodeSelector={"disk": "ssd"})], [agent()])))
    assert "! rollout of daemonset/agent: RollingUpdate, maxSurge 0, maxUnavailable 1, 3 → 0 ready" in lines
