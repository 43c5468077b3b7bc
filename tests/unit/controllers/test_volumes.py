"""Claims, volumes, their protection and expansion, and pods that wait for them."""

from __future__ import annotations

from typing import Any

import pytest

from kplan import Cluster

Object = dict[str, Any]
DRIVER = "sim.kplan.dev/disk"


def node(name: str, **labels: str) -> Object:
    resources = {"cpu": "8", "memory": "32Gi", "pods": "110"}
    meta = {"name": name, "labels": {"kubernetes.io/hostname": name, **labels}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": meta, "status": {"capacity": resources, "allocatable": resources}}


def volume(name: str, size: str = "1Gi", *, modes: tuple[str, ...] = ("ReadWriteOnce",), source: Object | None = None, **spec: Any) -> Object:
    base = {"capacity": {"storage": size}, "accessModes": list(modes), **(source or {"hostPath": {"path": f"/data/{name}"}}), **spec}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": base}


def claim(name: str, size: str = "1Gi", *, mode: str = "ReadWriteOnce", cls: str | None = "", **spec: Any) -> Object:
    base: Object = {"accessModes": [mode], "resources": {"requests": {"storage": size}}, **spec}
    if cls is not None:
        base["storageClassName"] = cls
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": base}


def storage_class(name: str, provisioner: str = DRIVER, *, default: bool = False, **fields: Any) -> Object:
    notes = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
    return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name, "annotations": notes}, "provisioner": provisioner, **fields}


def pod(name: str, *volumes: Object) -> Object:
    spec = {"containers": [{"name": "c", "image": "i"}], "volumes": list(volumes)}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def uses(name: str) -> Object:
    return {"name": "v", "persistentVolumeClaim": {"claimName": name}}


def applied(*objects: Object, quiet: float = 2.0) -> Cluster:
    cluster = Cluster()
    for obj in objects:
        answer = cluster.create(obj)
        assert answer.accepted, answer.message
        cluster.run(quiet=0.3)
    cluster.run(quiet=quiet)
    return cluster


def get(cluster: Cluster, kind: str, name: str) -> Object:
    found = cluster.get({"apiVersion": "v1", "kind": kind, "name": name})
    assert found is not None, f"{kind} {name}"
    return found


def pvc(cluster: Cluster, name: str) -> Object:
    return get(cluster, "PersistentVolumeClaim", name)


def pv(cluster: Cluster, name: str) -> Object:
    return get(cluster, "PersistentVolume", name)


def said(cluster: Cluster, name: str) -> list[tuple[str, str]]:
    return [(e["reason"], e["message"]) for e in cluster.events() if e["involvedObject"]["name"] == name]


def delete(cluster: Cluster, kind: str, name: str, quiet: float = 2.0) -> None:
    assert cluster.delete({"apiVersion": "v1", "kind": kind, "name": name}).accepted
    cluster.run(quiet=quiet)


def test_the_smallest_volume_that_suits_is_bound_on_both_sides() -> None:
    cluster = applied(volume("large", "5Gi"), volume("fits", "2Gi"), volume("small", "1Gi"), claim("c", "1500Mi"))
    bound, taken = pvc(cluster, "c"), pv(cluster, "fits")
    assert bound["spec"]["volumeName"] == "fits"
    assert bound["status"] == {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "2Gi"}}
    assert taken["spec"]["claimRef"]["uid"] == bound["metadata"]["uid"]
    assert taken["status"]["phase"] == "Bound"
    assert taken["status"]["lastPhaseTransitionTime"]
    assert pv(cluster, "large")["status"]["phase"] == "Available"


def test_fewer_access_modes_come_before_less_space() -> None:
    cluster = applied(volume("many", "1Gi", modes=("ReadWriteOnce", "ReadWriteMany")), volume("one", "9Gi"), claim("c"))
    assert pvc(cluster, "c")["spec"]["volumeName"] == "one"


