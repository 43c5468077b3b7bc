"""NetworkPolicy: whether a connection between two parties is let through, and which policy decides.

Upstream: the API's own words (staging/src/k8s.io/api/networking/v1/types.go) and the conformance tests of network plugins. A pod is isolated in a direction
when a policy that has this direction selects it; then only what some rule of such policies allows gets through, and both ends must agree. A pod always
reaches itself, and a node the pods on it. Policies neither concern pods on the host's network nor know them by their labels: they have their node's
address. AdminNetworkPolicies are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kplan.api.addresses import parse_cidr, parse_ip
from kplan.api.objects import Object, labels_of
from kplan.api.reader import Reader
from kplan.api.selectors import matches

KIND = "NetworkPolicy.networking.k8s.io"
INGRESS, EGRESS = "Ingress", "Egress"


class Party(NamedTuple):
    """One end of a connection: a pod, or (`pod` None) an address; an empty address is one that no network contains."""

    pod: Object | None = None
    address: str = ""

    @property
    def addresses(self) -> Sequence[str]:
        """All addresses that the party has."""
        if self.pod is None:
            return (self.address,) if self.address else ()
        status = self.pod.get("status") or {}
        return [i["ip"] for i in status.get("podIPs") or () if i.get("ip")] or ([status["podIP"]] if status.get("podIP") else [])

    @property
    def on_host(self) -> bool:
        """A pod on its node's network."""
        return self.pod is not None and bool(self.pod["spec"].get("hostNetwork"))


class Side(NamedTuple):
    """What one end says. `by` are the rules that allow, as (policy, path of the rule); `isolating` the policies (namespace/name) that isolate this end."""

    direction: str
    allowed: bool
    isolating: tuple[str, ...] = ()
    by: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        if not self.isolating:
            return f"no policy isolates it for {self.direction.lower()}"
        if self.allowed:
            return "allowed by " + ", ".join(f"{policy} {path}" for policy, path in self.by) if self.by else "always allowed"
        return f"isolated for {self.direction.lower()} by {', '.join(self.isolating)}, and no rule allows it"


class Verdict(NamedTuple):
    """What becomes of a connection."""

    egress: Side
    ingress: Side

    @property
    def allowed(self) -> bool:
        """Both ends let it through."""
        return self.egress.allowed and self.ingress.allowed

    @property
    def deciding(self) -> Side:
        """The end that denies; of an allowed connection that whose policies were asked, the target's first."""
        if not self.egress.allowed or (self.ingress.allowed and not self.ingress.isolating and self.egress.isolating):
            return self.egress
        return self.ingress


def verdict(source: Party, target: Party, port: int, protocol: str, reader: Reader) -> Verdict:
    """Whether `source` may connect to a port of `target`. The port is the pod's own: a Service's has been translated before policies see it."""
    if _always(source, target):
        return Verdict(Side(EGRESS, True), Side(INGRESS, True))
    egress = _side(EGRESS, source, target, target, port, protocol, reader)
    ingress = _side(INGRESS, target, source, target, port, protocol, reader)
    return Verdict(egress, ingress)


def isolating(pod: Object, direction: str, reader: Reader) -> list[Object]:
    """The policies that isolate a pod in a direction, by name."""
    if pod["spec"].get("hostNetwork"):
        return []
    held = reader.list(KIND, pod["metadata"]["namespace"])
    return [p for p in held if direction in types_of(p["spec"]) and matches(p["spec"].get("podSelector") or {}, labels_of(pod))]


def types_of(spec: Object) -> Sequence[str]:
    """The directions of a policy; where it states none: ingress, and egress if it has such rules."""
    return spec.get("policyTypes") or ([INGRESS, EGRESS] if spec.get("egress") else [INGRESS])


