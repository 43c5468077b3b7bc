"""StatefulSets keep pods with names, one after the other, and roll them over from the last to the first.

Upstream: pkg/controller/statefulset (stateful_set.go, stateful_set_control.go). Left out: maxUnavailable, whose feature gate
(MaxUnavailableStatefulSet) is off by default.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kplan.api.objects import Object, controller_of, replace
from kplan.api.selectors import selector
from kplan.apiserver import writes
from kplan.apiserver.client import Client
from kplan.apiserver.loops import NOBODY, RETRY, Controller, Key, Watch, itself, owned_by
from kplan.controllers import history, pods
from kplan.controllers import statefulset_claims as claims
from kplan.controllers import statefulset_pods as members
from kplan.controllers.adopters import could_adopt
from kplan.controllers.ownership import claim
from kplan.controllers.statefulset_claims import SyncError, ordinals

SETS = "StatefulSet.apps"
BATCH = 500
COMPARED = ("replicas", "currentReplicas", "readyReplicas", "updatedReplicas", "currentRevision", "availableReplicas", "updateRevision")


class StatefulSetController(Controller):
    """Keys: (namespace, name) of StatefulSets."""

    name = "statefulset-controller"
    watches = (
        Watch(SETS, itself),
        owned_by("StatefulSet", "Pod"),
        Watch("Pod", could_adopt(SETS), owners=(NOBODY,)),
    )

    def sync(self, key: Key, api: Client) -> float | None:
        """Bring the pods one step on, then say what is there."""
        owner = api.get(SETS, *key)
        if owner is None:
            return None
        owner = api.read(owner)
        matches = selector(owner["spec"].get("selector"))
        for revision in history.revisions_of(api, owner, matches):
            if controller_of(revision) is None and ("deletionTimestamp" in owner["metadata"] or not history.adopt(api, owner, revision).accepted):
                return RETRY
        mine = claim(api, owner, "Pod", matches, member=lambda pod: members.parent_and_ordinal(pod)[0] == key[1])
        return Round(api, owner, mine, history.revisions_of(api, owner, matches)).run()


@dataclass(slots=True)
class Round:
    """One sync of one StatefulSet. `revisions` are as they were before it, oldest first; `replicas` has existing pods and such as are to be made."""

    api: Client
    owner: Object
    pods: list[Object]
    revisions: list[Object]
    current: Object = field(default_factory=dict)
    update: Object = field(default_factory=dict)
    collisions: int = 0
    removed: int = 0  # pods of the old revision that this sync took away
    replicas: list[Object] = field(default_factory=list)
    condemned: list[Object] = field(default_factory=list)

    def run(self) -> float | None:
        """Find the revisions, act, write the status, forget old revisions.   Upstream: UpdateStatefulSet."""
        acted = False
        try:
            self._find_revisions()
            acted = True
            self._sort_out()
            if "deletionTimestamp" not in self.owner["metadata"]:
                self._act()
            failed = False
        except SyncError:
            failed = True
        status = self._status() if acted else None
        if status is not None:
            failed = not self._write(status) or failed
        failed = not self._forget() or failed
        if failed or status is None:
            return RETRY
        minimum = self._minimum
        if minimum and status.get("readyReplicas", 0) != status["availableReplicas"]:
            return pods.next_available(self.pods, minimum, self.api.now) or float(minimum)
        return None

    @property
    def _minimum(self) -> int:
        return self.owner["spec"].get("minReadySeconds") or 0

    # -- revisions

    def _find_revisions(self) -> None:
        """The revisions to update to and from; a new one where the template is new.   Upstream: getStatefulSetRevisions."""
        data = history.template_patch(self.owner["spec"]["template"])
        status = self.owner.get("status") or {}
        self.collisions = status.get("collisionCount") or 0
        number = history.next_number(self.revisions)
        equal = [r for r in self.revisions if r.get("data") == data]
        if equal and equal[-1] is self.revisions[-1]:
            self.update = equal[-1]
        elif equal:
            answer = history.renumber(self.api, equal[-1], number)
            self.update = self._kept(answer.object if answer.accepted else None)
            self.revisions = [self.update if r is equal[-1] else r for r in self.revisions]
        elif self.revisions and self._means_the_same(self.revisions[-1]):
            self.update = self.revisions[-1]
        else:
            answer, self.collisions = history.create_hashed(self.api, self.owner, data, number, self.collisions)
            self.update = self._kept(answer.object if answer.accepted else None)
        self.current = next((r for r in self.revisions if r["metadata"]["name"] == status.get("currentRevision")), self.update)

    def _kept(self, revision: Object | None) -> Object:
        if revision is None:
            raise SyncError("the revision could not be written")
        return revision

    def _means_the_same(self, revision: Object) -> bool:
        """The revision's template, its defaults filled in, is the present one.   Upstream: setMatchesLatestExistingRevision."""
        served = self.api.door.registry.preferred(SETS)
        assert served is not None  # StatefulSet is built in
        restored = replace(self.owner, ("spec", "template"), history.template_of(revision))
        new = writes.decoded(self.api.door, served, restored, strict=False)
        return bool(new["spec"]["template"] == self.owner["spec"]["template"])

    def _template(self, revision: Object) -> Object:
        own: Object = self.owner["spec"]["template"]
        kept = history.template_of(revision)
        return own if kept == own else kept

    def _forget(self) -> bool:
        """Delete the oldest revisions that no pod has, beyond the limit.   Upstream: truncateHistory."""
        live = {r["metadata"]["name"] for r in (self.current, self.update) if r} | {members.revision_of(p) for p in self.pods}
        dead = [r for r in self.revisions if r["metadata"]["name"] not in live]
        limit = self.owner["spec"].get("revisionHistoryLimit", 10)
        surplus = dead[: len(dead) - limit] if 0 <= limit < len(dead) else ()
        return all(self.api.delete(revision).accepted for revision in surplus)

    # -- pods

    def _sort_out(self) -> None:
        """Pods by ordinal, such as are missing made up, and those beyond the range, last first."""
        wanted = ordinals(self.owner)
        held = {members.ordinal_of(p): p for p in self.pods}
        old, new = self.current["metadata"]["name"], self.update["metadata"]["name"]
        before = self._made_old(wanted)
        templates = {name: self._template(r) for name, r in ((old, self.current), (new, self.update))}
        for ordinal in wanted:
            pod = held.get(ordinal)
            revision = old if ordinal < before else new
            self.replicas.append(pod or members.new_pod(self.owner, templates[revision], revision, ordinal))
        self.condemned = [held[o] for o in sorted(held, reverse=True) if o >= 0 and o not in wanted]

    def _made_old(self, wanted: range) -> int:
        """Ordinals below this one are made from the current revision.   Upstream: newVersionedStatefulSetPod."""
        strategy = self.owner["spec"].get("updateStrategy") or {}
        rolling = strategy.get("rollingUpdate")
        if rolling is not None:
            return wanted.start + (rolling.get("partition") or 0)
        if strategy.get("type") == "RollingUpdate":
            return wanted.start + ((self.owner.get("status") or {}).get("currentReplicas") or 0)
        return wanted.start

    def _unavailable(self, pod: Object) -> bool:
        return pods.terminating(pod) or not pods.available(pod, self._minimum, self.api.now)

    def _act(self) -> None:
        """Complete the replicas, take away what is too much, then roll over; each waits for the one before.   Upstream: updateStatefulSet."""
        ordered = self.owner["spec"].get("podManagementPolicy") != "Parallel"
        if self._for_all(self.replicas, lambda pod: self._replica(pod, ordered), ordered):
            return
        if self._for_all(self.condemned, self._condemned_claims, ordered):
            return
        first = next((p for p in (*self.replicas, *reversed(self.condemned)) if self._unavailable(p)), None)
        if self._for_all(self.condemned, lambda pod: self._condemned(pod, ordered, first), ordered):
            return
        if (self.owner["spec"].get("updateStrategy") or {}).get("type") != "OnDelete":
            self._roll()

    def _for_all(self, chosen: Sequence[Object], do: Callable[[Object], bool], ordered: bool) -> bool:
        """`do` with one after the other until one says stop; or, in no order, with all in batches of 1, 2, 4 .., until one of a batch fails."""
        if ordered:
            return any(do(pod) for pod in chosen)
        done, batch = 0, 1
        while done < len(chosen):
            failure: SyncError | None = None
            for pod in chosen[done : done + batch]:
                try:
                    do(pod)
                except SyncError as failed:
                    failure = failure or failed
            if failure is not None:
                raise failure
            done, batch = done + batch, min(2 * batch, BATCH)
        return False

    def _replica(self, pod: Object, ordered: bool) -> bool:
        """See to one of the pods that are wanted; whether those after it must wait.   Upstream: processReplica."""
        if not members.exists(pod):
            ordinal = members.ordinal_of(pod)
            if claims.left_behind(self.api, self.owner, pod, ordinal):
                return True
            source = self.current if members.revision_of(pod) == self.current["metadata"]["name"] else self.update
            members.create(self.api, self.owner, pod, self._template(source))
            return ordered
        phase = pods.phase(pod)
        if phase in pods.ENDED:
            if not pods.terminating(pod):
                members.delete(self.api, self.owner, pod)
            return True
        if phase == "Pending":
            members.complete_claims(self.api, self.owner, pod)
        if ordered and (phase != "Running" or self._unavailable(pod)):
            return True
        if not members.in_line(self.owner, pod) or not claims.owners_match(self.api, self.owner, pod, members.ordinal_of(pod)):
            members.bring_into_line(self.api, self.owner, pod)
        return False

    def _condemned_claims(self, pod: Object) -> bool:
        ordinal = members.ordinal_of(pod)
        if not claims.owners_match(self.api, self.owner, pod, ordinal):
            claims.set_owners(self.api, self.owner, pod, ordinal)
        return False

    def _condemned(self, pod: Object, ordered: bool, first_unavailable: Object | None) -> bool:
        """Delete a pod beyond the range, unless another one is unavailable; whether to wait.   Upstream: processCondemned."""
        if pods.terminating(pod):
            return ordered
        healthy = pods.phase(pod) == "Running" and pods.available(pod, self._minimum, self.api.now)
        if not healthy and ordered and pod is not first_unavailable:
            return True
        members.delete(self.api, self.owner, pod)
        return True

    def _roll(self) -> None:
        """Delete the last pod of an old revision, if those after it are available."""
        rolling = (self.owner["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
        for pod in reversed(self.replicas[rolling.get("partition") or 0 :]):
            if members.revision_of(pod) != self.update["metadata"]["name"] and not pods.terminating(pod):
                members.delete(self.api, self.owner, pod)
                self.removed += 1
                return
            if self._unavailable(pod):
                return

    # -- status

    def _status(self) -> Object:
        """What is there.   Upstream: computeReplicaStatus, completeRollingUpdate."""
        api, owner = self.api, self.owner
        old, new = self.current["metadata"]["name"], self.update["metadata"]["name"]
        ready = [p for p in self.pods if pods.phase(p) == "Running" and pods.ready(p)]
        lasting = [members.revision_of(p) for p in self.pods if not pods.terminating(p)]
        current, updated = lasting.count(old) - self.removed, lasting.count(new)
        wanted = owner["spec"].get("replicas", 1)
        rolling = (owner["spec"].get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate"
        if rolling and updated == len(ready) == len(self.pods) == wanted:
            current, old = updated, new
        counts = {"readyReplicas": len(ready), "currentReplicas": current, "updatedReplicas": updated}
        return {
            **({"observedGeneration": owner["metadata"]["generation"]} if owner["metadata"].get("generation") else {}),
            "replicas": len(self.pods),
            **{name: count for name, count in counts.items() if count},
            "currentRevision": old,
            "updateRevision": new,
            "collisionCount": self.collisions,
            "availableReplicas": sum(1 for p in ready if pods.available(p, self._minimum, api.now)),
        }

    def _write(self, status: Object) -> bool:
        """Write the status where it differs; whether that worked."""
        old = self.owner.get("status") or {}
        newer = status.get("observedGeneration", 0) > old.get("observedGeneration", 0)
        if not newer and all((status.get(name) or 0) == (old.get(name) or 0) for name in COMPARED):
            return True
        if status.get("currentReplicas", 0) < 0:
            return False  # the server refuses it; the next look counts again
        return self.api.write_status(self.owner, status).accepted
