"""DefaultTolerationSeconds: pods stay five minutes on nodes that went away.

Upstream: plugin/pkg/admission/defaulttolerationseconds.
"""

from __future__ import annotations

from kplan.admission.request import Plugin, Request
from kplan.api.reader import Reader

SECONDS = 300
TAINTS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


class DefaultTolerationSeconds(Plugin):
    """Pods tolerate not-ready and unreachable nodes for 300 s, unless they say something about them."""

    name = "DefaultTolerationSeconds"
    kinds = frozenset({"Pod"})

    def admit(self, request: Request, reader: Reader) -> None:
        """Add the two tolerations."""
        if request.kind.group_kind not in self.kinds or request.subresource or request.operation == "DELETE" or request.object is None:
            return
        spec = request.object["spec"]
        given = [t.get("key") or "" for t in spec.get("tolerations") or () if (t.get("effect") or "NoExecute") == "NoExecute"]
        missing = [key for key in TAINTS if key not in given and "" not in given]
        if missing:
            spec.setdefault("tolerations", []).extend(
                {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": SECONDS} for key in missing
            )
