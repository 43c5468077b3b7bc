"""ServiceAccount.

Upstream: pkg/apis/core/validation (ValidateServiceAccount), pkg/registry/core/serviceaccount.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kplan.api.field import FieldErrors
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object, annotations_of, namespace_of
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import validate_object_meta

ENFORCE_MOUNTABLE = "kubernetes.io/enforce-mountable-secrets"


def prepare(obj: Object) -> None:
    """Of references to Secrets only the name stays."""
    if obj.get("secrets"):
        obj["secrets"] = [{"name": secret["name"]} if secret.get("name") else {} for secret in obj["secrets"]]


def validate(obj: Object) -> FieldErrors:
    """Upstream: ValidateServiceAccount."""
    return validate_object_meta(obj["metadata"], True, name_is_dns_subdomain)


def warnings(obj: Object) -> Iterator[str]:
    """The annotation that bounds mountable Secrets is deprecated."""
    if ENFORCE_MOUNTABLE in annotations_of(obj):
        yield f"metadata.annotations[{ENFORCE_MOUNTABLE}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"


def update_warnings(new: Object, old: Object) -> Iterable[str]:
    """Only when the annotation is new."""
    return () if ENFORCE_MOUNTABLE in annotations_of(old) else warnings(new)


def references(obj: Object) -> Iterator[Reference]:
    """Secrets, for mounting and for pulling images."""
    for field in ("secrets", "imagePullSecrets"):
        for i, secret in enumerate(obj.get(field) or ()):
            if secret.get("name"):
                yield Reference(f"{field}[{i}].name", "Secret", namespace_of(obj), secret["name"], optional=field == "imagePullSecrets")


KIND = Kind(
    group="",
    version="v1",
    kind="ServiceAccount",
    plural="serviceaccounts",
    namespaced=True,
    short_names=("sa",),
    prepare=prepare,
    prepare_update=lambda new, _old: prepare(new),
    validate=validate,
    validate_update=lambda new, _old: validate(new),
    warnings=warnings,
    update_warnings=update_warnings,
    references=references,
)
