"""Secret.

Upstream: pkg/apis/core/v1 (defaults, conversion of stringData), pkg/apis/core/validation, pkg/registry/core/secret.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator

from kplan.api.field import FieldErrors, forbidden, invalid, required, too_long
from kplan.api.names import is_config_map_key, name_is_dns_subdomain
from kplan.api.objects import Object, annotations_of, namespace_of
from kplan.kinds.enums import invalid_enum
from kplan.kinds.jsontext import object_error
from kplan.kinds.keypair import key_pair_error
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import IMMUTABLE, validate_object_meta

MAX_SIZE = 1024 * 1024
SERVICE_ACCOUNT_TOKEN = "kubernetes.io/service-account-token"
SERVICE_ACCOUNT_NAME = "kubernetes.io/service-account.name"
DOCKER_KEYS = {"kubernetes.io/dockercfg": ".dockercfg", "kubernetes.io/dockerconfigjson": ".dockerconfigjson"}
FROZEN = "field is immutable when `immutable` is set"


def default(obj: Object) -> None:
    """The type; stringData becomes data, as conversion to the internal version has it."""
    obj.setdefault("type", "Opaque")
    texts = obj.pop("stringData", None)
    if texts:
        data = obj.setdefault("data", {})
        for key, text in texts.items():
            data[key] = base64.b64encode((text or "").encode()).decode()


def size_of(text: str | None) -> int:
    """Bytes that base64 text stands for."""
    return len(text or "") // 4 * 3 - (text or "").count("=")


def validate(obj: Object) -> FieldErrors:
    """Upstream: ValidateSecret."""
    yield from validate_object_meta(obj["metadata"], True, name_is_dns_subdomain)
    data = obj.get("data") or {}
    total = 0
    for key in sorted(data):
        for message in is_config_map_key(key):
            yield invalid(f"data[{key}]", key, message)
        total += size_of(data[key])
    if total > MAX_SIZE:
        yield too_long("data", MAX_SIZE)
    kind = obj.get("type") or ""
    if kind == SERVICE_ACCOUNT_TOKEN:
        if not annotations_of(obj).get(SERVICE_ACCOUNT_NAME):
            yield required(f"metadata.annotations[{SERVICE_ACCOUNT_NAME}]")
    elif kind in DOCKER_KEYS:
        key = DOCKER_KEYS[kind]
        if key not in data:
            yield required(f"data[{key}]")
        elif error := object_error(base64.b64decode(data[key] or "")):
            yield invalid(f"data[{key}]", "<secret contents redacted>", error)
    elif kind == "kubernetes.io/basic-auth":
        if "username" not in data and "password" not in data:
            yield required("data[username]")
            yield required("data[password]")
    elif kind == "kubernetes.io/ssh-auth":
        if not data.get("ssh-privatekey"):
            yield required("data[ssh-privatekey]")
    elif kind == "kubernetes.io/tls":
        for key in ("tls.crt", "tls.key"):
            if key not in data:
                yield required(f"data[{key}]")


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateSecretUpdate."""
    if new.get("type") != old.get("type"):
        yield invalid_enum("type", new.get("type") or "", IMMUTABLE)
    if old.get("immutable"):
        yield from validate_frozen(new, old, "data")
    yield from validate(new)


def validate_frozen(new: Object, old: Object, *fields: str) -> FieldErrors:
    """What a Secret or ConfigMap that is immutable must leave alone."""
    if not new.get("immutable"):
        yield forbidden("immutable", FROZEN)
    for field in fields:
        if (new.get(field) or {}) != (old.get(field) or {}):
            yield forbidden(field, FROZEN)


def warnings(obj: Object) -> Iterator[str]:
    """A TLS Secret whose certificate and key cannot be read."""
    if obj.get("type") == "kubernetes.io/tls":
        data = obj.get("data") or {}
        error = key_pair_error(base64.b64decode(data.get("tls.crt") or ""), base64.b64decode(data.get("tls.key") or ""))
        if error:
            yield error


def references(obj: Object) -> Iterable[Reference]:
    """The ServiceAccount of a token."""
    if obj.get("type") == SERVICE_ACCOUNT_TOKEN:
        name = annotations_of(obj).get(SERVICE_ACCOUNT_NAME)
        if name:
            yield Reference(f"metadata.annotations[{SERVICE_ACCOUNT_NAME}]", "ServiceAccount", namespace_of(obj), name)


KIND = Kind(
    group="",
    version="v1",
    kind="Secret",
    plural="secrets",
    namespaced=True,
    default=default,
    validate=validate,
    validate_update=validate_update,
    warnings=warnings,
    update_warnings=lambda new, _old: warnings(new),
    references=references,
)
