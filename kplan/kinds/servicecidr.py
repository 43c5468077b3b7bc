"""ServiceCIDR: a further range from which Services get their addresses.

Upstream: pkg/apis/networking/validation (ValidateServiceCIDR), pkg/registry/networking/servicecidr.
"""

from __future__ import annotations

from kplan.api.addresses import is_valid_cidr
from kplan.api.field import FieldErrors, invalid, required
from kplan.api.gotext import Struct
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object
from kplan.kinds.addresses import family_of_cidr
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import IMMUTABLE, validate_object_meta
from kplan.kinds.strategy import keep_all_but_status, keep_metadata_for_status, keep_status

PATH = "spec.cidrs"


def prepare(obj: Object) -> None:
    """No status."""
    obj["status"] = {}


def validate(obj: Object) -> FieldErrors:
    """Upstream: ValidateServiceCIDR."""
    yield from validate_object_meta(obj["metadata"], False, name_is_dns_subdomain)
    yield from _validate_cidrs(_cidrs(obj))


def _cidrs(obj: Object) -> list[str]:
    return (obj.get("spec") or {}).get("cidrs") or []


def _validate_cidrs(cidrs: list[str]) -> FieldErrors:
    if not cidrs:
        yield required(PATH, "at least one CIDR required")
        return
    if len(cidrs) > 2:
        yield invalid(PATH, Struct(CIDRs=cidrs), "may only hold up to 2 values")
        return
    for i, cidr in enumerate(cidrs):
        yield from is_valid_cidr(f"{PATH}[{i}]", cidr)
    families = [family_of_cidr(cidr) for cidr in cidrs]
    if len(cidrs) == 2 and families[0] == families[1] != "unknown":
        yield invalid(PATH, cidrs, "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64")


def validate_update(new: Object, old: Object) -> FieldErrors:
    """A range of the other family may come; nothing else changes.   Upstream: ValidateServiceCIDRUpdate."""
    now, was = _cidrs(new), _cidrs(old)
    if len(now) == len(was):
        for i, cidr in enumerate(was):
            if cidr != now[i]:
                yield invalid(f"{PATH}[{i}]", now[i], IMMUTABLE)
    elif len(was) == 1 and len(now) == 2:
        if now[0] != was[0]:
            yield invalid(f"{PATH}[0]", now[0], IMMUTABLE)
        yield from _validate_cidrs(now)
    else:
        yield invalid(PATH, (new.get("spec") or {}).get("cidrs"), IMMUTABLE)


def prepare_status(new: Object, old: Object) -> None:
    """Nothing but the status changes."""
    keep_all_but_status(new, old)
    keep_metadata_for_status(new, old)


KIND = Kind(
    group="networking.k8s.io",
    version="v1",
    kind="ServiceCIDR",
    plural="servicecidrs",
    namespaced=False,
    status=True,
    prepare=prepare,
    prepare_update=keep_status,
    prepare_status=prepare_status,
    validate=validate,
    validate_update=validate_update,
    empties=(("spec", "cidrs"),),
)
