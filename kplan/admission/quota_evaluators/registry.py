"""Which evaluator counts objects of a kind, and what a namespace uses in all.

Upstream: pkg/quota/v1/evaluator/core/registry.go; CalculateUsage in staging/src/k8s.io/apiserver/pkg/quota/v1.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.admission.quota_evaluators.evaluator import ONE, ZERO, Evaluator, only, scopes_of
from kplan.admission.quota_evaluators.persistent_volume_claims import CLAIMS
from kplan.admission.quota_evaluators.pods import PODS
from kplan.admission.quota_evaluators.resource_claims import RESOURCE_CLAIMS
from kplan.admission.quota_evaluators.services import SERVICES
from kplan.admission.request import Request
from kplan.api.objects import Object
from kplan.api.podrequests import Amounts, add
from kplan.api.reader import Reader
from kplan.kinds.kind import Kind

_ALIASES = {"configmaps", "resourcequotas", "replicationcontrollers", "secrets"}
_SPECIAL = {evaluator.group_kind: evaluator for evaluator in (PODS, SERVICES, CLAIMS, RESOURCE_CLAIMS)}
_counted: dict[str, Evaluator] = {}


def evaluator_of(kind: Kind) -> Evaluator:
    """How a kind counts."""
    special = _SPECIAL.get(kind.group_kind)
    if special is not None:
        return special
    found = _counted.get(kind.resource)
    if found is None:
        found = _counted[kind.resource] = _object_count(kind)
    return found


def _object_count(kind: Kind) -> Evaluator:
    names = [f"count/{kind.resource}", *([kind.plural] if kind.resource in _ALIASES else [])]
    one_each: Amounts = dict.fromkeys(names, ONE)

    def handles(request: Request) -> bool:
        return not request.subresource and request.operation == "CREATE"

    def usage(obj: Object, reader: Reader) -> Amounts:
        return one_each

    return Evaluator(kind.group_kind, only(names), usage, handles)


def calculate_usage(quota: Object, reader: Reader, kinds: Iterable[Kind]) -> dict[str, str]:
    """`status.used` of a quota, counted from what is there. `kinds`: all that are served.   Upstream: CalculateUsage."""
    hard = (quota.get("spec") or {}).get("hard") or {}
    namespace = quota["metadata"]["namespace"]
    scopes = scopes_of(quota)
    total: Amounts = {}
    for kind in kinds:
        if not kind.namespaced:
            continue
        evaluator = evaluator_of(kind)
        names = evaluator.matching(hard, reader)
        if not names:
            continue
        for name in names:
            total.setdefault(name, ZERO)
        # Replicas share the amounts that they use, so each amount is added once, times their number.
        shared: dict[int, tuple[Amounts, int]] = {}
        for obj in reader.list(kind.group_kind, namespace):
            if all(evaluator.in_scope(scope, obj) for scope in scopes):
                usage = evaluator.usage(obj, reader)
                shared[id(usage)] = usage, shared.get(id(usage), (usage, 0))[1] + 1
        for usage, number in shared.values():
            add(total, {name: q * number for name, q in usage.items() if name in hard})
    return {name: str(q) for name, q in total.items()}
