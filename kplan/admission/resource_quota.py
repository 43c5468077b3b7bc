"""ResourceQuota: a namespace uses no more than its quotas allow.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota. What a request uses is charged at once: the quotas
with their new `status.used` are put into `request.charges`, and the door writes them with the object. Left out: resources
that are limited by default (none are, without a configuration).
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.admission.quota_evaluators import ZERO, Evaluator, evaluator_of
from kplan.admission.refusal import forbidden
from kplan.admission.request import Plugin, Request
from kplan.api.objects import Object, name_of
from kplan.api.podrequests import Amounts, add, quantities
from kplan.api.reader import Reader

_IGNORED = frozenset(
    {
        "Namespace",
        "Binding",
        "ComponentStatus",
        "Event",
        "Event.events.k8s.io",
        "TokenReview.authentication.k8s.io",
        "SelfSubjectReview.authentication.k8s.io",
        "SubjectAccessReview.authorization.k8s.io",
        "SelfSubjectAccessReview.authorization.k8s.io",
        "LocalSubjectAccessReview.authorization.k8s.io",
        "SelfSubjectRulesReview.authorization.k8s.io",
    }
)


class ResourceQuota(Plugin):
    """Creations and growth are refused beyond a quota, and charged to it otherwise."""

    name = "ResourceQuota"
    counts = True

    def validate(self, request: Request, reader: Reader) -> None:
        """Hold the request against all quotas of its namespace, then charge them."""
        if not request.namespace or request.operation == "DELETE" or request.object is None:
            return
        quotas = reader.list("ResourceQuota", request.namespace)
        if not quotas or request.kind.group_kind in _IGNORED:
            return
        evaluator = evaluator_of(request.kind)
        if not evaluator.handles(request):
            return
        interesting = [q for q in quotas if _concerns(q, request, evaluator, reader)]
        if not interesting:
            return
        usage = evaluator.usage(request.object, reader)
        charges = [_charge(quota, delta, request) for quota in interesting if (delta := _delta(quota, usage, request, evaluator, reader))]
        if not request.dry_run:
            request.charges.extend(("ResourceQuota", quota) for quota in charges)


def _concerns(quota: Object, request: Request, evaluator: Evaluator, reader: Reader) -> bool:
    """Whether a quota limits the request; one that is not ready, or needs what a pod does not state, refuses it."""
    obj: Object = request.object or {}
    if not evaluator.matches(quota, obj, reader):
        return False
    status = quota["status"]
    names = evaluator.matching(status["hard"], reader)
    missing = evaluator.missing(names, obj)
    if missing:
        raise forbidden(request, f"failed quota: {name_of(quota)}: {missing}")
    used = status.get("used") or {}
    if any(name not in used for name in names):
        raise forbidden(request, f"status unknown for quota: {name_of(quota)}, resources: {','.join(sorted(names))}")
    return True


def _delta(quota: Object, usage: Amounts, request: Request, evaluator: Evaluator, reader: Reader) -> Amounts:
    """How much more the request uses than before; an object that the quota did not have before counts in full."""
    old = request.old
    if request.operation == "UPDATE" and old is not None and evaluator.matches(quota, old, reader):
        before = evaluator.usage(old, reader)
        grown = {name: q - before.get(name, ZERO) for name, q in usage.items()}
        return {name: q for name, q in grown.items() if q.sign > 0}
    return {name: q for name, q in usage.items() if q.sign}


def _charge(quota: Object, delta: Amounts, request: Request) -> Object:
    """The quota with the request's usage added; refuses what exceeds it."""
    status = quota["status"]
    hard, used = quantities(status["hard"]), quantities(status.get("used"))
    requested = {name: q for name, q in delta.items() if name in hard}
    total = dict(used)
    add(total, requested)
    if request.subresource != "status":
        exceeded = sorted(name for name in requested if total[name] > hard[name])
        if exceeded:
            raise forbidden(
                request,
                f"exceeded quota: {name_of(quota)}, requested: {_printed(requested, exceeded)}, "
                f"used: {_printed(used, exceeded)}, limited: {_printed(hard, exceeded)}",
            )
    return {**quota, "status": {**status, "used": {**(status.get("used") or {}), **{name: str(total[name]) for name in requested}}}}


def _printed(amounts: Amounts, names: Iterable[str]) -> str:
    return ",".join(f"{name}={amounts[name]}" for name in names if name in amounts)
