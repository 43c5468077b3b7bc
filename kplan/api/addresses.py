"""IP addresses and CIDRs as the API server reads them, sloppily and strictly.

Upstream: apimachinery's pkg/util/validation/ip.go, k8s.io/utils/net. The sloppy reader takes zeros before numbers of IPv4
addresses, which the strict one refuses; since 1.36 (gate StrictIPCIDRValidation) fields are read strictly.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Container
from functools import lru_cache
from typing import NamedTuple

from kplan.api.field import FieldErrors, invalid
from kplan.api.gotext import go_quote

_OCTET = re.compile("[0-9]+")
_HEX = re.compile("[0-9a-fA-F]+")
_MAPPED = 0xFFFF << 32


class Address(NamedTuple):
    """An address: `number` in 32 bits (`v6` false) or 128 bits; an IPv4-mapped IPv6 address is `mapped` and prints as IPv4."""

    number: int
    v6: bool

    @property
    def mapped(self) -> bool:
        """An IPv6 address that stands for an IPv4 address."""
        return self.v6 and self.number >> 32 == 0xFFFF

    @property
    def is_v6(self) -> bool:
        """What Go's To4 makes of it: mapped addresses are IPv4."""
        return self.v6 and not self.mapped

    def __str__(self) -> str:
        if self.is_v6:
            return str(ipaddress.IPv6Address(self.number))
        return str(ipaddress.IPv4Address(self.number & 0xFFFFFFFF))


class Network(NamedTuple):
    """A CIDR: the address as written, the number of bits and the masked address."""

    address: Address
    bits: int
    base: Address

    def __str__(self) -> str:
        return f"{self.base}/{self.bits - 96 if self.base.mapped else self.bits}"

    def __contains__(self, address: object) -> bool:
        if not isinstance(address, Address) or address.is_v6 != self.base.is_v6:
            return False
        width = 128 if self.base.v6 else 32
        number = address.number
        if self.base.v6 and not address.v6:
            number |= _MAPPED
        elif not self.base.v6:
            number &= 0xFFFFFFFF
        return number >> (width - self.bits) == self.base.number >> (width - self.bits)


def _ipv4(text: str) -> int | None:
    parts = text.split(".")
    if len(parts) != 4 or not all(_OCTET.fullmatch(part) and len(part) < 4000 and int(part) < 256 for part in parts):
        return None
    a, b, c, d = map(int, parts)
    return a << 24 | b << 16 | c << 8 | d


def _groups(text: str, last: bool) -> list[int] | None:
    """The 16-bit groups of a part of an IPv6 address; an IPv4 address may stand at the end."""
    found: list[int] = []
    pieces = text.split(":") if text else []
    for index, piece in enumerate(pieces):
        if last and index == len(pieces) - 1 and "." in piece:
            tail = _ipv4(piece)
            if tail is None:
                return None
            found += [tail >> 16, tail & 0xFFFF]
        elif _HEX.fullmatch(piece) and len(piece) < 4000 and int(piece, 16) <= 0xFFFF:
            found.append(int(piece, 16))
        else:
            return None
    return found


def _ipv6(text: str) -> int | None:
    head, gap, tail = text.partition("::")
    if gap and ("::" in tail or tail.startswith(":")):
        return None
    front, back = _groups(head, not gap), _groups(tail, True)
    if front is None or back is None:
        return None
    missing = 8 - len(front) - len(back)
    if (missing < 1) if gap else (missing != 0):
        return None
    number = 0
    for group in front + [0] * missing + back:
        number = number << 16 | group
    return number


@lru_cache(maxsize=4096)
def parse_ip(text: str) -> Address | None:
    """Read an address sloppily.   Upstream: netutils.ParseIPSloppy."""
    dot, colon = text.find("."), text.find(":")
    if dot >= 0 and (colon < 0 or dot < colon):
        number = _ipv4(text)
        return None if number is None else Address(number, False)
    number = _ipv6(text) if colon >= 0 else None
    return None if number is None else Address(number, True)


@lru_cache(maxsize=4096)
def parse_cidr(text: str) -> Network | None:
    """Read a CIDR sloppily.   Upstream: netutils.ParseCIDRSloppy."""
    host, slash, mask = text.partition("/")
    address = parse_ip(host) if slash else None
    if address is None or not _OCTET.fullmatch(mask) or len(mask) > 4000:
        return None
    width, bits = 128 if address.v6 else 32, int(mask)
    if bits > width:
        return None
    base = Address(address.number >> (width - bits) << (width - bits), address.v6)
    return Network(address, bits, base)


