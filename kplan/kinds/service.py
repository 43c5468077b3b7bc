"""Service.

Upstream: pkg/apis/core/v1/defaults.go (SetDefaults_Service), pkg/apis/core/validation/validation.go (validateService …),
pkg/registry/core/service/strategy.go, pkg/api/service. Cluster IPs, node ports and IP families are given by
`kplan.apiserver.service_allocation`, before `prepare`; the rules of the spec are in `service_spec` and `service_ips`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kplan.api.addresses import parse_ip, warnings_for_cidr, warnings_for_ip
from kplan.api.field import FieldErrors, forbidden, invalid, required
from kplan.api.names import is_dns1123_subdomain, name_is_dns_label
from kplan.api.objects import Object, annotations_of, namespace_of
from kplan.kinds.addresses import validate_ip_for_legacy_field
from kplan.kinds.enums import unsupported
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.service_ips import externally_accessible, needs_health_check, validate_cluster_ips_change, validate_ip_families_change
from kplan.kinds.service_spec import TOPOLOGY_HINTS, TOPOLOGY_MODE, validate_load_balancer_class, validate_service
from kplan.kinds.strategy import keep_all_but_status, keep_status

DEFAULT_AFFINITY_SECONDS = 10800


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
    yield from validate_object_meta(obj["metadata"], True, name_is_dns_label)
    yield from validate_service(obj)


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateServiceUpdate."""
    spec, before = new["spec"], old["spec"]
    yield from validate_cluster_ips_change(spec, before)
    yield from validate_ip_families_change(spec, before)
    if before.get("type") == "LoadBalancer" and spec.get("type") == "LoadBalancer" and spec.get("loadBalancerClass") != before.get("loadBalancerClass"):
        yield invalid("spec.loadBalancerClass", spec.get("loadBalancerClass"), "may not change once set")
    yield from validate_load_balancer_class(spec)
    if needs_health_check(before) and needs_health_check(spec) and not _same(spec, before, "healthCheckNodePort"):
        yield forbidden("spec.healthCheckNodePort", "field is immutable")
    yield from validate_service(new, old)


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
    for message in is_dns1123_subdomain(host):
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


def load_balancer_warnings(new: Object, _old: Object) -> Iterator[str]:
    """Of a status, of Services and Ingresses alike: addresses in forms that will not be taken for ever."""
    for i, ingress in enumerate(_ingresses(new)):
        if ingress.get("ip"):
            yield from warnings_for_ip(f"status.loadBalancer.ingress[{i}]", ingress["ip"])


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
    status_warnings=load_balancer_warnings,
    finish=finish,
    references=references,
)
