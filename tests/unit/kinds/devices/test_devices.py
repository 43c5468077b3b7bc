"""Dynamic resource allocation: classes, claims, templates, slices."""

import pytest

import kplan
from kplan.kinds.devicecapacity import validate_attribute, validate_shared_capacity
from kplan.kinds.deviceclass import KIND as CLASS
from kplan.kinds.devices import validate_pool_name, validate_qualified_name
from kplan.kinds.resourceclaim import KIND as CLAIM
from kplan.kinds.resourceclaimtemplate import KIND as TEMPLATE
from kplan.kinds.resourceslice import KIND as SLICE


def texts(errors):
    return [str(e) for e in errors]


def claim(**devices):
    made = {"metadata": {"name": "c", "namespace": "default"}, "spec": {"devices": devices}}
    CLAIM.default(made)
    return made


def exactly(name="gpu", **fields):
    return {"name": name, "exactly": {"deviceClassName": "gpu", **fields}}


def resource_slice(*devices, **spec):
    place = {} if {"nodeSelector", "allNodes", "perDeviceNodeSelection"} & spec.keys() else {"nodeName": "n1"}
    pool = {"name": "p", "generation": 1, "resourceSliceCount": 1}
    made = {
        "metadata": {"name": "s", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"driver": "gpu.example.com", "pool": pool, **place, "devices": list(devices), **spec},
    }
    SLICE.prepare(made)
    return made


def test_a_request_asks_for_one_device_unless_told():
    made = claim(requests=[exactly(tolerations=[{"key": "k"}])])
    assert made["spec"]["devices"]["requests"][0]["exactly"] == {
        "deviceClassName": "gpu",
        "tolerations": [{"key": "k", "operator": "Equal"}],
        "allocationMode": "ExactCount",
        "count": 1,
    }


@pytest.mark.parametrize(
    ("devices", "expected"),
    [
        ({"requests": [{"name": "a"}]}, ["spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required"]),
        ({"requests": [exactly(), exactly()]}, ['spec.devices.requests[1]: Duplicate value: "gpu"']),
        (
            {"requests": [exactly(allocationMode="All", count=2)]},
            ["spec.devices.requests[0].exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'"],
        ),
        ({"requests": [exactly(f"r{i}") for i in range(33)]}, ["spec.devices.requests: Too many: 33: must have at most 32 items"]),
        (
            {"requests": [exactly()], "constraints": [{"requests": ["gpu"], "matchAttribute": "model"}]},
            [
                (
                    'spec.devices.constraints[0].matchAttribute: Invalid value: "model": '
                    "a fully qualified name must be a domain and a name separated by a slash"
                )
            ],
        ),
        (
            {"requests": [exactly()], "config": [{"opaque": {"driver": "d.example.com", "parameters": [1]}}]},
            ['spec.devices.config[0].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object'],
        ),
    ],
)
def test_claims_refused(devices, expected):
    assert texts(CLAIM.validate(claim(**devices))) == expected


def test_configuration_may_be_for_an_alternative():
    alternatives = {"name": "a", "firstAvailable": [{"name": "big", "deviceClassName": "g"}]}
    parameters = {"opaque": {"driver": "d.example.com", "parameters": {}}}
    assert texts(CLAIM.validate(claim(requests=[alternatives], config=[{"requests": ["a/big"], **parameters}]))) == []
    assert len(texts(CLAIM.validate(claim(requests=[alternatives], config=[{"requests": ["a/small"], **parameters}])))) == 1


def test_the_spec_of_a_claim_is_immutable():
    (error,) = CLAIM.validate_update(claim(requests=[exactly(deviceClassName="x")]), claim(requests=[exactly()]))
    assert str(error) == (
        'spec: Invalid value: {"Devices":{"Requests":[{"Name":"gpu","Exactly":{"DeviceClassName":"x","Selectors":null,'
        '"AllocationMode":"ExactCount","Count":1,"AdminAccess":null,"Tolerations":null,"Capacity":null},"FirstAvailable":null}],'
        '"Constraints":null,"Config":null}}: field is immutable'
    )


class Namespaces:
    """A reader that knows one namespace."""

    def __init__(self, labels):
        self.labels = labels

    def get(self, kind, namespace, name):
        return {"metadata": {"name": name, "labels": self.labels}}


def test_admin_access_needs_a_label_on_the_namespace():
    made = claim(requests=[exactly(adminAccess=True)])
    (error,) = CLAIM.validate_in_cluster(made, Namespaces({}))
    assert error.field == "spec.devices.requests[0].adminAccess"
    assert list(CLAIM.validate_in_cluster(made, Namespaces({"resource.kubernetes.io/admin-access": "true"}))) == []


def test_status_of_devices_that_are_gone_is_dropped():
    device = {"driver": "d.example.com", "pool": "p", "device": "x"}
    old, new = claim(requests=[exactly()]), claim(requests=[exactly()])
    old["status"] = {"allocation": {"devices": {"results": [{"request": "gpu", **device}]}}, "devices": [device]}
    new["status"] = {"devices": [device]}
    CLAIM.prepare_status(new, old)
    assert "devices" not in new["status"]


