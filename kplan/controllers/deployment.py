"""Deployments roll their ReplicaSets over to the template that they state.

Upstream: pkg/controller/deployment (deployment_controller.go, rollback.go; sync and scale in sync.go). What a sync may write is in deployment_sync.py,
the ReplicaSet of the present template in deployment_replicaset.py, the strategies in deployment_strategies.py, the status in deployment_progress.py,
the arithmetic in rollout.py.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.api.objects import annotations_of, controller_of, labels_of, replace
from kplan.api.reader import Entry, Reader
from kplan.api.selectors import selector
from kplan.apiserver.client import Client
from kplan.apiserver.loops import RETRY, Controller, Key, Watch, itself, owned_by
from kplan.controllers import rollout
from kplan.controllers.deployment_progress import counted, note_pause
from kplan.controllers.deployment_replicaset import SETS, find_new
from kplan.controllers.deployment_strategies import recreate, roll
from kplan.controllers.deployment_sync import StoppedError, Sync
from kplan.controllers.ownership import claim
from kplan.controllers.rollout import replicas


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
        owned_by("Deployment", SETS),
        Watch(SETS, _adopters),
        Watch("Pod", _recreated),
    )

    def sync(self, key: Key, api: Client) -> float | None:
        """One step of the rollout.   Upstream: syncDeployment."""
        deployment = api.get("Deployment.apps", *key)
        if deployment is None:
            return None
        deployment = api.read(deployment)
        if deployment["spec"].get("selector") == {}:
            api.event(deployment, "Warning", "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required.")
            return None
        if deployment["spec"].get("selector") is None:  # no server stores one
            return None
        mine = claim(api, deployment, SETS, selector(deployment["spec"].get("selector")))
        sets = rollout.by_age(api.read(s) for s in mine)
        try:
            return step(Sync(api, deployment, sets))
        except StoppedError:
            return RETRY


def step(sync: Sync) -> float | None:
    """Do the next thing and write the status; seconds until the progress deadline is looked at."""
    spec = sync.deployment["spec"]
    if "deletionTimestamp" in sync.deployment["metadata"]:
        find_new(sync, create=False)
        sync.write(counted(sync))
        return None
    note_pause(sync)
    if spec.get("paused"):
        return _resize(sync, cleanup=True)
    if annotations_of(sync.deployment).get(rollout.ROLLBACK_TO):
        return _roll_back(sync)
    find_new(sync, create=False)
    sizes = [rollout.annotated(s, rollout.DESIRED) for s in sync.sets if replicas(s) > 0]
    if any(size is not None and size != replicas(sync.deployment) for size in sizes):
        return _resize(sync, cleanup=False)
    return roll(sync) if rollout.rolling(sync.deployment) else recreate(sync)


def _resize(sync: Sync, *, cleanup: bool) -> float | None:
    """Spread a changed size over the ReplicaSets; no rollout.   Upstream: sync and scale."""
    find_new(sync, create=False)
    active = [s for s in sync.sets if replicas(s) > 0]
    if len(active) <= 1:
        one = active[0] if active else sync.new or (sync.sets[-1] if sync.sets else None)
        if one is not None:
            sync.scale(one, replicas(sync.deployment))
    elif rollout.saturated(sync.deployment, sync.new):
        for one in [s for s in sync.old if replicas(s) > 0]:
            sync.scale(one, 0)
    elif rollout.rolling(sync.deployment):
        for name, size in rollout.proportions(sync.deployment, active).items():
            sync.scale(next(s for s in sync.sets if s["metadata"]["name"] == name), size, force=True)
    if cleanup:
        sync.clean_up()
    sync.write(counted(sync))
    return None


def _roll_back(sync: Sync) -> float | None:
    """The deprecated annotation that asks for an older template.   Upstream: rollback."""
    find_new(sync, create=True)
    text = annotations_of(sync.deployment)[rollout.ROLLBACK_TO]
    wanted = int(text) if text.lstrip("-").isdecimal() else 0
    revisions = sorted(rollout.revision(s) for s in sync.sets)
    if wanted == 0:
        wanted = revisions[-2] if len(revisions) > 1 else 0
    notes = {k: v for k, v in annotations_of(sync.deployment).items() if k != rollout.ROLLBACK_TO}
    name = sync.deployment["metadata"]["name"]
    found = next((s for s in sync.sets if wanted and rollout.revision(s) == wanted), None)
    spec = sync.deployment["spec"]
    if found is None:
        why = "Unable to find last revision." if wanted == 0 else "Unable to find the revision to rollback to."
        sync.api.event(sync.deployment, "Warning", "DeploymentRollbackRevisionNotFound", why)
    elif rollout.same_template(found["spec"]["template"], spec["template"]):
        why = f'The rollback revision contains the same template as current deployment "{name}"'
        sync.api.event(sync.deployment, "Warning", "DeploymentRollbackTemplateUnchanged", why)
    else:
        meta = found["spec"]["template"].get("metadata") or {}
        labels = {k: v for k, v in (meta.get("labels") or {}).items() if k != rollout.HASH_LABEL}
        spec = {**spec, "template": {**found["spec"]["template"], "metadata": {**meta, "labels": labels}}}
        kept = {k: v for k, v in notes.items() if k in rollout.NOT_COPIED}
        notes = {**kept, **{k: v for k, v in annotations_of(found).items() if k not in rollout.NOT_COPIED}}
        sync.api.event(sync.deployment, "Normal", "DeploymentRollback", f'Rolled back deployment "{name}" to revision {wanted}')
    sync.put({**replace(sync.deployment, ("metadata", "annotations"), notes), "spec": spec})
    return None
