"""Addresses and ports of Services, through the door."""

import pytest

import kplan


def service(name, *ports, **spec):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": [dict(p) for p in ports], **spec}}


HTTP = {"name": "http", "port": 80}
DNS = ({"name": "udp", "port": 53, "protocol": "UDP"}, {"name": "tcp", "port": 53})


@pytest.fixture
def cluster():
    return kplan.Cluster(version="1.36")


def spec_of(response):
    assert response.accepted, response.message
    return response.object["spec"]


def messages(response):
    assert not response.accepted
    return [f"{cause.field}: {cause.message}" for cause in response.causes] or [response.message]


def test_addresses_are_the_lowest_free_ones_above_the_reserved_band(cluster):
    first = spec_of(cluster.create(service("a", HTTP)))
    second = spec_of(cluster.create(service("b", HTTP)))
    assert first["clusterIP"] == "10.96.1.1" and first["clusterIPs"] == ["10.96.1.1"]
    assert second["clusterIP"] == "10.96.1.2"
    assert (first["ipFamilies"], first["ipFamilyPolicy"]) == (["IPv4"], "SingleStack")
    assert "nodePort" not in first["ports"][0]


def test_a_deleted_service_gives_its_address_back(cluster):
    cluster.create(service("a", HTTP))
    cluster.delete({"apiVersion": "v1", "kind": "Service", "name": "a"})
    assert spec_of(cluster.create(service("b", HTTP)))["clusterIP"] == "10.96.1.1"


def test_explicit_addresses(cluster):
    assert spec_of(cluster.create(service("a", HTTP, clusterIP="10.96.0.77")))["clusterIPs"] == ["10.96.0.77"]
    taken = cluster.create(service("b", HTTP, clusterIP="10.96.0.77"))
    assert messages(taken) == ['spec.clusterIPs: Invalid value: ["10.96.0.77"]: failed to allocate IP 10.96.0.77: provided IP is already allocated']
    outside = cluster.create(service("c", HTTP, clusterIP="10.200.0.1"))
    assert "does not match the current range" in messages(outside)[0]
    dry = cluster.create(service("c", HTTP, clusterIP="10.200.0.1"), dry_run=True)
    assert "The range of valid IPs is 10.96.0.0/12" in messages(dry)[0]


def test_node_ports_are_shared_between_protocols_and_refused_when_taken(cluster):
    ports = spec_of(cluster.create(service("dns", *DNS, type="NodePort")))["ports"]
    assert [p["nodePort"] for p in ports] == [30086, 30086]
    taken = cluster.create(service("b", {**HTTP, "nodePort": 30086}, type="NodePort"))
    assert messages(taken) == ["spec.ports[0].nodePort: Invalid value: 30086: provided port is already allocated"]
    low = cluster.create(service("b", {**HTTP, "nodePort": 80}, type="NodePort"))
    assert messages(low) == ["spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767"]


def test_an_update_that_leaves_out_what_was_given_keeps_it(cluster):
    before = spec_of(cluster.create(service("a", HTTP, type="LoadBalancer", externalTrafficPolicy="Local")))
    after = spec_of(cluster.update(service("a", {**HTTP, "port": 81}, type="LoadBalancer", externalTrafficPolicy="Local")))
    assert after["clusterIP"] == before["clusterIP"]
    assert after["ports"][0]["nodePort"] == before["ports"][0]["nodePort"]
    assert after["healthCheckNodePort"] == before["healthCheckNodePort"] != before["ports"][0]["nodePort"]


def test_what_belongs_to_the_old_type_goes_with_it(cluster):
    created = cluster.create(service("a", HTTP, type="LoadBalancer", externalTrafficPolicy="Local", loadBalancerClass="example.com/x"))
    sent = {**created.object, "spec": {**created.object["spec"], "type": "ClusterIP"}}
    updated = cluster.update(sent)
    after = spec_of(updated)
    gone = {"allocateLoadBalancerNodePorts", "loadBalancerClass", "healthCheckNodePort", "externalTrafficPolicy"}
    assert gone.isdisjoint(after) and "nodePort" not in after["ports"][0]
    external = spec_of(cluster.update({**updated.object, "spec": {**after, "type": "ExternalName", "externalName": "db.example.com"}}))
    assert {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"}.isdisjoint(external)
    back = spec_of(cluster.update(service("a", HTTP)))
    assert back["clusterIP"] == "10.96.1.1"


def test_addresses_do_not_change(cluster):
    cluster.create(service("a", HTTP))
    changed = cluster.update(service("a", HTTP, clusterIP="10.96.5.5"))
    assert messages(changed) == ['spec.clusterIPs[0]: Invalid value: ["10.96.5.5"]: may not change once set']
    headless = cluster.update(service("a", HTTP, clusterIP="None"))
    assert messages(headless) == ['spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set']


def test_headless_services_without_selector_are_dual_stack(cluster):
    spec = spec_of(cluster.create(service("a", clusterIP="None")))
    assert (spec["ipFamilies"], spec["ipFamilyPolicy"]) == (["IPv4", "IPv6"], "RequireDualStack")
    selecting = spec_of(cluster.create(service("b", clusterIP="None", selector={"app": "x"})))
    assert (selecting["ipFamilies"], selecting["ipFamilyPolicy"]) == (["IPv4"], "SingleStack")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            {"ipFamilyPolicy": "RequireDualStack"},
            'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
        ),
        ({"ipFamilies": ["IPv6"]}, 'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'),
        ({"clusterIP": "fd00::1"}, 'spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster'),
        ({"clusterIPs": ["10.96.0.9"]}, 'spec.clusterIPs: Invalid value: ["10.96.0.9"]: must be empty when `clusterIP` is not specified'),
        ({"clusterIP": "010.96.0.9"}, 'spec.clusterIPs[0]: Invalid value: "010.96.0.9": must not have leading 0s'),
    ],
)
def test_families_that_the_cluster_does_not_have(cluster, spec, expected):
    assert messages(cluster.create(service("a", HTTP, **spec))) == [expected]


def test_a_load_balancer_without_node_ports(cluster):
    spec = spec_of(cluster.create(service("a", HTTP, type="LoadBalancer", allocateLoadBalancerNodePorts=False)))
    assert "nodePort" not in spec["ports"][0]


def test_a_further_range_serves_requests(cluster):
    cidr = {"apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR", "metadata": {"name": "more"}, "spec": {"cidrs": ["172.30.0.0/24"]}}
    assert cluster.create(cidr).accepted
    assert spec_of(cluster.create(service("a", HTTP, clusterIP="172.30.0.5")))["clusterIP"] == "172.30.0.5"
