"""The pods of one DaemonSet during one sync, and the means to change them.

Upstream: getNodesToDaemonPods and syncNodes in pkg/controller/daemon/daemon_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.api.objects import Object
from kplan.api.selectors import selector
from kplan.apiserver.client import Client
from kplan.controllers import daemonset_nodes as nodes
from kplan.controllers import pods
from kplan.controllers.ownership import claim
from kplan.controllers.podcontrol import create_pod, delete_pod, slow_start

BURST = 250
ByNode = dict[str, list[Object]]


class Step:
    """One sync of one DaemonSet: its pods by node, and the means to change them. `nodes` says of each node (belongs there, may stay there)."""

    def __init__(self, api: Client, owner: Object, hash: str, there: dict[str, tuple[bool, bool]]) -> None:
        self.api, self.owner, self.hash, self.nodes = api, owner, hash, there
        self.fine, self.wrote = True, False
        self._pods: list[Object] | None = None
        self._matches = selector(owner["spec"].get("selector"))

    @property
    def minimum(self) -> int:
        """spec.minReadySeconds."""
        return self.owner["spec"].get("minReadySeconds") or 0

    def pods(self, *, ended: bool = False) -> list[Object]:
        """The DaemonSet's pods as they now are; with `ended` also such as have ended and are being deleted."""
        if self._pods is None:
            self._pods = claim(self.api, self.owner, "Pod", self._matches)
        return self._pods if ended else [p for p in self._pods if not pods.terminating(p) or pods.phase(p) not in pods.ENDED]

    def by_node(self) -> ByNode:
        """The pods by the node that they are on or meant for, nodes by name.   Upstream: getNodesToDaemonPods."""
        found: ByNode = {}
        for pod in self.pods():
            node = nodes.target_of(pod)
            if node is not None:
                found.setdefault(node, []).append(pod)
        return dict(sorted(found.items()))

    def available(self, pod: Object) -> bool:
        """Ready for spec.minReadySeconds."""
        return pods.available(pod, self.minimum, self.api.now)

    def next_available(self) -> float | None:
        """Seconds until a pod that is ready counts as available."""
        return pods.next_available(self.pods(), self.minimum, self.api.now) if self.minimum else None

    def change(self, missing: list[str], surplus: list[Object]) -> None:
        """Create pods for nodes and delete pods, some hundreds at a time.   Upstream: syncNodes."""
        if not missing and not surplus:
            return
        self.wrote, self._pods = True, None
        pod, template = nodes.new_pod(self.owner, self.hash), self.owner["spec"]["template"]
        names = iter(missing)
        failure = slow_start(min(len(missing), BURST), lambda: create_pod(self.api, self.owner, nodes.meant_for(pod, next(names)), template))
        if failure is not None:
            self.fine = False
        for doomed in surplus[:BURST]:
            answer = delete_pod(self.api, self.owner, doomed)
            if not answer.accepted and answer.code != 404:
                self.fine = False


def by_age(held: Iterable[Object]) -> list[Object]:
    """Bound pods first, then the oldest.   Upstream: podByCreationTimestampAndPhase."""
    return sorted(held, key=lambda p: (not p["spec"].get("nodeName"), p["metadata"]["creationTimestamp"], p["metadata"]["name"]))