def _is_strict(text: str) -> bool:
    """Whether Go's netip.ParseAddr takes it too."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_strict_prefix(text: str) -> bool:
    host, _, mask = text.partition("/")
    return _is_strict(host) and (mask == "0" or not mask.startswith("0"))


_NOT_AN_IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_NOT_A_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"


def _ip_errors(path: str, value: str, strict: bool) -> FieldErrors:
    address = parse_ip(value)
    if address is None:
        yield invalid(path, value, _NOT_AN_IP)
    elif strict and not _is_strict(value):
        yield invalid(path, value, "must not have leading 0s")
    elif strict and address.mapped:
        yield invalid(path, value, "must not be an IPv4-mapped IPv6 address")


def is_valid_ip_for_legacy_field(path: str, value: str, strict: bool = True, old_values: Container[str] = ()) -> FieldErrors:
    """An address that need not be canonical; an update may keep one of `old_values`."""
    if value not in old_values:
        yield from _ip_errors(path, value, strict)


def is_valid_ip(path: str, value: str) -> FieldErrors:
    """An address in canonical form."""
    errors = list(_ip_errors(path, value, True))
    if not errors and value != str(parse_ip(value)):
        errors.append(invalid(path, value, f"must be in canonical form ({go_quote(str(parse_ip(value)))})"))
    yield from errors


def warnings_for_ip(path: str, value: str) -> list[str]:
    """What is warned of an accepted address.   Upstream: GetWarningsForIP."""
    address = parse_ip(value)
    if address is None:
        return []
    if not _is_strict(value) or address.mapped:
        return [f"{path}: non-standard IP address {go_quote(value)} is invalid: use {go_quote(str(address))}"]
    if address.v6 and str(address) != value:
        return [f"{path}: IPv6 address {go_quote(value)} should be in RFC 5952 canonical format ({go_quote(str(address))})"]
    return []


def _cidr_errors(path: str, value: str, strict: bool) -> FieldErrors:
    network = parse_cidr(value)
    if network is None:
        yield invalid(path, value, _NOT_A_CIDR)
    elif strict and not _is_strict_prefix(value):
        yield invalid(path, value, "must not have leading 0s in IP or prefix length")
    elif strict and network.address.mapped:
        yield invalid(path, value, "must not have an IPv4-mapped IPv6 address")
    elif strict and network.address != network.base:
        yield invalid(path, value, "must not have bits set beyond the prefix length")


def is_valid_cidr_for_legacy_field(path: str, value: str, strict: bool = True, old_values: Container[str] = ()) -> FieldErrors:
    """A CIDR that need not be canonical; an update may keep one of `old_values`."""
    if value not in old_values:
        yield from _cidr_errors(path, value, strict)


def is_valid_cidr(path: str, value: str) -> FieldErrors:
    """A CIDR in canonical form."""
    errors = list(_cidr_errors(path, value, True))
    if not errors and value != str(parse_cidr(value)):
        errors.append(invalid(path, value, f"must be in canonical form ({go_quote(str(parse_cidr(value)))})"))
    yield from errors


def warnings_for_cidr(path: str, value: str) -> list[str]:
    """What is warned of an accepted CIDR.   Upstream: GetWarningsForCIDR."""
    network = parse_cidr(value)
    if network is None:
        return []
    found = []
    if network.address != network.base:
        single = f"{network.address}/{128 if network.address.v6 else 32}"
        found.append(f"{path}: CIDR value {go_quote(value)} is ambiguous in this context (should be {go_quote(str(network))} or {go_quote(single)}?)")
    if not _is_strict_prefix(value) or network.address.mapped:
        found.append(f"{path}: non-standard CIDR value {go_quote(value)} is invalid: use {go_quote(str(network))}")
    if not found and network.address.v6 and str(network) != value:
        found.append(f"{path}: IPv6 CIDR value {go_quote(value)} should be in RFC 5952 canonical format ({go_quote(str(network))})")
    return found


def is_valid_interface_address(path: str, value: str) -> FieldErrors:
    """An address with the size of its network, in canonical form."""
    network = parse_cidr(value)
    if network is None:
        yield invalid(path, value, "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)")
        return
    bits = network.bits - 96 if network.address.mapped and network.bits > 32 else network.bits
    canonical = f"{network.address}/{bits}"
    if value != canonical:
        yield invalid(path, value, f"must be in canonical form ({go_quote(canonical)})")
