"""Cluster IPs, node ports, health check node ports and IP families of Services: what the server gives and keeps.

Upstream: pkg/registry/core/service/storage/{storage,alloc}.go. The families are here, the claims on ranges in `service_claims`.
One address family (IPv4) is configured.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.api.field import FieldError, invalid
from kplan.api.objects import Object
from kplan.api.reader import Reader
from kplan.apiserver.service_claims import Claims, gets_node_ports
from kplan.apiserver.service_use import node_ports_of
from kplan.kinds.addresses import family_of
from kplan.kinds.enums import invalid_enum
from kplan.kinds.service_ips import needs_health_check, validate_cluster_ips

CONFIGURED_FAMILIES = ("IPv4",)


def allocate(new: Object, old: Object | None, reader: Reader, dry_run: bool = False) -> None:
    """Fill in what the server gives; comes before `prepare`. A refusal ends the request: it is raised as a StatusError."""
    spec, before = new.setdefault("spec", {}), old["spec"] if old else None
    if before is not None:
        _keep_allocated(spec, before)
    _align_cluster_ips(spec, before)
    claims = Claims(new, old, reader, dry_run)
    if not _settled_dual_stack(spec, before):
        claims.refuse_if(_init_families(spec, before))
        claims.refuse_if(_default_families(spec))
        claims.addresses()
    claims.node_ports()


def default_on_read(service: Object) -> None:
    """What the server fills in whenever it reads a Service, as the fields hang together.   Upstream: defaultOnReadService."""
    spec = service["spec"]
    _align_cluster_ips(spec, None)
    if spec.get("type") == "ExternalName":
        spec.pop("internalTrafficPolicy", None)
    elif not spec.get("ipFamilies"):
        if _is_unselected_headless(spec):
            families, policy = ["IPv4", "IPv6"], "RequireDualStack"
        elif spec.get("clusterIP") == "None":
            families, policy = list(CONFIGURED_FAMILIES[:1]), "SingleStack"
        else:
            families = [family_of(ip) for ip in spec.get("clusterIPs") or ()]
            policy = "RequireDualStack" if len(families) > 1 else "SingleStack"
        if families:
            spec["ipFamilies"], spec["ipFamilyPolicy"] = families, policy


# -- before anything is given: upstream's patchAllocatedValues and normalizeClusterIPs


def _keep_allocated(spec: Object, before: Object) -> None:
    """Values that the server gave stay, where an update leaves them out."""
    if "ExternalName" not in (spec.get("type"), before.get("type")):
        for field in ("clusterIP", "clusterIPs"):
            if not spec.get(field) and before.get(field):
                spec[field] = list(before[field]) if isinstance(before[field], list) else before[field]
    if gets_node_ports(spec) and gets_node_ports(before):
        ports, kept = spec.get("ports") or (), {port.get("name"): port.get("nodePort") for port in before.get("ports") or ()}
        used = set(node_ports_of(spec)) & set(node_ports_of(before))
        for port in ports:
            given = kept.get(port.get("name"))
            if not port.get("nodePort") and given and given not in used:
                port["nodePort"] = given
    if needs_health_check(spec) and needs_health_check(before) and not spec.get("healthCheckNodePort") and before.get("healthCheckNodePort"):
        spec["healthCheckNodePort"] = before["healthCheckNodePort"]


def _align_cluster_ips(spec: Object, before: Object | None) -> None:
    """clusterIPs follow clusterIP, for clients that know the older field only."""
    ip, ips = spec.get("clusterIP") or "", spec.get("clusterIPs") or []
    if before is None:
        if ip and not ips:
            spec["clusterIPs"] = [ip]
        return
    ip_before, ips_before = before.get("clusterIP") or "", before.get("clusterIPs") or []
    if ips_before and not ips and ip == ip_before:
        spec["clusterIPs"] = ips = list(ips_before)
    if ip != ip_before and ips == ips_before:
        if ip:
            spec["clusterIPs"] = [ip]
        else:
            spec.pop("clusterIPs", None)


# -- families: upstream's initIPFamilyFields


def _settled_dual_stack(spec: Object, before: Object | None) -> bool:
    """Nothing changes for a PreferDualStack Service.   Upstream: isMatchingPreferDualStackClusterIPFields."""
    if before is None or spec.get("ipFamilyPolicy") != "PreferDualStack" or before.get("ipFamilyPolicy", "PreferDualStack") != "PreferDualStack":
        return False
    if before.get("type") != spec.get("type") or spec.get("type") not in ("ClusterIP", "NodePort", "LoadBalancer"):
        return False
    return _same(spec, before, "clusterIPs") and _same(spec, before, "ipFamilies")


def _same(spec: Object, before: Object, field: str) -> bool:
    return (spec.get(field) or []) == (before.get(field) or [])


def _init_families(spec: Object, before: Object | None) -> Iterable[FieldError]:
    if spec.get("type") == "ExternalName":
        return
    if "ipFamilyPolicy" not in spec:
        if before and "ipFamilyPolicy" in before:
            spec["ipFamilyPolicy"] = before["ipFamilyPolicy"]
        else:
            spec["ipFamilyPolicy"] = "RequireDualStack" if _is_unselected_headless(spec) else "SingleStack"
    errors = list(validate_cluster_ips(spec, (before or {}).get("clusterIPs") or ()))
    if errors:
        yield from errors
        return
    policy, path = spec["ipFamilyPolicy"], "spec.ipFamilyPolicy"
    if before is not None:
        for field, what in (("clusterIPs", "cluster IP"), ("ipFamilies", "IP family")):
            if policy == "SingleStack":
                if _same(spec, before, field) and len(spec.get(field) or ()) > 1:
                    spec[field] = spec[field][:1]
            elif spec.get(field) and len(spec[field]) < len(before.get(field) or ()):
                yield invalid_enum(path, policy, f"must be 'SingleStack' to release the secondary {what}")
    if policy == "SingleStack":
        for field, what in (("clusterIPs", "cluster IPs"), ("ipFamilies", "IP families")):
            if len(spec.get(field) or ()) == 2:
                yield invalid_enum(path, policy, f"must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified")
    for i, ip in enumerate(spec.get("clusterIPs") or ()):
        if ip == "None":
            break
        if i < len(spec.get("ipFamilies") or ()):
            continue
        family = family_of(ip)
        if family in CONFIGURED_FAMILIES:
            spec["ipFamilies"] = [*(spec.get("ipFamilies") or ()), family]
        else:
            yield invalid(f"spec.clusterIPs[{i}]", spec["clusterIPs"], f"{family} is not configured on this cluster")


def _is_unselected_headless(spec: Object) -> bool:
    return spec.get("clusterIP") == "None" and not spec.get("selector")


def _default_families(spec: Object) -> Iterable[FieldError]:
    if spec.get("type") == "ExternalName":
        return
    policy, families = spec["ipFamilyPolicy"], spec.get("ipFamilies") or []
    if _is_unselected_headless(spec):
        # the user runs its endpoints, so its families need not be those of the cluster
        families = families or list(CONFIGURED_FAMILIES[:1])
        if len(families) < 2 and policy != "SingleStack":
            families = [*families, "IPv6" if families[0] == "IPv4" else "IPv4"]
        spec["ipFamilies"] = families
        return
    if policy == "RequireDualStack":
        yield invalid_enum("spec.ipFamilyPolicy", policy, "this cluster is not configured for dual-stack services")
    for i, family in enumerate(families):
        if family not in CONFIGURED_FAMILIES:
            yield invalid_enum(f"spec.ipFamilies[{i}]", family, "not configured on this cluster")
    spec["ipFamilies"] = families or list(CONFIGURED_FAMILIES[:1])
