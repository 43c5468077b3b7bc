"""The spec of a ResourceClaim, which templates have too: which devices are asked for.

Upstream: pkg/apis/resource/{v1/defaults.go,validation/validation.go}, pkg/registry/resource/utils.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.field import FieldErrors, forbidden, invalid, not_supported, required
from kplan.api.objects import Object, labels_of
from kplan.api.reader import Reader
from kplan.kinds.checks import typed
from kplan.kinds.devices import (
    default_tolerations,
    validate_device_class_name,
    validate_device_configuration,
    validate_device_toleration,
    validate_fully_qualified_name,
    validate_selectors,
    validate_set,
    validate_short_name,
    validate_slice,
)
from kplan.kinds.kind import Reference

MAX_REQUESTS = 32
MAX_CONSTRAINTS = 32
MAX_CONFIGS = 32
MAX_SUBREQUESTS = 8
ADMIN_ACCESS_LABEL = "resource.kubernetes.io/admin-access"
ALLOCATION_MODES = ("All", "ExactCount")
NOT_A_REQUEST = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
ONE_KIND = "exactly one of `exactly` or `firstAvailable` is required"

RequestNames = dict[str, frozenset[str]]


def default_resource_claim_spec(spec: Object) -> None:
    """Defaults of a claim's spec, in place."""
    for request in (spec.get("devices") or {}).get("requests") or ():
        for wanted in (request.get("exactly"), *(request.get("firstAvailable") or ())):
            if wanted is not None:
                if not wanted.get("allocationMode"):
                    wanted["allocationMode"] = "ExactCount"
                if wanted["allocationMode"] == "ExactCount" and not wanted.get("count"):
                    wanted["count"] = 1
                default_tolerations(wanted.get("tolerations") or ())


def validate_resource_claim_spec(spec: Object, path: str) -> FieldErrors:
    """Upstream: validateResourceClaimSpec."""
    devices = spec.get("devices") or {}
    names = request_names(devices)
    yield from validate_set(devices.get("requests") or (), MAX_REQUESTS, _validate_request, _name, f"{path}.devices.requests")
    yield from validate_slice(
        devices.get("constraints") or (), MAX_CONSTRAINTS, lambda item, where: _validate_constraint(item, where, names), f"{path}.devices.constraints"
    )
    yield from validate_slice(
        devices.get("config") or (), MAX_CONFIGS, lambda item, where: _validate_configuration(item, where, names), f"{path}.devices.config"
    )


def _name(item: Object) -> str:
    return item.get("name") or ""


def _itself(item: str) -> str:
    return item


def request_names(devices: Object) -> RequestNames:
    """The requests of a claim, each with its subrequests."""
    return {_name(r): frozenset(_name(s) for s in r.get("firstAvailable") or ()) for r in devices.get("requests") or ()}


def _validate_request(request: Object, path: str) -> FieldErrors:
    yield from validate_short_name(_name(request), f"{path}.name")
    exactly, alternatives = request.get("exactly"), request.get("firstAvailable")
    if exactly is None and not alternatives:
        yield required(path, ONE_KIND)
    elif exactly is not None and alternatives:
        yield invalid(path, None, f"{ONE_KIND}, but multiple fields are set")
    elif exactly is not None:
        yield from _validate_wanted(exactly, f"{path}.exactly")
    else:
        yield from validate_set(alternatives or (), MAX_SUBREQUESTS, _validate_subrequest, _name, f"{path}.firstAvailable")


def _validate_subrequest(request: Object, path: str) -> FieldErrors:
    yield from validate_short_name(_name(request), f"{path}.name")
    yield from _validate_wanted(request, path)


def _validate_wanted(wanted: Object, path: str) -> FieldErrors:
    yield from validate_device_class_name(wanted.get("deviceClassName") or "", f"{path}.deviceClassName")
    yield from validate_selectors(wanted.get("selectors") or (), f"{path}.selectors")
    mode, count = wanted.get("allocationMode") or "", wanted.get("count") or 0
    if mode == "All":
        if count != 0:
            yield invalid(f"{path}.count", count, "must not be specified when allocationMode is 'All'")
    elif mode == "ExactCount":
        if count <= 0:
            yield invalid(f"{path}.count", count, "must be greater than zero")
    else:
        yield not_supported(f"{path}.allocationMode", typed(mode), ALLOCATION_MODES)
    for index, toleration in enumerate(wanted.get("tolerations") or ()):
        yield from validate_device_toleration(toleration, f"{path}.tolerations[{index}]")


def _validate_constraint(constraint: Object, path: str, names: RequestNames) -> FieldErrors:
    yield from validate_request_refs(constraint.get("requests") or (), f"{path}.requests", names)
    if (attribute := constraint.get("matchAttribute")) is not None:
        yield from validate_fully_qualified_name(attribute, f"{path}.matchAttribute")
    elif (attribute := constraint.get("distinctAttribute")) is not None:
        yield from validate_fully_qualified_name(attribute, f"{path}.distinctAttribute")
    else:
        yield required(path, 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set')


def _validate_configuration(config: Object, path: str, names: RequestNames) -> FieldErrors:
    yield from validate_request_refs(config.get("requests") or (), f"{path}.requests", names)
    yield from validate_device_configuration(config, path)


def validate_request_refs(refs: list[str] | tuple[()], path: str, names: RequestNames) -> FieldErrors:
    """Names of requests or of `request/subrequest`, each once."""
    return validate_set(refs, MAX_REQUESTS, lambda ref, where: validate_request_ref(ref, where, names), _itself, path)


def validate_request_ref(ref: str, path: str, names: RequestNames) -> FieldErrors:
    """One such name."""
    segments = ref.split("/")
    if len(segments) > 2:
        yield invalid(path, ref, NOT_A_REQUEST)
        return
    for segment in segments:
        yield from validate_short_name(segment, path)
    if segments[0] not in names or (len(segments) == 2 and segments[1] not in names[segments[0]]):
        yield invalid(path, ref, NOT_A_REQUEST)


def validate_admin_access(spec: Object, namespace: str, reader: Reader) -> FieldErrors:
    """Admin access needs a label on the namespace.   Upstream: AuthorizedForAdmin (the path is that of older versions)."""
    for index, request in enumerate((spec.get("devices") or {}).get("requests") or ()):
        if (request.get("exactly") or {}).get("adminAccess"):
            found = reader.get("Namespace", "", namespace)
            if found is None or labels_of(found).get(ADMIN_ACCESS_LABEL) != "true":
                yield forbidden(
                    f"spec.devices.requests[{index}].adminAccess",
                    f"admin access to devices requires the `{ADMIN_ACCESS_LABEL}: true` label on the containing namespace",
                )
            return


def resource_claim_spec_references(spec: Object, path: str) -> Iterator[Reference]:
    """The classes that requests name; an alternative may be missing."""
    for index, request in enumerate((spec.get("devices") or {}).get("requests") or ()):
        where = f"{path}.devices.requests[{index}]"
        name = (request.get("exactly") or {}).get("deviceClassName")
        if name:
            yield Reference(f"{where}.exactly.deviceClassName", "DeviceClass.resource.k8s.io", "", name)
        for at, alternative in enumerate(request.get("firstAvailable") or ()):
            if alternative.get("deviceClassName"):
                yield Reference(
                    f"{where}.firstAvailable[{at}].deviceClassName", "DeviceClass.resource.k8s.io", "", alternative["deviceClassName"], optional=True
                )
