"""NetworkPolicy.

Upstream: pkg/apis/networking/{v1,validation}, pkg/registry/networking/networkpolicy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from kplan.api.addresses import parse_cidr, warnings_for_cidr
from kplan.api.field import FieldErrors, forbidden, invalid, required
from kplan.api.names import is_valid_port_name, name_is_dns_subdomain
from kplan.api.objects import Object, namespace_of
from kplan.kinds.addresses import validate_cidr_for_legacy_field
from kplan.kinds.enums import unsupported
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.labelselector import validate_label_selector
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.ports import validate_port_number
from kplan.kinds.strategy import count_generation, first_generation

PROTOCOLS = ("TCP", "UDP", "SCTP")
POLICY_TYPES = ("Ingress", "Egress")


def default(obj: Object) -> None:
    """Ports are TCP; a policy is about ingress, and about egress if it has such rules."""
    spec = obj.setdefault("spec", {})
    for _, rule, _ in _rules(spec):
        for port in rule.get("ports") or ():
            port.setdefault("protocol", "TCP")
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def _rules(spec: Object) -> Iterator[tuple[str, Object, str]]:
    """Path, rule, and the name of the list of its peers."""
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for i, rule in enumerate(spec.get(direction) or ()):
            yield f"spec.{direction}[{i}]", rule or {}, peers


def validate(obj: Object) -> FieldErrors:
    """Upstream: ValidateNetworkPolicy."""
    yield from validate_object_meta(obj["metadata"], True, name_is_dns_subdomain)
    yield from _validate_spec(obj.get("spec") or {}, (), False)


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Networks that the old policy has, and if its selector is wrong wrong values in selectors, stay allowed."""
    spec = old.get("spec") or {}
    blocks = [peer["ipBlock"] for _, rule, peers in _rules(spec) for peer in rule.get(peers) or () if peer.get("ipBlock")]
    existing = [cidr for block in blocks for cidr in (block.get("cidr") or "", *(block.get("except") or ()))]
    invalid_values = any(True for _ in validate_label_selector(spec.get("podSelector"), ""))
    yield from _validate_spec(new.get("spec") or {}, existing, invalid_values)


def _validate_spec(spec: Object, existing: Collection[str], invalid_values: bool) -> FieldErrors:
    yield from validate_label_selector(spec.get("podSelector"), "spec.podSelector", allow_invalid_values=invalid_values)
    for path, rule, peers in _rules(spec):
        for i, port in enumerate(rule.get("ports") or ()):
            yield from _validate_port(port, f"{path}.ports[{i}]")
        for i, peer in enumerate(rule.get(peers) or ()):
            yield from _validate_peer(peer, f"{path}.{peers}[{i}]", existing, invalid_values)
    types = spec.get("policyTypes") or []
    if len(types) > 2:
        yield invalid("spec.policyTypes", types, "may not specify more than two policyTypes")
        return
    for i, kind in enumerate(types):
        if kind not in POLICY_TYPES:
            yield unsupported(f"spec.policyTypes[{i}]", kind, POLICY_TYPES)


def _validate_port(port: Object, path: str) -> FieldErrors:
    protocol, number, end = port.get("protocol"), port.get("port"), port.get("endPort")
    if protocol is not None and protocol not in PROTOCOLS:
        yield unsupported(f"{path}.protocol", protocol, PROTOCOLS)
    if number is None:
        if end is not None:
            yield invalid(f"{path}.endPort", end, "may not be specified when `port` is not specified")
    elif isinstance(number, str):
        if end is not None:
            yield invalid(f"{path}.endPort", end, "may not be specified when `port` is non-numeric")
        for message in is_valid_port_name(number):
            yield invalid(f"{path}.port", number, message)
    else:
        yield from validate_port_number(number, f"{path}.port")
        if end is not None:
            if end < number:
                yield invalid(f"{path}.endPort", number, "must be greater than or equal to `port`")
            yield from validate_port_number(end, f"{path}.endPort")


def _validate_peer(peer: Object, path: str, existing: Collection[str], invalid_values: bool) -> FieldErrors:
    kinds = 0
    for field in ("podSelector", "namespaceSelector"):
        if field in peer:
            kinds += 1
            yield from validate_label_selector(peer[field], f"{path}.{field}", allow_invalid_values=invalid_values)
    block = peer.get("ipBlock")
    if block is not None:
        kinds += 1
        yield from _validate_block(block, f"{path}.ipBlock", existing)
    if not kinds:
        yield required(path, "must specify a peer")
    elif kinds > 1 and block is not None:
        yield forbidden(path, "may not specify both ipBlock and another peer")


def _validate_block(block: Object, path: str, existing: Collection[str]) -> FieldErrors:
    cidr = block.get("cidr") or ""
    if not cidr:
        yield required(f"{path}.cidr")
        return
    yield from validate_cidr_for_legacy_field(f"{path}.cidr", cidr, existing)
    network = parse_cidr(cidr)
    if network is None:
        return
    for i, text in enumerate(block.get("except") or ()):
        yield from validate_cidr_for_legacy_field(f"{path}.except[{i}]", text, existing)
        hole = parse_cidr(text)
        if hole is not None and (hole.base not in network or network.bits >= hole.bits):
            yield invalid(f"{path}.except[{i}]", text, "must be a strict subset of `cidr`")


def warnings(obj: Object) -> Iterator[str]:
    """Networks that are written oddly."""
    for path, rule, peers in _rules(obj.get("spec") or {}):
        for i, peer in enumerate(rule.get(peers) or ()):
            block = peer.get("ipBlock")
            if block is not None:
                yield from warnings_for_cidr(f"{path}.{peers}[{i}].ipBlock.cidr", block.get("cidr") or "")
                for j, text in enumerate(block.get("except") or ()):
                    yield from warnings_for_cidr(f"{path}.{peers}[{i}].ipBlock.except[{j}]", text)


def references(obj: Object) -> Iterator[Reference]:
    """The Pods that the policy is about; the Pods and Namespaces that its rules name."""
    spec, namespace = obj.get("spec") or {}, namespace_of(obj)
    yield Reference("spec.podSelector", "Pod", namespace, "", selects=spec.get("podSelector") or {})
    for path, rule, peers in _rules(spec):
        for i, peer in enumerate(rule.get(peers) or ()):
            if "namespaceSelector" in peer:
                spaces = peer["namespaceSelector"] or {}
                yield Reference(f"{path}.{peers}[{i}].namespaceSelector", "Namespace", "", "", selects=spaces, optional=True)
                if "podSelector" in peer:
                    yield Reference(f"{path}.{peers}[{i}].podSelector", "Pod", "", "", selects=peer["podSelector"] or {}, optional=True, within=spaces)
            elif "podSelector" in peer:
                yield Reference(f"{path}.{peers}[{i}].podSelector", "Pod", namespace, "", selects=peer["podSelector"] or {}, optional=True)


KIND = Kind(
    group="networking.k8s.io",
    version="v1",
    kind="NetworkPolicy",
    plural="networkpolicies",
    namespaced=True,
    short_names=("netpol",),
    default=default,
    prepare=first_generation,
    prepare_update=lambda new, old: count_generation(new, old, "spec"),
    validate=validate,
    validate_update=validate_update,
    warnings=warnings,
    update_warnings=lambda new, _old: warnings(new),
    references=references,
)
