"""Keep pods off nodes whose taints they do not tolerate.   Upstream: pkg/scheduler/framework/plugins/tainttoleration."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from kplan.api.objects import Object
from kplan.api.tolerations import SOFT, tolerated, untolerated
from kplan.scheduler.columns import Nodes
from kplan.scheduler.framework import Plugin, Reject, Rejects, reversed_to_100
from kplan.scheduler.podinfo import PodClass

Taint = tuple[str, str, str]
"""Key, value, effect."""


def as_objects(taints: Iterable[Taint]) -> list[Object]:
    """Taints of the column as the API has them."""
    return [{"key": key, "value": value, "effect": effect} for key, value, effect in taints]


def has_untolerated(taints: Iterable[Taint], tolerations: Sequence[Object]) -> bool:
    """Whether a taint that keeps pods off is not tolerated."""
    return untolerated(as_objects(taints), tolerations) is not None


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

        def cost(taints: Iterable[Taint]) -> int:
            return sum(t["effect"] in SOFT and not tolerated(t, pod.tolerations) for t in as_objects(taints))

        return nodes.taints.map(cost)
