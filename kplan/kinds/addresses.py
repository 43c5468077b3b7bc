"""Rules of fields that hold IP addresses or CIDR values.

Upstream: pkg/apis/core/validation/validation.go (IsValidIPForLegacyField, IsValidCIDRForLegacyField, ValidateEndpointIP) and
k8s.io/utils/net. Fields older than strict parsing are validated strictly since 1.36; what a stored object has, it may keep.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from kplan.api.addresses import is_valid_cidr_for_legacy_field, is_valid_ip_for_legacy_field, parse_cidr, parse_ip
from kplan.api.field import FieldErrors, invalid


def validate_ip_for_legacy_field(path: str, text: str, valid_old: Collection[str] = ()) -> FieldErrors:
    """An address; `valid_old` are those that the stored object has."""
    return is_valid_ip_for_legacy_field(path, text, True, valid_old)


def validate_cidr_for_legacy_field(path: str, text: str, valid_old: Collection[str] = ()) -> FieldErrors:
    """A network; `valid_old` are those that the stored object has."""
    return is_valid_cidr_for_legacy_field(path, text, True, valid_old)


def validate_endpoint_ip(text: str, path: str) -> FieldErrors:
    """What an address of Endpoints, EndpointSlices and externalIPs may not be.   Upstream: ValidateEndpointIP."""
    ip = parse_ip(text)
    if ip is None:
        yield invalid(path, text, "must be a valid IP address")
        return
    four = not ip.is_v6
    number = ip.number & 0xFFFFFFFF if four else ip.number
    if number == 0:
        yield invalid(path, text, f"may not be unspecified ({text})")
    if number >> 24 == 127 if four else number == 1:
        yield invalid(path, text, "may not be in the loopback range (127.0.0.0/8, ::1/128)")
    if number >> 16 == 0xA9FE if four else number >> 118 == 0x3FA:
        yield invalid(path, text, "may not be in the link-local range (169.254.0.0/16, fe80::/10)")
    if number >> 8 == 0xE00000 if four else number >> 112 & 0xFF0F == 0xFF02:
        yield invalid(path, text, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")


def family_of(text: str) -> str:
    """`IPv4`, `IPv6` or `unknown`; a mapped address is IPv4."""
    ip = parse_ip(text)
    if ip is None:
        return "unknown"
    return "IPv6" if ip.is_v6 else "IPv4"


def family_of_cidr(text: str) -> str:
    """`IPv4`, `IPv6` or `unknown`.   Upstream: netutils.IPFamilyOfCIDRString."""
    network = parse_cidr(text)
    if network is None:
        return "unknown"
    return "IPv6" if network.base.is_v6 else "IPv4"


def unreadable_ip(texts: Sequence[str]) -> str:
    """What keeps addresses from being told apart by family; empty where nothing.   Upstream: netutils.IsDualStackIPStrings."""
    return next((f"invalid IP[{i}]: {text}" for i, text in enumerate(texts) if parse_ip(text) is None), "")


def unreadable_cidr(texts: Sequence[str]) -> str:
    """What keeps networks from being told apart by family; empty where nothing.   Upstream: netutils.IsDualStackCIDRStrings."""
    return next((f"invalid CIDR[{i}]: <nil> (invalid CIDR address: {text})" for i, text in enumerate(texts) if parse_cidr(text) is None), "")


def is_dual_stack(families: Collection[str]) -> bool:
    """Both families are there."""
    return "IPv4" in families and "IPv6" in families
