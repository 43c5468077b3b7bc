"""Entries of objects that others point at: keys of ConfigMaps and Secrets, ports of Services, listeners of Gateways."""

from __future__ import annotations

from kplan.api.objects import Object

DATA = ("data", "binaryData", "stringData")


def is_stub(obj: Object) -> bool:
    """Whether an object of a base state says only that it exists: a ConfigMap or Secret written by hand, without contents."""
    return obj["kind"] in ("ConfigMap", "Secret") and "uid" not in obj["metadata"] and not any(part in obj for part in DATA)


def has_entry(obj: Object, key: str) -> bool:
    """Whether a ConfigMap, Secret, Service or Gateway has an entry (a port, a listener)."""
    spec = obj.get("spec") or {}
    if obj["kind"] == "Service":
        return spec.get("type") == "ExternalName" or any(key in (str(p.get("port")), p.get("name")) for p in spec.get("ports") or ())
    if obj["kind"] == "Gateway":
        listeners = spec.get("listeners")
        return any(isinstance(x, dict) and x.get("name") == key for x in listeners) if isinstance(listeners, list) else True
    return any(key in (obj.get(part) or {}) for part in DATA)
