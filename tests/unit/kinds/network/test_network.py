"""Endpoints, EndpointSlices, Ingresses and their classes, network policies, addresses and ranges."""

import pytest

from kplan.kinds import endpoints, endpointslice, ingress, ingressclass, ipaddress, networkpolicy, servicecidr

META = {"name": "a", "namespace": "b"}
BACKEND = {"service": {"name": "s", "port": {"number": 80}}}


def errors(found):
    return [f"{e.field}: {e.message}" for e in found]


def rule(path="/", kind="Prefix", host="", **backend):
    return {"host": host, "http": {"paths": [{"path": path, "pathType": kind, "backend": backend or BACKEND}]}}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"rules": [rule()]}, []),
        ({}, ["spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"]),
        ({"rules": [rule("a")]}, ['spec.rules[0].http.paths[0].path: Invalid value: "a": must be an absolute path']),
        ({"rules": [rule("", "ImplementationSpecific")]}, []),
        (
            {"rules": [rule("/a//b/..")]},
            [
                "spec.rules[0].http.paths[0].path: Invalid value: \"/a//b/..\": must not contain '//'",
                "spec.rules[0].http.paths[0].path: Invalid value: \"/a//b/..\": cannot end with '/..'",
            ],
        ),
        (
            {"rules": [rule(kind="Other")]},
            ['spec.rules[0].http.paths[0].pathType: Unsupported value: "Other": supported values: "Exact", "ImplementationSpecific", "Prefix"'],
        ),
        ({"rules": [rule(host="1.2.3.4")]}, ['spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address']),
        ({"rules": [rule(service={"name": "s"})]}, ["spec.rules[0].http.paths[0].backend: Required value: port name or number is required"]),
        ({"rules": [rule(service={"name": "9s", "port": {"number": 1}})]}, []),
        (
            {"defaultBackend": {**BACKEND, "resource": {"kind": "K", "name": "n"}}},
            ['spec.defaultBackend: Invalid value: "": cannot set both resource and service backends'],
        ),
        ({"defaultBackend": {}}, ['spec.defaultBackend: Invalid value: "": resource or service backend is required']),
    ],
)
def test_ingresses(spec, expected):
    assert errors(ingress.validate({"metadata": META, "spec": spec})) == expected


def test_an_ingress_keeps_what_an_older_server_took():
    old = {"metadata": META, "spec": {"rules": [rule("x", host="*.example.com")], "tls": [{"secretName": "No_Secret"}]}}
    assert len(errors(ingress.validate(old))) == 2
    assert errors(ingress.validate_update(old, old)) == []


def test_ingress_references():
    obj = {"metadata": META, "spec": {"ingressClassName": "n", "rules": [rule()], "tls": [{"secretName": "t"}]}}
    assert [(r.kind, r.name, r.key) for r in ingress.references(obj)] == [
        ("IngressClass.networking.k8s.io", "n", ""),
        ("Service", "s", "80"),
        ("Secret", "t", ""),
    ]


def test_ingress_classes():
    obj = {"metadata": {"name": "n"}, "spec": {"controller": "example.com/c", "parameters": {"kind": "K", "name": "n", "scope": None}}}
    ingressclass.default(obj)
    assert obj["spec"]["parameters"]["scope"] == "Cluster" and errors(ingressclass.validate(obj)) == []
    obj["spec"]["parameters"]["scope"] = "Namespace"
    assert errors(ingressclass.validate(obj)) == ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"]
    changed = {**obj, "spec": {"controller": "example.com/d"}}
    assert errors(ingressclass.validate_update(changed, obj)) == ['spec.controller: Invalid value: "example.com/d": field is immutable']


def policy(**spec):
    obj = {"metadata": META, "spec": {"podSelector": {}, **spec}}
    networkpolicy.default(obj)
    return obj


def test_network_policy_defaults():
    assert policy()["spec"]["policyTypes"] == ["Ingress"]
    assert policy(egress=[{"ports": [{"port": 1}]}])["spec"] == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
        "egress": [{"ports": [{"port": 1, "protocol": "TCP"}]}],
    }


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"ports": [{"port": 5, "endPort": 4}]}, ["spec.ingress[0].ports[0].endPort: Invalid value: 5: must be greater than or equal to `port`"]),
        ({"ports": [{"port": "http", "endPort": 4}]}, ["spec.ingress[0].ports[0].endPort: Invalid value: 4: may not be specified when `port` is non-numeric"]),
        ({"from": [{}]}, ["spec.ingress[0].from[0]: Required value: must specify a peer"]),
        (
            {"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}]},
            ["spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer"],
        ),
        (
            {"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "11.0.0.0/16"]}}]},
            ['spec.ingress[0].from[0].ipBlock.except[1]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`'],
        ),
        (
            {"from": [{"ipBlock": {"cidr": "10.0.0.1/8"}}]},
            ['spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length'],
        ),
    ],
)
def test_network_policies(rule, expected):
    broken = policy(ingress=[rule])
    assert errors(networkpolicy.validate(broken)) == expected


