"""IPAddress: that an address of a Service range is taken.

Upstream: pkg/apis/networking/validation (ValidateIPAddress), pkg/registry/networking/ipaddress.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.addresses import is_valid_ip
from kplan.api.field import FieldErrors, invalid, required
from kplan.api.gotext import Struct
from kplan.api.names import is_dns1123_subdomain, is_path_segment_name
from kplan.api.objects import Object
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import IMMUTABLE, validate_object_meta


def _name_rule(name: str, _prefix: bool) -> list[str]:
    return [error.detail for error in is_valid_ip("", name)]


def validate(obj: Object) -> FieldErrors:
    """Upstream: ValidateIPAddress."""
    yield from validate_object_meta(obj["metadata"], False, _name_rule)
    parent, path = (obj.get("spec") or {}).get("parentRef"), "spec.parentRef"
    if parent is None:
        yield required(path)
        return
    for message in is_dns1123_subdomain(parent["group"]) if parent.get("group") else ():
        yield invalid(f"{path}.group", parent["group"], message)
    for field in ("resource", "name", "namespace"):
        value = parent.get(field) or ""
        if not value and field != "namespace":
            yield required(f"{path}.{field}")
        for message in is_path_segment_name(value) if value else ():
            yield invalid(f"{path}.{field}", value, message)


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateIPAddressUpdate."""
    yield from validate(new)
    parent, before = (new.get("spec") or {}).get("parentRef"), (old.get("spec") or {}).get("parentRef")
    if parent != before:
        fields = ("group", "resource", "namespace", "name")
        printed = None if parent is None else Struct({field.capitalize(): parent.get(field) or "" for field in fields})
        yield invalid("spec.parentRef", printed, IMMUTABLE)


def references(obj: Object) -> Iterator[Reference]:
    """The Service that has the address."""
    parent = (obj.get("spec") or {}).get("parentRef") or {}
    if parent.get("resource") == "services" and not parent.get("group") and parent.get("name"):
        yield Reference("spec.parentRef", "Service", parent.get("namespace") or "", parent["name"])


KIND = Kind(
    group="networking.k8s.io",
    version="v1",
    kind="IPAddress",
    plural="ipaddresses",
    namespaced=False,
    short_names=("ip",),
    validate=validate,
    validate_update=validate_update,
    references=references,
)
