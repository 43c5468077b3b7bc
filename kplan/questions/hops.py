"""The hops of a way: the name of a Service, its endpoints, the policies on the way to each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from kplan.api.objects import Object
from kplan.api.reader import Reader
from kplan.api.ref import Ref
from kplan.network.dns import resolve
from kplan.network.networkpolicy import Party, Side, verdict
from kplan.network.proxy import Endpoint, addresses_of, backends, endpoints_of, source_allowed

DNS_PORT = 53
DNS_SERVER: Object = {  # as kubeadm makes it; the simulated cluster has none
    "kind": "Pod",
    "metadata": {"name": "dns", "namespace": "kube-system", "uid": "", "labels": {"k8s-app": "kube-dns"}},
    "spec": {"containers": []},
}


class Hop(NamedTuple):
    """One step. `ok` None: worth knowing, and no obstacle."""

    what: str
    answer: str
    ok: bool | None = True


class End(NamedTuple):
    """Where a connection comes from: pods of something, or an address outside (no pods)."""

    title: str
    pods: tuple[Object, ...] = ()
    address: str = ""

    def parties(self) -> list[Party]:
        """Each by itself."""
        return [Party(p) for p in self.pods] or [Party(address=self.address)]


def service_hops(start: End, ref: Ref, service: Object, port: Object, reader: Reader) -> Iterator[Hop]:
    """What lies between a source and the pods behind a port of a Service."""
    if start.pods:
        yield from names(start, ref, reader)
        yield from _endpoint_hops(start, service, port, reader, external=False)
        return
    spec = service["spec"]
    doors = [a for a in addresses_of(service) if a.external and a.service_port.get("port") == port["port"]]
    if not doors:
        yield Hop("address", f"a Service of type {spec.get('type', 'ClusterIP')} has no address outside the cluster", False)
        return
    yield Hop("address", ", ".join(dict.fromkeys(f"{d.address or 'any node'}:{d.port}" for d in doors)))
    if not source_allowed(service, start.address):
        yield Hop("source range", f"{start.address} is in none of loadBalancerSourceRanges", False)
        return
    yield from _endpoint_hops(start, service, port, reader, external=True)


def names(start: End, ref: Ref, reader: Reader) -> Iterator[Hop]:
    """The Service's name, as the source's pods resolve it; the question to the DNS must get out too."""
    if not start.pods:
        return
    pod = start.pods[0]
    name = ref.name if pod["metadata"]["namespace"] == ref.namespace else f"{ref.name}.{ref.namespace}"
    asked = [verdict(Party(p), Party(DNS_SERVER), DNS_PORT, "UDP", reader).egress for p in start.pods]
    denied = next((a for a in asked if not a.allowed), None)
    if denied is not None:
        yield Hop("name", f"{name} cannot be asked for: UDP {DNS_PORT} to the cluster's DNS is {denied}", False)
        return
    answer = resolve(name, pod, reader)
    if answer is None:
        policy, on_host = pod["spec"].get("dnsPolicy", "ClusterFirst"), pod["spec"].get("hostNetwork")
        why = f" (dnsPolicy {policy}{', host network' if on_host else ''})" if policy != "ClusterFirst" or on_host else ""
        yield Hop("name", f"{name} does not resolve{why}", None if why else False)
    elif answer.addresses:
        yield Hop("name", f"{name} is {', '.join(answer.addresses[:3])}{' …' if len(answer.addresses) > 3 else ''}")


def _endpoint_hops(start: End, service: Object, port: Object, reader: Reader, *, external: bool) -> Iterator[Hop]:
    """The endpoints, and whether the source gets to each of them."""
    spec = service["spec"]
    protocol = port.get("protocol", "TCP")
    if spec.get("clusterIP") == "None":
        chosen = {"": [e for e in endpoints_of(service, port, reader) if e.ready]}
        problem = "" if chosen[""] else "no ready endpoints"
    else:
        nodes = sorted({p["spec"].get("nodeName") or "" for p in start.pods}) or [""]
        found = {n: backends(service, port, reader, node=n, external=external) for n in nodes}
        chosen = {n: list(b.endpoints) for n, b in found.items()}
        problem = next((b.problem for b in found.values() if not b.endpoints), "")
    every = list(dict.fromkeys(e for held in chosen.values() for e in held))
    target = f"{port['port']} → {port.get('targetPort', port['port'])}"
    if problem and not every:
        yield Hop("endpoints", f"port {target}: {problem}{selecting(service, reader)}", False)
        return
    yield Hop("endpoints", f"port {target}: {count_of(every)}")
    if problem:
        yield Hop("endpoints", problem, False)
        return
    masked = external and spec.get("externalTrafficPolicy", "Cluster") == "Cluster"
    sources = [Party(address="")] if masked else start.parties()
    pairs = [(s, e) for s in sources for e in (chosen.get(_node_of(s), every))]
    yield from policy_hops(((s, e, e.port) for s, e in pairs), protocol, reader)
    if masked:
        yield Hop("source address", "is a node's (externalTrafficPolicy Cluster): ipBlock rules do not see the client's", None)


def _node_of(party: Party) -> str:
    return (party.pod["spec"].get("nodeName") or "") if party.pod is not None else ""


def selecting(service: Object, reader: Reader) -> str:
    """Why a Service has no ready endpoints."""
    chosen = service["spec"].get("selector")
    if not chosen:
        return " (it selects nothing: its EndpointSlices are someone else's)"
    pods = [p for p in reader.list("Pod", service["metadata"]["namespace"]) if chosen.items() <= (p["metadata"].get("labels") or {}).items()]
    if not pods:
        return f" (no pod has the labels {', '.join(f'{k}={v}' for k, v in sorted(chosen.items()))})"
    return f" ({len(pods)} {'pods are' if len(pods) != 1 else 'pod is'} selected, none is ready on that port)"


def count_of(endpoints: Sequence[Endpoint]) -> str:
    """How many endpoints on how many nodes."""
    nodes = len({e.node for e in endpoints if e.node})
    return f"{len(endpoints)} ready endpoint{'s' if len(endpoints) != 1 else ''}" + (f" on {nodes} node{'s' if nodes != 1 else ''}" if nodes else "")


def policy_hops(pairs: Iterable[tuple[Party, Endpoint | Object, int]], protocol: str, reader: Reader) -> Iterator[Hop]:
    """What NetworkPolicies say of connections, those with the same answer together."""
    groups: dict[tuple[bool, str], int] = {}
    for source, end, number in pairs:
        target = _target(end, reader)
        found = verdict(source, target, number, protocol, reader)
        side: Side = found.deciding
        who = "source" if side.direction == "Egress" else "target"
        words = str(side) if not side.isolating else f"{who} {side}"
        groups[found.allowed, words] = groups.get((found.allowed, words), 0) + 1
    whole = sum(groups.values())
    for (allowed, words), count in sorted(groups.items(), key=lambda g: (not g[0][0], g[0][1])):
        some = f" ({count} of {whole} connections)" if len(groups) > 1 else ""
        yield Hop("policy", f"{words}{some}", allowed)


def _target(end: Endpoint | Object, reader: Reader) -> Party:
    if isinstance(end, Endpoint):
        namespace, _, name = end.pod.partition("/")
        pod = reader.get("Pod", namespace, name) if name else None
        return Party(pod) if pod is not None else Party(address=end.address)
    return Party(end)


def until_failure(hops: Iterable[Hop]) -> Iterator[Hop]:
    """After a name or a port that is not there nothing more can be asked; all that policies say is told."""
    for hop in hops:
        yield hop
        if hop.ok is False and hop.what not in ("policy", "name"):
            return


__all__ = ["End", "Hop", "count_of", "names", "policy_hops", "selecting", "service_hops", "until_failure"]
