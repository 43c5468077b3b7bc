"""Service.

Upstream: pkg/apis/core/v1/defaults.go (SetDefaults_Service), pkg/apis/core/validation/validation.go (validateService …),
pkg/registry/core/service/strategy.go, pkg/api/service. Cluster IPs, node ports and IP families are given by
`kplan.apiserver.service_allocation`, before `prepare`; their rules are in `kplan.kinds.service_ips`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kplan.api import names
from kplan.api.addresses import parse_ip, warnings_for_cidr, warnings_for_ip
from kplan.api.field import FieldErrors, duplicate, forbidden, invalid, required
from kplan.api.gotext import Struct
from kplan.api.objects import Object, annotations_of, namespace_of
from kplan.kinds.addresses import validate_cidr_for_legacy_field, validate_endpoint_ip, validate_ip_for_legacy_field
from kplan.kinds.enums import invalid_enum, unsupported
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import validate_labels, validate_object_meta
from kplan.kinds.ports import (
    duplicates_by,
    validate_dns1123_label,
    validate_port_number,
    validate_port_number_or_name,
    validate_protocol,
    validate_qualified_name,
)
from kplan.kinds.service_ips import (
    externally_accessible,
    is_headless,
    needs_health_check,
    validate_cluster_ips,
    validate_cluster_ips_change,
    validate_ip_families_change,
)
from kplan.kinds.strategy import keep_all_but_status, keep_status

TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
TRAFFIC_POLICIES = ("Cluster", "Local")
TRAFFIC_DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")
AFFINITIES = ("ClientIP", "None")
MAX_AFFINITY_SECONDS = 86400
DEFAULT_AFFINITY_SECONDS = 10800
SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
TOPOLOGY_HINTS = "service.kubernetes.io/topology-aware-hints"
TOPOLOGY_MODE = "service.kubernetes.io/topology-mode"


def default(obj: Object) -> None:
    """Upstream: SetDefaults_Service."""
    spec = obj.setdefault("spec", {})
    affinity = spec.setdefault("sessionAffinity", "None")
    if affinity == "None":
        spec.pop("sessionAffinityConfig", None)
    elif affinity == "ClientIP" and "timeoutSeconds" not in ((spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}):
        spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": DEFAULT_AFFINITY_SECONDS}}
    kind = spec.setdefault("type", "ClusterIP")
    for port in spec.get("ports") or ():
        port.setdefault("protocol", "TCP")
        if port.get("targetPort") in (None, 0, ""):
            port["targetPort"] = port.get("port") or 0
    if externally_accessible(spec):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if kind in ("NodePort", "LoadBalancer", "ClusterIP"):
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if kind == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
        for ingress in ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ():
            if ingress.get("ip"):
                ingress.setdefault("ipMode", "VIP")


def prepare(obj: Object) -> None:
    """Upstream: svcStrategy.PrepareForCreate."""
    obj["status"] = {"loadBalancer": {}}


def prepare_update(new: Object, old: Object) -> None:
    """Keep the status; drop what belonged to the old type and was sent back as it stood.   Upstream: dropTypeDependentFields."""
    keep_status(new, old)
    spec, before = new["spec"], old["spec"]
    kind, kind_before = spec.get("type"), before.get("type")
    if kind_before != "ExternalName" and kind == "ExternalName":
        if _same(spec, before, "clusterIP") and _same(spec, before, "clusterIPs"):
            spec.pop("clusterIP", None)
            spec.pop("clusterIPs", None)
        for field in ("ipFamilies", "ipFamilyPolicy"):
            if _same(spec, before, field):
                spec.pop(field, None)
    with_node_ports = ("NodePort", "LoadBalancer")
    if kind_before in with_node_ports and kind not in with_node_ports and _node_ports(before) >= _node_ports(spec):
        for port in spec.get("ports") or ():
            port.pop("nodePort", None)
    if needs_health_check(before) and not needs_health_check(spec) and _same(spec, before, "healthCheckNodePort"):
        spec.pop("healthCheckNodePort", None)
    if kind_before == "LoadBalancer" and kind != "LoadBalancer":
        for field in ("allocateLoadBalancerNodePorts", "loadBalancerClass"):
            if _same(spec, before, field):
                spec.pop(field, None)
    if externally_accessible(before) and not externally_accessible(spec) and _same(spec, before, "externalTrafficPolicy"):
        spec.pop("externalTrafficPolicy", None)
    if kind != "LoadBalancer" and (new.get("status") or {}).get("loadBalancer"):
        new["status"] = {**new["status"], "loadBalancer": {}}


def _same(spec: Object, before: Object, field: str) -> bool:
    return (spec.get(field) or None) == (before.get(field) or None) if field != "allocateLoadBalancerNodePorts" else spec.get(field) == before.get(field)


def _node_ports(spec: Object) -> set[int]:
    return {port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort")}


def finish(obj: Object) -> None:
    """Upstream: REST.defaultOnRead, of which only this concerns objects written by this version."""
    if obj["spec"].get("type") == "ExternalName":
        obj["spec"].pop("internalTrafficPolicy", None)


def validate(obj: Object) -> FieldErrors:
    """Upstream: ValidateServiceCreate."""
    yield from validate_object_meta(obj["metadata"], True, names.name_is_dns_label)
    yield from _validate(obj, None)


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateServiceUpdate."""
    spec, before = new["spec"], old["spec"]
    yield from validate_cluster_ips_change(spec, before)
    yield from validate_ip_families_change(spec, before)
    if before.get("type") == "LoadBalancer" and spec.get("type") == "LoadBalancer" and spec.get("loadBalancerClass") != before.get("loadBalancerClass"):
        yield invalid("spec.loadBalancerClass", spec.get("loadBalancerClass"), "may not change once set")
    yield from _validate_load_balancer_class(spec)
    if needs_health_check(before) and needs_health_check(spec) and not _same(spec, before, "healthCheckNodePort"):
        yield forbidden("spec.healthCheckNodePort", "field is immutable")
    yield from _validate(new, old)


