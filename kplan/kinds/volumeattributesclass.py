"""VolumeAttributesClass.

Upstream: pkg/apis/storage/validation/validation.go, pkg/registry/storage/volumeattributesclass/strategy.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.field import FieldErrors, forbidden, required
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object
from kplan.kinds.checks import same
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.storageclass import validate_parameters, validate_provisioner


def validate(attributes_class: Object) -> FieldErrors:
    """Upstream: ValidateVolumeAttributesClass."""
    parameters = attributes_class.get("parameters") or {}
    yield from validate_object_meta(attributes_class["metadata"], False, name_is_dns_subdomain)
    yield from validate_provisioner(attributes_class.get("driverName") or "", "driverName")
    yield from validate_parameters(parameters, "parameters")
    if not parameters:
        yield required("parameters", "must contain at least one key/value pair")


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateVolumeAttributesClassUpdate."""
    if new.get("driverName", "") != old.get("driverName", ""):
        yield forbidden("driverName", "updates to driverName are forbidden.")
    if not same(new.get("parameters"), old.get("parameters")):
        yield forbidden("parameters", "updates to parameters are forbidden.")
    yield from validate(new)


def references(attributes_class: Object) -> Iterator[Reference]:
    """The driver."""
    if attributes_class.get("driverName"):
        yield Reference("driverName", "CSIDriver.storage.k8s.io", "", attributes_class["driverName"], optional=True)


KIND = Kind(
    group="storage.k8s.io",
    version="v1",
    kind="VolumeAttributesClass",
    plural="volumeattributesclasses",
    namespaced=False,
    short_names=("vac",),
    validate=validate,
    validate_update=validate_update,
    references=references,
)
