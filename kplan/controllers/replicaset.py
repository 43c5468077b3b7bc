"""ReplicaSets keep the number of pods that they state; ReplicationControllers do the same in their own words.

Upstream: pkg/controller/replicaset and pkg/controller/replication.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from kplan.api.objects import Object, controller_of, labels_of
from kplan.api.reader import Entry, Reader
from kplan.api.selectors import selector
from kplan.apiserver.client import Client
from kplan.apiserver.loops import NOBODY, RETRY, Controller, Key, Watch, itself, owned_by
from kplan.apiserver.response import Response
from kplan.controllers import pods
from kplan.controllers.conditions import condition, without_condition
from kplan.controllers.ownership import claim
from kplan.controllers.podcontrol import create_pod, delete_pod, pod_from_template, selects_own, slow_start

BURST = 500


def _matching(kind: str, selector_of: Callable[[Object], Object | None]) -> Callable[[Entry, Reader], Iterable[Key]]:
    """The sets that could adopt an orphaned pod."""

    def keys(entry: Entry, reader: Reader) -> Iterable[Key]:
        new = entry.new
        if new is None or controller_of(new) is not None:
            return ()
        namespace, labels = new["metadata"]["namespace"], labels_of(new)
        return [(namespace, s["metadata"]["name"]) for s in reader.list(kind, namespace) if selector(selector_of(s))(labels)]

    return keys


def _set_selector(owner: Object) -> Object | None:
    return owner["spec"].get("selector")  # type: ignore[no-any-return]


def _map_selector(owner: Object) -> Object | None:
    labels = owner["spec"].get("selector") or labels_of(owner["spec"].get("template") or {})
    return {"matchLabels": labels} if labels else None


class ReplicaSetController(Controller):
    """Keys: (namespace, name) of ReplicaSets."""

    name = "replicaset-controller"
    kind = "ReplicaSet.apps"
    counts_terminating = True
    selector_of = staticmethod(_set_selector)
    watches = (
        Watch("ReplicaSet.apps", itself),
        owned_by("ReplicaSet", "Pod"),
        Watch("Pod", _matching("ReplicaSet.apps", _set_selector), owners=(NOBODY,)),
    )

    def sync(self, key: Key, api: Client) -> float | None:
        """Create or delete pods, then say what is there.   Upstream: syncReplicaSet."""
        owner = api.get(self.kind, *key)
        if owner is None or not selects_own(self.selector_of(owner), owner["spec"].get("template") or {}):
            return None
        spec, now = owner["spec"], api.now
        mine = claim(api, owner, "Pod", selector(self.selector_of(owner)))
        running = [p for p in mine if pods.active(p)]
        failure = None
        if "deletionTimestamp" not in owner["metadata"]:
            failure = self._manage(api, owner, running)
        terminating = sum(1 for p in mine if pods.terminating(p) and pods.phase(p) not in pods.ENDED)
        self._write_status(api, key, owner, running, terminating, failure)
        if failure is not None:
            return RETRY
        minimum = spec.get("minReadySeconds") or 0
        return pods.next_available(running, minimum, now) if minimum else None

    def _manage(self, api: Client, owner: Object, running: Sequence[Object]) -> Response | None:
        wanted = owner["spec"].get("replicas", 1)
        missing = wanted - len(running)
        if missing > 0:
            template = owner["spec"]["template"]
            pod = pod_from_template(template, owner)
            return slow_start(min(missing, BURST), lambda: create_pod(api, owner, pod, template))
        failure = None
        if missing < 0:
            for pod in pods.to_delete(running, self._related(api, owner), min(-missing, BURST), api.now):
                answer = delete_pod(api, owner, pod)
                if not answer.accepted and answer.code != 404:
                    failure = failure or answer
        return failure

    def _related(self, api: Client, owner: Object) -> list[Object]:
        """The pods of all sets that have the same controller, this one's included.   Upstream: getIndirectlyRelatedPods."""
        controller = controller_of(owner)
        sets = [owner]
        if controller is not None:
            sets = [s for s in api.owned(self.kind, controller["uid"]) if (controller_of(s) or {}).get("uid") == controller["uid"]]
        seen: dict[str, Object] = {}
        for related in sets:
            matches = selector(self.selector_of(related))
            for pod in api.owned("Pod", related["metadata"]["uid"]):
                if matches(labels_of(pod)):
                    seen[pod["metadata"]["uid"]] = pod
        return list(seen.values())

    def _write_status(self, api: Client, key: Key, owner: Object, running: Sequence[Object], terminating: int, failure: Response | None) -> None:
        owner = api.get(self.kind, *key) or owner
        old, spec = owner.get("status") or {}, owner["spec"]
        minimum = spec.get("minReadySeconds") or 0
        template_labels = (spec["template"].get("metadata") or {}).get("labels") or {}
        counts = {
            "replicas": len(running),
            "fullyLabeledReplicas": sum(1 for p in running if template_labels.items() <= labels_of(p).items()),
            "readyReplicas": sum(1 for p in running if pods.ready(p)),
            "availableReplicas": sum(1 for p in running if pods.available(p, minimum, api.now)),
        }
        status: Object = {k: n for k, n in counts.items() if n or k == "replicas"}
        if self.counts_terminating:
            status["terminatingReplicas"] = terminating
        conditions = list(old.get("conditions") or ())
        held = condition(old, "ReplicaFailure")
        if failure is not None and held is None:
            short = len(running) < spec.get("replicas", 1)
            conditions.append(
                {
                    "type": "ReplicaFailure",
                    "status": "True",
                    "lastTransitionTime": api.now_text,
                    "reason": "FailedCreate" if short else "FailedDelete",
                    "message": failure.message,
                }
            )
        elif failure is None and held is not None:
            conditions = without_condition(conditions, "ReplicaFailure")
        if conditions:
            status["conditions"] = conditions
        status["observedGeneration"] = owner["metadata"].get("generation", 0)
        if status != old:
            api.write_status(owner, status)


class ReplicationControllerController(ReplicaSetController):
    """Keys: (namespace, name) of ReplicationControllers."""

    name = "replicationcontroller-controller"
    kind = "ReplicationController"
    counts_terminating = False
    selector_of = staticmethod(_map_selector)
    watches = (
        Watch("ReplicationController", itself),
        owned_by("ReplicationController", "Pod"),
        Watch("Pod", _matching("ReplicationController", _map_selector), owners=(NOBODY,)),
    )
