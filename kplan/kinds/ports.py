"""Ports as Services, Endpoints, EndpointSlices and others write them.

Upstream: pkg/apis/core/validation/validation.go, ValidatePortNumOrName and validateEndpointPort.
"""

from __future__ import annotations

from kplan.api import names
from kplan.api.field import FieldErrors, invalid, required
from kplan.api.objects import Object
from kplan.kinds.enums import unsupported

PROTOCOLS = ("SCTP", "TCP", "UDP")


def validate_dns1123_label(value: str, path: str) -> FieldErrors:
    """A label of a DNS name.   Upstream: ValidateDNS1123Label."""
    for message in names.is_dns1123_label(value):
        yield invalid(path, value, message)


def validate_qualified_name(value: str, path: str) -> FieldErrors:
    """A name with an optional prefix.   Upstream: ValidateQualifiedName."""
    for message in names.is_qualified_name(value):
        yield invalid(path, value, message)


def validate_port_number(value: int, path: str) -> FieldErrors:
    """1 to 65535."""
    for message in names.is_valid_port_num(value):
        yield invalid(path, value, message)


def validate_port_number_or_name(value: int | str, path: str) -> FieldErrors:
    """A port's number, or its name.   Upstream: ValidatePortNumOrName."""
    messages = names.is_valid_port_name(value) if isinstance(value, str) else names.is_valid_port_num(value)
    for message in messages:
        yield invalid(path, value, message)


def validate_protocol(protocol: str, path: str) -> FieldErrors:
    """TCP, UDP or SCTP; it is defaulted, so its absence is an error."""
    if not protocol:
        yield required(path)
    elif protocol not in PROTOCOLS:
        yield unsupported(path, protocol, PROTOCOLS)


def validate_endpoint_port(port: Object, needs_name: bool, path: str) -> FieldErrors:
    """A port of Endpoints."""
    name = port.get("name") or ""
    if needs_name and not name:
        yield required(f"{path}.name")
    elif name:
        yield from validate_dns1123_label(name, f"{path}.name")
    yield from validate_port_number(port.get("port") or 0, f"{path}.port")
    yield from validate_protocol(port.get("protocol") or "", f"{path}.protocol")
    if "appProtocol" in port:
        yield from validate_qualified_name(port["appProtocol"], f"{path}.appProtocol")


def duplicates_by(ports: list[Object], *fields: str) -> list[int]:
    """The indices of ports that repeat an earlier one in these fields."""
    seen: set[tuple[object, ...]] = set()
    again = []
    for i, port in enumerate(ports):
        key = tuple(port.get(field) for field in fields)
        if key in seen:
            again.append(i)
        seen.add(key)
    return again
