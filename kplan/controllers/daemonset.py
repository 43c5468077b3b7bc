"""DaemonSets keep a pod on every node that fits.

Upstream: pkg/controller/daemon/daemon_controller.go (rolling updates: `daemonset_update`; revisions: `daemonset_history`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from kplan.api.intstr import scaled_value
from kplan.api.objects import Object, labels_of
from kplan.apiserver.client import Client
from kplan.apiserver.loops import NOBODY, RETRY, Controller, Key, Watch, itself, owned_by
from kplan.controllers import daemonset_history as history
from kplan.controllers import daemonset_nodes as nodes
from kplan.controllers import pods
from kplan.controllers.adopters import could_adopt
from kplan.controllers.daemonset_nodes import HASH_LABEL
from kplan.controllers.daemonset_pods import Step, by_age
from kplan.controllers.daemonset_update import rolling_update
from kplan.controllers.history import REVISIONS
from kplan.controllers.podcontrol import selects_own

SETS = "DaemonSet.apps"
FIRST_DELAY, LAST_DELAY = 1.0, 900.0  # seconds between two deletions of failed pods on one node
FORGOTTEN = 2 * LAST_DELAY


class DaemonSetController(Controller):
    """Keys: (namespace, name) of DaemonSets."""

    name = "daemonset-controller"
    watches = (
        Watch(SETS, itself),
        owned_by("DaemonSet", "Pod"),
        Watch("Pod", could_adopt(SETS), owners=(NOBODY,)),
        owned_by("DaemonSet", REVISIONS),
        Watch(REVISIONS, could_adopt(SETS), owners=(NOBODY,)),
        Watch("Node", nodes.concerned),
    )

    def __init__(self) -> None:
        self._failures: dict[tuple[str, int, str], tuple[float, datetime]] = {}  # delay and time of the last deletion, by DaemonSet, generation and node

    def sync(self, key: Key, api: Client) -> float | None:
        """Pods where they belong, then the update, then the status.   Upstream: syncDaemonSet."""
        owner = api.get(SETS, *key)
        if owner is None:
            return None
        owner = api.read(owner)
        if owner["spec"].get("selector") == {}:
            api.event(owner, "Warning", "SelectingAll", "This daemon set is selecting all pods. A non-empty selector is required.")
            return None
        if "deletionTimestamp" in owner["metadata"] or not selects_own(owner["spec"].get("selector"), owner["spec"]["template"]):
            return None
        revisions = history.find(api, owner)
        if revisions is None:
            return RETRY
        hash = labels_of(revisions.current).get(HASH_LABEL, "")
        placement = nodes.Placement(owner)
        there = {n["metadata"]["name"]: placement.fits(n) for n in api.list("Node")}
        step = Step(api, owner, hash, there)
        delay = self._manage(step)
        if step.fine and not step.wrote and (owner["spec"].get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate":
            rolling_update(step)
        if step.fine:
            step.fine = history.forget(api, owner, revisions.old, step.pods(ended=True))
        wrote_status = _write_status(step)
        if not step.fine or not wrote_status:
            return RETRY
        waits = [w for w in (delay, step.next_available()) if w is not None]
        return min(waits, default=None)

    def _manage(self, step: Step) -> float | None:
        """Make and delete pods so that there is one where one belongs; seconds until a failed one may be deleted.   Upstream: manage."""
        surging = allows_surge(step.owner)
        missing: list[str] = []
        surplus: list[Object] = []
        waits: list[float] = []
        by_node = step.by_node()
        for node, (wanted, may_stay) in step.nodes.items():
            held = by_node.get(node)
            if held is None:
                if wanted:
                    missing.append(node)
            elif not may_stay:
                surplus += [p for p in held if not pods.terminating(p)]
            else:
                running = self._running(step, node, held, surplus, waits)
                if not surging:
                    surplus += by_age(running)[1:]
                elif not running and wanted:
                    missing.append(node)
                else:
                    surplus += _superseded(step, by_age(running))
        for node, held in by_node.items():
            if node not in step.nodes:
                surplus += [p for p in held if not p["spec"].get("nodeName")]
        step.change(missing, surplus)
        return min(waits, default=None)

    def _running(self, step: Step, node: str, held: Iterable[Object], surplus: list[Object], waits: list[float]) -> list[Object]:
        """The pods of a node that run; those that ended go to `surplus`, failed ones not before their delay is over."""
        running = []
        for pod in held:
            if pods.terminating(pod):
                continue
            phase, who = pods.phase(pod), f"{pod['metadata']['namespace']}/{pod['metadata']['name']} on node {node}"
            if phase == "Failed":
                delay = self._delay(step, node)
                if delay is not None:
                    waits.append(delay)
                    continue
                step.api.event(step.owner, "Warning", "FailedDaemonPod", f"Found failed daemon pod {who}, will try to kill it")
                surplus.append(pod)
            elif phase == "Succeeded":
                step.api.event(step.owner, "Normal", "SucceededDaemonPod", f"Found succeeded daemon pod {who}, will try to delete it")
                surplus.append(pod)
            else:
                running.append(pod)
        return running

    def _delay(self, step: Step, node: str) -> float | None:
        """Seconds to wait before another failed pod of this node is deleted; None: it may be, and the next delay is twice as long."""
        key = (step.owner["metadata"]["uid"], (step.owner.get("status") or {}).get("observedGeneration") or 0, node)
        delay, last = self._failures.get(key, (0.0, step.api.now))
        passed = (step.api.now - last).total_seconds()
        if passed < delay:
            return delay
        fresh = delay == 0.0 or passed > FORGOTTEN
        self._failures[key] = (FIRST_DELAY if fresh else min(2 * delay, LAST_DELAY), step.api.now)
        return None


def _write_status(step: Step) -> bool:
    """Count and say so, where it differs; whether that worked.   Upstream: updateDaemonSetStatus."""
    by_node = step.by_node()
    desired = current = misplaced = ready = updated = available = 0
    for node, (wanted, _) in step.nodes.items():
        held = by_node.get(node)
        desired += wanted
        if not held:
            continue
        if not wanted:
            misplaced += 1
            continue
        current += 1
        oldest = by_age(held)[0]
        ready += pods.ready(oldest)
        available += step.available(oldest)
        updated += nodes.up_to_date(oldest, step.owner, step.hash)
    old = step.owner.get("status") or {}
    generation = step.owner["metadata"].get("generation") or 0
    counts = {"updatedNumberScheduled": updated, "numberAvailable": available, "numberUnavailable": desired - available}
    status = {
        "currentNumberScheduled": current,
        "numberMisscheduled": misplaced,
        "desiredNumberScheduled": desired,
        "numberReady": ready,
        **({"observedGeneration": generation} if generation else {}),
        **{name: count for name, count in counts.items() if count},
        **{name: old[name] for name in ("collisionCount", "conditions") if name in old},
    }
    return status == old or step.api.write_status(step.owner, status).accepted


def allows_surge(owner: Object) -> bool:
    """More than one pod may be on a node during an update.   Upstream: AllowsSurge."""
    strategy = owner["spec"].get("updateStrategy") or {}
    surge = (strategy.get("rollingUpdate") or {}).get("maxSurge") or 0
    return strategy.get("type", "RollingUpdate") == "RollingUpdate" and scaled_value(surge, 1, True) > 0


def _superseded(step: Step, running: list[Object]) -> list[Object]:
    """Of the pods of a node that may have an old and a new one: those that go. `running` has the oldest first."""
    if len(running) < 2:
        return []
    new = next((p for p in running if labels_of(p).get(HASH_LABEL) == step.hash), None)
    old = next((p for p in running if labels_of(p).get(HASH_LABEL) != step.hash), None)
    surplus = [p for p in running if p is not new and p is not old]
    if new is not None and old is not None and (not pods.ready(old) or step.available(new)):
        surplus.append(old)
    return surplus
