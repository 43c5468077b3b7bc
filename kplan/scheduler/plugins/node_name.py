"""A pod that names its node fits there alone.   Upstream: pkg/scheduler/framework/plugins/nodename."""

from __future__ import annotations

from kplan.scheduler.cluster_state import ClusterState
from kplan.scheduler.columns import Nodes
from kplan.scheduler.framework import Check, ClusterPlugin, Reject, Rejects
from kplan.scheduler.podinfo import PodInfo


class NodeNameCheck(Check):
    """One pod's `spec.nodeName`, which its class does not know."""

    name = "NodeName"

    def __init__(self, node: str) -> None:
        self.node = node

    def filter(self, nodes: Nodes) -> Rejects:
        """All other nodes."""
        yield Reject("node(s) didn't match the requested node name", nodes.name.among((self.node,)) ^ True, resolvable=False)


class NodeName(ClusterPlugin):
    """Such a pod never enters a real queue; explaining one runs this."""

    name = "NodeName"

    def prepare(self, pod: PodInfo, cluster: ClusterState) -> Check | None:
        """Nothing to do without `spec.nodeName`."""
        return NodeNameCheck(pod.node) if pod.node else None
