"""PodResizeValidator: a running pod does not grow beyond its node.

Upstream: plugin/pkg/admission/podresize.
"""

from __future__ import annotations

from kplan.admission.refusal import forbidden
from kplan.admission.request import Plugin, Request
from kplan.api.gotext import go_quote
from kplan.api.objects import labels_of, name_of
from kplan.api.podrequests import in_integers, pod_request_quantities, quantities
from kplan.api.quantity import Quantity
from kplan.api.reader import Reader
from kplan.api.status import Cause

OS_LABEL = "kubernetes.io/os"


class PodResizeValidator(Plugin):
    """The resize subresource of a bound pod: Linux nodes only, and within the node's allocatable."""

    name = "PodResizeValidator"
    kinds = frozenset({"Pod"})

    def validate(self, request: Request, reader: Reader) -> None:
        """Compare the new requests with the node."""
        pod, old = request.object, request.old
        if request.subresource != "resize" or request.kind.group_kind not in self.kinds or pod is None or old is None:
            return
        node_name = pod["spec"].get("nodeName")
        if not node_name or pod["metadata"].get("generation") == old["metadata"].get("generation"):
            return
        node = reader.get("Node", "", node_name)
        if node is None:
            raise forbidden(request, f"node {go_quote(node_name)} not found")
        system = labels_of(node).get(OS_LABEL, "linux")
        if system != "linux":
            why = f"pod resize is only supported on linux nodes, node {go_quote(name_of(node))} is {go_quote(system)}"
            raise forbidden(request, why, Cause("UnsupportedPlatform", "", ""))
        requested, allocatable = pod_request_quantities(pod), quantities((node.get("status") or {}).get("allocatable"))
        zero = Quantity(0)
        lacking = [r for r in ("cpu", "memory") if requested.get(r, zero) > allocatable.get(r, zero)]
        if lacking:
            want, have = in_integers(requested), in_integers(allocatable)
            shown = "; ".join(f"{r}, requested: {want[r]}, allocatable: {have.get(r, 0)}" for r in lacking)
            raise forbidden(request, f"node didn't have enough allocatable resources: {shown}", Cause("NodeCapacity", "", ""))
