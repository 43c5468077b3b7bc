"""Rules of Services."""

import pytest

from kplan.kinds.service import KIND, default, references, validate, validate_status, warnings


def valid(**spec):
    obj = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "a", "namespace": "default"},
        "spec": {"clusterIP": "10.96.0.5", "clusterIPs": ["10.96.0.5"], "ports": [{"port": 80}], **spec},
    }
    default(obj)
    return obj


def test_defaults():
    spec = valid(sessionAffinity="ClientIP")["spec"]
    assert spec["type"] == "ClusterIP" and spec["internalTrafficPolicy"] == "Cluster"
    assert spec["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    assert spec["sessionAffinityConfig"] == {"clientIP": {"timeoutSeconds": 10800}}
    assert "externalTrafficPolicy" not in spec


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, []),
        ({"ports": []}, ["spec.ports: Required value"]),
        ({"ports": [{"port": 80}, {"port": 80}]}, None),
        ({"ports": [{"port": 0}]}, ["spec.ports[0].port", "spec.ports[0].targetPort"]),
        ({"ports": [{"port": 80, "targetPort": "UPPER"}]}, ["spec.ports[0].targetPort"] * 2),
        ({"type": "Other"}, ["spec.type"]),
        ({"type": "NodePort", "clusterIPs": ["None"], "clusterIP": "None"}, ["spec.clusterIPs[0]"]),
        (
            {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 86401}}},
            ["spec.sessionAffinityConfig.clientIP.timeoutSeconds"],
        ),
        ({"externalIPs": ["127.0.0.1"]}, ['spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range']),
        ({"loadBalancerSourceRanges": ["10.0.0.0/8"]}, ["spec.LoadBalancerSourceRanges: Forbidden"]),
        ({"loadBalancerClass": "a/b"}, ["spec.loadBalancerClass: Forbidden"]),
        ({"externalTrafficPolicy": "Local"}, ["spec.externalTrafficPolicy"]),
        (
            {"trafficDistribution": "Near"},
            ['spec.trafficDistribution: Unsupported value: "Near": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"'],
        ),
        ({"type": "ExternalName", "externalName": "a_b", "clusterIPs": [], "clusterIP": ""}, ["spec.externalName"]),
    ],
)
def test_rules(spec, expected):
    found = [str(error) for error in validate(valid(**spec))]
    if expected is None:
        assert any('Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}' in e for e in found)
        return
    assert len(found) == len(expected)
    assert all(error.startswith(start) for error, start in zip(found, expected, strict=True)), found


def test_status():
    old = valid(type="LoadBalancer")
    new = {**old, "status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}, {"hostname": "1.2.3.4", "ipMode": "VIP"}]}}}
    assert [error.field.rpartition(".")[2] for error in validate_status(new, old)] == ["ipMode", "ipMode", "hostname"]


def test_warnings():
    assert list(warnings(valid(externalIPs=["8.8.8.8"], externalName="x"))) == [
        "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
        'spec.externalName is ignored when spec.type is not "ExternalName"',
    ]


def test_references():
    (reference,) = references(valid(selector={"app": "x"}))
    assert (reference.kind, reference.namespace, reference.selects) == ("Pod", "default", {"matchLabels": {"app": "x"}})
    assert KIND.create_on_update


def test_a_status_warns_of_addresses_in_old_forms():
    """Upstream: serviceStatusStrategy.WarningsOnUpdate."""
    status = {"loadBalancer": {"ingress": [{"hostname": "a.example"}, {"ip": "::ffff:1.2.3.4"}]}}
    (warning,) = KIND.status_warnings({**valid(), "status": status}, valid())
    assert warning.startswith("status.loadBalancer.ingress[1]: ")
