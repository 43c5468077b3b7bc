"""Nodes."""

from kplan.kinds import node


def errors(found):
    return [f"{e.field}: {e.message}" for e in found]


def make(status=None, **spec):
    obj = {"metadata": {"name": "n"}, "spec": spec, "status": status or {}}
    node.default(obj)
    return obj


def test_defaults():
    obj = make({"capacity": {"cpu": "4"}}, podCIDR="10.0.0.0/24")
    assert obj["status"]["allocatable"] == {"cpu": "4"} and obj["spec"]["podCIDRs"] == ["10.0.0.0/24"]
    assert make(podCIDRs=["10.1.0.0/24"])["spec"]["podCIDR"] == "10.1.0.0/24"


def test_taints():
    taint = {"key": "a", "value": "b", "effect": "NoSchedule"}
    found = errors(node.validate(make(taints=[taint, {**taint, "value": "c"}, {"key": "a", "effect": "Never"}, {"key": "a"}])))
    assert found == [
        'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"c","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair',
        'metadata.taints[2].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
        "metadata.taints[3].effect: Required value",
    ]


def test_resources_and_features():
    found = errors(node.validate(make({"capacity": {"pods": "1500m", "cpu": "-1"}, "allocatable": {}, "declaredFeatures": ["b", "A", "A"]})))
    assert [e.partition(": Invalid value")[0] for e in found[:3]] == ["status.capacity.cpu", "status.capacity.pods", "status.declaredFeatures[0]"]
    assert found[3] == 'status.declaredFeatures[1]: Invalid value: "A": list must be sorted alphabetically'
    assert found[4] == 'status.declaredFeatures[2]: Duplicate value: "A"'


def test_what_an_update_may_not_change():
    old = make(podCIDRs=["10.0.0.0/24"], providerID="x")
    new = make({"addresses": [{"type": "Hostname", "address": "n"}] * 2}, podCIDRs=["10.1.0.0/24"], externalID="y")
    assert [e.field for e in node.validate_update(new, old)] == ["status.addresses[1]", "spec.podCIDRs", "spec.providerID", "spec.externalID"]


def test_two_networks_must_be_of_two_families():
    assert errors(node.validate(make(podCIDRs=["10.0.0.0/24", "fd00::/64"]))) == []
    assert errors(node.validate(make(podCIDRs=["10.0.0.0/24", "10.0.1.0/24"]))) == [
        'spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.0.1.0/24"]: may specify no more than one CIDR for each IP family'
    ]


def test_networks_that_cannot_be_read_cannot_be_told_apart():
    """Upstream: ValidateNode asks netutils.IsDualStackCIDRStrings, whose error is one of the server's own."""
    assert errors(node.validate(make(podCIDRs=["10.0.0.0/24", "bad"])))[-2:] == [
        "spec.podCIDRs: Internal error: invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[1]: <nil> (invalid CIDR address: bad)",
        'spec.podCIDRs: Invalid value: ["10.0.0.0/24","bad"]: may specify no more than one CIDR for each IP family',
    ]
