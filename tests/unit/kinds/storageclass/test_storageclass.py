"""Storage classes and volume attributes classes."""

from kplan.kinds.storageclass import KIND
from kplan.kinds.volumeattributesclass import KIND as ATTRIBUTES_CLASS


def storage_class(**fields):
    made = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "fast"}, "provisioner": "example.com/x", **fields}
    KIND.default(made)
    return made


def errors(**fields):
    return [str(e) for e in KIND.validate(storage_class(**fields))]


def term(key, *values):
    return {"matchLabelExpressions": [{"key": key, "values": list(values)}]}


def test_defaults():
    made = storage_class()
    assert (made["reclaimPolicy"], made["volumeBindingMode"]) == ("Delete", "Immediate")
    assert errors() == []


def test_recycle_is_for_volumes_only():
    assert errors(reclaimPolicy="Recycle") == ['reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"']


def test_a_topology_counts_once():
    twice = [term("zone", "a", "b"), term("zone", "b", "a")]
    assert errors(allowedTopologies=twice) == ['allowedTopologies[1].matchLabelExpressions: Duplicate value: ""']
    assert errors(allowedTopologies=[term("zone", "a", "a")]) == ['allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "a"']
    assert errors(allowedTopologies=[{}]) == ['allowedTopologies[0].matchLabelExpressions: Duplicate value: ""']


def test_parameters_are_immutable():
    old, new = storage_class(parameters={"a": "b"}), storage_class(parameters={"a": "c"})
    assert [str(e) for e in KIND.validate_update(new, old)] == ['parameters: Invalid value: {"a":"c"}: field is immutable']


def test_old_labels_are_warned_of():
    made = storage_class(allowedTopologies=[term("failure-domain.beta.kubernetes.io/zone", "a")])
    assert list(KIND.warnings(made)) == [
        'allowedTopologies[0].matchLabelExpressions[0].key: deprecated since v1.17; use "topology.kubernetes.io/zone" instead'
    ]


def test_secrets_named_outright_are_references():
    secret = {"csi.storage.k8s.io/provisioner-secret-name": "s", "csi.storage.k8s.io/provisioner-secret-namespace": "ns"}
    assert ("Secret", "ns", "s") in {(r.kind, r.namespace, r.name) for r in KIND.references(storage_class(parameters=secret))}
    templated = {**secret, "csi.storage.k8s.io/provisioner-secret-name": "${pvc.name}"}
    assert "Secret" not in {r.kind for r in KIND.references(storage_class(parameters=templated))}


def test_an_attributes_class_needs_parameters():
    made = {"metadata": {"name": "gold"}, "driverName": "d.example.com"}
    assert [str(e) for e in ATTRIBUTES_CLASS.validate(made)] == ["parameters: Required value: must contain at least one key/value pair"]