def test_a_device_status_is_of_an_allocated_device():
    old, new = claim(requests=[exactly()]), claim(requests=[exactly()])
    new["status"] = {"devices": [{"driver": "d.example.com", "pool": "p", "device": "x"}]}
    assert texts(CLAIM.validate_status(new, old)) == [
        'status.devices[0]: Invalid value: {"Driver":"d.example.com","Pool":"p","Device":"x","ShareID":""}: must be an allocated device in the claim'
    ]


def test_a_template_names_nothing():
    made = {"metadata": {"name": "t", "namespace": "default"}, "spec": {"metadata": {"name": "x"}, "spec": claim(requests=[exactly()])["spec"]}}
    assert texts(TEMPLATE.validate(made)) == ["spec.metadata.name: Forbidden: cannot be set"]


def test_a_class_selector_has_an_expression():
    made = {"metadata": {"name": "gpu"}, "spec": {"selectors": [{}], "extendedResourceName": "cpu"}}
    assert texts(CLASS.validate(made)) == [
        "spec.selectors[0].cel: Required value",
        'spec.extendedResourceName: Invalid value: "cpu": must be a valid extended resource name',
    ]


def test_a_slice_is_in_one_place():
    one = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"
    made = resource_slice(nodeName="n1", allNodes=True)
    assert texts(SLICE.validate(made)) == [f'spec: Invalid value: "{{`nodeName`, `allNodes`}}": {one}, but multiple fields are set']
    assert texts(SLICE.validate(resource_slice({"name": "d"}, perDeviceNodeSelection=True)))[0].startswith("spec.devices[0]: Required value")


def test_taints_are_dated_and_limit_the_number_of_devices():
    devices = [{"name": f"d{i}", "taints": [{"key": "k", "effect": "NoSchedule"}]} for i in range(65)]
    made = resource_slice(*devices)
    assert made["spec"]["devices"][0]["taints"][0]["timeAdded"] == "2026-01-01T00:00:00Z"
    assert texts(SLICE.validate(made)) == ["spec.devices: Too many: 65: must have at most 64 items"]


def test_lists_of_attribute_values_are_behind_a_gate():
    made = resource_slice({"name": "d", "attributes": {"a": {"strings": ["x"]}}})
    assert made["spec"]["devices"][0]["attributes"] == {"a": {}}


@pytest.mark.parametrize(
    ("name", "count"), [("model", 0), ("gpu.example.com/model", 0), ("a/b/c", 0), ("/model", 1), ("gpu.example.com/", 1), ("1st", 1), ("x" * 33, 1)]
)
def test_qualified_names(name, count):
    assert len(list(validate_qualified_name(name, "attributes"))) == count


def test_pool_names_are_names_with_slashes():
    assert list(validate_pool_name("a/b.c/d", "pool")) == []
    assert len(list(validate_pool_name("a//b", "pool"))) == 1


def test_attributes_have_one_value():
    assert texts(validate_attribute({"version": "1.2"}, "a")) == ['a.version: Invalid value: "1.2": must be a string compatible with semver.org spec 2.0.0']
    assert texts(validate_attribute({}, "a")) == ['a: Invalid value: "": exactly one value must be specified']
    assert texts(validate_attribute({"int": 1, "bool": True}, "a"))[0].startswith('a: Invalid value: {"IntValue":1,"BoolValue":true,"StringValue":null')


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"default": "1Gi", "validValues": ["1Gi", "2Gi"]}, []),
        (
            {"default": "3Gi", "validValues": ["1Gi"]},
            ['c.requestPolicy.validValues: Invalid value: "3Gi": default value is not valid according to the requestPolicy'],
        ),
        ({"validValues": ["1Gi"]}, ["c.requestPolicy.default: Required value: required when validValues is defined"]),
        (
            {"default": "3Gi", "validRange": {"min": "2Gi", "step": "2Gi"}},
            ['c.requestPolicy.validRange.step: Invalid value: "3Gi": value is not a multiple of a given step (2Gi) from (2Gi)'],
        ),
        ({"default": "1Gi", "validRange": {"min": "2Gi"}}, ['c.requestPolicy.validRange.min: Invalid value: "1Gi": default is less than min: 2Gi']),
    ],
)
def test_request_policies(policy, expected):
    assert texts(validate_shared_capacity({"value": "8Gi", "requestPolicy": policy}, "c")) == expected


def test_an_empty_list_of_devices_is_one_beside_shared_counters():
    """Upstream: validateResourceSliceSpec asks whether both lists are nil, and a list that was sent empty is not."""
    cluster = kplan.Cluster(version="1.36")
    pool = {"name": "p", "generation": 1, "resourceSliceCount": 1}
    made = {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceSlice", "metadata": {"name": "s"}}
    spec = {"driver": "d.example", "pool": pool, "nodeName": "n", "devices": []}
    taken = cluster.create({**made, "spec": spec}, dry_run=True)
    assert taken.code == 201 and "devices" not in taken.object["spec"]
    counters = [{"name": "a", "counters": {"c": {"value": "1"}}}]
    refused = cluster.create({**made, "spec": {**spec, "sharedCounters": counters}}, dry_run=True)
    assert refused.message.endswith('spec: Invalid value: "": only one of `sharedCounters` or `devices` is allowed')
