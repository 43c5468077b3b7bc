"""IP addresses and CIDRs.   Upstream: apiserver/pkg/cel/library/{ip,cidr}.go."""

from __future__ import annotations

import ipaddress

from kplan.api.gotext import go_quote
from kplan.cel.declare import NAMED, overload
from kplan.cel.errors import EvaluationError
from kplan.cel.library.iptext import address_error
from kplan.cel.values import Opaque

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class IP(Opaque):
    """An address."""

    __slots__ = ("address",)
    cel_type = NAMED["IP"]

    def __init__(self, address: Address) -> None:
        self.address = address

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IP) and self.address == other.address

    def __hash__(self) -> int:
        return hash(self.address)


class CIDR(Opaque):
    """An address and how many of its bits name the network."""

    __slots__ = ("address", "bits")
    cel_type = NAMED["CIDR"]

    def __init__(self, address: Address, bits: int) -> None:
        self.address = address
        self.bits = bits

    @property
    def network(self) -> int:
        """The bits that name the network."""
        return int(self.address) >> (self.address.max_prefixlen - self.bits)

    def holds(self, address: Address) -> bool:
        """Whether an address is in the network."""
        return address.version == self.address.version and int(address) >> (address.max_prefixlen - self.bits) == self.network

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CIDR) and (self.address, self.bits) == (other.address, other.bits)

    def __hash__(self) -> int:
        return hash((self.address, self.bits))


def _read(text: str) -> Address:
    """An address without its zone; what Go says of others is raised as ValueError."""
    error = address_error(text)
    if error:
        raise ValueError(f"ParseAddr({go_quote(text)}): {error}")
    return ipaddress.ip_address(text.partition("%")[0])


def _parse_ip(text: str) -> Address:
    try:
        address = _read(text)
    except ValueError as error:
        raise EvaluationError(f"IP Address {go_quote(text)} parse error during conversion from string: {error}") from None
    if "%" in text:
        raise EvaluationError(f"IP address {go_quote(text)} with zone value is not allowed")
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        raise EvaluationError(f"IPv4-mapped IPv6 address {go_quote(text)} is not allowed")
    return address


def _parse_cidr(text: str) -> CIDR:
    failed = "network address parse error during conversion from string: "
    host, slash, bits = text.rpartition("/")
    start = f"{failed}{failed}netip.ParsePrefix({go_quote(text)}): "
    if not slash:
        raise EvaluationError(start + "no '/'")
    try:
        address = _read(host)
    except ValueError as error:
        raise EvaluationError(f"{start}{error}") from None
    if "%" in host:
        raise EvaluationError(start + "IPv6 zones cannot be present in a prefix")
    if not (bits.isascii() and bits.isdigit()) or (len(bits) > 1 and bits[0] == "0"):
        raise EvaluationError(start + f"bad bits after slash: {go_quote(bits)}")
    if int(bits) > address.max_prefixlen:
        raise EvaluationError(start + "prefix length out of range")
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        raise EvaluationError(f"{failed}IPv4-mapped IPv6 address {go_quote(text)} is not allowed")
    return CIDR(address, int(bits))


@overload("ip(string) -> IP")
def ip(text: str) -> IP:
    """Read an address."""
    return IP(_parse_ip(text))


@overload("IP.family() -> int")
def family(value: IP) -> int:
    """4 or 6."""
    return value.address.version


@overload("ip.isCanonical(string) -> bool")
def is_canonical(text: str) -> bool:
    """Whether an address is written as it is printed."""
    return str(_parse_ip(text)) == text


@overload("IP.isUnspecified() -> bool")
def is_unspecified(value: IP) -> bool:
    """0.0.0.0 or ::."""
    return value.address.is_unspecified


@overload("IP.isLoopback() -> bool")
def is_loopback(value: IP) -> bool:
    """127.0.0.0/8 or ::1."""
    return value.address.is_loopback


@overload("IP.isLinkLocalMulticast() -> bool")
def is_link_local_multicast(value: IP) -> bool:
    """224.0.0.0/24 or ff02::/16."""
    number = int(value.address)
    return number >> 8 == 0xE00000 if value.address.version == 4 else (number >> 112) & 0xFF0F == 0xFF02


@overload("IP.isLinkLocalUnicast() -> bool")
def is_link_local_unicast(value: IP) -> bool:
    """169.254.0.0/16 or fe80::/10."""
    return value.address.is_link_local


@overload("IP.isGlobalUnicast() -> bool")
def is_global_unicast(value: IP) -> bool:
    """Neither unspecified, broadcast, loopback, multicast nor link-local."""
    address = value.address
    special = address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local
    return not special and not (address.version == 4 and int(address) == 0xFFFFFFFF)


@overload("isIP(string) -> bool")
def is_ip(text: str) -> bool:
    """Whether a text is an address."""
    try:
        _parse_ip(text)
    except EvaluationError:
        return False
    return True


@overload("string(IP) -> string")
def ip_to_string(value: IP) -> str:
    """As it is printed."""
    return str(value.address)


@overload("cidr(string) -> CIDR")
def cidr(text: str) -> CIDR:
    """Read a CIDR."""
    return _parse_cidr(text)


@overload("CIDR.containsIP(string) -> bool", "CIDR.containsIP(IP) -> bool")
def contains_ip(value: CIDR, other: str | IP) -> bool:
    """Whether an address is in it."""
    return value.holds(_parse_ip(other) if isinstance(other, str) else other.address)


@overload("CIDR.containsCIDR(string) -> bool", "CIDR.containsCIDR(CIDR) -> bool")
def contains_cidr(value: CIDR, other: str | CIDR) -> bool:
    """Whether another is in it as a whole."""
    inner = _parse_cidr(other) if isinstance(other, str) else other
    return inner.bits >= value.bits and value.holds(inner.address)


@overload("CIDR.ip() -> IP")
def cidr_ip(value: CIDR) -> IP:
    """Its address."""
    return IP(value.address)


@overload("CIDR.prefixLength() -> int")
def prefix_length(value: CIDR) -> int:
    """Its bits."""
    return value.bits


@overload("CIDR.masked() -> CIDR")
def masked(value: CIDR) -> CIDR:
    """With the address of the network."""
    return CIDR(type(value.address)(value.network << (value.address.max_prefixlen - value.bits)), value.bits)


@overload("isCIDR(string) -> bool")
def is_cidr(text: str) -> bool:
    """Whether a text is a CIDR."""
    try:
        _parse_cidr(text)
    except EvaluationError:
        return False
    return True


@overload("string(CIDR) -> string")
def cidr_to_string(value: CIDR) -> str:
    """As it is printed."""
    return f"{value.address}/{value.bits}"
