"""ControllerRevision: a template as it was, kept by StatefulSets and DaemonSets.

Upstream: pkg/apis/apps/validation, pkg/registry/apps/controllerrevision.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors, required
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object
from kplan.kinds.checks import nonnegative, typed
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import validate_immutable, validate_object_meta


def validate_both(obj: Object) -> FieldErrors:
    """What holds on create and update."""
    yield from validate_object_meta(obj["metadata"], True, name_is_dns_subdomain)
    yield from nonnegative(obj.get("revision"), "revision")


def validate(obj: Object) -> FieldErrors:
    """A new revision: its data is an object."""
    yield from validate_both(obj)
    data = obj.get("data")
    if data is None:
        yield required("data", "data is mandatory")
    elif not isinstance(data, dict):
        yield required("data", "data must be a valid JSON object")


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Its data stays."""
    yield from validate_both(new)
    data = new.get("data")
    for error in validate_immutable(data, old.get("data"), "data"):
        yield error._replace(value=typed(data))


KIND = Kind(
    group="apps",
    version="v1",
    kind="ControllerRevision",
    plural="controllerrevisions",
    namespaced=True,
    validate=validate,
    validate_update=validate_update,
)
