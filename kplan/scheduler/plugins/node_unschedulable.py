"""Keep pods off cordoned nodes.   Upstream: pkg/scheduler/framework/plugins/nodeunschedulable."""

from __future__ import annotations

from collections.abc import Hashable

from kplan.api.tolerations import tolerated
from kplan.scheduler.columns import Nodes
from kplan.scheduler.framework import Plugin, Reject, Rejects
from kplan.scheduler.podinfo import PodClass

TAINT = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


class NodeUnschedulable(Plugin):
    """Whoever tolerates the taint that goes with `spec.unschedulable` tolerates the field too."""

    name = "NodeUnschedulable"

    def key(self, pod: PodClass) -> Hashable:
        """Tolerations."""
        return pod.tolerations_key

    def filter(self, pod: PodClass, nodes: Nodes) -> Rejects:
        """Cordoned nodes."""
        if not tolerated(TAINT, pod.tolerations):
            yield Reject("node(s) were unschedulable", nodes.unschedulable, resolvable=False)
