"""Taints and tolerations.

Upstream: Toleration.ToleratesTaint in api/core/v1/toleration.go, FindMatchingUntoleratedTaint in component-helpers. The
operators Lt and Gt (gate TaintTolerationComparisonOperators, off by default) never match.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kplan.api.objects import Object

HARD = ("NoSchedule", "NoExecute")
SOFT = ("PreferNoSchedule",)


def tolerates(toleration: Object, taint: Object) -> bool:
    """Whether a toleration tolerates a taint; empty key and effect stand for all."""
    effect, key = toleration.get("effect"), toleration.get("key")
    if effect and effect != taint.get("effect"):
        return False
    if key and key != taint.get("key"):
        return False
    operator = toleration.get("operator") or "Equal"
    if operator == "Exists":
        return True
    return operator == "Equal" and (toleration.get("value") or "") == (taint.get("value") or "")


def tolerated(taint: Object, tolerations: Iterable[Object]) -> bool:
    """Whether one of the tolerations tolerates a taint."""
    return any(tolerates(t, taint) for t in tolerations)


def untolerated(taints: Iterable[Object], tolerations: Sequence[Object], effects: Sequence[str] = HARD) -> Object | None:
    """The first taint with one of `effects` that is not tolerated."""
    for taint in taints:
        if taint.get("effect") in effects and not tolerated(taint, tolerations):
            return taint
    return None
