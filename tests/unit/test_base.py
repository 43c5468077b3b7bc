"""What a change is applied to: dumps that rest, and what they leave out; what a refused update, a prune, a missing owner come to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import kplan
from kplan.api.ref import Ref
from kplan.manifests.sources import Sources, load
from kplan.plan import Options, Plan, plan
from kplan.pruning import ID, KINDS, NAMESPACES, PART_OF, TOOLING, UNSELECTED, Prune, PruneError, asked

Object = dict[str, Any]
WEB = Ref("apps", "Deployment", "default", "web")


def deployment(name: str = "web", image: str = "nginx:1", labels: Object | None = None, **spec: Any) -> Object:
    labels = labels or {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": image}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": template, **spec},
    }


def config(name: str, labels: Object | None = None, **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **({"labels": labels} if labels else {})}, "data": data}


def sources(*objects: Object) -> Sources:
    return load(["-"], stdin="\n---\n".join(json.dumps(o) for o in objects)) if objects else Sources(())


def cluster_with(*objects: Object, client: bool = False) -> kplan.Cluster:
    cluster = kplan.Cluster()
    cluster.run()
    for name in ("n-1", "n-2"):
        capacity = {"cpu": "4", "memory": "8Gi", "pods": "110"}
        cluster.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": {"capacity": capacity, "allocatable": capacity}})
    for obj in objects:
        assert (cluster.kubectl_apply(obj) if client else cluster.apply(obj)).accepted
    cluster.run()
    return cluster


def reported(objects: Sequence[Object]) -> list[Object]:
    """As a real kubelet reports pods: with the ids of containers."""
    found: list[Object] = json.loads(json.dumps([o for o in objects if o["kind"] != "Event"]))
    for pod in (o for o in found if o["kind"] == "Pod"):
        for container in pod["status"].get("containerStatuses") or ():
            container["containerID"], container["restartCount"] = "containerd://1", 7
    return found


def needy() -> Object:
    """A Deployment that needs what `kubectl get all` leaves out."""
    obj = deployment()
    spec = obj["spec"]["template"]["spec"]
    spec |= {"serviceAccountName": "robot", "priorityClassName": "high", "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]}
    spec["containers"][0] |= {
        "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "token", "key": "value"}}}],
        "envFrom": [{"configMapRef": {"name": "settings"}}],
        "volumeMounts": [{"name": "d", "mountPath": "/d"}],
    }
    return obj


def needs() -> list[Object]:
    """What it needs."""
    claim = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "", "volumeName": "v"}
    volume = {"accessModes": ["ReadWriteMany"], "capacity": {"storage": "1Gi"}, "hostPath": {"path": "/v"}}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}},
        {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"}, "value": 1000},
        {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v"}, "spec": volume},
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": claim},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "token"}, "stringData": {"value": "x"}},
        config("settings", mode="fast"),
    ]


ALL = ("Pod", "Service", "Deployment", "ReplicaSet")  # of what `kubectl get all` dumps


def test_pods_prove_what_a_dump_leaves_out() -> None:
    state = reported([o for o in cluster_with(*needs(), needy()).objects() if o["kind"] in ALL])
    new = json.loads(json.dumps(needy()).replace("nginx:1", "nginx:2"))
    found = plan(sources(new), Options(state=state, nodes="3x4cpu,8Gi"))
    assert found.ok and changed(found) == {"Deployment/web": "update"}
    assert {n.partition(",")[0] for n in found.notes} >= {f"no {k} in the state" for k in ("ConfigMap", "Secret", "ServiceAccount", "PriorityClass")}
    assert not any("default" in n for n in found.notes if n.startswith("no "))


def test_what_a_dump_has_some_of_is_whole() -> None:
    state = reported([o for o in cluster_with(*needs(), needy()).objects() if o["kind"] in ALL or o["metadata"]["name"] == "kube-root-ca.crt"])
    new = json.loads(json.dumps(needy()).replace("nginx:1", "nginx:2"))
    found = plan(sources(new), Options(state=state, nodes="3x4cpu,8Gi"))
    assert not found.ok and any('configmap "settings" not found' in d.message for d in found.diagnostics)


def test_what_the_manifests_state_is_new_whatever_pods_prove() -> None:
    state = reported([o for o in cluster_with(*needs(), needy()).objects() if o["kind"] in ALL])
    found = plan(sources(config("settings", mode="slow"), needy()), Options(state=state, nodes="3x4cpu,8Gi"))
    assert found.ok and changed(found)["ConfigMap/settings"] == "create"


def changed(found: Plan) -> dict[str, str]:
    return {f"{c.ref.kind}/{c.ref.name}": c.action for c in found.changes if c.cause is None}


def test_a_restored_cluster_rests_as_it_was() -> None:
    state = reported(cluster_with(deployment()).objects())
    found = plan(sources(), Options(state=state, now=datetime(2026, 5, 1, tzinfo=UTC)))
    assert not found.changes and found.ok and found.started.startswith("2026-05-01T00:00:0")
    was, now = ({Ref.of(o): o["status"] for o in objects if o["kind"] == "Pod"} for objects in (state, found.after.values()))
    assert was == now


def test_what_a_real_kubelet_says_stays() -> None:
    state = reported(cluster_with(deployment()).objects())
    node = next(o for o in state if o["kind"] == "Node")
    lost = {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status."}
    node["status"]["conditions"] = [lost]
    pod = next(o for o in state if o["kind"] == "Pod" and o["spec"]["nodeName"] != node["metadata"]["name"])
    waiting = {"state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}, "ready": False}
    pod["status"]["containerStatuses"] = [{**pod["status"]["containerStatuses"][0], **waiting}]
    pod["status"]["conditions"] = [{**c, "status": "False"} if c["type"] in ("Ready", "ContainersReady") else c for c in pod["status"]["conditions"]]
    found = plan(sources(), Options(state=state, horizon=10))
    assert lost in found.after[Ref.of(node)]["status"]["conditions"]
    assert found.after[Ref.of(pod)]["status"]["containerStatuses"][0]["restartCount"] == 7


def test_a_part_of_a_cluster_rests_as_the_whole_did() -> None:
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}}
    claim["spec"] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "volumeName": "pv-1", "storageClassName": "fast"}
    claim["status"] = {"phase": "Bound", "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}
    claim["metadata"]["annotations"] = {"pv.kubernetes.io/bind-completed": "yes"}
    claim["metadata"].update(namespace="shop", uid="c-1")
    whole = reported(cluster_with(deployment()).objects())
    part = [o for o in whole if o["kind"] in ("Deployment", "Pod")]
    found = plan(sources(), Options(state=[*part, claim]))
    assert not found.changes and found.ok
    assert [n.partition(":")[0] for n in found.notes] == [
        "base",
        "not in the state and taken as plain namespaces",
        "not in the state, and pods run on them",
        "not in the state, and claims are bound to them",
        "not in the state, and pods belong to them",
    ]
    assert {r.name for r in found.after if r.kind == "Node"} == {"n-1", "n-2"}
    assert sum(1 for r in found.after if r.kind == "ReplicaSet") == 1
    assert found.after[Ref("", "PersistentVolumeClaim", "shop", "data")]["status"]["phase"] == "Bound"


def test_objects_of_unknown_owners_are_not_collected() -> None:
    owned = config("made", a="b")
    owned["metadata"].update(namespace="default", ownerReferences=[{"apiVersion": "v1", "kind": "Secret", "name": "gone", "uid": "1"}])
    found = plan(sources(), Options(state=[owned], nodes="1x1cpu"))
    assert Ref("", "ConfigMap", "default", "made") in found.after
    assert "owners not in the state: Secret/gone; what they own is taken as standing alone" in found.notes


def test_fields_that_a_manifest_no_longer_states_go_where_their_owner_is_known() -> None:
    before, now = deployment(minReadySeconds=5), deployment()
    managed = cluster_with(before)
    dump = reported([managed.get(o) or o for o in managed.objects()])  # with managedFields
    bare = reported(managed.objects())
    paths = [[f.path for c in plan(sources(now), o).changes if c.ref == WEB for f in c.fields] for o in (Options(state=dump), Options(state=bare))]
    assert paths == [["spec.minReadySeconds"], []]
    inferred = plan(sources(now), Options(state=bare, base=sources(before)))
    assert [f.path for c in inferred.changes if c.ref == WEB for f in c.fields] == ["spec.minReadySeconds"]
    assert "ownership: taken from the base manifests for 1 objects of the state that have no managedFields" in inferred.notes
    assert any(n.startswith("ownership: 1 object of the state with neither") for n in plan(sources(now), Options(state=bare)).notes)


def test_the_state_goes_before_the_base_manifests() -> None:
    state = reported(cluster_with(deployment(replicas=1)).objects())
    found = plan(sources(deployment(), config("old", a="b")), Options(state=state, base=sources(deployment(), config("old", a="b"))))
    assert changed(found) == {"Deployment/web": "update"}


def test_an_immutable_field_is_a_replacement_that_is_refused() -> None:
    state = reported(cluster_with(deployment()).objects())
    wanted = sources(deployment(labels={"app": "other"}))
    found = plan(wanted, Options(state=state))
    (change,) = [c for c in found.changes if c.cause is None]
    assert (change.action, [(f.path, f.before, f.after) for f in change.fields]) == ("replace", [("spec.selector.matchLabels.app", "web", "other")])
    assert not found.ok and found.rejected == (WEB,) and found.after[WEB]["spec"] == found.before[WEB]["spec"]
    (refusal,) = [d for d in found.diagnostics if d.ref == WEB]
    assert "kubectl delete deployment web -n default" in refusal.hint
    replaced = plan(wanted, Options(state=state, replace=True))
    assert replaced.ok and changed(replaced) == {"Deployment/web": "replace"}
    assert replaced.after[WEB]["spec"]["selector"] == {"matchLabels": {"app": "other"}}


def test_an_update_that_is_wrong_for_other_reasons_is_no_replacement() -> None:
    state = reported(cluster_with(deployment()).objects())
    found = plan(sources(deployment(replicas=-1)), Options(state=state))
    assert not found.ok and not found.changes


def test_a_merge_that_fails_is_no_replacement() -> None:
    def service(port: int) -> Object:
        return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": port}]}}

    state = reported(cluster_with(service(80)).objects())
    found = plan(sources(service(81)), Options(state=state))  # nobody knows that port 80 was ours: both ports stay, and have no names
    assert {d.rule for d in found.diagnostics} == {"field/required"} and not found.changes
    assert plan(sources(service(81)), Options(state=state, base=sources(service(80)))).ok


def test_objects_of_older_versions_are_converted() -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    meta = {"name": "h", "namespace": "default"}
    spec = {"minReplicas": 2, "maxReplicas": 3, "targetCPUUtilizationPercentage": 50, "scaleTargetRef": target}
    old = {"apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler", "metadata": meta, "spec": spec}
    usage = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}
    new_spec = {"minReplicas": 2, "maxReplicas": 4, "metrics": [usage], "scaleTargetRef": target}
    state = [*reported(cluster_with(deployment()).objects()), old]
    found = plan(sources({**old, "apiVersion": "autoscaling/v2", "spec": new_spec}), Options(state=state))
    assert [(f.path, f.before, f.after) for c in found.changes if c.cause is None for f in c.fields] == [("spec.maxReplicas", 3, 4)]


@pytest.mark.parametrize("installed", [True, False])
def test_drivers_provision_and_one_that_the_state_does_not_have_is_noted(installed: bool) -> None:
    storage_class = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "fast"}, "provisioner": "disk.example.com"}
    driver = {"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": {"name": "disk.example.com"}, "spec": {}}
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": "fast", "resources": {"requests": {"storage": "1Gi"}}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": spec}
    found = plan(sources(claim), Options(state=[storage_class, *([driver] if installed else [])]))
    assert found.after[Ref("", "PersistentVolumeClaim", "default", "data")]["status"]["phase"] == "Bound"
    assert ('provisioner "disk.example.com" is taken to be installed: no CSIDriver object tells of it' in found.notes) is not installed


def test_prune_deletes_what_kubectl_applied_and_the_selector_selects() -> None:
    app = {"app": "shop"}
    cluster = cluster_with(config("kept", app, a="1"), config("gone", app, a="1"), config("other", {"app": "x"}, a="1"), client=True)
    cluster.apply(config("server-side", app, a="1"))
    state = reported(cluster.objects())
    wanted = sources(config("kept", app, a="1"), config("unselected", {"app": "x"}, a="1"))
    found = plan(wanted, Options(state=state, selector="app=shop", prune=Prune("app=shop")))
    assert changed(found) == {"ConfigMap/gone": "delete"}
    everything = plan(wanted, Options(state=state, prune=Prune()))
    assert changed(everything) == {"ConfigMap/gone": "delete", "ConfigMap/other": "delete", "ConfigMap/unselected": "create"}


def test_prune_deletes_the_members_of_an_applyset() -> None:
    prune = Prune(parent=Ref("", "Secret", "default", "set"))
    assert prune.id.startswith("applyset-") and prune.id.endswith("-v1")
    member = {PART_OF: prune.id}
    notes = {TOOLING: "kubectl/v1.36", KINDS: "ConfigMap", NAMESPACES: ""}
    parent = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "set", "labels": {ID: prune.id}, "annotations": notes}}
    state = reported(cluster_with(parent, config("kept", member), config("gone", member), config("other")).objects())
    found = plan(sources(config("kept"), config("new")), Options(state=state, prune=prune))
    assert changed(found) == {"ConfigMap/gone": "delete", "ConfigMap/new": "create"}
    assert found.after[Ref("", "ConfigMap", "default", "new")]["metadata"]["labels"] == member
    foreign = [o if o["metadata"]["name"] != "set" else {**o, "metadata": {**o["metadata"], "annotations": {**notes, TOOLING: "flux/v2"}}} for o in state]
    with pytest.raises(PruneError, match='is managed by tooling "flux" instead of "kubectl"'):
        plan(sources(config("kept")), Options(state=foreign, prune=prune))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, UNSELECTED),
        ({"selector": "a=b", "everything": True}, "cannot set --all and --selector at the same time"),
        ({"selector": "a=b", "applyset": "x"}, "--selector is incompatible with --applyset"),
        ({"everything": True, "apply": "server"}, "--prune is in alpha and doesn't currently work on objects created by server-side apply"),
        ({"prune": False, "applyset": "x"}, "--applyset requires --prune"),
        ({"applyset": "pods/x"}, 'resource "pods" is not permitted as an ApplySet parent'),
        ({"selector": "a in b"}, "--selector: "),
    ],
)
def test_prune_is_refused_without_a_selector(given: dict[str, Any], words: str) -> None:
    usual: dict[str, Any] = {"prune": True, "selector": "", "everything": False, "applyset": "", "apply": "auto", "namespace": "default"}
    with pytest.raises(PruneError) as error:
        asked(**{**usual, **given})
    assert words in str(error.value)


def test_applying_goes_on_as_whoever_applied_before(tmp_path: Path) -> None:
    cluster = kplan.Cluster()
    cluster.apply(config("c", a="1", b="2"), field_manager="argocd-controller")
    cluster.run()
    live = cluster.get({"apiVersion": "v1", "kind": "ConfigMap", "name": "c"})
    assert live is not None
    found = plan(sources(config("c", a="1")), Options(state=[live], nodes="1x1cpu"))
    assert [f.path for c in found.changes for f in c.fields] == ["data.b"]
    other = plan(sources(config("c", a="1")), replace(Options(state=[live], nodes="1x1cpu"), field_manager="someone"))
    assert not other.changes
