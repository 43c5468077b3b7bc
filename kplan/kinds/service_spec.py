"""What a Service must be: the rules of its spec.

Upstream: pkg/apis/core/validation/validation.go, validateService and what it calls. Addresses and families have
`kplan.kinds.service_ips`.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors, duplicate, forbidden, invalid, not_supported, required
from kplan.api.gotext import Struct
from kplan.api.names import is_dns1123_subdomain
from kplan.api.objects import Object, annotations_of
from kplan.kinds.addresses import validate_cidr_for_legacy_field, validate_endpoint_ip, validate_ip_for_legacy_field
from kplan.kinds.enums import invalid_enum, unsupported
from kplan.kinds.metadata import validate_labels
from kplan.kinds.ports import (
    duplicates_by,
    validate_dns1123_label,
    validate_port_number,
    validate_port_number_or_name,
    validate_protocol,
    validate_qualified_name,
)
from kplan.kinds.service_ips import externally_accessible, is_headless, needs_health_check, validate_cluster_ips

TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
TRAFFIC_POLICIES = ("Cluster", "Local")
TRAFFIC_DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")
AFFINITIES = ("ClientIP", "None")
MAX_AFFINITY_SECONDS = 86400
SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
TOPOLOGY_HINTS = "service.kubernetes.io/topology-aware-hints"
TOPOLOGY_MODE = "service.kubernetes.io/topology-mode"


def validate_service(obj: Object, old: Object | None = None) -> FieldErrors:
    """A Service as it stands; `old` for what it may keep.   Upstream: validateService."""
    spec = obj["spec"]
    before: Object = old["spec"] if old else {}
    annotations = annotations_of(obj)
    if annotations:
        mode, hints = annotations.get(TOPOLOGY_MODE), annotations.get(TOPOLOGY_HINTS)
        if mode is not None and hints is not None and mode != hints:
            yield invalid(f"metadata.annotations[{TOPOLOGY_MODE}]", mode, f"must match annotations[{TOPOLOGY_HINTS}] when both are specified")
    kind, ports, headless = spec.get("type") or "", spec.get("ports") or [], is_headless(spec)
    if not ports and not headless and kind != "ExternalName":
        yield required("spec.ports")
    if kind in ("LoadBalancer", "NodePort") and headless:
        yield invalid("spec.clusterIPs[0]", spec["clusterIPs"][0], f"may not be set to 'None' for {kind} services")
    elif kind == "ExternalName":
        yield from _validate_external_name(spec)
    seen: set[str] = set()
    for i, port in enumerate(ports):
        yield from _validate_port(port, len(ports) > 1, seen, f"spec.ports[{i}]")
    if "selector" in spec:
        yield from validate_labels(spec["selector"], "spec.selector")
    yield from _validate_affinity(spec)
    yield from validate_cluster_ips(spec, before.get("clusterIPs") or ())
    for i, ip in enumerate(spec.get("externalIPs") or ()):
        path = f"spec.externalIPs[{i}]"
        errors = list(validate_ip_for_legacy_field(path, ip, before.get("externalIPs") or ()))
        yield from errors or validate_endpoint_ip(ip, path)
    if not kind:
        yield required("spec.type")
    elif kind not in TYPES:
        yield unsupported("spec.type", kind, TYPES)
    if kind == "ClusterIP":
        for i, port in enumerate(ports):
            if port.get("nodePort"):
                yield forbidden(f"spec.ports[{i}].nodePort", "may not be used when `type` is 'ClusterIP'")
    for i in duplicates_by(ports, "protocol", "nodePort"):
        if ports[i].get("nodePort"):
            yield duplicate(f"spec.ports[{i}].nodePort", ports[i]["nodePort"])
    for i in duplicates_by(ports, "protocol", "port"):
        yield duplicate(f"spec.ports[{i}]", _port_key(ports[i]))
    yield from _validate_source_ranges(obj, old)
    if "allocateLoadBalancerNodePorts" in spec and kind != "LoadBalancer":
        yield forbidden("spec.allocateLoadBalancerNodePorts", "may only be used when `type` is 'LoadBalancer'")
    if kind == "LoadBalancer" and "allocateLoadBalancerNodePorts" not in spec:
        yield required("allocateLoadBalancerNodePorts")
    yield from validate_load_balancer_class(spec)
    yield from _validate_traffic(spec)


def _port_key(port: Object) -> Struct:
    """The key by which upstream looks for duplicates: an internal ServicePort with two fields set."""
    return Struct(Name="", Protocol=port.get("protocol") or "", AppProtocol=None, Port=port.get("port") or 0, TargetPort=0, NodePort=0)


def _validate_external_name(spec: Object) -> FieldErrors:
    for field in ("clusterIPs", "ipFamilies"):
        if spec.get(field):
            yield forbidden(f"spec.{field}", "may not be set for ExternalName services")
    if "ipFamilyPolicy" in spec:
        yield forbidden("spec.ipFamilyPolicy", "may not be set for ExternalName services")
    name = (spec.get("externalName") or "").removesuffix(".")
    if not name:
        yield required("spec.externalName")
    for message in is_dns1123_subdomain(name) if name else ():
        yield invalid("spec.externalName", name, message)


def _validate_port(port: Object, needs_name: bool, seen: set[str], path: str) -> FieldErrors:
    name = port.get("name") or ""
    if needs_name and not name:
        yield required(f"{path}.name")
    elif name:
        yield from validate_dns1123_label(name, f"{path}.name")
        if name in seen:
            yield duplicate(f"{path}.name", name)
        seen.add(name)
    yield from validate_port_number(port.get("port") or 0, f"{path}.port")
    yield from validate_protocol(port.get("protocol") or "", f"{path}.protocol")
    yield from validate_port_number_or_name(port.get("targetPort", 0), f"{path}.targetPort")
    if "appProtocol" in port:
        yield from validate_qualified_name(port["appProtocol"], f"{path}.appProtocol")


def _validate_affinity(spec: Object) -> FieldErrors:
    affinity, config = spec.get("sessionAffinity") or "", spec.get("sessionAffinityConfig")
    if not affinity:
        yield required("spec.sessionAffinity")
    elif affinity not in AFFINITIES:
        yield unsupported("spec.sessionAffinity", affinity, AFFINITIES)
    elif affinity == "None":
        if config is not None:
            yield forbidden("spec.sessionAffinityConfig", "must not be set when session affinity is None")
    elif config is None:
        yield required("spec.sessionAffinityConfig", "when session affinity type is ClientIP")
    elif config.get("clientIP") is None:
        yield required("spec.sessionAffinityConfig.clientIP", "when session affinity type is ClientIP")
    else:
        path, seconds = "spec.sessionAffinityConfig.clientIP.timeoutSeconds", config["clientIP"].get("timeoutSeconds")
        if seconds is None:
            yield required(path, "when session affinity type is ClientIP")
        elif not 0 < seconds <= MAX_AFFINITY_SECONDS:
            yield invalid(path, seconds, f"must be greater than 0 and less than {MAX_AFFINITY_SECONDS}")


def _validate_source_ranges(obj: Object, old: Object | None) -> FieldErrors:
    spec, kind = obj["spec"], obj["spec"].get("type")
    ranges = spec.get("loadBalancerSourceRanges")
    if ranges:
        path = "spec.LoadBalancerSourceRanges"
        if kind != "LoadBalancer":
            yield forbidden(path, "may only be used when `type` is 'LoadBalancer'")
        existing = [value.strip() for value in (old["spec"].get("loadBalancerSourceRanges") or ())] if old else []
        for i, value in enumerate(ranges):
            yield from validate_cidr_for_legacy_field(f"{path}[{i}]", value.strip(), existing)
        return
    value = annotations_of(obj).get(SOURCE_RANGES)
    if value is None:
        return
    path = f"metadata.annotations[{SOURCE_RANGES}]"
    if kind != "LoadBalancer":
        yield forbidden(path, "may only be used when `type` is 'LoadBalancer'")
    if (old is None or annotations_of(old).get(SOURCE_RANGES) != value) and value.strip():
        for item in value.strip().split(","):
            yield from validate_cidr_for_legacy_field(path, item.strip())


def validate_load_balancer_class(spec: Object) -> FieldErrors:
    """For load balancers only.   Upstream: validateLoadBalancerClassField."""
    if "loadBalancerClass" not in spec:
        return
    if spec.get("type") == "LoadBalancer":
        yield from validate_qualified_name(spec["loadBalancerClass"], "spec.loadBalancerClass")
    else:
        yield forbidden("spec.loadBalancerClass", "may only be used when `type` is 'LoadBalancer'")


def _validate_traffic(spec: Object) -> FieldErrors:
    external = spec.get("externalTrafficPolicy") or ""
    if not externally_accessible(spec):
        if external:
            yield invalid_enum("spec.externalTrafficPolicy", external, "may only be set for externally-accessible services")
    elif not external:
        yield required("spec.externalTrafficPolicy")
    elif external not in TRAFFIC_POLICIES:
        yield unsupported("spec.externalTrafficPolicy", external, TRAFFIC_POLICIES)
    health = spec.get("healthCheckNodePort") or 0
    if not needs_health_check(spec):
        if health:
            yield invalid("spec.healthCheckNodePort", health, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'")
    elif not health:
        yield required("spec.healthCheckNodePort")
    else:
        yield from validate_port_number(health, "spec.healthCheckNodePort")
    internal = spec.get("internalTrafficPolicy")
    if internal is None:
        if spec.get("type") in ("NodePort", "LoadBalancer", "ClusterIP"):
            yield required("spec.internalTrafficPolicy")
    elif internal not in TRAFFIC_POLICIES:
        yield unsupported("spec.internalTrafficPolicy", internal, TRAFFIC_POLICIES)
    distribution = spec.get("trafficDistribution")
    if distribution is not None and distribution not in TRAFFIC_DISTRIBUTIONS:
        yield not_supported("spec.trafficDistribution", distribution, TRAFFIC_DISTRIBUTIONS)
