"""NetworkPolicies: who is isolated, who is let through, which policy decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from kplan.api.objects import Object
from kplan.network.networkpolicy import Party, Verdict, verdict


class Objects:
    """A reader of a few objects."""

    version, now = "1.36", datetime(2026, 1, 1, tzinfo=UTC)

    def __init__(self, *objects: Object) -> None:
        self.objects = objects

    def list(self, kind: str, namespace: str | None = None) -> Sequence[Object]:
        return [o for o in self.objects if o["kind"] == kind.partition(".")[0] and namespace in (None, o["metadata"].get("namespace"))]

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        return next((o for o in self.list(kind) if o["metadata"]["name"] == name and o["metadata"].get("namespace", "") == namespace), None)

    def owned(self, kind: str, uid: str) -> Sequence[Object]:
        return ()

    def on_node(self, node: str) -> Sequence[Object]:
        return ()


def pod(name: str, namespace: str = "a", ip: str = "10.0.0.1", **more: Any) -> Object:
    labels = more.pop("labels", {"app": name})
    spec = {"containers": [{"name": "c", "ports": [{"name": "http", "containerPort": 8080}]}], **more}
    meta = {"name": name, "namespace": namespace, "labels": labels, "uid": f"{namespace}-{name}"}
    return {"kind": "Pod", "metadata": meta, "spec": spec, "status": {"podIP": ip}}


def space(name: str, **labels: str) -> Object:
    return {"kind": "Namespace", "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name, **labels}}}


def policy(name: str, app: str = "", namespace: str = "a", **spec: Any) -> Object:
    chosen = {"matchLabels": {"app": app}} if app else {}
    return {"kind": "NetworkPolicy", "metadata": {"name": name, "namespace": namespace}, "spec": {"podSelector": chosen, **spec}}


WEB, API, DB = pod("web", ip="10.0.0.1"), pod("api", ip="10.0.0.2"), pod("db", "b", "10.0.0.3")
SPACES = (space("a"), space("b", team="x"))


def ask(source: Object | str, target: Object | str, *policies: Object, port: int = 8080, protocol: str = "TCP") -> Verdict:
    ends = [Party(address=end) if isinstance(end, str) else Party(end) for end in (source, target)]
    return verdict(ends[0], ends[1], port, protocol, Objects(*SPACES, *policies))


def test_without_policies_everyone_reaches_everyone() -> None:
    found = ask(WEB, DB)
    assert found.allowed
    assert str(found.deciding) == "no policy isolates it for ingress"


def test_a_policy_isolates_what_it_selects_in_its_namespace_and_direction() -> None:
    deny = policy("deny", "api", policyTypes=["Ingress"])
    found = ask(WEB, API, deny)
    assert not found.allowed
    assert str(found.deciding) == "isolated for ingress by a/deny, and no rule allows it"
    assert ask(API, WEB, deny).allowed
    assert ask(WEB, DB, policy("deny", "db")).allowed  # another namespace's policy
    assert not ask(WEB, DB, policy("deny", "", "b")).allowed


def test_egress_counts_where_it_is_stated_or_has_rules() -> None:
    assert not ask(WEB, API, policy("out", "web", policyTypes=["Egress"])).allowed
    assert ask(API, WEB, policy("out", "web", policyTypes=["Egress"])).allowed
    both = policy("out", "web", egress=[{"to": [{"podSelector": {"matchLabels": {"app": "api"}}}]}])
    assert ask(WEB, API, both).allowed
    assert not ask(API, WEB, both).allowed  # with no policyTypes a policy is always about ingress too


def test_rules_of_several_policies_add_up() -> None:
    allow = policy("allow", "api", ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]}])
    found = ask(WEB, API, policy("deny"), allow)
    assert found.allowed
    assert found.deciding.by == (("a/allow", "spec.ingress[0]"),)
    assert found.deciding.isolating == ("a/deny", "a/allow")
    assert not ask(pod("other"), API, policy("deny"), allow).allowed


def test_both_ends_must_agree() -> None:
    into = policy("in", "api", ingress=[{"from": [{"podSelector": {}}]}])
    out = policy("out", "web", policyTypes=["Egress"])
    found = ask(WEB, API, into, out)
    assert not found.allowed
    assert found.deciding.direction == "Egress"


def test_a_pod_selector_alone_means_the_policys_own_namespace() -> None:
    same = policy("in", "api", ingress=[{"from": [{"podSelector": {}}]}])
    assert ask(WEB, API, same).allowed
    assert not ask(DB, API, same).allowed


def test_both_selectors_of_one_peer_must_match_and_one_of_two_peers() -> None:
    chosen, team = {"matchLabels": {"app": "db"}}, {"matchLabels": {"team": "x"}}
    assert ask(DB, API, policy("in", "api", ingress=[{"from": [{"namespaceSelector": team, "podSelector": chosen}]}])).allowed
    other = pod("cache", "b")
    assert not ask(other, API, policy("in", "api", ingress=[{"from": [{"namespaceSelector": team, "podSelector": chosen}]}])).allowed
    assert ask(other, API, policy("in", "api", ingress=[{"from": [{"namespaceSelector": team}, {"podSelector": chosen}]}])).allowed
    assert ask(WEB, API, policy("in", "api", ingress=[{"from": [{"namespaceSelector": {}}]}])).allowed


def test_no_peers_are_all_peers_and_an_empty_rule_allows_all() -> None:
    assert ask("203.0.113.7", API, policy("in", "api", ingress=[{"ports": [{"port": 8080}]}])).allowed
    assert ask("203.0.113.7", API, policy("in", "api", ingress=[{}])).allowed
    assert not ask("203.0.113.7", API, policy("in", "api", ingress=[])).allowed
    assert not ask("203.0.113.7", API, policy("in", "api", ingress=[{"from": [{"namespaceSelector": {}}]}])).allowed


def test_networks_with_holes() -> None:
    block = {"ipBlock": {"cidr": "203.0.113.0/24", "except": ["203.0.113.128/25"]}}
    rule = policy("in", "api", ingress=[{"from": [block]}])
    assert ask("203.0.113.7", API, rule).allowed
    assert not ask("203.0.113.200", API, rule).allowed
    assert not ask("198.51.100.1", API, rule).allowed
    assert not ask("", API, policy("in", "api", ingress=[{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}])).allowed
    assert ask("2001:db8::1", API, policy("in", "api", ingress=[{"from": [{"ipBlock": {"cidr": "2001:db8::/32"}}]}])).allowed
    assert ask(WEB, API, policy("in", "api", ingress=[{"from": [{"ipBlock": {"cidr": "10.0.0.0/30"}}]}])).allowed


def test_ports_by_number_range_name_and_protocol() -> None:
    def with_port(**port: Any) -> Object:
        return policy("in", "api", ingress=[{"ports": [port]}])

    assert ask(WEB, API, with_port(port=8080)).allowed
    assert not ask(WEB, API, with_port(port=80)).allowed
    assert ask(WEB, API, with_port(port=8000, endPort=8080)).allowed
    assert not ask(WEB, API, with_port(port=8000, endPort=8079)).allowed
    assert ask(WEB, API, with_port(port="http")).allowed
    assert not ask(WEB, API, with_port(port="http"), port=9090).allowed
    assert not ask(WEB, API, with_port(port=8080, protocol="UDP")).allowed
    assert ask(WEB, API, with_port(protocol="UDP"), protocol="UDP").allowed
    assert not ask(WEB, "203.0.113.7", policy("out", "web", egress=[{"ports": [{"port": "http"}]}])).allowed


def test_egress_names_are_ports_of_the_target() -> None:
    rule = policy("out", "web", policyTypes=["Egress"], egress=[{"ports": [{"port": "http"}]}])
    assert ask(WEB, API, rule).allowed


def test_a_pod_reaches_itself_and_a_node_its_pods() -> None:
    assert ask(API, API, policy("deny", policyTypes=["Ingress", "Egress"])).allowed
    host, near, far = pod("h", hostNetwork=True, nodeName="n1"), pod("api", nodeName="n1"), pod("api", nodeName="n2")
    assert ask(host, near, policy("deny")).allowed
    assert not ask(host, far, policy("deny")).allowed


def test_pods_on_the_hosts_network_are_their_node() -> None:
    host = pod("h", ip="192.0.2.10", hostNetwork=True, nodeName="n1", labels={"app": "h"})
    assert ask(WEB, host, policy("deny")).allowed
    assert not ask(host, API, policy("in", "api", ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "h"}}}]}])).allowed
    assert ask(host, API, policy("in", "api", ingress=[{"from": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]}])).allowed
