"""Nodes must declare the features that a pod uses.   Upstream: pkg/scheduler/framework/plugins/nodedeclaredfeatures."""

from __future__ import annotations

from collections.abc import Hashable

from kplan.scheduler.columns import Nodes
from kplan.scheduler.framework import Plugin, Reject, Rejects
from kplan.scheduler.podinfo import PodClass


def required_features(pod: PodClass) -> frozenset[str]:
    """The features without which a pod would not run.   Upstream: component-helpers/nodedeclaredfeatures/features."""
    found = set()
    for container in (*pod.containers, *pod.init_containers):
        if any(rule.get("action") == "RestartAllContainers" for rule in container.get("restartPolicyRules") or ()):
            found.add("RestartAllContainersOnContainerExits")
    if pod.spec.get("hostNetwork") and pod.spec.get("hostUsers") is False:
        found.add("UserNamespacesHostNetworkSupport")
    return frozenset(found)


class NodeDeclaredFeatures(Plugin):
    """`status.declaredFeatures` of the node."""

    name = "NodeDeclaredFeatures"

    def key(self, pod: PodClass) -> Hashable:
        """The features that the pod needs."""
        return required_features(pod) or None

    def filter(self, pod: PodClass, nodes: Nodes) -> Rejects:
        """Nodes that lack one."""
        needed = required_features(pod)
        mask = nodes.features.map(lambda declared: not needed.issubset(declared or ()))
        yield Reject("node(s) didn't match Pod's required features", mask, resolvable=False)
