"""Lease: who holds a lock, until when.

Upstream: pkg/apis/coordination/validation, pkg/registry/coordination/lease. The fields of coordinated leader election
are dropped: its feature gate is off by default, so their rules are left out.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors, invalid
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import validate_object_meta


def drop_disabled_fields(obj: Object) -> None:
    """Strategy and preferred holder are behind a gate that is off."""
    spec = obj.get("spec") or {}
    spec.pop("strategy", None)
    spec.pop("preferredHolder", None)


def prepare_update(new: Object, _old: Object) -> None:
    """The same on update: no stored Lease can have the fields."""
    drop_disabled_fields(new)


def validate(obj: Object) -> FieldErrors:
    """A new Lease."""
    yield from validate_object_meta(obj["metadata"], True, name_is_dns_subdomain)
    yield from validate_spec(obj.get("spec") or {})


def validate_spec(spec: Object) -> FieldErrors:
    """What a LeaseSpec must be."""
    duration, transitions = spec.get("leaseDurationSeconds"), spec.get("leaseTransitions")
    if duration is not None and duration <= 0:
        yield invalid("spec.leaseDurationSeconds", duration, "must be greater than 0")
    if transitions is not None and transitions < 0:
        yield invalid("spec.leaseTransitions", transitions, "must be greater than or equal to 0")


def validate_update(new: Object, _old: Object) -> FieldErrors:
    """A changed Lease."""
    yield from validate_spec(new.get("spec") or {})


KIND = Kind(
    group="coordination.k8s.io",
    version="v1",
    kind="Lease",
    plural="leases",
    namespaced=True,
    create_on_update=True,
    unconditional_update=False,
    prepare=drop_disabled_fields,
    prepare_update=prepare_update,
    validate=validate,
    validate_update=validate_update,
)
