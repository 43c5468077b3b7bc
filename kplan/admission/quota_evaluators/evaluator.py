"""How objects of a kind count against a ResourceQuota, and what the kinds share.

Upstream: staging/src/k8s.io/apiserver/pkg/quota/v1.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from kplan.admission.request import Request
from kplan.api.objects import Object
from kplan.api.podrequests import Amounts
from kplan.api.quantity import Quantity
from kplan.api.reader import Reader
from kplan.api.selectors import requirement

Matching = Callable[[Iterable[str], Reader], list[str]]

ONE = Quantity(1)
ZERO = Quantity(0)
IMPLICIT_DEVICE_CLASS = "deviceclass.resource.kubernetes.io/"


def _no_scope(scope: Object, obj: Object) -> bool:
    """Kinds that know no scopes match none."""
    return False


def _nothing_missing(names: Iterable[str], obj: Object) -> str:
    """Kinds that need not state what they use."""
    return ""


def only(mine: Collection[str]) -> Matching:
    """Those of a quota's resources that are among `mine`."""

    def matching(names: Iterable[str], reader: Reader) -> list[str]:
        return [name for name in names if name in mine]

    return matching


@dataclass(frozen=True, slots=True)
class Evaluator:
    """How objects of one kind count. `group_kind` names the kind to the reader."""

    group_kind: str
    matching: Matching
    usage: Callable[[Object, Reader], Amounts]
    handles: Callable[[Request], bool]
    in_scope: Callable[[Object, Object], bool] = _no_scope
    missing: Callable[[Iterable[str], Object], str] = _nothing_missing

    def matches(self, quota: Object, obj: Object, reader: Reader) -> bool:
        """Whether a quota limits something that this object uses, and its scopes have the object."""
        hard = (quota.get("status") or {}).get("hard") or {}
        return bool(self.matching(hard, reader)) and all(self.in_scope(scope, obj) for scope in scopes_of(quota))


def scopes_of(quota: Object) -> list[Object]:
    """The scopes of a quota, all as selector requirements."""
    spec = quota.get("spec") or {}
    plain = [{"scopeName": scope, "operator": "Exists"} for scope in spec.get("scopes") or ()]
    return [*plain, *((spec.get("scopeSelector") or {}).get("matchExpressions") or ())]


def selects(scope: Object, values: list[str]) -> bool:
    """Whether a scope's requirement selects one of the values, or the lack of any."""
    test = requirement(scope["scopeName"], scope.get("operator") or "", tuple(scope.get("values") or ()))
    return any(test({scope["scopeName"]: value}) for value in values) if values else test({})


def created_or_updated(request: Request) -> bool:
    """A request that may change what an object uses."""
    return not request.subresource and request.operation in ("CREATE", "UPDATE")


def is_native(name: str) -> bool:
    """A resource of Kubernetes' own."""
    return "/" not in name or "kubernetes.io/" in name


def is_extended_request(name: str) -> bool:
    """The request of a resource that is not Kubernetes' own."""
    return name.startswith("requests.") and (not is_native(name) or name.startswith(f"requests.{IMPLICIT_DEVICE_CLASS}"))
