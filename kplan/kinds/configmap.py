"""ConfigMap.

Upstream: pkg/apis/core/validation (ValidateConfigMap), pkg/registry/core/configmap.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors, invalid, too_long
from kplan.api.names import is_config_map_key, name_is_dns_subdomain, size
from kplan.api.objects import Object
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.secret import MAX_SIZE, size_of, validate_frozen


def finish(obj: Object) -> None:
    """Storage knows no null, and the API prints an empty text."""
    binary = obj.get("binaryData")
    if binary and None in binary.values():
        obj["binaryData"] = {key: value or "" for key, value in binary.items()}


def validate(obj: Object) -> FieldErrors:
    """Upstream: ValidateConfigMap."""
    yield from validate_object_meta(obj["metadata"], True, name_is_dns_subdomain)
    data, binary = obj.get("data") or {}, obj.get("binaryData") or {}
    total = 0
    for key in sorted(data):
        for message in is_config_map_key(key):
            yield invalid(f"data[{key}]", key, message)
        if key in binary:
            yield invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
        total += size(data[key] or "")
    for key in sorted(binary):
        for message in is_config_map_key(key):
            yield invalid(f"binaryData[{key}]", key, message)
        total += size_of(binary[key])
    if total > MAX_SIZE:
        yield too_long("", MAX_SIZE)


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateConfigMapUpdate."""
    if old.get("immutable"):
        yield from validate_frozen(new, old, "data", "binaryData")
    yield from validate(new)


KIND = Kind(
    group="",
    version="v1",
    kind="ConfigMap",
    plural="configmaps",
    namespaced=True,
    short_names=("cm",),
    validate=validate,
    validate_update=validate_update,
    finish=finish,
)
