"""Claims, volumes, disks and devices."""

from __future__ import annotations

from scheduler_objects import Store, node, pod

from kplan.scheduler import Scheduler


def claim(name: str, storage_class: str | None = "late", volume: str = "", size: str = "1Gi", **meta: object) -> dict:
    spec: dict = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    if storage_class is not None:
        spec["storageClassName"] = storage_class
    if volume:
        spec["volumeName"] = volume
        meta = {"annotations": {"pv.kubernetes.io/bind-completed": "yes"}, **meta}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": "default", "uid": name, **meta}, "spec": spec}


def volume(name: str, on: str = "", size: str = "1Gi", storage_class: str = "late", labels: dict | None = None, **spec: object) -> dict:
    terms = [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [on]}]}]
    affinity = {"nodeAffinity": {"required": {"nodeSelectorTerms": terms}}} if on else {}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "labels": labels or {}},
        "status": {"phase": "Available"},
        "spec": {"capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"], "storageClassName": storage_class, **affinity, **spec},
    }


def storage_class(name: str = "late", provisioner: str = "kubernetes.io/no-provisioner", mode: str = "WaitForFirstConsumer", **more: object) -> dict:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": provisioner,
        "volumeBindingMode": mode,
        **more,
    }


def using(name: str, *claims: str) -> dict:
    return pod(name, volumes=[{"name": c, "persistentVolumeClaim": {"claimName": c}} for c in claims])


NODES = [node("a"), node("b")]


def test_claims_that_wait_take_the_smallest_volume_in_reach_and_reserve_it() -> None:
    store = Store(*NODES, storage_class(), claim("c"), claim("d"), volume("big", "b", "5Gi"), volume("fit", "b"), volume("far", "a", "500Mi"))
    scheduler = Scheduler(store)
    first, second, third = scheduler.schedule([using("p", "c"), using("q", "d"), using("r", "c")])
    assert first.nodes["a"].reasons == ("node(s) didn't find available persistent volumes to bind",)
    ((kind, bound),) = first.updates
    assert (kind, bound["metadata"]["name"], bound["spec"]["claimRef"]["name"]) == ("PersistentVolume", "fit", "c")
    assert second.updates[0][1]["metadata"]["name"] == "big"
    assert third.chosen == "b"


def test_provisioning_notes_the_chosen_node() -> None:
    topology = [{"matchLabelExpressions": [{"key": "kubernetes.io/hostname", "values": ["b"]}]}]
    store = Store(*NODES, storage_class(provisioner="csi.example.com", allowedTopologies=topology), claim("c"))
    decision = Scheduler(store).schedule_one(using("p", "c"))
    assert decision.chosen == "b"
    assert [o["metadata"]["annotations"] for _, o in decision.updates] == [{"volume.kubernetes.io/selected-node": "b"}]


def test_capacity_is_looked_up_where_the_driver_says_so() -> None:
    driver = {"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": {"name": "csi.example.com"}, "spec": {"storageCapacity": True}}
    capacity = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "CSIStorageCapacity",
        "metadata": {"name": "x", "namespace": "default"},
        "storageClassName": "late",
        "capacity": "2Gi",
        "nodeTopology": {"matchLabels": {"kubernetes.io/hostname": "a"}},
    }
    scheduler = Scheduler(Store(*NODES, storage_class(provisioner="csi.example.com"), driver, capacity, claim("c"), claim("huge", size="3Gi")))
    assert scheduler.explain(using("p", "c")).nodes["b"].reasons == ("node(s) did not have enough free storage",)
    assert scheduler.explain(using("p", "huge")).chosen is None


def test_prefilter_speaks_for_all_nodes() -> None:
    def message(*objects: dict, name: str = "c") -> str:
        return Scheduler(Store(*NODES, *objects)).explain(using("p", name)).message

    assert message() == '0/2 nodes are available: persistentvolumeclaim "c" not found. not found'
    unbound = "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
    assert message(claim("c", None)) == unbound
    assert message(claim("c"), storage_class(mode="Immediate")) == unbound
    assert message(claim("c", deletionTimestamp="2026-01-01T00:00:00Z")) == '0/2 nodes are available: persistentvolumeclaim "c" is being deleted. not found'
    assert message(claim("c", volume="gone")) == '0/2 nodes are available: persistentvolume "gone" not found. not found'


