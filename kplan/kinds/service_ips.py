"""What a Service's clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy may be together, and how they may change.

Upstream: pkg/apis/core/validation/validation.go (ValidateServiceClusterIPsRelatedFields, validateUpgradeDowngrade…),
pkg/api/service/util.go. The allocation of addresses uses these rules too, before validation does.
"""

from __future__ import annotations

from collections.abc import Collection

from kplan.api.field import FieldErrors, invalid, required
from kplan.api.objects import Object
from kplan.kinds.addresses import family_of, is_dual_stack, validate_ip_for_legacy_field
from kplan.kinds.enums import duplicate_enum, unsupported

FAMILIES = ("IPv4", "IPv6")
FAMILY_POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")


def is_headless(spec: Object) -> bool:
    """`clusterIPs` is `None` alone."""
    return spec.get("clusterIPs") == ["None"]


def externally_accessible(spec: Object) -> bool:
    """Reachable from outside the cluster.   Upstream: service.ExternallyAccessible."""
    kind = spec.get("type")
    return kind in ("LoadBalancer", "NodePort") or (kind == "ClusterIP" and bool(spec.get("externalIPs")))


def needs_health_check(spec: Object) -> bool:
    """A load balancer that sends traffic to local endpoints only.   Upstream: service.NeedsHealthCheck."""
    return spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


def validate_cluster_ips(spec: Object, existing: Collection[str] = ()) -> FieldErrors:
    """The fields as they stand; `existing` are addresses that the stored Service has.   Upstream: ValidateServiceClusterIPsRelatedFields."""
    if spec.get("type") == "ExternalName":
        return
    path, ips, families = "spec.clusterIPs", spec.get("clusterIPs"), spec.get("ipFamilies") or ()
    if spec.get("clusterIP"):
        if not ips:
            yield required(path)
        elif ips[0] != spec["clusterIP"]:
            yield invalid(path, ips, "first value must match `clusterIP`")
    elif ips:
        yield invalid(path, ips, "must be empty when `clusterIP` is not specified")
    for i, family in enumerate(families):
        if family not in FAMILIES:
            yield unsupported(f"spec.ipFamilies[{i}]", family, FAMILIES)
        if family in families[:i]:
            yield duplicate_enum(f"spec.ipFamilies[{i}]", family)
    policy = spec.get("ipFamilyPolicy")
    if policy is not None and policy not in FAMILY_POLICIES:
        yield unsupported("spec.ipFamilyPolicy", policy, FAMILY_POLICIES)
    if not ips:
        return
    broken = False
    for i, ip in enumerate(ips):
        if i == 0 and ip == "None":
            if len(ips) > 1:
                broken = True
                yield invalid(path, ips, "'None' must be the first and only value")
            continue
        errors = list(validate_ip_for_legacy_field(f"{path}[{i}]", ip, existing))
        broken = broken or bool(errors)
        yield from errors
    if len(ips) > 2:
        yield invalid(path, ips, "may only hold up to 2 values")
    if broken:
        return
    if len(ips) > 1 and not is_dual_stack([family_of(ip) for ip in ips]):
        yield invalid(path, ips, "may specify no more than one IP for each IP family")
    if is_headless(spec):
        return
    for i, (ip, family) in enumerate(zip(ips, families, strict=False)):
        if family in FAMILIES and (family == "IPv6") != (family_of(ip) == "IPv6"):
            yield invalid(f"{path}[{i}]", ip, f"expected an {family} value as indicated by `ipFamilies[{i}]`")


def validate_cluster_ips_change(spec: Object, before: Object) -> FieldErrors:
    """A second address may come and go; the others stay.   Upstream: validateUpgradeDowngradeClusterIPs."""
    if "ExternalName" in (spec.get("type"), before.get("type")) or (is_headless(spec) and is_headless(before)):
        return
    now, was = spec.get("clusterIPs"), before.get("clusterIPs") or []
    count = len(now or ())
    if len(was) == count:
        for i, ip in enumerate(was):
            if now and ip != now[i]:
                yield invalid(f"spec.clusterIPs[{i}]", now, "may not change once set")
        return
    if not now:
        yield invalid("spec.clusterIPs[0]", now, "primary clusterIP can not be unset")
    elif was and now[0] != was[0]:
        yield invalid("spec.clusterIPs[0]", now, "may not change once set")
    if len(was) > count == 1 and spec.get("ipFamilyPolicy") != "SingleStack":
        yield invalid("spec.ipFamilyPolicy", spec.get("ipFamilyPolicy"), "must be set to 'SingleStack' when releasing the secondary clusterIP")


def validate_ip_families_change(spec: Object, before: Object) -> FieldErrors:
    """A second family may come and go; the first stays.   Upstream: validateUpgradeDowngradeIPFamilies."""
    if "ExternalName" in (spec.get("type"), before.get("type")) or is_headless(spec) or is_headless(before):
        return
    now, was, ips = spec.get("ipFamilies"), before.get("ipFamilies") or [], spec.get("clusterIPs")
    count, path = len(now or ()), "spec.ipFamilies[0]"
    if len(was) == count:
        for i, family in enumerate(was):
            if now and family != now[i]:
                yield invalid(path, now, "may not change once set")
        return
    if len(was) > count and not ips:
        yield invalid(path, now, "primary ipFamily can not be unset")
    if now and was and now[0] != was[0]:
        yield invalid(path, ips, "may not change once set")
    if len(was) > count == 1 and spec.get("ipFamilyPolicy") != "SingleStack":
        yield invalid("spec.ipFamilyPolicy", spec.get("ipFamilyPolicy"), "must be set to 'SingleStack' when releasing the secondary ipFamily")
