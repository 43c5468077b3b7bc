"""Deployments roll their ReplicaSets over to the template that they state.

Upstream: pkg/controller/deployment (deployment_controller.go, sync.go, rolling.go, recreate.go, rollback.go, progress.go).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from kplan.api.objects import Object, annotations_of, controller_of, labels_of, replace
from kplan.api.reader import Entry, Reader
from kplan.api.selectors import selector
from kplan.api.times import parse_time
from kplan.apiserver.client import Client
from kplan.apiserver.loops import RETRY, Controller, Key, Watch, controller_of_kind, itself, owner_reference
from kplan.apiserver.response import Response
from kplan.controllers import pods, rollout
from kplan.controllers.conditions import condition, with_condition, without_condition
from kplan.controllers.ownership import claim
from kplan.controllers.podcontrol import namespace_terminating
from kplan.controllers.rollout import replicas, stated
from kplan.kinds.template_hash import pod_template_hash

SETS = "ReplicaSet.apps"
MAX_NAME = 253


class StoppedError(Exception):
    """A write failed: the sync ends here and is tried again."""


def _adopters(entry: Entry, reader: Reader) -> Iterable[Key]:
    """Deployments that could adopt an orphaned ReplicaSet."""
    new = entry.new
    if new is None or controller_of(new) is not None:
        return ()
    namespace = new["metadata"]["namespace"]
    return [(namespace, d["metadata"]["name"]) for d in reader.list("Deployment.apps", namespace) if selector(d["spec"].get("selector"))(labels_of(new))]


def _recreated(entry: Entry, reader: Reader) -> Iterable[Key]:
    """A Recreate Deployment waits for its old pods to be gone."""
    if entry.action != "DELETED" or entry.old is None:
        return ()
    owner = controller_of(entry.old)
    if owner is None or owner["kind"] != "ReplicaSet":
        return ()
    namespace = entry.old["metadata"]["namespace"]
    found = reader.get(SETS, namespace, owner["name"])
    top = controller_of(found) if found else None
    return ((namespace, top["name"]),) if top and top["kind"] == "Deployment" else ()


class DeploymentController(Controller):
    """Keys: (namespace, name) of Deployments."""

    name = "deployment-controller"
    watches = (
        Watch("Deployment.apps", itself),
        Watch(SETS, controller_of_kind("Deployment")),
        Watch(SETS, _adopters),
        Watch("Pod", _recreated),
    )

    def sync(self, key: Key, api: Client) -> float | None:
        """One step of the rollout.   Upstream: syncDeployment."""
        deployment = api.get("Deployment.apps", *key)
        if deployment is None:
            return None
        if deployment["spec"].get("selector") == {}:
            api.event(deployment, "Warning", "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required.")
            return None
        sets = rollout.by_age(claim(api, deployment, SETS, selector(deployment["spec"].get("selector"))))
        try:
            return Rollout(api, deployment, sets).step()
        except StoppedError:
            return RETRY


@dataclass(slots=True)
class Rollout:
    """One sync of one Deployment; `deployment` and `sets` (oldest first) are as last written or read."""

    api: Client
    deployment: Object
    sets: list[Object]
    new: Object | None = None

    def step(self) -> float | None:
        """Do the next thing and write the status; seconds until the progress deadline is looked at."""
        spec = self.deployment["spec"]
        if "deletionTimestamp" in self.deployment["metadata"]:
            self._find_new(create=False)
            self._write(self._counts())
            return None
        self._note_pause()
        if spec.get("paused"):
            return self._resize(cleanup=True)
        if annotations_of(self.deployment).get(rollout.ROLLBACK_TO):
            return self._roll_back()
        self._find_new(create=False)
        sizes = [rollout.annotated(s, rollout.DESIRED) for s in self.sets if replicas(s) > 0]
        if any(size is not None and size != replicas(self.deployment) for size in sizes):
            return self._resize(cleanup=False)
        return self._rolling() if rollout.rolling(self.deployment) else self._recreate()

    # -- the new ReplicaSet

    @property
    def old(self) -> list[Object]:
        """All ReplicaSets but the new one, oldest first."""
        uid = self.new["metadata"]["uid"] if self.new else None
        return [s for s in self.sets if s["metadata"]["uid"] != uid]

    def _find_new(self, *, create: bool) -> None:
        """The ReplicaSet of the present template, its annotations in order; made where it is wanted.   Upstream: getNewReplicaSet."""
        template = self.deployment["spec"]["template"]
        self.new = next((s for s in self.sets if rollout.same_template(s["spec"]["template"], template)), None)
        newest = max((rollout.revision(s) for s in self.old), default=0) + 1
        if self.new is not None:
            self._keep_annotated(newest)
        elif create:
            self._create(newest)

    def _keep_annotated(self, newest: int) -> None:
        assert self.new is not None
        held = annotations_of(self.new)
        notes = rollout.annotate_new(self.deployment, held, newest, exists=True)
        ready_after = self.deployment["spec"].get("minReadySeconds")
        if notes != held or self.new["spec"].get("minReadySeconds") != ready_after:
            changed = replace(self.new, ("metadata", "annotations"), notes)
            spec = {k: v for k, v in changed["spec"].items() if k != "minReadySeconds"}
            if ready_after:
                spec["minReadySeconds"] = ready_after
            self.new = self._put({**changed, "spec": spec})
            return
        status = self.deployment.get("status") or {}
        note = held.get(rollout.REVISION, "")
        before = self.deployment
        if annotations_of(self.deployment).get(rollout.REVISION) != note:
            self.deployment = replace(self.deployment, ("metadata", "annotations"), {**annotations_of(self.deployment), rollout.REVISION: note})
        if self._deadline() is not None and condition(status, "Progressing") is None:
            status = self._conditioned(status, "Progressing", "True", "FoundNewReplicaSet", f'Found new replica set "{self.new["metadata"]["name"]}"')
        if self.deployment is not before or status is not (before.get("status") or status):
            self._write(status)

    def _create(self, newest: int) -> None:
        """Make the new ReplicaSet; a name that is taken by another template's counts as a collision."""
        spec, status = self.deployment["spec"], self.deployment.get("status") or {}
        template = spec["template"]
        digest = pod_template_hash(template, status.get("collisionCount"))
        meta = template.get("metadata") or {}
        labels = {**(meta.get("labels") or {}), rollout.HASH_LABEL: digest}
        chosen = {**spec["selector"], "matchLabels": {**(spec["selector"].get("matchLabels") or {}), rollout.HASH_LABEL: digest}}
        name = self.deployment["metadata"]["name"][: MAX_NAME - 1 - len(digest)] + "-" + digest
        made: Object = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": name,
                "namespace": self.deployment["metadata"]["namespace"],
                "labels": labels,
                "annotations": rollout.annotate_new(self.deployment, {}, newest, exists=False),
                "ownerReferences": [owner_reference(self.deployment)],
            },
            "spec": {"replicas": 0, "selector": chosen, "template": {**template, "metadata": {**meta, "labels": labels}}},
        }
        if spec.get("minReadySeconds"):
            made["spec"]["minReadySeconds"] = spec["minReadySeconds"]
        size = rollout.new_replicas(self.deployment, [*self.sets, made], made)
        made["spec"]["replicas"] = size
        answer = self.api.create(made)
        fresh = answer.accepted
        if answer.accepted and answer.object is not None:
            self.new = answer.object
        else:
            self.new = self._already(answer, name, template)
        if fresh and size > 0:
            self.api.event(self.deployment, "Normal", "ScalingReplicaSet", f"Scaled up replica set {name} from 0 to {size}")
        self.sets = rollout.by_age([*(s for s in self.sets if s["metadata"]["uid"] != self.new["metadata"]["uid"]), self.new])
        self.deployment = replace(self.deployment, ("metadata", "annotations"), {**annotations_of(self.deployment), rollout.REVISION: str(newest)})
        if fresh and self._deadline() is not None:
            status = self._conditioned(status, "Progressing", "True", "NewReplicaSetCreated", f'Created new replica set "{name}"')
        self._write(status)

    def _already(self, answer: Response, name: str, template: Object) -> Object:
        """The ReplicaSet of a refused creation if it is ours after all; else the refusal is told and the sync ends."""
        status = self.deployment.get("status") or {}
        if answer.reason == "AlreadyExists":
            held = self.api.get(SETS, self.deployment["metadata"]["namespace"], name)
            owner = controller_of(held) if held else None
            if held and owner and owner["uid"] == self.deployment["metadata"]["uid"] and rollout.same_template(held["spec"]["template"], template):
                return held
            self._write({**status, "collisionCount": (status.get("collisionCount") or 0) + 1})
            raise StoppedError
        if namespace_terminating(answer):
            raise StoppedError
        message = f'Failed to create new replica set "{name}": {answer.message}'
        if self._deadline() is not None:
            self._write(self._conditioned(status, "Progressing", "False", "ReplicaSetCreateError", message))
        self.api.event(self.deployment, "Warning", "ReplicaSetCreateError", message)
        raise StoppedError

    # -- strategies

    def _rolling(self) -> float | None:
        """Upstream: rolloutRolling."""
        self._find_new(create=True)
        assert self.new is not None
        size = replicas(self.deployment)
        if replicas(self.new) != size:
            target = size if replicas(self.new) > size else rollout.new_replicas(self.deployment, self.sets, self.new)
            if self._scale(self.new, target):
                return self._report()
        if self._shrink_old():
            return self._report()
        if rollout.complete(self.deployment, self.deployment.get("status") or {}):
            self._clean_up()
        return self._report()

    def _shrink_old(self) -> bool:
        """Scale old ReplicaSets down as far as availability allows; unhealthy pods go first.   Upstream: reconcileOldReplicaSets."""
        assert self.new is not None
        if rollout.wanted(self.old) == 0:
            return False
        least = replicas(self.deployment) - rollout.max_unavailable(self.deployment)
        lacking = replicas(self.new) - stated(self.new, "availableReplicas")
        most = rollout.wanted(self.sets) - least - lacking
        if most <= 0:
            return False
        cleaned = 0
        for one in [s for s in self.old if replicas(s) > 0]:
            unhealthy = replicas(one) - stated(one, "availableReplicas")
            if cleaned >= most or unhealthy == 0:
                continue
            if unhealthy < 0:  # its status is behind: the sync waits for it
                return False
            count = min(most - cleaned, unhealthy)
            self._scale(one, replicas(one) - count)
            cleaned += count
        spare = rollout.total([s for s in self.sets if replicas(s) > 0 or s is self.new], "availableReplicas") - least
        shrunk = 0
        for one in [s for s in self.old if replicas(s) > 0]:
            if shrunk >= spare:
                break
            count = min(replicas(one), spare - shrunk)
            self._scale(one, replicas(one) - count)
            shrunk += count
        return cleaned + max(shrunk, 0) > 0

    def _recreate(self) -> float | None:
        """Upstream: rolloutRecreate."""
        scaled = False
        for one in [s for s in self.old if replicas(s) > 0]:
            scaled = self._scale(one, 0) or scaled
        if scaled or self._old_pods_running():
            return self._report()
        if self.new is None:
            self._find_new(create=True)
        assert self.new is not None
        self._scale(self.new, replicas(self.deployment))
        if rollout.complete(self.deployment, self.deployment.get("status") or {}):
            self._clean_up()
        return self._report()

    def _old_pods_running(self) -> bool:
        if rollout.total(self.old, "replicas") > 0:
            return True
        owned = (p for s in self.old for p in self.api.owned("Pod", s["metadata"]["uid"]))
        return any(pods.phase(p) not in pods.ENDED for p in owned)

    def _resize(self, *, cleanup: bool) -> float | None:
        """Spread a changed size over the ReplicaSets; no rollout.   Upstream: sync and scale."""
        self._find_new(create=False)
        active = [s for s in self.sets if replicas(s) > 0]
        if len(active) <= 1:
            one = active[0] if active else self.new or (self.sets[-1] if self.sets else None)
            if one is not None:
                self._scale(one, replicas(self.deployment))
        elif rollout.saturated(self.deployment, self.new):
            for one in [s for s in self.old if replicas(s) > 0]:
                self._scale(one, 0)
        elif rollout.rolling(self.deployment):
            for name, size in rollout.proportions(self.deployment, active).items():
                self._scale(next(s for s in self.sets if s["metadata"]["name"] == name), size, force=True)
        if cleanup:
            self._clean_up()
        self._write(self._counts())
        return None

    def _roll_back(self) -> float | None:
        """The deprecated annotation that asks for an older template.   Upstream: rollback."""
        self._find_new(create=True)
        text = annotations_of(self.deployment)[rollout.ROLLBACK_TO]
        wanted = int(text) if text.lstrip("-").isdecimal() else 0
        revisions = sorted(rollout.revision(s) for s in self.sets)
        if wanted == 0:
            wanted = revisions[-2] if len(revisions) > 1 else 0
        notes = {k: v for k, v in annotations_of(self.deployment).items() if k != rollout.ROLLBACK_TO}
        name = self.deployment["metadata"]["name"]
        found = next((s for s in self.sets if wanted and rollout.revision(s) == wanted), None)
        spec = self.deployment["spec"]
        if found is None:
            why = "Unable to find last revision." if wanted == 0 else "Unable to find the revision to rollback to."
            self.api.event(self.deployment, "Warning", "DeploymentRollbackRevisionNotFound", why)
        elif rollout.same_template(found["spec"]["template"], spec["template"]):
            why = f'The rollback revision contains the same template as current deployment "{name}"'
            self.api.event(self.deployment, "Warning", "DeploymentRollbackTemplateUnchanged", why)
        else:
            meta = found["spec"]["template"].get("metadata") or {}
            labels = {k: v for k, v in (meta.get("labels") or {}).items() if k != rollout.HASH_LABEL}
            spec = {**spec, "template": {**found["spec"]["template"], "metadata": {**meta, "labels": labels}}}
            kept = {k: v for k, v in notes.items() if k in rollout.NOT_COPIED}
            notes = {**kept, **{k: v for k, v in annotations_of(found).items() if k not in rollout.NOT_COPIED}}
            self.api.event(self.deployment, "Normal", "DeploymentRollback", f'Rolled back deployment "{name}" to revision {wanted}')
        self._put({**replace(self.deployment, ("metadata", "annotations"), notes), "spec": spec})
        return None

    # -- writes

    def _scale(self, one: Object, size: int, *, force: bool = False) -> bool:
        """Give a ReplicaSet another size; True if it got one.   Upstream: scaleReplicaSet."""
        before = replicas(one)
        if before == size and not force:
            return False
        notes = {**annotations_of(one), **rollout.size_notes(self.deployment)}
        if before == size and notes == annotations_of(one):
            return False
        changed = replace(replace(one, ("metadata", "annotations"), notes), ("spec", "replicas"), size)
        self._put(changed)
        if before == size:
            return False
        way = "up" if before < size else "down"
        self.api.event(self.deployment, "Normal", "ScalingReplicaSet", f"Scaled {way} replica set {one['metadata']['name']} from {before} to {size}")
        return True

    def _put(self, obj: Object) -> Object:
        """Write a ReplicaSet (or the Deployment) and keep what came of it."""
        answer = self.api.write(obj)
        if not answer.accepted or answer.object is None:
            raise StoppedError
        stored = answer.object
        if stored["kind"] == "ReplicaSet":
            self.sets = [stored if s["metadata"]["uid"] == stored["metadata"]["uid"] else s for s in self.sets]
            if self.new is not None and self.new["metadata"]["uid"] == stored["metadata"]["uid"]:
                self.new = stored
        return stored

    def _clean_up(self) -> None:
        """Delete empty old ReplicaSets beyond the history limit.   Upstream: cleanupDeployment."""
        limit = self.deployment["spec"].get("revisionHistoryLimit", 10)
        old = [s for s in self.old if "deletionTimestamp" not in s["metadata"]]
        for one in sorted(old, key=lambda s: (rollout.revision(s), s["metadata"]["creationTimestamp"]))[: max(0, len(old) - limit)]:
            behind = stated(one, "observedGeneration") < int(one["metadata"].get("generation") or 0)
            if stated(one, "replicas") == 0 and replicas(one) == 0 and not behind:
                self.api.delete(one)

    def _write(self, status: Object) -> None:
        answer = self.api.write_status(self.deployment, status)
        if not answer.accepted or answer.object is None:
            raise StoppedError
        self.deployment = answer.object

    # -- status

    def _deadline(self) -> int | None:
        """progressDeadlineSeconds, None where progress is not watched."""
        seconds = self.deployment["spec"].get("progressDeadlineSeconds")
        return None if seconds is None or seconds == 2**31 - 1 else int(seconds)

    def _conditioned(self, status: Object, type: str, value: str, reason: str, message: str) -> Object:
        now = self.api.now_text
        new = {"type": type, "status": value, "lastUpdateTime": now, "lastTransitionTime": now, "reason": reason, "message": message}
        return {**status, "conditions": with_condition(status.get("conditions") or (), new)}

    def _note_pause(self) -> None:
        """Upstream: checkPausedConditions."""
        status = self.deployment.get("status") or {}
        held = condition(status, "Progressing")
        if self._deadline() is None or (held and held["reason"] == "ProgressDeadlineExceeded"):
            return
        told, paused = bool(held and held["reason"] == "DeploymentPaused"), bool(self.deployment["spec"].get("paused"))
        if paused and not told:
            self._write(self._conditioned(status, "Progressing", "Unknown", "DeploymentPaused", "Deployment is paused"))
        elif told and not paused:
            self._write(self._conditioned(status, "Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed"))

    def _counts(self) -> Object:
        """The status as the ReplicaSets are now, conditions but for Available as they were.   Upstream: calculateStatus."""
        old = self.deployment.get("status") or {}
        available = rollout.total(self.sets, "availableReplicas")
        counts = {
            "observedGeneration": int(self.deployment["metadata"].get("generation") or 0),
            "replicas": rollout.total(self.sets, "replicas"),
            "updatedReplicas": stated(self.new, "replicas") if self.new else 0,
            "readyReplicas": rollout.total(self.sets, "readyReplicas"),
            "availableReplicas": available,
            "unavailableReplicas": max(0, rollout.wanted(self.sets) - available),
        }
        status: Object = {k: n for k, n in counts.items() if n}
        if all("terminatingReplicas" in (s.get("status") or {}) or not stated(s, "observedGeneration") for s in self.sets):
            status["terminatingReplicas"] = rollout.total(self.sets, "terminatingReplicas")
        if old.get("collisionCount") is not None:
            status["collisionCount"] = old["collisionCount"]
        if old.get("conditions"):
            status["conditions"] = old["conditions"]
        enough = available >= replicas(self.deployment) - rollout.max_unavailable(self.deployment)
        if enough:
            return self._conditioned(status, "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        return self._conditioned(status, "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")

    def _report(self) -> float | None:
        """Write the status with what it says of progress; seconds until the deadline is looked at.   Upstream: syncRolloutStatus."""
        old, status = self.deployment.get("status") or {}, self._counts()
        if self._deadline() is None:
            status["conditions"] = without_condition(status["conditions"], "Progressing")
        else:
            status = self._progress(old, status)
        failures = [c for s in [self.new, *self.sets] if s for c in (s.get("status") or {}).get("conditions") or () if c["type"] == "ReplicaFailure"]
        if failures:
            told = failures[0]
            status["conditions"] = with_condition(status["conditions"], {**told, "lastUpdateTime": told["lastTransitionTime"]})
        else:
            status["conditions"] = without_condition(status["conditions"], "ReplicaFailure")
        if status != old:
            self._write(status)
        return self._look_again(status)

    def _progress(self, old: Object, status: Object) -> Object:
        held = condition(old, "Progressing")
        if held and held["reason"] == "NewReplicaSetAvailable" and (status.get("replicas") or 0) == (status.get("updatedReplicas") or 0):
            return status
        subject = f'ReplicaSet "{self.new["metadata"]["name"]}"' if self.new else f'Deployment "{self.deployment["metadata"]["name"]}"'
        if rollout.complete(self.deployment, status):
            return self._conditioned(status, "Progressing", "True", "NewReplicaSetAvailable", f"{subject} has successfully progressed.")
        if rollout.progressing(old, status):
            since = held["lastTransitionTime"] if held and held["status"] == "True" else self.api.now_text
            fresh = {**status, "conditions": without_condition(status["conditions"], "Progressing")}
            fresh = self._conditioned(fresh, "Progressing", "True", "ReplicaSetUpdated", f"{subject} is progressing.")
            return {**fresh, "conditions": [{**c, "lastTransitionTime": since} if c["type"] == "Progressing" else c for c in fresh["conditions"]]}
        if held and held["reason"] != "NewReplicaSetAvailable" and (held["reason"] == "ProgressDeadlineExceeded" or self._overdue(held)):
            return self._conditioned(status, "Progressing", "False", "ProgressDeadlineExceeded", f"{subject} has timed out progressing.")
        return status

    def _overdue(self, held: Object) -> bool:
        deadline = self._deadline()
        return deadline is not None and parse_time(held["lastUpdateTime"]) + timedelta(seconds=deadline) < self.api.now

    def _look_again(self, status: Object) -> float | None:
        """Upstream: requeueStuckDeployment."""
        held, deadline = condition(status, "Progressing"), self._deadline()
        if deadline is None or held is None or held["reason"] == "ProgressDeadlineExceeded" or rollout.complete(self.deployment, status):
            return None
        if held["reason"] == "NewReplicaSetAvailable":
            return None
        left = (parse_time(held["lastUpdateTime"]) + timedelta(seconds=deadline) - self.api.now).total_seconds()
        return max(left, 0.0) + 1.0
