"""Keep pods off cordoned nodes.   Upstream: pkg/scheduler/framework/plugins/nodeunschedulable."""

from __future__ import annotations

from collections.abc import Hashable

from kplan.scheduler.columns import Nodes
from kplan.scheduler.framework import Plugin, Reject, Rejects
from kplan.scheduler.plugins.taint_toleration import tolerates_any
from kplan.scheduler.podinfo import PodClass

TAINT = ("node.kubernetes.io/unschedulable", "", "NoSchedule")


class NodeUnschedulable(Plugin):
    """Whoever tolerates the taint that goes with `spec.unschedulable` tolerates the field too."""

    name = "NodeUnschedulable"

    def key(self, pod: PodClass) -> Hashable:
        """Tolerations."""
        return pod.tolerations_key

    def filter(self, pod: PodClass, nodes: Nodes) -> Rejects:
        """Cordoned nodes."""
        if not tolerates_any(pod.tolerations, TAINT):
            yield Reject("node(s) were unschedulable", nodes.unschedulable, resolvable=False)
