"""Keep pods off nodes whose taints they do not tolerate.   Upstream: pkg/scheduler/framework/plugins/tainttoleration."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

from kplan.api.objects import Object
from kplan.scheduler.columns import Nodes
from kplan.scheduler.framework import Plugin, Reject, Rejects, reversed_to_100
from kplan.scheduler.podinfo import PodClass

Taint = tuple[str, str, str]
"""Key, value, effect."""

HARD = ("NoSchedule", "NoExecute")
SOFT = "PreferNoSchedule"


def tolerates(toleration: Object, taint: Taint) -> bool:
    """Whether a toleration covers a taint. Gt and Lt are behind a gate that is off.   Upstream: Toleration.ToleratesTaint."""
    key, value, effect = taint
    if toleration.get("effect") and toleration["effect"] != effect:
        return False
    if toleration.get("key") and toleration["key"] != key:
        return False
    operator = toleration.get("operator") or "Equal"
    return operator == "Exists" or (operator == "Equal" and (toleration.get("value") or "") == value)


def tolerates_any(tolerations: Iterable[Object], taint: Taint) -> bool:
    """Whether any toleration covers a taint."""
    return any(tolerates(t, taint) for t in tolerations)


def has_untolerated(taints: Iterable[Taint], tolerations: Iterable[Object]) -> bool:
    """Whether a taint that keeps pods off is not tolerated."""
    return any(taint[2] in HARD and not tolerates_any(tolerations, taint) for taint in taints)


class TaintToleration(Plugin):
    """Hard taints reject, soft ones cost."""

    name = "TaintToleration"
    weight = 3
    normalize = staticmethod(reversed_to_100)

    def key(self, pod: PodClass) -> Hashable:
        """Tolerations."""
        return pod.tolerations_key

    def filter(self, pod: PodClass, nodes: Nodes) -> Rejects:
        """NoSchedule and NoExecute taints."""
        mask = nodes.taints.map(lambda taints: has_untolerated(taints, pod.tolerations))
        yield Reject("node(s) had untolerated taint(s)", mask, resolvable=False)

    def score(self, pod: PodClass, nodes: Nodes) -> Any:
        """How many PreferNoSchedule taints are not tolerated."""
        soft = [t for t in pod.tolerations if (t.get("effect") or SOFT) == SOFT]
        return nodes.taints.map(lambda taints: sum(t[2] == SOFT and not tolerates_any(soft, t) for t in taints))
