"""What Go says of texts that are no IP addresses.   Upstream: net/netip.ParseAddr."""

from __future__ import annotations

from kplan.api.gotext import go_quote

_HEX = "0123456789abcdefABCDEF"


def _at(message: str, rest: str) -> str:
    return f"{message} (at {go_quote(rest)})" if rest else message


def address_error(text: str) -> str:
    """What is wrong with a text; empty where it is an address."""
    for char in text:
        if char == ".":
            return _ipv4_error(text)
        if char == ":":
            return _ipv6_error(text)
        if char == "%":
            return "missing IPv6 address"
    return "unable to parse IP"


def _ipv4_error(text: str) -> str:
    value = digits = dots = 0
    for i, char in enumerate(text):
        if "0" <= char <= "9":
            if digits == 1 and value == 0:
                return "IPv4 field has octet with leading zero"
            value, digits = value * 10 + int(char), digits + 1
            if value > 255:
                return "IPv4 field has value >255"
        elif char == ".":
            if i in (0, len(text) - 1) or text[i - 1] == ".":
                return _at("IPv4 field must have at least one digit", text[i:])
            if dots == 3:
                return "IPv4 address too long"
            value, digits, dots = 0, 0, dots + 1
        else:
            return _at("unexpected character", text[i:])
    return "IPv4 address too short" if dots < 3 else ""


def _ipv6_error(text: str) -> str:
    rest, percent, zone = text.partition("%")
    if percent and not zone:
        return "zone must be a non-empty string"
    filled, gap = 0, rest.startswith("::")
    rest = rest[2:] if gap else rest
    if gap and not rest:
        return ""
    while filled < 16:
        length = len(rest) - len(rest.lstrip(_HEX))
        if length > 4:
            return _at("each group must have 4 or less digits", rest)
        if not length:
            return _at("each colon-separated field must have at least one digit", rest)
        if rest[length : length + 1] == ".":
            return _embedded_error(rest, filled, gap)
        filled, rest = filled + 2, rest[length:]
        if not rest:
            break
        if rest[0] != ":":
            return _at("unexpected character, want colon", rest)
        if len(rest) == 1:
            return _at("colon must be followed by more characters", rest)
        rest = rest[1:]
        if rest[0] == ":":
            if gap:
                return _at("multiple :: in address", rest)
            gap, rest = True, rest[1:]
            if not rest:
                break
    if rest:
        return _at("trailing garbage after address", rest)
    return _length_error(filled, gap)


def _embedded_error(rest: str, filled: int, gap: bool) -> str:
    """An IPv4 address at the end."""
    if not gap and filled != 12:
        return _at("embedded IPv4 address must replace the final 2 fields of the address", rest)
    if filled + 4 > 16:
        return _at("too many hex fields to fit an embedded IPv4 at the end of the address", rest)
    return _ipv4_error(rest) or _length_error(filled + 4, gap)


def _length_error(filled: int, gap: bool) -> str:
    if filled < 16:
        return "" if gap else "address string too short"
    return "the :: must expand to at least one field of zeros" if gap else ""
