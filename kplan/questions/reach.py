"""Who reaches whom: from a pod, an Ingress or the outside through names, Services and ports to pods that are ready and let the connection in.

Each way is a chain of hops; a hop says what is asked and what the cluster answers. Upstream for each: `kplan.network`. Left out: what the application
does with a connection, and the Ingress controller's own pods (which policies must let in: a hop says so).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kplan.api.addresses import parse_ip
from kplan.api.objects import Object
from kplan.api.reader import Reader
from kplan.api.ref import Ref
from kplan.cluster import Cluster
from kplan.lint.outcomes import phase_of
from kplan.network import ingress as ingresses
from kplan.network.networkpolicy import Party, verdict
from kplan.network.proxy import find_port
from kplan.questions.explain import owners
from kplan.questions.hops import End, Hop, names, policy_hops, service_hops, until_failure
from kplan.questions.ingress import route_hops
from kplan.questions.naming import UnknownError, kinds_of, named

OUTSIDE = ("internet", "outside", "world")
SOMEWHERE = "203.0.113.1"  # an address outside, of those kept for documentation


@dataclass(frozen=True, slots=True)
class Way:
    """A chain of hops that ends with the first that fails."""

    title: str
    hops: tuple[Hop, ...]

    @property
    def ok(self) -> bool:
        """No hop fails."""
        return all(h.ok is not False for h in self.hops)


@dataclass(frozen=True, slots=True)
class Reach:
    """The answer: every way from the source to the target."""

    source: str
    target: str
    ways: tuple[Way, ...]

    @property
    def ok(self) -> bool:
        """All ways lead there."""
        return bool(self.ways) and all(w.ok for w in self.ways)


def reach(cluster: Cluster, source: str, target: str, namespace: str | None = None) -> Reach:
    """Whether `source` (pod/x, deployment/web, internet, an address) reaches `target`.

    A target is service/db or service/db:5432, pod/x:8080, deployment/db:5432, ingress/shop, a host with a path (shop.example.com/cart), an address.
    """
    start = _start(cluster, source, namespace)
    return Reach(source, target, tuple(_ways(cluster, start, target, namespace)))


def _start(cluster: Cluster, text: str, namespace: str | None) -> End:
    if text.lower() in OUTSIDE:
        return End("internet", address=SOMEWHERE)
    if parse_ip(text) is not None:
        return End(text, address=text)
    ref = named(cluster, text, namespace)
    pods = _pods(cluster, ref)
    if not pods:
        raise UnknownError(f"{ref} has no running pods to connect from")
    return End(str(ref), tuple(pods))


def _pods(cluster: Cluster, ref: Ref) -> list[Object]:
    """The running pods of an object."""
    if ref.group_kind == "Service":
        raise UnknownError("a Service connects to nothing: name a pod or what makes pods")
    everything = cluster.door.store.list("Pod", ref.namespace or None)
    mine = [p for p in everything if Ref.of(p) == ref or ref in owners(cluster, p)]
    return [p for p in mine if phase_of(p) in ("Running", "NotReady")]


def _ways(cluster: Cluster, start: End, text: str, namespace: str | None) -> Iterator[Way]:
    store = cluster.door.store
    words, _, port = text.rpartition(":") if _has_port(text) else (text, "", "")
    if parse_ip(words) is not None:
        yield from _to_address(start, words, port, store)
        return
    if _is_url(cluster, words):
        yield from _by_url(start, text, store)
        return
    ref = named(cluster, words, namespace)
    if ref.kind == "Ingress":
        obj = store.get(ref.group_kind, ref.namespace, ref.name)
        for route in ingresses.routes_of(obj) if obj is not None else ():
            yield _by_route(start, route, store)
        return
    if ref.group_kind == "Service":
        yield from _to_service(start, ref, port, store)
        return
    yield from _to_pods(start, ref, _pods(cluster, ref), port, store)


def _is_url(cluster: Cluster, text: str) -> bool:
    """A host with a path, unless its parts are a kind and a name, or a namespace, a kind and a name."""
    if "://" in text:
        return True
    parts = text.split("/")
    stated = len(parts) in (2, 3) and bool(kinds_of(cluster, parts[-2])) and (len(parts) == 2 or "." not in parts[0])
    return not stated and "." in parts[0]


def _has_port(text: str) -> bool:
    before, colon, after = text.rpartition(":")
    return bool(colon) and "/" not in after and bool(after) and (parse_ip(text) is None) and bool(before)


# ---------------------------------------------------------------------------------------------------- to Services


def _to_service(start: End, ref: Ref, port: str, reader: Reader) -> Iterator[Way]:
    service = reader.get("Service", ref.namespace, ref.name)
    assert service is not None
    spec = service["spec"]
    if spec.get("type") == "ExternalName":
        yield Way(f"{start.title} → {ref}", (*names(start, ref, reader), Hop("alias", f"for {spec.get('externalName')}, outside the cluster", None)))
        return
    ports = spec.get("ports") or []
    if port:
        found = find_port(service, int(port) if port.isdecimal() else port)
        if found is None:
            stated = ", ".join(str(p["port"]) for p in ports) or "none"
            yield Way(f"{start.title} → {ref}:{port}", (Hop("port", f"the Service has no port {port}: it has {stated}", False),))
            return
        ports = [found]
    if not ports:
        yield Way(f"{start.title} → {ref}", (Hop("port", "the Service has no ports", False),))
    for each in ports:
        title = f"{start.title} → {ref}:{each['port']}"
        yield Way(title, tuple(until_failure(service_hops(start, ref, service, each, reader))))


# ---------------------------------------------------------------------------------------------------- to pods and addresses


def _to_pods(start: End, ref: Ref, pods: Sequence[Object], port: str, reader: Reader) -> Iterator[Way]:
    if not pods:
        yield Way(f"{start.title} → {ref}", (Hop("pods", "none is running", False),))
        return
    stated = {(p["containerPort"], p.get("protocol", "TCP")): p.get("name", "") for pod in pods for c in _containers(pod) for p in c.get("ports") or ()}
    wanted = [(int(port), "TCP")] if port.isdecimal() else [k for k, name in stated.items() if not port or name == port]
    if not wanted:
        what = f"no container port is named {port}" if port else "no container states a port: name one, such as :8080"
        yield Way(f"{start.title} → {ref}", (Hop("port", what, False),))
    for number, protocol in sorted(wanted):
        if port.isdecimal():
            protocol = next((p for n, p in stated if n == number), "TCP")
        hops = []
        if not start.pods:
            hops.append(Hop("address", "pods have no address outside the cluster", False))
        elif (number, protocol) not in stated:
            hops.append(Hop("port", f"no container states port {number}", None))
        if start.pods:
            hops += policy_hops(((s, p, number) for s in start.parties() for p in pods), protocol, reader)
        yield Way(f"{start.title} → {ref}:{number}", tuple(hops))


def _containers(pod: Object) -> list[Object]:
    return [*(pod["spec"].get("initContainers") or ()), *pod["spec"]["containers"]]


def _to_address(start: End, address: str, port: str, reader: Reader) -> Iterator[Way]:
    """An address outside, or a pod's."""
    pod = next((p for p in reader.list("Pod") if address in Party(p).addresses and not p["spec"].get("hostNetwork")), None)
    target = Party(pod) if pod is not None else Party(address=address)
    number = int(port) if port.isdecimal() else 443
    sides = {}
    for source in start.parties():
        found = verdict(source, target, number, "TCP", reader)
        sides[str(found.deciding)] = Hop("policy", str(found.deciding), found.allowed)
    yield Way(f"{start.title} → {address}:{number}", tuple(sides.values()))


# ---------------------------------------------------------------------------------------------------- through Ingresses


def _by_url(start: End, text: str, reader: Reader) -> Iterator[Way]:
    bare = text.removeprefix("https://").removeprefix("http://")
    host, slash, path = bare.partition("/")
    host = host.partition(":")[0]
    route = ingresses.match(host, slash + path or "/", reader.list(ingresses.KIND))
    if route is None:
        yield Way(f"{start.title} → {text}", (Hop("rule", f"no Ingress has a rule for host {host} and path {slash + path or '/'}", False),))
        return
    yield _by_route(start, route, reader)


def _by_route(start: End, route: ingresses.Route, reader: Reader) -> Way:
    return Way(f"{start.title} → {Ref.of(route.ingress)} {route}", tuple(until_failure(route_hops(route, reader))))


__all__ = ["Hop", "Reach", "Way", "reach"]
