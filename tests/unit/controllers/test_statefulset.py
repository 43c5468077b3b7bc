"""StatefulSets: order, updates, claims, revisions."""

from __future__ import annotations

from typing import Any

import kplan
from kplan.controllers.history import patch_bytes

Object = dict[str, Any]
REF = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db"}


def node(name: str) -> Object:
    room = {"cpu": "8", "memory": "16Gi", "pods": "110"}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": {"capacity": room, "allocatable": room}}


def stateful_set(image: str = "db:1", annotations: Object | None = None, **spec: Any) -> Object:
    template = {"metadata": {"labels": {"app": "db"}, "annotations": annotations or {}}, "spec": {"containers": [{"name": "db", "image": image}]}}
    whole = {"replicas": 3, "serviceName": "db", "selector": {"matchLabels": {"app": "db"}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": whole}


def cluster(*objects: Object) -> kplan.Cluster:
    made = kplan.Cluster()
    for obj in (node("n1"), *objects):
        assert made.create(obj).accepted
    made.run()
    return made


def images(made: kplan.Cluster) -> dict[str, str]:
    return {p["metadata"]["name"]: p["spec"]["containers"][0]["image"] for p in made.objects("Pod")}


def status(made: kplan.Cluster) -> Object:
    found = made.get(REF)
    assert found is not None
    return found["status"]  # type: ignore[no-any-return]


def apply(made: kplan.Cluster, obj: Object) -> None:
    assert made.apply(obj).accepted
    made.run()


def test_pods_are_made_one_after_the_other() -> None:
    made = cluster(stateful_set(ordinals={"start": 5}))
    assert [p["metadata"]["name"] for p in made.objects("Pod")] == ["db-5", "db-6", "db-7"]
    pod = made.objects("Pod")[1]
    assert (pod["spec"]["hostname"], pod["spec"]["subdomain"], pod["metadata"]["labels"]["apps.kubernetes.io/pod-index"]) == ("db-6", "db", "6")
    assert status(made)["availableReplicas"] == 3
    told = [e["message"] for e in made.events() if e["reason"] == "SuccessfulCreate"]
    assert told == [f"Create Pod db-{i} in StatefulSet db successful" for i in (5, 6, 7)]


def test_one_that_is_not_ready_holds_up_the_next_unless_parallel() -> None:
    stuck = {"kplan.dev/outcome": "NotReady"}
    assert list(images(cluster(stateful_set(annotations=stuck)))) == ["db-0"]
    assert list(images(cluster(stateful_set(annotations=stuck, podManagementPolicy="Parallel")))) == ["db-0", "db-1", "db-2"]


def test_an_update_goes_down_to_the_partition() -> None:
    made = cluster(stateful_set())
    old = status(made)["currentRevision"]
    update = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    apply(made, stateful_set("db:2", updateStrategy=update))
    assert images(made) == {"db-0": "db:1", "db-1": "db:1", "db-2": "db:2"}
    assert (status(made)["currentRevision"], status(made)["currentReplicas"], status(made)["updatedReplicas"]) == (old, 2, 1)
    made.delete({"kind": "Pod", "name": "db-0"})
    made.run()
    assert images(made)["db-0"] == "db:1"  # below the partition: made from the old revision
    apply(made, stateful_set("db:2"))
    assert set(images(made).values()) == {"db:2"}
    assert status(made)["currentRevision"] == status(made)["updateRevision"] != old


def test_a_stuck_update_stops_and_goes_on_when_its_pod_is_deleted() -> None:
    made = cluster(stateful_set())
    apply(made, stateful_set("db:2", {"kplan.dev/outcome": "CrashLoop"}))
    assert images(made) == {"db-0": "db:1", "db-1": "db:1", "db-2": "db:2"}
    apply(made, stateful_set("db:3"))
    assert images(made)["db-2"] == "db:2"  # ordered sets wait for a pod to be ready before they replace it
    made.delete({"kind": "Pod", "name": "db-2"})
    made.run()
    assert set(images(made).values()) == {"db:3"}


def test_on_delete_waits_for_someone_to_delete() -> None:
    made = cluster(stateful_set(updateStrategy={"type": "OnDelete"}))
    apply(made, stateful_set("db:2", updateStrategy={"type": "OnDelete"}))
    assert set(images(made).values()) == {"db:1"}
    made.delete({"kind": "Pod", "name": "db-1"})
    made.run()
    assert images(made)["db-1"] == "db:2"


def test_old_revisions_are_kept_to_the_limit_and_used_again() -> None:
    made = cluster(stateful_set(revisionHistoryLimit=1))
    first = status(made)["updateRevision"]
    for image in ("db:2", "db:3"):
        apply(made, stateful_set(image, revisionHistoryLimit=1))
    kept = {r["metadata"]["name"]: r["revision"] for r in made.objects("ControllerRevision")}
    assert sorted(kept.values()) == [2, 3]
    assert first not in kept
    apply(made, stateful_set("db:2", revisionHistoryLimit=1))
    assert sorted(r["revision"] for r in made.objects("ControllerRevision")) == [3, 4]
    assert len(made.objects("ControllerRevision")) == 2


def test_a_revision_that_says_the_same_with_fewer_defaults_is_no_update() -> None:
    made = cluster(stateful_set())
    (revision,) = made.objects("ControllerRevision")
    template = revision["data"]["spec"]["template"]
    bare = {**template, "spec": {k: v for k, v in template["spec"].items() if k != "dnsPolicy"}}
    made.restore([{**revision, "data": {"spec": {"template": bare}}}])
    before = [p["metadata"]["uid"] for p in made.objects("Pod")]
    made.patch(REF, {"metadata": {"labels": {"a": "b"}}})
    made.run()
    assert [p["metadata"]["uid"] for p in made.objects("Pod")] == before
    assert len(made.objects("ControllerRevision")) == 1


def test_claims_follow_their_retention_policy() -> None:
    template = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
    policy = {"whenScaled": "Delete", "whenDeleted": "Retain"}
    made = cluster(stateful_set(podManagementPolicy="Parallel", volumeClaimTemplates=[template], persistentVolumeClaimRetentionPolicy=policy))
    assert [c["metadata"]["name"] for c in made.objects("PersistentVolumeClaim")] == ["data-db-0", "data-db-1", "data-db-2"]
    assert made.objects("Pod")[0]["spec"]["volumes"][0] == {"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}}
    made.patch(REF, {"spec": {"replicas": 1}})
    made.run()
    assert [c["metadata"]["name"] for c in made.objects("PersistentVolumeClaim")] == ["data-db-0"]
    made.delete(REF)
    made.run()
    assert [c["metadata"]["name"] for c in made.objects("PersistentVolumeClaim")] == ["data-db-0"]


def test_a_failed_pod_is_made_again_and_a_refused_one_is_told() -> None:
    made = cluster(stateful_set(replicas=1))
    made.patch({"kind": "Pod", "name": "db-0"}, {"metadata": {"annotations": {"kplan.dev/outcome": "Failed"}}})
    made.run()
    assert made.objects("Pod")[0]["status"]["phase"] == "Running"
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": {"pods": "1"}}}
    assert made.create(quota).accepted
    made.run()
    apply(made, stateful_set(replicas=2))
    assert list(images(made)) == ["db-0"]
    told = [e["message"] for e in made.events() if e["reason"] == "FailedCreate"]
    refusal = 'pods "db-1" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1'
    assert told[0] == f"Create Pod db-1 in StatefulSet db failed error: {refusal}"


def test_orphans_are_adopted_by_name_and_labels() -> None:
    made = cluster(stateful_set(replicas=1))
    before = made.objects("Pod")[0]["metadata"]["uid"]
    spec = {"containers": [{"name": "c", "image": "i"}]}
    stranger = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "other", "labels": {"app": "db"}}, "spec": spec}
    assert made.create(stranger).accepted
    made.delete(REF, propagation="Orphan")
    made.run()
    assert all("ownerReferences" not in o["metadata"] for kind in ("Pod", "ControllerRevision") for o in made.objects(kind))
    assert made.create(stateful_set(replicas=1)).accepted
    made.run()
    owners = {p["metadata"]["name"]: len(p["metadata"].get("ownerReferences", ())) for p in made.objects("Pod")}
    assert owners == {"db-0": 1, "other": 0}
    assert made.objects("Pod")[0]["metadata"]["uid"] == before


def test_revision_data_is_written_as_go_writes_it() -> None:
    assert patch_bytes({"b": "<a & \u00e9\u2028>", "a": [1, True]}) == b'{"a":[1,true],"b":"\\u003ca \\u0026 \xc3\xa9\\u2028\\u003e"}'


def test_a_pod_out_of_line_is_corrected() -> None:
    template = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
    whole: Object = {"replicas": 1, "podManagementPolicy": "Parallel", "volumeClaimTemplates": [template]}
    made = cluster(stateful_set(**whole))
    made.patch({"kind": "Pod", "name": "db-0"}, {"metadata": {"labels": {"statefulset.kubernetes.io/pod-name": None}}})
    made.run()
    assert made.objects("Pod")[0]["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] == "db-0"
    apply(made, stateful_set(**whole, persistentVolumeClaimRetentionPolicy={"whenScaled": "Retain", "whenDeleted": "Delete"}))
    (owner,) = made.objects("PersistentVolumeClaim")[0]["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["controller"]) == ("StatefulSet", True)
    told = [e["message"] for e in made.events() if e["reason"] == "SuccessfulUpdate"]
    assert told == ["Update Pod db-0 in StatefulSet db successful"] * len(told) and told
    made.delete(REF)
    made.run()
    assert made.objects("PersistentVolumeClaim") == []


def test_a_claim_with_another_controller_is_left_alone() -> None:
    template = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
    other = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other"}}
    made = cluster(other)
    uid = next(o for o in made.objects("ConfigMap") if o["metadata"]["name"] == "other")["metadata"]["uid"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "other", "uid": uid, "controller": True}
    held = {"name": "data-db-0", "ownerReferences": [reference]}
    assert made.create({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": held, "spec": template["spec"]}).accepted
    policy = {"whenScaled": "Delete", "whenDeleted": "Delete"}
    assert made.create(stateful_set(replicas=1, volumeClaimTemplates=[template], persistentVolumeClaimRetentionPolicy=policy)).accepted
    made.run()
    assert made.objects("PersistentVolumeClaim")[0]["metadata"]["ownerReferences"] == [reference]
    assert any(e["reason"] == "ConflictingController" for e in made.events())
