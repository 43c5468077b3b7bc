"""Volumes: one type, what stays as it is, warnings."""

import pytest

from kplan.kinds.persistentvolume import KIND


def volume(**spec):
    made = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": "pv", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, **spec},
    }
    KIND.default(made)
    return made


def errors(**spec):
    made = volume(**spec)
    KIND.prepare(made)
    return [str(e) for e in KIND.validate(made)]


def test_defaults_and_first_status():
    made = volume(hostPath={"path": "/data"})
    KIND.prepare(made)
    assert made["spec"]["hostPath"] == {"path": "/data", "type": ""}
    assert (made["spec"]["persistentVolumeReclaimPolicy"], made["spec"]["volumeMode"]) == ("Retain", "Filesystem")
    assert made["status"] == {"phase": "Pending", "lastPhaseTransitionTime": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, ["spec: Required value: must specify a volume type"]),
        ({"hostPath": {"path": "/a"}, "nfs": {"server": "s", "path": "/b"}}, ["spec.nfs: Forbidden: may not specify more than 1 volume type"]),
        ({"hostPath": {"path": "/a"}, "cephfs": {"monitors": ["m"]}}, ["spec.cephFS: Forbidden: may not specify more than 1 volume type"]),
        ({"gcePersistentDisk": {}}, ["spec.persistentDisk.pdName: Required value"]),
        ({"local": {"path": "/a"}}, ["spec.nodeAffinity: Required value: Local volume requires node affinity"]),
        (
            {"hostPath": {"path": "//"}, "persistentVolumeReclaimPolicy": "Recycle"},
            ["spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"],
        ),
        (
            {"hostPath": {"path": "/a"}, "volumeAttributesClassName": "gold"},
            ["spec.csi: Required value: has to be specified when using volumeAttributesClassName"],
        ),
    ],
)
def test_refusals(spec, expected):
    assert errors(**spec) == expected


def test_the_source_is_immutable_and_the_message_shows_the_difference():
    old, new = volume(hostPath={"path": "/a"}), volume(hostPath={"path": "/b"})
    (error,) = KIND.validate_update(new, old)
    assert error.field == "spec.persistentvolumesource"
    assert error.message == (
        "Forbidden: spec.persistentvolumesource is immutable after creation\n"
        '@@ -2,7 +2,7 @@\n  "GCEPersistentDisk": null,\n  "AWSElasticBlockStore": null,\n  "HostPath": {\n'
        '-  "Path": "/a",\n+  "Path": "/b",\n   "Type": ""\n  },\n  "Glusterfs": null,\n'
    )


def test_a_secret_for_expansion_may_come_later():
    csi = {"driver": "d.example.com", "volumeHandle": "h"}
    secret = {"name": "s", "namespace": "default"}
    assert list(KIND.validate_update(volume(csi={**csi, "controllerExpandSecretRef": secret}), volume(csi=csi))) == []


def test_affinity_may_move_to_the_stable_label_and_nowhere_else():
    def at(key):
        term = {"matchExpressions": [{"key": key, "operator": "In", "values": ["a"]}]}
        return volume(hostPath={"path": "/a"}, nodeAffinity={"required": {"nodeSelectorTerms": [term]}})

    beta, stable = "failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"
    assert list(KIND.validate_update(at(stable), at(beta))) == []
    (error,) = KIND.validate_update(at(beta), at(stable))
    assert error.field == "nodeAffinity"
    assert '"Key":"failure-domain.beta.kubernetes.io/zone"' in error.message


def test_warnings():
    made = volume(rbd={"monitors": ["m"], "image": "i"}, persistentVolumeReclaimPolicy="Recycle")
    assert [w.split(":")[0] for w in KIND.warnings(made)] == ["spec.persistentVolumeReclaimPolicy", "spec.rbd"]