def _always(source: Party, target: Party) -> bool:
    """A pod reaches itself, a node the pods on it."""
    if source.pod is None or target.pod is None:
        return False
    if source.pod["metadata"].get("uid") == target.pod["metadata"].get("uid") and source.pod["metadata"]["name"] == target.pod["metadata"]["name"]:
        return bool(source.pod["metadata"]["namespace"] == target.pod["metadata"]["namespace"])
    node = source.pod["spec"].get("nodeName")
    return bool(source.on_host and node and node == target.pod["spec"].get("nodeName"))


def _side(direction: str, mine: Party, other: Party, target: Party, port: int, protocol: str, reader: Reader) -> Side:
    policies = isolating(mine.pod, direction, reader) if mine.pod is not None else []
    if not policies:
        return Side(direction, True)
    by = tuple((_title(p), path) for p in policies for path in _allowing(p, direction, other, target, port, protocol, reader))
    return Side(direction, bool(by), tuple(map(_title, policies)), by)


def _title(policy: Object) -> str:
    return f"{policy['metadata']['namespace']}/{policy['metadata']['name']}"


def _allowing(policy: Object, direction: str, other: Party, target: Party, port: int, protocol: str, reader: Reader) -> Iterator[str]:
    """The paths of the rules that let the other end through."""
    rules, peers = ("ingress", "from") if direction == INGRESS else ("egress", "to")
    for i, rule in enumerate(policy["spec"].get(rules) or ()):
        listed = (rule or {}).get(peers) or ()
        if listed and not any(_is_peer(peer, policy["metadata"]["namespace"], other, reader) for peer in listed):
            continue
        if _has_port((rule or {}).get("ports") or (), target, port, protocol):
            yield f"spec.{rules}[{i}]"


def _is_peer(peer: Object, namespace: str, other: Party, reader: Reader) -> bool:
    """Whether a peer of a rule stands for the other end."""
    block = peer.get("ipBlock")
    if block is not None:
        return any(_in_block(block, address) for address in _seen(other, reader))
    if other.pod is None or other.on_host:
        return False
    meta = other.pod["metadata"]
    if "namespaceSelector" in peer:
        space = reader.get("Namespace", "", meta["namespace"])
        if space is None or not matches(peer["namespaceSelector"] or {}, labels_of(space)):
            return False
    elif meta["namespace"] != namespace:
        return False
    return "podSelector" not in peer or matches(peer["podSelector"] or {}, labels_of(other.pod))


def _seen(party: Party, reader: Reader) -> Sequence[str]:
    """The addresses under which a party is seen: on the host's network those of its node."""
    if party.pod is None or not party.on_host:
        return party.addresses
    node = reader.get("Node", "", party.pod["spec"].get("nodeName") or "")
    stated = [a["address"] for a in ((node or {}).get("status") or {}).get("addresses") or () if a.get("type") in ("InternalIP", "ExternalIP")]
    return stated or party.addresses


def _in_block(block: Object, text: str) -> bool:
    address, network = parse_ip(text), parse_cidr(block.get("cidr") or "")
    if address is None or network is None or address not in network:
        return False
    holes = [parse_cidr(hole) for hole in block.get("except") or ()]
    return not any(hole is not None and address in hole for hole in holes)


def _has_port(ports: Sequence[Object], target: Party, port: int, protocol: str) -> bool:
    """Whether a rule's ports contain a port of the target; none stands for all. Names are those of the target's container ports."""
    if not ports:
        return True
    for stated in ports:
        if stated.get("protocol", "TCP") != protocol:
            continue
        number = stated.get("port")
        if number is None:
            return True
        if isinstance(number, str):
            if target.pod is not None and port in _numbers(target.pod, number, protocol):
                return True
        elif number <= port <= (stated.get("endPort") or number):
            return True
    return False


def _numbers(pod: Object, name: str, protocol: str) -> list[int]:
    containers = [*(pod["spec"].get("initContainers") or ()), *pod["spec"]["containers"]]
    return [p["containerPort"] for c in containers for p in c.get("ports") or () if p.get("name") == name and p.get("protocol", "TCP") == protocol]