@pytest.mark.parametrize(
    ("offered", "why"),
    [
        (volume("v", "1Gi", storageClassName="x"), "storageClassName does not match"),
        (volume("v", "500Mi"), "requested PV is too small"),
        (volume("v", "1Gi", volumeMode="Block", source={"local": {"path": "/d"}}, nodeAffinity={
            "required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]}}), "incompatible volumeMode"),
        (volume("v", "1Gi", modes=("ReadOnlyMany",)), "incompatible accessMode"),
    ],
)  # fmt: skip
def test_a_claim_that_names_its_volume_says_why_it_cannot_have_it(offered: Object, why: str) -> None:
    cluster = applied(offered, claim("c", volumeName="v"))
    assert ("VolumeMismatch", f'Cannot bind to requested volume "v": {why}') in said(cluster, "c")
    assert pvc(cluster, "c")["status"] == {"phase": "Pending"}


def test_a_volume_of_another_claim_is_not_taken() -> None:
    cluster = applied(volume("v", claimRef={"namespace": "default", "name": "other"}), claim("c", volumeName="v"))
    assert said(cluster, "c")[-1] == ("FailedBinding", 'volume "v" already bound to a different claim.')


def test_every_fifteen_seconds_what_waits_is_looked_at_again() -> None:
    cluster = applied(claim("c"), volume("v"), quiet=5)
    assert pvc(cluster, "c")["status"]["phase"] == "Pending"
    cluster.run(quiet=15)
    assert pvc(cluster, "c")["status"]["phase"] == "Bound"


def test_a_default_class_that_comes_later_is_taken_over() -> None:
    cluster = applied(claim("c", cls=None), storage_class("disk", default=True), quiet=20)
    bound = pvc(cluster, "c")
    assert bound["spec"]["storageClassName"] == "disk"
    assert bound["metadata"]["annotations"]["volume.kubernetes.io/storage-provisioner"] == DRIVER
    assert bound["status"]["phase"] == "Bound"


@pytest.mark.parametrize(
    ("provisioner", "reason", "message"),
    [
        ("kubernetes.io/no-provisioner", "ProvisioningFailed", "no volume plugin matched name: kubernetes.io/no-provisioner"),
        ("kubernetes.io/nfs", "ProvisioningFailed", "no provisionable volume plugin matched"),
        ("kubernetes.io/host-path", "ProvisioningFailed", 'Failed to create provisioner: provisioning in volume plugin "kubernetes.io/host-path" is disabled'),
    ],
)
def test_what_is_built_in_provisions_nothing(provisioner: str, reason: str, message: str) -> None:
    cluster = applied(storage_class("s", provisioner), claim("c", cls="s"))
    assert (reason, message) in said(cluster, "c")


def test_a_plugin_that_is_no_more_hands_over_to_its_driver() -> None:
    cluster = applied(storage_class("s", "kubernetes.io/aws-ebs"), claim("c", cls="s"))
    assert pvc(cluster, "c")["metadata"]["annotations"]["volume.kubernetes.io/storage-provisioner"] == "ebs.csi.aws.com"
    assert "external provisioner 'ebs.csi.aws.com'" in said(cluster, "c")[-1][1]


@pytest.mark.parametrize(
    ("provisioner", "phase"),
    [("rancher.io/local-path", "Bound"), ("kubernetes.io/aws-ebs", "Bound"), ("kubernetes.io/no-provisioner", "Pending")],
)
def test_provisioners_of_which_nothing_tells_may_be_taken_to_be_there(provisioner: str, phase: str) -> None:
    for assumed in (False, True):
        cluster = Cluster(provisioners=assumed)
        for obj in (storage_class("s", provisioner), claim("c", cls="s")):
            assert cluster.create(obj).accepted
        cluster.run()
        assert pvc(cluster, "c")["status"]["phase"] == (phase if assumed else "Pending")


def test_a_class_that_is_not_there() -> None:
    assert said(applied(claim("c", cls="none")), "c")[-1] == ("ProvisioningFailed", 'storageclass.storage.k8s.io "none" not found')


def test_a_claim_waits_for_its_pod_and_the_pod_for_its_volume() -> None:
    where = node("n1", **{"topology.kubernetes.io/zone": "z1"})
    cluster = applied(where, storage_class("s", volumeBindingMode="WaitForFirstConsumer"), claim("c", cls="s"), pod("p", uses("c")))
    assert said(cluster, "c")[0] == ("WaitForFirstConsumer", "waiting for first consumer to be created before binding")
    bound, placed = pvc(cluster, "c"), get(cluster, "Pod", "p")
    assert bound["metadata"]["annotations"]["volume.kubernetes.io/selected-node"] == "n1"
    terms = pv(cluster, bound["spec"]["volumeName"])["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert terms == [{"matchExpressions": [{"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["z1"]}]}]
    assert placed["spec"]["nodeName"] == "n1"
    assert placed["metadata"]["labels"] == {"topology.kubernetes.io/zone": "z1"}
    assert placed["status"]["phase"] == "Running"
    assert "nominatedNodeName" not in placed["status"]


