"""CSIDriver, CSINode, CSIStorageCapacity, VolumeAttachment."""

from kplan.kinds.csidriver import KIND as DRIVER
from kplan.kinds.csinode import KIND as NODE
from kplan.kinds.csistoragecapacity import KIND as CAPACITY
from kplan.kinds.volumeattachment import KIND as ATTACHMENT


def driver(**spec):
    made = {"metadata": {"name": "csi.example.com"}, "spec": dict(spec)}
    DRIVER.default(made)
    DRIVER.prepare(made)
    return made


def node(**fields):
    return {"metadata": {"name": "n1"}, "spec": {"drivers": [{"name": "csi.example.com", "nodeID": "n1", **fields}]}}


def attachment(**spec):
    made = {"metadata": {"name": "va"}, "spec": {"attacher": "csi.example.com", "nodeName": "n1", "source": {"persistentVolumeName": "pv"}, **spec}}
    ATTACHMENT.default(made)
    return made


def test_a_driver_has_all_its_defaults():
    assert driver()["spec"] == {
        "attachRequired": True,
        "podInfoOnMount": False,
        "storageCapacity": False,
        "fsGroupPolicy": "ReadWriteOnceWithFSType",
        "volumeLifecycleModes": ["Persistent"],
        "requiresRepublish": False,
        "seLinuxMount": False,
    }


def test_token_requests():
    twice = driver(tokenRequests=[{"audience": "a"}, {"audience": "a"}, {"audience": "b", "expirationSeconds": 599}])
    assert [str(e) for e in DRIVER.validate(twice)] == [
        'spec.tokenRequests[1].audience: Duplicate value: "a"',
        "spec.tokenRequests[2].expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes",
    ]
    assert len(list(DRIVER.warnings(twice))) == 1
    assert list(DRIVER.update_warnings(twice, twice)) == []


def test_whether_a_driver_attaches_is_fixed():
    assert [str(e) for e in DRIVER.validate_update(driver(attachRequired=False), driver())] == [
        "spec.attachedRequired: Invalid value: false: field is immutable"
    ]


def test_what_a_node_can_attach_may_change_and_its_id_may_not():
    assert list(NODE.validate_update(node(allocatable={"count": 5}), node())) == []
    assert [str(e) for e in NODE.validate_update(node(nodeID="n2"), node())] == [
        'spec.drivers: Invalid value: {"Name":"csi.example.com","NodeID":"n2","TopologyKeys":null,"Allocatable":null}: field is immutable'
    ]


def test_topology_keys_are_told_at_the_driver():
    assert [str(e) for e in NODE.validate(node(topologyKeys=["zone", "zone"]))] == ['spec.drivers[0]: Duplicate value: "zone"']


def test_where_capacity_is_is_fixed():
    old = {"metadata": {"name": "c", "namespace": "default"}, "storageClassName": "fast", "nodeTopology": {"matchLabels": {"a": "b"}}}
    new = {**old, "nodeTopology": {"matchLabels": {"a": "c"}}}
    assert [str(e) for e in CAPACITY.validate_update(new, old)] == ['nodeTopology: Invalid value: {"matchLabels":{"a":"c"}}: field is immutable']


def test_an_attachment_has_one_source():
    message = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
    assert [str(e) for e in ATTACHMENT.validate(attachment(source={}))] == [f"spec.source: Required value: {message}"]


def test_an_inline_volume_is_csi_and_says_little():
    csi = {"driver": "d.example.com", "volumeHandle": "h"}
    inline = {"accessModes": ["ReadWriteOnce"], "csi": csi, "storageClassName": "fast"}
    assert [str(e) for e in ATTACHMENT.validate(attachment(source={"inlineVolumeSpec": inline}))] == [
        "spec.source.inlineVolumeSpec.storageClassName: Forbidden: may not be specified in the context of inline volumes"
    ]
    other = {"accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/a"}}
    assert [str(e) for e in ATTACHMENT.validate(attachment(source={"inlineVolumeSpec": other}))] == [
        "spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of inline volumes"
    ]
