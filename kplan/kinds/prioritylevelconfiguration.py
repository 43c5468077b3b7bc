"""PriorityLevelConfiguration.

Upstream: pkg/apis/flowcontrol/{v1,validation}, pkg/registry/flowcontrol/prioritylevelconfiguration.
"""

from __future__ import annotations

import math

from kplan.api.field import FieldErrors, forbidden, invalid, required
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object, annotations_of
from kplan.kinds.enums import invalid_enum, unsupported
from kplan.kinds.flowschema import prepare, prepare_status, prepare_update, validate_conditions
from kplan.kinds.internalform import internal
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import validate_object_meta

DEFAULT_SHARES = 30
DEFAULT_QUEUING = {"handSize": 8, "queues": 64, "queueLengthLimit": 50}
MAX_QUEUES = 10_000_000
MAX_HASH_BITS = 60
ZERO_SHARES_ANNOTATION = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares"
CATCH_ALL = {"type": "Limited", "limited": {"nominalConcurrencyShares": 5, "lendablePercent": 0, "limitResponse": {"type": "Reject"}}}


def default(obj: Object) -> None:
    """Shares, what may be lent, queues."""
    spec = obj.setdefault("spec", {})
    for field, shares in (("exempt", 0), ("limited", DEFAULT_SHARES)):
        limits = spec.get(field)
        if limits is not None:
            for key, number in (("nominalConcurrencyShares", shares), ("lendablePercent", 0)):
                if limits.get(key) is None:
                    limits[key] = number
    queuing = ((spec.get("limited") or {}).get("limitResponse") or {}).get("queuing")
    if queuing is not None:
        for field, number in DEFAULT_QUEUING.items():
            if not queuing.get(field):
                queuing[field] = number


def validate(obj: Object) -> FieldErrors:
    """Upstream: ValidatePriorityLevelConfiguration."""
    name, spec = obj["metadata"].get("name") or "", obj.get("spec") or {}
    yield from validate_object_meta(obj["metadata"], False, name_is_dns_subdomain)
    if ZERO_SHARES_ANNOTATION in annotations_of(obj):
        yield forbidden("metadata.annotations", f"annotation '{ZERO_SHARES_ANNOTATION}' is forbidden")
    kind, exempt, limited = spec.get("type") or "", spec.get("exempt"), spec.get("limited")
    if (name == "exempt") != (kind == "Exempt"):
        yield invalid_enum("spec.type", kind, "must be 'Exempt' if and only if `name` is 'exempt'")
    if kind == "Exempt":
        if limited is not None:
            yield forbidden("spec.limited", "must be nil if the type is not Limited")
        if exempt is not None:
            yield from _validate_shares(exempt, "spec.exempt")
            yield from _validate_lendable(exempt, "spec.exempt")
    elif kind == "Limited":
        if exempt is not None:
            yield forbidden("spec.exempt", "must be nil if the type is Limited")
        if limited is None:
            yield required("spec.limited", "must not be empty when type is Limited")
        else:
            yield from _validate_limited(limited)
    else:
        yield unsupported("spec.type", kind, ("Exempt", "Limited"))
    yield from _validate_mandatory(name, spec)
    yield from validate_conditions(obj)


def _validate_mandatory(name: str, spec: Object) -> FieldErrors:
    if name == "exempt" and (spec.get("type") != "Exempt" or "limited" in spec):
        yield invalid("spec", internal("PriorityLevelConfigurationSpec", spec), "spec of 'exempt' except the 'spec.exempt' field must equal the fixed value")
    elif name == "catch-all" and spec != CATCH_ALL:
        yield invalid("spec", internal("PriorityLevelConfigurationSpec", spec), "spec of 'catch-all' must equal the fixed value")


def _validate_shares(limits: Object, path: str) -> FieldErrors:
    shares = limits.get("nominalConcurrencyShares") or 0
    if shares < 0:
        yield invalid(f"{path}.nominalConcurrencyShares", shares, "must be a non-negative integer")


def _validate_lendable(limits: Object, path: str) -> FieldErrors:
    percent = limits.get("lendablePercent")
    if percent is not None and not 0 <= percent <= 100:
        yield invalid(f"{path}.lendablePercent", percent, "must be between 0 and 100, inclusive")


def _validate_limited(limited: Object) -> FieldErrors:
    path = "spec.limited"
    yield from _validate_shares(limited, path)
    response = limited.get("limitResponse") or {}
    kind, queuing = response.get("type") or "", response.get("queuing")
    if kind == "Reject":
        if queuing is not None:
            yield forbidden(f"{path}.limitResponse.queuing", "must be nil if limited.limitResponse.type is not Limited")
    elif kind != "Queue":
        yield unsupported(f"{path}.limitResponse.type", kind, ("Queue", "Reject"))
    elif queuing is None:
        yield required(f"{path}.limitResponse.queuing", "must not be empty if limited.limitResponse.type is Limited")
    else:
        yield from _validate_queuing(queuing, f"{path}.limitResponse.queuing")
    yield from _validate_lendable(limited, path)
    borrowing = limited.get("borrowingLimitPercent")
    if borrowing is not None and borrowing < 0:
        yield invalid(f"{path}.borrowingLimitPercent", borrowing, "if specified, must be a non-negative integer")


def _validate_queuing(queuing: Object, path: str) -> FieldErrors:
    length, queues, hand = (queuing.get(field) or 0 for field in ("queueLengthLimit", "queues", "handSize"))
    if length <= 0:
        yield invalid(f"{path}.queueLengthLimit", length, "must be positive")
    if queues <= 0:
        yield invalid(f"{path}.queues", queues, "must be positive")
    elif queues > MAX_QUEUES:
        yield invalid(f"{path}.queues", queues, f"must not be greater than {MAX_QUEUES}")
    if hand <= 0:
        yield invalid(f"{path}.handSize", hand, "must be positive")
    elif hand > queues:
        yield invalid(f"{path}.handSize", hand, f"should not be greater than queues ({queues})")
    elif math.ceil(math.log2(queues) * hand) > MAX_HASH_BITS:
        why = f"required entropy bits of deckSize {queues} and handSize {hand} should not be greater than {MAX_HASH_BITS}"
        yield invalid(f"{path}.handSize", hand, why)


KIND = Kind(
    group="flowcontrol.apiserver.k8s.io",
    version="v1",
    kind="PriorityLevelConfiguration",
    plural="prioritylevelconfigurations",
    namespaced=False,
    status=True,
    default=default,
    prepare=prepare,
    prepare_update=prepare_update,
    prepare_status=prepare_status,
    validate=validate,
    validate_update=lambda new, _old: validate(new),
    validate_status=lambda new, _old: validate_conditions(new),
)