def test_a_pod_whose_volume_nobody_makes_keeps_its_node() -> None:
    cluster = applied(node("n1"), storage_class("s", "nobody.example.com", volumeBindingMode="WaitForFirstConsumer"), claim("c", cls="s"), pod("p", uses("c")))
    waiting = get(cluster, "Pod", "p")
    assert "nodeName" not in waiting["spec"]
    assert waiting["status"]["nominatedNodeName"] == "n1"
    notes = {"volume.kubernetes.io/selected-node": None}
    cluster.patch({"kind": "PersistentVolumeClaim", "name": "c"}, {"metadata": {"annotations": notes}}, "merge")
    cluster.run(quiet=2)
    assert ("FailedScheduling", 'running PreBind plugin "VolumeBinding": binding volumes: provisioning failed for PVC "c"') in said(cluster, "p")


def test_unscheduled_pods_are_named_when_their_claim_is_looked_at_again() -> None:
    cluster = applied(storage_class("s", volumeBindingMode="WaitForFirstConsumer"), claim("c", cls="s"), pod("b", uses("c")), pod("a", uses("c")), quiet=15)
    assert said(cluster, "c")[-1] == ("WaitForPodScheduled", "waiting for pods a,b to be scheduled")


def test_a_claim_in_use_stays_until_its_pod_is_gone() -> None:
    cluster = applied(node("n1"), storage_class("s"), claim("c", cls="s"), pod("p", uses("c")))
    name = pvc(cluster, "c")["spec"]["volumeName"]
    delete(cluster, "PersistentVolumeClaim", "c")
    assert pvc(cluster, "c")["metadata"]["deletionTimestamp"]
    delete(cluster, "Pod", "p")
    assert cluster.get({"kind": "PersistentVolumeClaim", "name": "c"}) is None
    assert cluster.get({"kind": "PersistentVolume", "name": name}) is None


def test_a_bound_volume_that_is_deleted_stays_and_its_claim_is_lost_when_it_is_forced_away() -> None:
    cluster = applied(volume("v"), claim("c"))
    delete(cluster, "PersistentVolume", "v")
    assert pv(cluster, "v")["status"]["phase"] == "Bound"
    cluster.patch({"kind": "PersistentVolume", "name": "v"}, {"metadata": {"finalizers": None}}, "merge")
    cluster.run()
    assert pvc(cluster, "c")["status"] == {"phase": "Lost"}
    assert said(cluster, "c")[-1][0] == "ClaimLost"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ({"hostPath": {"path": "/data"}}, "host_path deleter only supports /tmp/.+ but received provided /data"),
        ({"nfs": {"server": "s", "path": "/"}}, 'error getting deleter volume plugin for volume "v": no deletable volume plugin matched'),
        ({"fc": {"targetWWNs": ["1"], "lun": 1}}, 'error getting deleter volume plugin for volume "v": no volume plugin matched'),
    ],
)
def test_a_volume_that_cannot_be_deleted_fails(source: Object, why: str) -> None:
    cluster = applied(volume("v", source=source, persistentVolumeReclaimPolicy="Delete"), claim("c"))
    delete(cluster, "PersistentVolumeClaim", "c")
    assert pv(cluster, "v")["status"]["phase"] == "Failed"
    assert pv(cluster, "v")["status"]["message"] == why
    assert said(cluster, "v") == [("VolumeFailedDelete", why)]


def test_a_volume_under_tmp_is_deleted() -> None:
    cluster = applied(volume("v", source={"hostPath": {"path": "/tmp/v"}}, persistentVolumeReclaimPolicy="Delete"), claim("c"))
    delete(cluster, "PersistentVolumeClaim", "c")
    assert cluster.get({"kind": "PersistentVolume", "name": "v"}) is None


def test_a_volume_of_a_driver_waits_for_the_driver() -> None:
    cluster = applied(volume("v", source={"csi": {"driver": "d.example.com", "volumeHandle": "h"}}, persistentVolumeReclaimPolicy="Delete"), claim("c"))
    delete(cluster, "PersistentVolumeClaim", "c")
    assert pv(cluster, "v")["status"]["phase"] == "Released"