def _validate(obj: Object, old: Object | None) -> FieldErrors:
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
    yield from _validate_load_balancer_class(spec)
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
    for message in names.is_dns1123_subdomain(name) if name else ():
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


def _validate_load_balancer_class(spec: Object) -> FieldErrors:
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
        yield unsupported("spec.trafficDistribution", distribution, TRAFFIC_DISTRIBUTIONS)


def validate_status(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateServiceStatusUpdate."""
    ingresses = _ingresses(new)
    path = "status.loadBalancer.ingress"
    if new["spec"].get("type") != "LoadBalancer" and ingresses:
        yield forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")
        return
    existing = [ingress["ip"] for ingress in _ingresses(old) if ingress.get("ip")]
    for i, ingress in enumerate(ingresses):
        ip, mode, host = ingress.get("ip") or "", ingress.get("ipMode"), ingress.get("hostname") or ""
        if ip:
            yield from validate_ip_for_legacy_field(f"{path}[{i}].ip", ip, existing)
        if mode is None:
            if ip:
                yield required(f"{path}[{i}].ipMode", "must be specified when `ip` is set")
        elif not ip:
            yield forbidden(f"{path}[{i}].ipMode", "may not be specified when `ip` is not set")
        elif mode not in ("Proxy", "VIP"):
            yield unsupported(f"{path}[{i}].ipMode", mode, ("Proxy", "VIP"))
        yield from validate_load_balancer_host(host, f"{path}[{i}].hostname")


def validate_load_balancer_host(host: str, path: str) -> FieldErrors:
    """The host name of a load balancer, of Services and Ingresses alike."""
    if not host:
        return
    for message in names.is_dns1123_subdomain(host):
        yield invalid(path, host, message)
    if parse_ip(host) is not None:
        yield invalid(path, host, "must be a DNS name, not an IP address")


def _ingresses(obj: Object) -> list[Object]:
    return ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []


def warnings(obj: Object) -> Iterator[str]:
    """Upstream: pkg/api/service, GetWarningsForService."""
    spec = obj["spec"]
    kind, external_ips = spec.get("type"), spec.get("externalIPs") or ()
    if TOPOLOGY_HINTS in annotations_of(obj):
        yield f"annotation {TOPOLOGY_HINTS} is deprecated, please use {TOPOLOGY_MODE} instead"
    if spec.get("clusterIP") not in (None, "", "None"):
        for i, ip in enumerate(spec.get("clusterIPs") or ()):
            yield from warnings_for_ip(f"spec.clusterIPs[{i}]", ip)
    headless = kind == "ClusterIP" and spec.get("clusterIP") == "None"
    if headless:
        if spec.get("loadBalancerIP"):
            yield "spec.loadBalancerIP is ignored for headless services"
        if external_ips:
            yield "spec.externalIPs is ignored for headless services"
        if spec.get("sessionAffinity") != "None":
            yield "spec.SessionAffinity is ignored for headless services"
    for i, ip in enumerate(external_ips):
        yield from warnings_for_ip(f"spec.externalIPs[{i}]", ip)
    if external_ips and not headless and kind != "ExternalName":
        yield "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
    if spec.get("loadBalancerIP"):
        yield from warnings_for_ip("spec.loadBalancerIP", spec["loadBalancerIP"])
    for i, cidr in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        yield from warnings_for_cidr(f"spec.loadBalancerSourceRanges[{i}]", cidr)
    if kind == "ExternalName" and external_ips:
        yield 'spec.externalIPs is ignored when spec.type is "ExternalName"'
    if kind != "ExternalName" and spec.get("externalName"):
        yield 'spec.externalName is ignored when spec.type is not "ExternalName"'
    if spec.get("trafficDistribution") == "PreferClose":
        yield 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'


def references(obj: Object) -> Iterable[Reference]:
    """The Pods that the selector selects."""
    selector = (obj.get("spec") or {}).get("selector")
    if selector and obj["spec"].get("type") != "ExternalName":
        yield Reference("spec.selector", "Pod", namespace_of(obj), "", selects={"matchLabels": selector})


KIND = Kind(
    group="",
    version="v1",
    kind="Service",
    plural="services",
    namespaced=True,
    short_names=("svc",),
    status=True,
    create_on_update=True,
    default=default,
    prepare=prepare,
    prepare_update=prepare_update,
    prepare_status=keep_all_but_status,
    validate=validate,
    validate_update=validate_update,
    validate_status=validate_status,
    warnings=warnings,
    update_warnings=lambda new, _old: warnings(new),
    finish=finish,
    references=references,
)
