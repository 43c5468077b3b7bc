"""The cluster's DNS: which names there are, and what they resolve to from within a pod.

Upstream: the specification kubernetes/dns, as CoreDNS's plugin `kubernetes` answers it, and the resolver's search path that the kubelet writes
(pkg/kubelet/network/dns). Left out: reverse names, and what lies outside the cluster domain, which is only named.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kplan.api.addresses import parse_ip
from kplan.api.objects import Object
from kplan.api.reader import Reader
from kplan.network.proxy import slices_of

DOMAIN = "cluster.local"
NDOTS = 5
LONGEST_CHAIN = 8


class Answer(NamedTuple):
    """What a name resolves to. `alias` is a CNAME; one that leaves the cluster has no addresses. `name` is the name that answered."""

    name: str
    addresses: Sequence[str] = ()
    alias: str = ""
    ports: Sequence[tuple[str, int]] = ()

    @property
    def leaves_cluster(self) -> bool:
        """An alias for something that only the outside knows."""
        return bool(self.alias) and not self.addresses and not _in_domain(self.alias)


def search_path(namespace: str) -> list[str]:
    """The domains in which a pod with dnsPolicy ClusterFirst looks for short names."""
    return [f"{namespace}.svc.{DOMAIN}", f"svc.{DOMAIN}", DOMAIN]


def candidates(name: str, pod: Object) -> list[str]:
    """The full names that a pod's resolver tries, in order.   Upstream: resolv.conf(5), GetPodDNS."""
    spec = pod["spec"]
    policy, config = spec.get("dnsPolicy", "ClusterFirst"), spec.get("dnsConfig") or {}
    if policy == "ClusterFirst" and spec.get("hostNetwork"):
        policy = "Default"
    searches = search_path(pod["metadata"]["namespace"]) if policy in ("ClusterFirst", "ClusterFirstWithHostNet") else []
    searches = list(dict.fromkeys([*searches, *(config.get("searches") or ())]))
    ndots = NDOTS if policy in ("ClusterFirst", "ClusterFirstWithHostNet") else 1
    for option in config.get("options") or ():
        if option.get("name") == "ndots" and (option.get("value") or "").isdecimal():
            ndots = int(option["value"])
    if name.endswith("."):
        return [name.rstrip(".")]
    searched = [f"{name}.{domain}" for domain in searches]
    return [name, *searched] if name.count(".") >= ndots else [*searched, name]


def resolve(name: str, pod: Object, reader: Reader) -> Answer | None:
    """What a name means inside a pod; None where nothing in the cluster answers.

    A pod that asks the node's resolver (dnsPolicy Default) or its own (None) does not see the cluster's names.
    """
    spec = pod["spec"]
    policy = spec.get("dnsPolicy", "ClusterFirst")
    if policy in ("Default", "None") or (policy == "ClusterFirst" and spec.get("hostNetwork")):
        return None
    for full in candidates(name, pod):
        found = lookup(full, reader)
        if found is not None:
            return found
    return None


def lookup(name: str, reader: Reader, _depth: int = 0) -> Answer | None:
    """What a full name resolves to; None: no such name."""
    name = name.rstrip(".").lower()
    if not _in_domain(name) or _depth > LONGEST_CHAIN:
        return None
    labels = name.removesuffix(f".{DOMAIN}").split(".")
    if labels[-1] == "pod" and len(labels) == 3:
        address = _undashed(labels[0])
        return Answer(name, (address,)) if address and reader.get("Namespace", "", labels[1]) is not None else None
    if labels[-1] != "svc" or len(labels) < 3:
        return None
    service = reader.get("Service", labels[-2], labels[-3])
    if service is None:
        return None
    rest = labels[:-3]
    if len(rest) == 2 and rest[0].startswith("_") and rest[1].startswith("_"):
        return _ports(name, service, rest[0][1:], rest[1][1:].upper(), reader)
    if len(rest) > 1:
        return None
    if service["spec"].get("type") == "ExternalName":
        return None if rest else _alias(name, service["spec"].get("externalName") or "", reader, _depth)
    if service["spec"].get("clusterIP") != "None":
        return None if rest else Answer(name, _cluster_ips(service["spec"]))
    hosts = _hosts(service, reader)
    addresses = hosts.get(rest[0], ()) if rest else tuple(dict.fromkeys(a for found in hosts.values() for a in found))
    return Answer(name, tuple(addresses)) if addresses else None


def _cluster_ips(spec: Object) -> tuple[str, ...]:
    """The addresses of a Service; some that were restored state the older field only."""
    return tuple(spec.get("clusterIPs") or [spec["clusterIP"]]) if spec.get("clusterIP") else ()


def _in_domain(name: str) -> bool:
    return name == DOMAIN or name.endswith(f".{DOMAIN}")


def _alias(name: str, target: str, reader: Reader, depth: int) -> Answer:
    target = target.rstrip(".")
    found = lookup(target, reader, depth + 1)
    return Answer(name, found.addresses if found is not None else (), target)


def _hosts(service: Object, reader: Reader) -> dict[str, list[str]]:
    """The ready endpoints of a headless Service by host name: the one they state, or their address with dashes."""
    meta = service["metadata"]
    found: dict[str, list[str]] = {}
    for held in slices_of(meta["namespace"], meta["name"], reader):
        for endpoint in held.get("endpoints") or ():
            if (endpoint.get("conditions") or {}).get("ready") is False:
                continue
            for address in endpoint.get("addresses") or ():
                found.setdefault(endpoint.get("hostname") or _dashed(address), []).append(address)
    return found


def _ports(name: str, service: Object, port: str, protocol: str, reader: Reader) -> Answer | None:
    """SRV: the named port of a Service, or of each endpoint of a headless one."""
    spec, meta = service["spec"], service["metadata"]
    suffix = f"{meta['name']}.{meta['namespace']}.svc.{DOMAIN}"
    if spec.get("clusterIP") != "None":
        numbers = [p["port"] for p in spec.get("ports") or () if p.get("name") == port and p.get("protocol", "TCP") == protocol]
        return Answer(name, _cluster_ips(spec), ports=tuple((suffix, n) for n in numbers)) if numbers else None
    found: list[tuple[str, int]] = []
    addresses: list[str] = []
    for held in slices_of(meta["namespace"], meta["name"], reader):
        numbers = [p["port"] for p in held.get("ports") or () if p.get("name") == port and p.get("protocol", "TCP") == protocol]
        for endpoint in held.get("endpoints") or () if numbers else ():
            if (endpoint.get("conditions") or {}).get("ready") is not False:
                for address in endpoint["addresses"]:
                    found += [(f"{endpoint.get('hostname') or _dashed(address)}.{suffix}", n) for n in numbers]
                    addresses.append(address)
    return Answer(name, tuple(addresses), ports=tuple(found)) if found else None


def _dashed(address: str) -> str:
    return address.replace(".", "-").replace(":", "-")


def _undashed(label: str) -> str:
    """An address with dashes as an address; empty if it is none."""
    for separator in (".", ":"):
        address = parse_ip(label.replace("-", separator))
        if address is not None:
            return str(address)
    return ""
