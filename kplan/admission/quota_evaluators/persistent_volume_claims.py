"""Claims use storage, in all and of their class.

Upstream: pkg/quota/v1/evaluator/core/persistent_volume_claims.go.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.admission.persistent_volume_claim_resize import class_name
from kplan.admission.quota_evaluators.evaluator import ONE, Evaluator, created_or_updated, selects
from kplan.admission.request import Request
from kplan.api.objects import Object
from kplan.api.podrequests import Amounts
from kplan.api.quantity import Quantity, parse_json
from kplan.api.reader import Reader

_STORAGE_CLASS = ".storageclass.storage.k8s.io/"


def _claim_handles(request: Request) -> bool:
    return request.subresource == "status" or created_or_updated(request)


def _claim_matching(names: Iterable[str], reader: Reader) -> list[str]:
    mine = ("persistentvolumeclaims", "requests.storage")
    return [n for n in names if n == "count/persistentvolumeclaims" or n in mine or n.endswith(tuple(_STORAGE_CLASS + m for m in mine))]


def _claim_usage(claim: Object, reader: Reader) -> Amounts:
    usage: Amounts = {"persistentvolumeclaims": ONE, "count/persistentvolumeclaims": ONE}
    storage = _storage(claim)
    if storage is not None:
        usage["requests.storage"] = storage
    of_class = class_name(claim)
    if of_class:
        usage[f"{of_class}{_STORAGE_CLASS}persistentvolumeclaims"] = ONE
        if storage is not None:
            usage[f"{of_class}{_STORAGE_CLASS}requests.storage"] = storage
    return usage


def _storage(claim: Object) -> Quantity | None:
    asked = ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage")
    if asked is None:
        return None
    allocated = ((claim.get("status") or {}).get("allocatedResources") or {}).get("storage")
    size = parse_json(asked)
    if allocated is not None:
        size = max(size, parse_json(allocated))
    whole = Quantity(size.value(), 0, size.format)
    return size if whole == size else whole


def _claim_in_scope(scope: Object, claim: Object) -> bool:
    if scope.get("scopeName") != "VolumeAttributesClass":
        return False
    status = claim.get("status") or {}
    target = (status.get("modifyVolumeStatus") or {}).get("targetVolumeAttributesClassName")
    names = {claim["spec"].get("volumeAttributesClassName"), status.get("currentVolumeAttributesClassName"), target} - {None, ""}
    return selects(scope, sorted(names))


CLAIMS = Evaluator("PersistentVolumeClaim", _claim_matching, _claim_usage, _claim_handles, _claim_in_scope)