def test_a_recycled_volume_is_wiped_by_a_pod_and_free_again() -> None:
    cluster = applied(node("n1"), volume("v", persistentVolumeReclaimPolicy="Recycle"), claim("c"))
    delete(cluster, "PersistentVolumeClaim", "c")
    assert get(cluster, "Pod", "recycler-for-v")["spec"]["activeDeadlineSeconds"] == 60
    assert ("RecyclerPod", "Recycler pod: Successfully assigned default/recycler-for-v to n1") in said(cluster, "v")
    cluster.patch({"kind": "Pod", "name": "recycler-for-v"}, {"metadata": {"annotations": {"kplan.dev/outcome": "Succeeded"}}}, "merge")
    cluster.run()
    assert cluster.get({"kind": "Pod", "name": "recycler-for-v"}) is None
    assert pv(cluster, "v")["status"]["phase"] == "Available"
    assert "claimRef" not in pv(cluster, "v")["spec"]
    assert said(cluster, "v")[-1] == ("VolumeRecycled", "Volume recycled")


def test_a_volume_that_the_user_reserved_stays_reserved() -> None:
    cluster = applied(volume("v", claimRef={"namespace": "default", "name": "c"}, persistentVolumeReclaimPolicy="Recycle", source={"iscsi": {
        "targetPortal": "10.0.0.1:3260", "iqn": "iqn.2001-04.com.example:a", "lun": 0}}), claim("c"))  # fmt: skip
    assert "pv.kubernetes.io/bound-by-controller" not in (pv(cluster, "v")["metadata"].get("annotations") or {})
    delete(cluster, "PersistentVolumeClaim", "c")
    assert said(cluster, "v") == [("VolumeFailedRecycle", "No recycler plugin found for the volume!")]


def test_an_ephemeral_volume_gets_a_claim_that_goes_with_its_pod() -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": "s", "resources": {"requests": {"storage": "1Gi"}}}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": spec}
    cluster = applied(node("n1"), storage_class("s"), pod("p", {"name": "scratch", "ephemeral": {"volumeClaimTemplate": template}}))
    made = pvc(cluster, "p-scratch")
    assert made["metadata"]["labels"] == {"a": "b"}
    assert made["metadata"]["ownerReferences"][0]["name"] == "p"
    assert get(cluster, "Pod", "p")["status"]["phase"] == "Running"
    delete(cluster, "Pod", "p", quiet=4)
    assert cluster.get({"kind": "PersistentVolumeClaim", "name": "p-scratch"}) is None


def test_a_claim_of_somebody_else_is_no_ephemeral_volume() -> None:
    template = {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
    cluster = applied(node("n1"), claim("p-scratch"), pod("p", {"name": "scratch", "ephemeral": {"volumeClaimTemplate": template}}))
    why = "ephemeral volume scratch: PVC default/p-scratch was not created for pod default/p (pod is not owner)"
    assert ("FailedBinding", why) in said(cluster, "p")


def test_a_claim_that_asks_for_more_waits_for_somebody_outside() -> None:
    cluster = applied(storage_class("s", allowVolumeExpansion=True), claim("c", cls="s"))
    cluster.patch({"kind": "PersistentVolumeClaim", "name": "c"}, {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}, "merge")
    cluster.run()
    assert said(cluster, "c")[-1] == ("ExternalExpanding", "waiting for an external controller to expand this PVC")
    assert pvc(cluster, "c")["status"]["capacity"] == {"storage": "1Gi"}


def test_a_volume_of_a_plugin_that_is_no_more_is_noted_as_its_drivers() -> None:
    old = volume("v", source={"awsElasticBlockStore": {"volumeID": "i"}})
    old["metadata"]["annotations"] = {"pv.kubernetes.io/provisioned-by": "kubernetes.io/aws-ebs"}
    old["metadata"]["finalizers"] = ["kubernetes.io/pv-controller"]
    cluster = applied(old)
    assert pv(cluster, "v")["metadata"]["annotations"]["pv.kubernetes.io/migrated-to"] == "ebs.csi.aws.com"
    assert pv(cluster, "v")["metadata"]["finalizers"] == ["kubernetes.io/pv-protection"]