def test_bound_volumes_stay_on_their_node_and_in_their_zone() -> None:
    scheduler = Scheduler(Store(*NODES, claim("c", volume="v"), volume("v", "b")))
    assert scheduler.explain(using("p", "c")).nodes["a"].reasons == ("node(s) didn't match PersistentVolume's node affinity",)
    zoned = [node("a", zone="x"), node("b", zone="y"), node("c")]
    scheduler = Scheduler(Store(*zoned, claim("c", volume="v"), volume("v", labels={"topology.kubernetes.io/zone": "y__z"})))
    decision = scheduler.explain(using("p", "c"))
    assert {n for n, v in decision.nodes.items() if v.fits} == {"b", "c"}
    assert decision.nodes["a"].reasons == ("node(s) had no available volume zone",)


def test_volume_limits_count_distinct_volumes() -> None:
    csi = {"apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": {"name": "a"}, "spec": {"drivers": [{"name": "d", "allocatable": {"count": 1}}]}}
    volumes = [volume(f"v{i}", csi={"driver": "d", "volumeHandle": str(i)}) for i in range(2)]
    store = Store(node("a"), csi, *volumes, claim("c0", volume="v0"), claim("c1", volume="v1"))
    scheduler = Scheduler(store)
    same, other = scheduler.schedule([using("p", "c0"), using("q", "c0")]), scheduler.schedule([using("r", "c1")])
    assert [d.chosen for d in same] == ["a", "a"]
    assert other[0].nodes["a"].reasons == ("node(s) exceed max volume count",)


def test_disks_and_exclusive_claims() -> None:
    def with_disk(name: str, read_only: bool, on: str = "") -> dict:
        return pod(name, on=on, volumes=[{"name": "d", "gcePersistentDisk": {"pdName": "x", "readOnly": read_only}}])

    assert Scheduler(Store(node("a"), with_disk("x", True, "a"))).explain(with_disk("p", True)).chosen == "a"
    d = Scheduler(Store(node("a"), with_disk("x", True, "a"))).explain(with_disk("p", False))
    assert d.nodes["a"].reasons == ("node(s) had no available disk",)
    alone = claim("c", volume="v")
    alone["spec"]["accessModes"] = ["ReadWriteOncePod"]
    user = using("x", "c")
    user["spec"]["nodeName"] = "a"
    d = Scheduler(Store(*NODES, alone, volume("v"), user)).explain(using("p", "c"))
    assert all("ReadWriteOncePod" in v.reasons[0] for v in d.nodes.values())


def test_devices_are_allocated_and_counted() -> None:
    device_class = {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "DeviceClass",
        "metadata": {"name": "gpu"},
        "spec": {"extendedResourceName": "example.com/gpu", "selectors": [{"cel": {"expression": 'device.driver == "d" && device.attributes["d"].mem >= 8'}}]},
    }
    devices = [{"name": "g0", "attributes": {"mem": {"int": 8}}}, {"name": "g1", "attributes": {"mem": {"int": 4}}}]
    pool = {"name": "a", "generation": 1, "resourceSliceCount": 1}
    resource_slice = {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceSlice",
        "metadata": {"name": "s"},
        "spec": {"driver": "d", "nodeName": "a", "pool": pool, "devices": devices},
    }
    request = {"name": "r", "exactly": {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 1}}
    claims = [
        {
            "apiVersion": "resource.k8s.io/v1",
            "kind": "ResourceClaim",
            "metadata": {"name": n, "namespace": "default", "uid": n},
            "spec": {"devices": {"requests": [request]}},
        }
        for n in ("x", "y")
    ]
    scheduler = Scheduler(Store(*NODES, device_class, resource_slice, *claims))
    first, second = scheduler.schedule([pod(n, resourceClaims=[{"name": "r", "resourceClaimName": n}]) for n in ("x", "y")], preemption=False)
    assert first.chosen == "a"
    allocation = first.updates[0][1]["status"]["allocation"]
    assert allocation["devices"]["results"] == [{"request": "r", "driver": "d", "pool": "a", "device": "g0"}]
    assert second.message == "0/2 nodes are available: 2 cannot allocate all claims."
    extended = pod("z")
    extended["spec"]["containers"][0]["resources"] = {"limits": {"example.com/gpu": "1"}}
    assert Scheduler(Store(*NODES, device_class, resource_slice)).explain(extended).ties == ("a",)