def test_a_network_that_is_stored_stays_allowed():
    old = policy(ingress=[{"from": [{"ipBlock": {"cidr": "10.0.0.1/8"}}]}])
    moved = policy(egress=[{"to": [{"ipBlock": {"cidr": "10.0.0.1/8"}}]}])
    assert errors(networkpolicy.validate_update(moved, old)) == []


@pytest.mark.parametrize(
    ("kind", "address", "expected"),
    [
        ("IPv4", "10.0.0.1", ""),
        ("IPv4", "fd00::1", "must be an IPv4 address"),
        ("IPv4", "169.254.1.1", "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        ("IPv4", "224.0.0.5", "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
        ("IPv4", "0.0.0.0", "may not be unspecified (0.0.0.0)"),
        ("IPv6", "FD00::1", 'must be in canonical form ("fd00::1")'),
        ("IPv6", "::1", "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        ("IPv6", "fe80::1", "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        ("FQDN", "a.example.com", ""),
    ],
)
def test_addresses_of_slices(kind, address, expected):
    obj = {"metadata": META, "addressType": kind, "endpoints": [{"addresses": [address]}]}
    found = [e.detail for e in endpointslice.validate(obj)]
    assert found == ([expected] if expected else [])
    assert [e.detail for e in endpointslice.validate_update(obj, obj)] == []


def test_slices_count_generations_but_not_for_annotations():
    old = {"metadata": {**META, "generation": 3}, "addressType": "IPv4", "endpoints": []}
    new = {"metadata": {**META, "generation": 3, "annotations": {"a": "b"}}, "addressType": "IPv4", "endpoints": []}
    endpointslice.prepare_update(new, old)
    assert new["metadata"]["generation"] == 3
    new["metadata"]["labels"] = {"a": "b"}
    endpointslice.prepare_update(new, old)
    assert new["metadata"]["generation"] == 4


def test_too_many_endpoints_are_not_looked_at():
    obj = {"metadata": META, "addressType": "IPv4", "endpoints": [{}] * 1001}
    assert errors(endpointslice.validate(obj)) == ["endpoints: Too many: 1001: must have at most 1000 items"]


def test_endpoints():
    obj = {"metadata": META, "subsets": [{"ports": [{"port": 1}, {"name": "b", "port": 0}]}]}
    endpoints.default(obj)
    assert [e.field for e in endpoints.validate(obj)] == ["subsets[0]", "subsets[0].ports[0].name", "subsets[0].ports[1].port"]
    assert list(endpoints.validate_update(obj, obj)) == []


def test_addresses_and_ranges():
    parent = {"resource": "services", "namespace": "b", "name": "a"}
    obj = {"metadata": {"name": "10.96.0.1"}, "spec": {"parentRef": parent}}
    assert errors(ipaddress.validate(obj)) == []
    moved = {**obj, "spec": {"parentRef": {**parent, "name": "c"}}}
    assert errors(ipaddress.validate_update(moved, obj)) == [
        'spec.parentRef: Invalid value: {"Group":"","Resource":"services","Namespace":"b","Name":"c"}: field is immutable'
    ]
    assert errors(ipaddress.validate({**obj, "metadata": {"name": "10.96.0.01"}}))[0].startswith('metadata.name: Invalid value: "10.96.0.01"')

    def ranges(*cidrs):
        return {"metadata": {"name": "r"}, "spec": {"cidrs": list(cidrs)}}

    assert errors(servicecidr.validate(ranges())) == ["spec.cidrs: Required value: at least one CIDR required"]
    assert errors(servicecidr.validate(ranges("10.0.0.0/8", "fd00::/64"))) == []
    assert len(errors(servicecidr.validate(ranges("10.0.0.0/8", "11.0.0.0/8")))) == 1
    assert errors(servicecidr.validate_update(ranges("10.0.0.0/8", "fd00::/64"), ranges("10.0.0.0/8"))) == []
    assert errors(servicecidr.validate_update(ranges("11.0.0.0/8"), ranges("10.0.0.0/8"))) == ['spec.cidrs[0]: Invalid value: "11.0.0.0/8": field is immutable']
