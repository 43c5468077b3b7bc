"""PodTopologyLabels: pods carry zone and region of their node.

Upstream: plugin/pkg/admission/podtopologylabels. Serves pods that are made with a node, and bindings, whose labels the door
copies to the pod.
"""

from __future__ import annotations

from kplan.admission.request import Plugin, Request
from kplan.api.objects import labels_of
from kplan.api.reader import Reader

LABELS = ("topology.kubernetes.io/region", "topology.kubernetes.io/zone")


class PodTopologyLabels(Plugin):
    """Labels of the node override those of the pod."""

    name = "PodTopologyLabels"
    kinds = frozenset({"Pod"})

    def admit(self, request: Request, reader: Reader) -> None:
        """Copy the labels to a pod with a node, or to a binding."""
        obj = request.object
        if request.kind.group_kind not in self.kinds or request.operation != "CREATE" or obj is None:
            return
        node = ""
        if request.subresource == "":
            node = obj["spec"].get("nodeName") or ""
        elif request.subresource == "binding" and (obj.get("target") or {}).get("kind") == "Node":
            node = obj["target"].get("name") or ""
        labels = topology_labels(reader, node) if node else {}
        if labels:
            meta = obj["metadata"]
            meta["labels"] = {**(meta.get("labels") or {}), **labels}


def topology_labels(reader: Reader, node: str) -> dict[str, str]:
    """What a pod that is bound to a node takes over from it."""
    found = reader.get("Node", "", node)
    labels = labels_of(found) if found is not None else {}
    return {key: labels[key] for key in LABELS if key in labels}
