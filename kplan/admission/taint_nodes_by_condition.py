"""TaintNodesByCondition: a new node starts with the not-ready taint.

Upstream: plugin/pkg/admission/nodetaint.
"""

from __future__ import annotations

from kplan.admission.request import Plugin, Request
from kplan.api.reader import Reader

NOT_READY = "node.kubernetes.io/not-ready"


class TaintNodesByCondition(Plugin):
    """New nodes get `node.kubernetes.io/not-ready:NoSchedule`; the node controller takes it away."""

    name = "TaintNodesByCondition"
    kinds = frozenset({"Node"})

    def admit(self, request: Request, reader: Reader) -> None:
        """Add the taint unless it is there."""
        if request.kind.group_kind not in self.kinds or request.operation != "CREATE" or request.subresource or request.object is None:
            return
        taints = request.object.setdefault("spec", {}).setdefault("taints", [])
        if not any(t.get("key") == NOT_READY and t.get("effect") == "NoSchedule" for t in taints):
            taints.append({"key": NOT_READY, "effect": "NoSchedule"})
