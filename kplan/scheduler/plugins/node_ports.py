"""Host ports are taken once a node.   Upstream: pkg/scheduler/framework/plugins/nodeports."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from kplan.scheduler.columns import Nodes
from kplan.scheduler.framework import Plugin, Reject, Rejects
from kplan.scheduler.podinfo import PodClass


class NodePorts(Plugin):
    """The same port and protocol on the same address, or on all of them."""

    name = "NodePorts"
    reads_pods = True

    def key(self, pod: PodClass) -> Hashable:
        """Host ports."""
        return pod.host_ports or None

    def filter(self, pod: PodClass, nodes: Nodes) -> Rejects:
        """Nodes where one of the ports is in use."""
        taken: Any = nodes.no
        for protocol, address, port in pod.host_ports:
            taken = taken | nodes.port_taken(protocol, address, port)
        yield Reject("node(s) didn't have free ports for the requested pod ports", taken)
